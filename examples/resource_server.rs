//! An API behind Hallmark. Register it, then run it:
//!
//! ```text
//! hallmark resource add --id notes --identifier http://127.0.0.1:8001 --scope read:note:example
//! NOTES_SECRET=hmk_… cargo run --example resource_server
//! curl -i http://127.0.0.1:8001/notes -H "Authorization: Bearer hma_…"
//! ```

use hallmark::resource_server::{Bearer, RequiredScope, ResourceServer};
use rocket::serde::json::{Value, json};
use rocket::{get, routes};

/// What a route may ask for: its scope is part of the route's type.
struct ReadNotes;

impl RequiredScope for ReadNotes {
    const SCOPE: &'static str = "read:note:example";
}

/// Only reached with a live token for this API that carries the scope, or by a Connect app that has it and signed the request.
#[get("/notes")]
fn notes(caller: Bearer<ReadNotes>) -> Value {
    json!({ "notes": ["Buy milk"], "read_by": caller.sub, "through": caller.client_id })
}

#[rocket::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let issuer = std::env::var("ISSUER").unwrap_or_else(|_| "http://127.0.0.1:8000".into());
    let secret = std::env::var("NOTES_SECRET")?;
    let figment = rocket::Config::figment().merge(("port", 8001));
    rocket::custom(figment)
        .attach(ResourceServer::new(&issuer, "notes", &secret, "notes")?)
        .mount("/", routes![notes])
        .launch()
        .await?;
    Ok(())
}
