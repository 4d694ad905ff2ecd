//! An API like that of Assets behind Hallmark, whose guard enforces all its 66 operations. Register it, give it its model, then run it:
//!
//! ```text
//! hallmark resource add --id assets --identifier http://127.0.0.1:8002 --scope read:cmdb-object:jira …
//! hallmark resource access set assets --model assets
//! cargo run --example assets -- --issuer http://127.0.0.1:8000 --id assets --secret hmk_… --workspace WORKSPACE
//! curl -i -H "Authorization: Bearer hma_…" http://127.0.0.1:8002/jsm/assets/workspace/WORKSPACE/v1/object/87
//! ```
//!
//! `--port` says where it listens, `--import-source` which import source of Hallmark it knows, and `--staleness` for how many seconds it
//! keeps what it was told of a credential.

mod api;

use std::error::Error;
use std::time::Duration;

use clap::Parser;
use hallmark::access::models::ASSETS;
use hallmark::domain::access_model::{AccessModel, Faults};

use crate::api::{Assets, Place};

#[derive(Parser)]
struct Arguments {
    #[arg(long, default_value = "http://127.0.0.1:8000")]
    issuer: String,
    #[arg(long, default_value = "assets")]
    id: String,
    #[arg(long)]
    secret: String,
    #[arg(long)]
    workspace: String,
    #[arg(long)]
    import_source: Option<String>,
    #[arg(long, default_value_t = 8002)]
    port: u16,
    #[arg(long, default_value_t = 0)]
    staleness: u64,
}

#[rocket::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let Arguments { issuer, id, secret, workspace, import_source, port, staleness } = Arguments::parse();
    let model = AccessModel::read(ASSETS).map_err(|faults| Faults(&faults).to_string())?;
    let api = Assets::new(&issuer, (&id, &secret), model, &[Place { workspace, import_source }])?;
    let url = format!("http://127.0.0.1:{port}").parse()?;
    let api = api.guarded(|guard| {
        let guard = guard.at(url).with_facts_for(Duration::from_secs(staleness));
        // The owner of an API token sees from where it was last used. Behind a proxy the peer would be the proxy.
        guard.telling_client_ip(|request| request.remote().map(|peer| peer.ip()))
    });
    api.tell().await?;
    api.on(rocket::custom(rocket::Config::figment().merge(("port", port)))).launch().await?;
    Ok(())
}
