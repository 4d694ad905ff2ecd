//! An API like that of Assets, behind the guard: its 66 operations on a store in memory.
//!
//! Each route is called as the model calls its operation; what stands before that in a request (`/jsm/assets/workspace/…/v1`) is
//! taken off by `here`. `Allowed` asks for the operation and the object that the path names, `Caller` for an object that the body
//! names. Nothing else here knows of scopes or roles.
//!
//! Its own Rocket in `main.rs`, the demonstration (`hallmark demo`) and a test run it.
//!
//! | file | what |
//! |---|---|
//! | `here` | the workspace that a request is about |
//! | `store` | what there is |
//! | `seed` | what there is at the beginning |
//! | `objects`, `search`, `aql` | objects, and finding them |
//! | `schemas`, `types` | where objects belong |
//! | `config` | icons, status types and reference types |
//! | `imports`, `schedules` | import sources |
//! | `answer` | pages, and what went wrong |

pub mod answer;
mod aql;
mod config;
mod here;
mod imports;
mod objects;
mod schedules;
mod schemas;
mod search;
mod seed;
pub mod store;
mod types;

use std::sync::Arc;

use hallmark::domain::access_model::AccessModel;
use hallmark::resource_server::{Refusal, ResourceServer, SetUpError};
use rocket::{Build, Rocket, Route, catchers};

use store::Store;

pub use seed::Place;

/// An API, ready to be attached to a Rocket.
pub struct Assets {
    guard: ResourceServer,
    store: Arc<Store>,
}

impl Assets {
    /// The API that is registered as `id`, with workspaces as they are at the beginning.
    pub fn new(
        issuer: &str,
        (id, secret): (&str, &str),
        model: AccessModel,
        places: &[Place],
    ) -> Result<Self, SetUpError> {
        let store = Arc::new(Store::of(places));
        let guard = ResourceServer::new(issuer, id, secret, "Assets")?.declaring(model).with_objects(store.clone());
        Ok(Self { guard, store })
    }

    /// The same with other settings of the guard.
    pub fn guarded(self, by: impl FnOnce(ResourceServer) -> ResourceServer) -> Self {
        Self { guard: by(self.guard), ..self }
    }

    /// Tells Hallmark of every schema, object type and import source, so that roles can be given on them.
    pub async fn tell(&self) -> Result<(), Refusal> {
        for (workspace, objects) in self.store.told() {
            self.guard.tell_of(&workspace, &objects).await?;
        }
        Ok(())
    }

    /// A Rocket with everything attached. The guard comes first, since Connect apps sign the path as it was sent.
    pub fn on(self, rocket: Rocket<Build>) -> Rocket<Build> {
        rocket
            .attach(self.guard)
            .attach(here::ByWorkspace)
            .manage(self.store)
            .mount(here::BASE, routes())
            .register("/", catchers![answer::other])
    }
}

fn routes() -> Vec<Route> {
    [
        search::routes(),
        objects::routes(),
        schemas::routes(),
        types::routes(),
        config::routes(),
        imports::routes(),
        schedules::routes(),
    ]
    .concat()
}
