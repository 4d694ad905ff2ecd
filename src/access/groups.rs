//! Groups of a site: made, removed, and who is in them.

use std::sync::Arc;

use crate::authorization_server::AuthorizationServer;
use crate::domain::event::{Actor, Event};
use crate::domain::group::Group;
use crate::domain::id::{GroupId, SiteId, UserId};
use crate::domain::label::Label;
use crate::domain::user::User;
use crate::secrets::random;
use crate::store::{Added, StoreError};

/// Why nothing was done about a group.
#[derive(Debug, thiserror::Error)]
pub enum GroupError {
    /// Another group of the site is called so.
    #[error("there is a group {0:?} on this site already")]
    Taken(String),
    /// There is no such group on the site.
    #[error("there is no such group on this site")]
    Unknown,
    /// Only a member of the site can be in one of its groups.
    #[error("only a member of the site can be in one of its groups")]
    NotMember,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Makes a group.
///
/// # Errors
/// [`GroupError::Taken`].
pub async fn add(server: &AuthorizationServer, site_id: SiteId, name: Label, by: Actor) -> Result<Group, GroupError> {
    let group = Group { id: random::group_id(), site_id, name, created: server.now() };
    match server.store.add_group(&group).await? {
        Added::Taken(name) => Err(GroupError::Taken(name)),
        Added::Done => {
            let name = group.name.to_string();
            server.record(Event::GroupAdded { group_id: group.id, site_id, name, by }).await;
            Ok(group)
        }
    }
}

/// The group of that name in the protocol, if it is on the site.
///
/// # Errors
/// [`GroupError::Unknown`] if it is not.
pub async fn known(server: &AuthorizationServer, site: SiteId, id: GroupId) -> Result<Arc<Group>, GroupError> {
    server.store.group(id).await?.filter(|group| group.site_id == site).ok_or(GroupError::Unknown)
}

/// The group that a text names, by its identifier or by what people call it.
///
/// # Errors
/// [`GroupError::Unknown`] if there is none on the site.
pub async fn named(server: &AuthorizationServer, site: SiteId, name: &str) -> Result<Arc<Group>, GroupError> {
    if let Ok(id) = name.parse() {
        return known(server, site, id).await;
    }
    let groups = server.store.groups_on(site).await?;
    let wanted = name.trim().to_lowercase();
    groups.into_iter().find(|group| group.name.as_str().to_lowercase() == wanted).ok_or(GroupError::Unknown)
}

/// Removes a group; whatever it held, nobody holds by it any more.
///
/// # Errors
/// [`GroupError::Unknown`].
pub async fn remove(server: &AuthorizationServer, site_id: SiteId, id: GroupId, by: Actor) -> Result<(), GroupError> {
    let group = known(server, site_id, id).await?;
    if server.store.remove_group(id).await? {
        server.record(Event::GroupRemoved { group_id: id, site_id, name: group.name.to_string(), by }).await;
    }
    Ok(())
}

/// Puts a member of the site in a group; nothing changes if they are in it.
///
/// # Errors
/// [`GroupError::Unknown`] and [`GroupError::NotMember`].
pub async fn put(
    server: &AuthorizationServer,
    site_id: SiteId,
    (id, user_id): (GroupId, UserId),
    by: Actor,
) -> Result<(), GroupError> {
    known(server, site_id, id).await?;
    server.store.member(site_id, user_id).await?.ok_or(GroupError::NotMember)?;
    if server.store.add_to_group(id, user_id).await? {
        server.record(Event::GroupMemberAdded { group_id: id, site_id, user_id, by }).await;
    }
    // Whoever lost the membership meanwhile must not come back to the group with the next one.
    if server.store.member(site_id, user_id).await?.is_none() {
        server.store.remove_from_group(id, user_id).await?;
        return Err(GroupError::NotMember);
    }
    Ok(())
}

/// Takes somebody out of a group; nothing changes if they are not in it.
///
/// # Errors
/// [`GroupError::Unknown`].
pub async fn take(
    server: &AuthorizationServer,
    site_id: SiteId,
    (id, user_id): (GroupId, UserId),
    by: Actor,
) -> Result<(), GroupError> {
    known(server, site_id, id).await?;
    if server.store.remove_from_group(id, user_id).await? {
        server.record(Event::GroupMemberRemoved { group_id: id, site_id, user_id, by }).await;
    }
    Ok(())
}

/// Who is in a group, by what they are called.
///
/// # Errors
/// [`GroupError::Unknown`].
pub async fn members(server: &AuthorizationServer, site: SiteId, id: GroupId) -> Result<Vec<User>, GroupError> {
    known(server, site, id).await?;
    let mut members = Vec::new();
    for user in server.store.group_members(id).await? {
        members.extend(server.store.user(user).await?);
    }
    members.sort_by(|a, b| a.display_name().cmp(b.display_name()).then_with(|| a.id.cmp(&b.id)));
    Ok(members)
}
