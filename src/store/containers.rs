//! trait Containers: import sources, and the one token of each.

use std::sync::Arc;

use async_trait::async_trait;

use crate::domain::container::{Container, ContainerToken};
use crate::domain::id::{ContainerId, SiteId};
use crate::domain::secret::TokenKey;
use crate::domain::site::Site;
use crate::store::{Added, Result};

/// The container of a live token, with its site.
#[derive(Clone, Debug)]
pub struct ContainerCredential {
    /// The container.
    pub container: Arc<Container>,
    /// Its token.
    pub token: ContainerToken,
    /// Its site; `None` if it is gone.
    pub site: Option<Arc<Site>>,
}

/// Import sources and their tokens.
#[async_trait]
pub trait Containers {
    /// Registers a container whose name in the protocol no other has.
    async fn add_container(&self, container: &Container) -> Result<Added>;

    /// The container of that name.
    async fn container(&self, id: ContainerId) -> Result<Option<Arc<Container>>>;

    /// Every container, by site and then by what it is called.
    async fn containers(&self) -> Result<Vec<Arc<Container>>>;

    /// The containers of a site, by what they are called.
    async fn containers_on(&self, site: SiteId) -> Result<Vec<Arc<Container>>>;

    /// Removes a container, and ends its token. `false` if there was none.
    async fn remove_container(&self, id: ContainerId) -> Result<bool>;

    /// The token of a container, live or expired.
    async fn container_token(&self, id: ContainerId) -> Result<Option<ContainerToken>>;

    /// Makes this the token of a container; the former is over at once. `false`, and nothing is kept, if there is no such
    /// container.
    async fn set_container_token(&self, id: ContainerId, token: &ContainerToken) -> Result<bool>;

    /// Ends the token of a container, if it is the one under `key`; `false` if it is not.
    async fn end_container_token(&self, id: ContainerId, key: TokenKey) -> Result<bool>;

    /// The container that the token under that key is of, if it is the container's token by now. Reads each noun at most once.
    async fn container_credential(&self, key: TokenKey) -> Result<Option<ContainerCredential>>;
}
