//! An API behind Hallmark. Register it, then run it:
//!
//! ```text
//! hallmark resource add --id notes --identifier http://127.0.0.1:8001 \
//!     --scope read:note:example --scope write:note:example
//! NOTES_SECRET=hmk_… cargo run --example resource_server
//! curl -i http://127.0.0.1:8001/notes -H "Authorization: Bearer hma_…"
//! curl -i http://127.0.0.1:8001/notes -u person@example.com:hmp_…
//! ```
//!
//! `ISSUER` and `PORT` say where Hallmark and this API are, where they are elsewhere.

use hallmark::resource_server::{Bearer, Introspection, RequiredScope, ResourceServer};
use rocket::serde::json::{Value, json};
use rocket::{get, put, routes};

/// What a route may ask for: its scope is part of the route's type.
struct ReadNotes;

impl RequiredScope for ReadNotes {
    const SCOPE: &'static str = "read:note:example";
}

struct WriteNotes;

impl RequiredScope for WriteNotes {
    const SCOPE: &'static str = "write:note:example";
}

/// Only reached with a live token for this API that carries the scope, by itself or as the password of its owner's Basic
/// credentials, or by a Connect app that has it and signed the request.
#[get("/notes")]
fn notes(caller: Bearer<ReadNotes>) -> Value {
    json!({ "notes": ["Buy milk"], "read_by": who(&caller) })
}

#[put("/notes/<id>")]
fn change(id: u32, caller: Bearer<WriteNotes>) -> Value {
    json!({ "note": id, "changed_by": who(&caller) })
}

/// For whom, through which app, and by whose account the app is here where it acts for somebody else.
fn who(caller: &Introspection) -> Value {
    json!({ "sub": caller.sub, "through": caller.client_id, "acting": caller.act.as_ref().map(|act| &act.sub) })
}

#[rocket::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let issuer = std::env::var("ISSUER").unwrap_or_else(|_| "http://127.0.0.1:8000".into());
    let port: u16 = std::env::var("PORT").map_or(Ok(8001), |port| port.parse())?;
    let secret = std::env::var("NOTES_SECRET")?;
    let guard = ResourceServer::new(&issuer, "notes", &secret, "notes")?;
    let figment = rocket::Config::figment().merge(("port", port));
    rocket::custom(figment)
        // The owner of an API token sees from where it was last used. Behind a proxy the peer would be the proxy.
        .attach(guard.telling_client_ip(|request| request.remote().map(|peer| peer.ip())))
        .mount("/", routes![notes, change])
        .launch()
        .await?;
    Ok(())
}
