//! trait Groups: people of a site who hold roles together.

use std::sync::Arc;

use async_trait::async_trait;

use crate::domain::group::Group;
use crate::domain::id::{GroupId, SiteId, UserId};
use crate::store::{Added, Result};

/// Groups and who is in them.
#[async_trait]
pub trait Groups {
    /// The group of that name in the protocol.
    async fn group(&self, id: GroupId) -> Result<Option<Arc<Group>>>;

    /// The groups of a site, by name.
    async fn groups_on(&self, site: SiteId) -> Result<Vec<Arc<Group>>>;

    /// Makes a group, unless another of the site is called so.
    async fn add_group(&self, group: &Group) -> Result<Added>;

    /// Removes a group, and with it whatever it held; `false` if there is none.
    async fn remove_group(&self, id: GroupId) -> Result<bool>;

    /// Puts a person in a group; `false` if they are in it, or there is no such group.
    async fn add_to_group(&self, id: GroupId, user: UserId) -> Result<bool>;

    /// Takes a person out of a group; `false` if they are not in it.
    async fn remove_from_group(&self, id: GroupId, user: UserId) -> Result<bool>;

    /// Who is in a group.
    async fn group_members(&self, id: GroupId) -> Result<Vec<UserId>>;

    /// In which groups of a site a person is.
    async fn groups_of(&self, site: SiteId, user: UserId) -> Result<Vec<GroupId>>;
}
