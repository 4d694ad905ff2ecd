//! `demo`: the whole story on loopback, in a temporary folder. `--walk` plays it without a browser.
//!
//! | file | what |
//! |---|---|
//! | `world` | the server with its people, API and app; which ports; started and stopped |
//! | `registry` | what is registered before the story begins |
//! | `scripts` | what the scripts of the story have |
//! | `banner` | what whoever starts it is told |
//! | `assets` | the API: that of `examples/assets` |
//! | `shortcuts` | the API at shorter paths, for the app |
//! | `roles` | what the people of the story, and the app, hold at the API |
//! | `mailer` | the app Sprint Mailer: connect, callback, fetch |
//! | `client` | how the app speaks OAuth, over HTTP alone |
//! | `wire` | HTTP requests, told to whoever watches with their secrets shortened |
//! | `browser` | a person without a browser: cookies and forms |
//! | `walk` | the story |
//! | `walk_of_scripts` | its last chapter: what scripts do |

#[path = "../../../examples/assets/api/mod.rs"]
mod assets;
mod banner;
mod browser;
mod client;
mod mailer;
mod registry;
mod roles;
mod scripts;
mod shortcuts;
mod walk;
mod walk_of_scripts;
mod wire;
mod world;

use crate::cli::answer::{CommandError, Exit};
use crate::cli::arguments::Format;
use crate::cli::demo::banner::banner;
use crate::cli::demo::wire::Telling;
use crate::cli::demo::world::World;
use crate::cli::logs;
use crate::cli::signals::Signals;
use crate::domain::event::Actor;
use crate::domain::role_binding::RoleSubject;

/// How the story is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Story {
    /// By a person with a browser.
    Open,
    /// By this program.
    Walk,
}

/// Builds the world, has the story told, and takes the world down.
///
/// # Errors
/// [`CommandError`] if the world cannot be built, or at the first surprise of a walk.
pub async fn demo(story: Story, format: Format) -> Result<Exit, CommandError> {
    let _log = logs::begin("warn");
    let mut signals = Signals::listen()?;
    let world = World::begin().await?;
    let told = match story {
        Story::Walk => walk::walk(&world, Telling::Printed).await,
        Story::Open => open(&world, format, &mut signals).await,
    };
    world.end().await?;
    told.map(|()| Exit::Done)
}

/// Says where to go, and waits for a signal.
async fn open(world: &World, format: Format, signals: &mut Signals) -> Result<(), CommandError> {
    // Whoever visits sees the app answered as itself at first; the admin may take the role, and the walk begins without it.
    for place in &world.sites {
        let user = ("user", RoleSubject::App(place.installation));
        roles::give(&world.server, &place.site, user, Actor::User(world.admin.id)).await?;
    }
    banner(world).print(format)?;
    signals.next().await;
    Ok(())
}
