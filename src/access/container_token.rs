//! Layers 1 and 2 for the script of a container: which import source this is the token of.

use std::sync::Arc;

use crate::authorization_server::AuthorizationServer;
use crate::domain::container::{Container, ContainerToken};
use crate::domain::site::Site;
use crate::secrets::token::{TokenKind, read};
use crate::store::{ContainerCredential, StoreError};

/// A live container token.
pub struct LiveContainerToken {
    /// The token.
    pub token: ContainerToken,
    /// What it is bound to.
    pub container: Arc<Container>,
    /// Where that is.
    pub site: Arc<Site>,
}

/// The live container token that `text` is.
///
/// # Errors
/// [`StoreError`] if the store fails.
pub async fn find(server: &AuthorizationServer, text: &str) -> Result<Option<LiveContainerToken>, StoreError> {
    let Some(key) = read(TokenKind::Container, text) else { return Ok(None) };
    let Some(ContainerCredential { container, token, site: Some(site) }) =
        server.store.container_credential(key).await?
    else {
        return Ok(None);
    };
    Ok(token.is_live(server.now()).then_some(LiveContainerToken { token, container, site }))
}
