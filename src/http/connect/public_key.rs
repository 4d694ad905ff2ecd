//! GET /connect-keys/KID: the key with which this server signs what it tells Connect apps, in PEM.

use std::sync::Arc;

use rocket::State;
use rocket::http::{ContentType, Header};
use rocket::response::Responder;

use crate::authorization_server::AuthorizationServer;
use crate::http::responses::page::ErrorPage;
use crate::secrets::signing::public_pem;

/// A key in PEM. Another key has another name, so that a copy may be kept as long as the key set's.
#[derive(Responder)]
pub struct Pem {
    text: String,
    content_type: ContentType,
    cache: Header<'static>,
}

/// The public key of that name; nothing for a key that is not RSA, which no Connect app verifies.
#[rocket::get("/connect-keys/<kid>")]
pub async fn pem(server: &State<Arc<AuthorizationServer>>, kid: &str) -> Result<Option<Pem>, ErrorPage> {
    let ring = server.store.key_ring().await.map_err(|error| ErrorPage::failure(&error))?;
    let text = ring.keys().iter().find(|key| key.kid == kid).and_then(|key| public_pem(&key.public));
    let lasts = server.config.keys.cache.as_secs();
    let cache = Header::new("Cache-Control", format!("public, max-age={lasts}"));
    Ok(text.map(|text| Pem { text, content_type: ContentType::Plain, cache }))
}
