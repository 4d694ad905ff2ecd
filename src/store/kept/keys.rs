//! Where each record is found. Parts of a key that have no fixed length end with a zero byte, which no part has.

use crate::domain::app::{Deployment, Environment, VersionNumber};
use crate::domain::group::Group;
use crate::domain::id::{ClientId, SiteId, UserId};
use crate::domain::protected_object::ObjectRef;
use crate::domain::role_binding::RoleSubject;
use crate::domain::secret::TokenKey;
use crate::domain::time::{Hour, Timestamp};
use crate::store::EventPlace;
use crate::store::kept::key;

/// Between the parts of a key that have no fixed length; no part has it.
pub const END: &[u8] = &[0];

/// The one grant between a person and a client.
pub fn between(user: UserId, client: &ClientId) -> Vec<u8> {
    key(&[user.as_bytes(), client.as_str().as_bytes()])
}

/// What the keys of a client's grants begin with; an identifier holds no zero byte, so that none is the prefix of another.
pub fn client_prefix(id: &ClientId) -> Vec<u8> {
    key(&[id.as_str().as_bytes(), END])
}

/// An environment of an app.
pub fn deployment_key(deployment: Deployment) -> Vec<u8> {
    let environment = match deployment.environment {
        Environment::Development => 0,
        Environment::Staging => 1,
        Environment::Production => 2,
    };
    key(&[deployment.app_id.as_bytes(), &[environment]])
}

/// A version that was deployed to an environment; they sort by their numbers.
pub fn version_key(deployment: Deployment, number: VersionNumber) -> Vec<u8> {
    key(&[&deployment_key(deployment), &number.major.to_be_bytes(), &number.minor.to_be_bytes()])
}

/// The one installation of an app on a site.
pub fn installed_key(site: SiteId, deployment: Deployment) -> Vec<u8> {
    key(&[site.as_bytes(), &deployment_key(deployment)])
}

/// What somebody asks for on a site.
pub fn request_key(site: SiteId, deployment: Deployment, by: UserId) -> Vec<u8> {
    key(&[site.as_bytes(), &deployment_key(deployment), by.as_bytes()])
}

/// A membership.
pub fn member_key(user: UserId, site: SiteId) -> [u8; 32] {
    let mut key = [0; 32];
    key[..16].copy_from_slice(user.as_bytes());
    key[16..].copy_from_slice(site.as_bytes());
    key
}

/// The name of a group, which no other of its site has in any case.
pub fn group_name_key(group: &Group) -> Vec<u8> {
    key(&[group.site_id.as_bytes(), group.name.as_str().to_lowercase().as_bytes()])
}

/// The groups of a site that a person is in.
pub fn groups_key(user: UserId, site: SiteId) -> Vec<u8> {
    key(&[user.as_bytes(), site.as_bytes()])
}

/// An object within its realm.
pub fn place(object: &ObjectRef) -> Vec<u8> {
    key(&[object.kind().as_bytes(), END, object.id().as_bytes()])
}

/// Who holds a role on an object.
pub fn holder_key(there: &[u8], role: &str, subject: RoleSubject) -> Vec<u8> {
    key(&[there, END, role.as_bytes(), END, &subject.to_bytes()])
}

/// A person's session.
pub fn session_of(user: UserId, session: TokenKey) -> Vec<u8> {
    key(&[user.as_bytes(), &session.to_bytes()])
}

/// A browser from which a person signed in.
pub fn device(cookie: TokenKey, user: UserId) -> Vec<u8> {
    key(&[&cookie.to_bytes(), user.as_bytes()])
}

/// The order to drop a count of guesses that is over by then.
pub fn guesses_end(over: Timestamp, count: &[u8]) -> Vec<u8> {
    key(&[&Hour::after(over).to_be_bytes(), count])
}

/// An event of the audit trail.
pub fn event_key(place: EventPlace) -> [u8; 16] {
    let mut key = [0; 16];
    key[..8].copy_from_slice(&place.at.0.to_be_bytes());
    key[8..].copy_from_slice(&place.number.to_be_bytes());
    key
}

/// Where the event under that key is; `None` if it is the key of something else.
pub fn event_place(key: &[u8]) -> Option<EventPlace> {
    let (at, number) = (key.first_chunk()?, key.last_chunk()?);
    Some(EventPlace { at: Timestamp(u64::from_be_bytes(*at)), number: u64::from_be_bytes(*number) })
}

/// Where in a key that begins with a realm it ends: after the name of the resource, a zero byte, the four bytes of the number of
/// its registration, and the site. `None` if the key is too short for that.
pub fn end_of_realm(key: &[u8]) -> Option<usize> {
    let end = key.iter().position(|byte| *byte == 0)? + 1 + 4 + 16;
    (end <= key.len()).then_some(end)
}
