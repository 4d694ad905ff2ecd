//! What happened to a person's account lately, as the person is told.

use crate::authorization_server::AuthorizationServer;
use crate::domain::event::Recorded;
use crate::domain::id::UserId;
use crate::store::StoreError;

/// What happened to the account of a person lately, the newest first.
///
/// # Errors
/// [`StoreError`] if the store fails.
pub async fn list(server: &AuthorizationServer, user: UserId) -> Result<Vec<Recorded>, StoreError> {
    server.store.activity_of(user).await
}
