//! `demo`: the whole story on loopback, in a temporary folder. `--walk` plays it without a browser.
//!
//! | file | what |
//! |---|---|
//! | `world` | the server with its people, API and app; which ports; started and stopped |
//! | `assets` | the API: three objects, behind `resource_server::Bearer` |
//! | `mailer` | the app Sprint Mailer: connect, callback, fetch |
//! | `client` | how the app speaks OAuth, over HTTP alone |
//! | `wire` | HTTP requests, told to whoever watches with their secrets shortened |
//! | `browser` | a person without a browser: cookies and forms |
//! | `walk` | the story |

mod assets;
mod browser;
mod client;
mod mailer;
mod walk;
mod wire;
mod world;

use serde_json::json;

use crate::cli::answer::{Answer, CommandError, Exit};
use crate::cli::arguments::Format;
use crate::cli::demo::wire::Telling;
use crate::cli::demo::world::World;
use crate::cli::logs;
use crate::cli::signals::Signals;

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
    let (person, admin) = (&world.person, &world.admin);
    let [manifest, second] = &world.manifests;
    let text = format!(
        "\n  Open                     {}\n  Sign in as               {}   password {}\n  or as an admin           {}   password {}\n  \
         Remove the app at        {}/account/apps\n  The admin's apps are at  {}/console and {}/admin/sites\n  \
         Version 1 of the app     {}\n  Version 2                {}\n\n  \
         Connect, choose a site, allow, and see data fetched with the token; then call as the app and through the gateway.\n  \
         As the admin deploy version 2 in the console, and approve on the site what it asks for besides. Remove the app\n  \
         and fetch again: the same call is refused, and the refusal names its layer.\n  \
         Everything is in a temporary folder. Stop with Ctrl-C.\n",
        world.app_url,
        person.email,
        person.password,
        admin.email,
        admin.password,
        world.issuer,
        world.issuer,
        world.issuer,
        manifest.display(),
        second.display(),
    );
    let json = json!({
        "app": world.app_url, "issuer": world.issuer, "api": world.api_url,
        "person": { "email": person.email, "password": person.password },
        "admin": { "email": admin.email, "password": admin.password },
        "manifests": world.manifests, "sites": world.sites.each_ref().map(|place| place.site.id),
    });
    Answer::new(text, json).print(format)?;
    signals.next().await;
    Ok(())
}
