//! The API: three objects, behind the guard that any API can use.

use rocket::figment::Figment;
use rocket::serde::json::{Value, json};
use rocket::{Build, Request, Rocket, catch, catchers, get, put, routes};

use crate::cli::answer::CommandError;
use crate::cli::demo::world::API_ID;
use crate::resource_server::{Bearer, RequiredScope, ResourceServer};

struct ReadObjects;

impl RequiredScope for ReadObjects {
    const SCOPE: &'static str = "read:cmdb-object:jira";
}

struct WriteObjects;

impl RequiredScope for WriteObjects {
    const SCOPE: &'static str = "write:cmdb-object:jira";
}

#[get("/objects")]
async fn objects(caller: Bearer<ReadObjects>) -> Value {
    json!({
        "read_by": caller.username, "through": caller.client_id, "acting": caller.act.as_ref().map(|act| &act.sub),
        "site": caller.site.as_ref().map(|site| &site.url),
        "objects": [
            { "id": 87, "label": "web-1", "type": "Server" },
            { "id": 88, "label": "web-2", "type": "Server" },
            { "id": 91, "label": "mail-relay", "type": "Service" },
        ],
    })
}

#[put("/objects/<id>")]
async fn change(id: u32, caller: Bearer<WriteObjects>) -> Value {
    json!({ "id": id, "changed_by": caller.username, "acting": caller.act.as_ref().map(|act| &act.sub) })
}

#[catch(default)]
fn other(status: rocket::http::Status, _: &Request<'_>) -> Value {
    json!({ "error": status.reason_lossy() })
}

/// The API as a Rocket.
pub fn rocket(figment: Figment, issuer: &str, secret: &str) -> Result<Rocket<Build>, CommandError> {
    let guard = ResourceServer::new(issuer, API_ID, secret, "Assets")
        .map_err(|error| CommandError::failed(format!("the demo is wrong: {error}")))?;
    Ok(rocket::custom(figment).attach(guard).mount("/", routes![objects, change]).register("/", catchers![other]))
}
