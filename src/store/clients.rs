//! trait Clients: OAuth clients.

use std::sync::Arc;

use async_trait::async_trait;

use crate::domain::client::{Client, ClientChange};
use crate::domain::id::ClientId;
use crate::domain::secret::Digest;
use crate::domain::time::Timestamp;
use crate::store::{Added, Result};

/// OAuth clients.
#[async_trait]
pub trait Clients {
    /// The client of that name.
    async fn client(&self, id: &ClientId) -> Result<Option<Arc<Client>>>;

    /// Every client, by name.
    async fn clients(&self) -> Result<Vec<Arc<Client>>>;

    /// Adds a client whose name neither a client nor a protected resource has.
    async fn add_client(&self, client: &Client) -> Result<Added>;

    /// Gives a client one more secret (the oldest of three goes); `None` if there is no such client or it has no secrets.
    async fn add_client_secret(&self, id: &ClientId, secret: Digest, now: Timestamp) -> Result<Option<Arc<Client>>>;

    /// Changes what is said of a client; `None` if there is no such client.
    async fn change_client(&self, id: &ClientId, change: &ClientChange) -> Result<Option<Arc<Client>>>;

    /// Removes a client; everything issued to it is over at once. `false` if there was none.
    async fn remove_client(&self, id: &ClientId) -> Result<bool>;

    /// Marks an assertion of a client as used until `expires` (RFC 7523 section 3, `jti`); `false` if it was used before, or
    /// may have been: a sweep, whose clock was ahead, forgot which of those that expire by then were.
    async fn spend_assertion(&self, assertion: Digest, expires: Timestamp) -> Result<bool>;
}
