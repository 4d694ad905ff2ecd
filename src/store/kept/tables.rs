//! The tables: which there are, what they hold, and what of them a restore brings back.

use serde::de::DeserializeOwned;

use crate::domain::api_token::{ApiToken, TokenUse};
use crate::domain::app::{App, AppVersion, Deployed};
use crate::domain::authorization_code::CodeState;
use crate::domain::authorization_request::{PushedRequest, Transaction};
use crate::domain::container::{Container, ContainerToken};
use crate::domain::grant::Grant;
use crate::domain::group::Group;
use crate::domain::guess::Guesses;
use crate::domain::id::{ContainerId, GrantId, GroupId, InstallationId, SiteId, UserId};
use crate::domain::installation::{Installation, InstallationRequest};
use crate::domain::link::OneTimeLink;
use crate::domain::protected_object::ProtectedObject;
use crate::domain::secret::TokenKey;
use crate::domain::session::Session;
use crate::domain::signing_key::KeyRing;
use crate::domain::site::{Member, Site};
use crate::domain::time::Timestamp;
use crate::domain::user::User;
use crate::store::kept::VERSION;
use crate::store::kept::api_tokens::Place;
use crate::store::kept::lines::Lines;
use crate::store::kept::registry::{KeptIdentifier, KeptScope, Registration};
use crate::store::kept::roles::{GivenBy, KeptAccess};
use crate::store::kept::tokens::{KeptFamily, KeptToken, SpentCode};

/// One table.
#[derive(Clone, Copy, Debug)]
pub struct TableKind {
    /// The name of its tree, and in a backup.
    pub name: &'static str,
    /// What a restore does with it.
    pub holds: Holds,
    read: fn(&[u8]) -> bool,
}

/// What a table holds, as a restore sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Holds {
    /// What people and operators decided, and what happened: it comes back.
    Lasting,
    /// What somebody can act with, and what leads to it: it is over after a restore, unless the operator says otherwise.
    Credentials,
}

/// What a value of a backup is to this program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reading {
    /// One that it reads.
    Good,
    /// One of a shape that is newer than this program.
    Newer,
    /// Nothing that was ever written.
    Damaged,
}

/// Every table, in the order in which they are carried.
pub const TABLES: [TableKind; 59] = [
    TableKind::of::<Registration>("registry", Holds::Lasting),
    TableKind::of::<KeptIdentifier>("identifiers", Holds::Lasting),
    TableKind::of::<KeptScope>("scopes", Holds::Lasting),
    TableKind::of::<User>("users", Holds::Lasting),
    TableKind::of::<UserId>("emails", Holds::Lasting),
    TableKind::of::<()>("admins", Holds::Lasting),
    TableKind::of::<Session>("sessions", Holds::Credentials),
    TableKind::of::<()>("user_sessions", Holds::Credentials),
    TableKind::of::<()>("devices", Holds::Lasting),
    // A restore gives nobody another burst.
    TableKind::of::<Guesses>("guesses", Holds::Lasting),
    TableKind::of::<()>("guess_ends", Holds::Lasting),
    TableKind::of::<OneTimeLink>("links", Holds::Credentials),
    TableKind::of::<TokenKey>("setup_link", Holds::Credentials),
    TableKind::of::<PushedRequest>("pushed", Holds::Credentials),
    TableKind::of::<Transaction>("transactions", Holds::Credentials),
    // What was used once must not be good again.
    TableKind::of::<()>("assertions", Holds::Lasting),
    TableKind::of::<u32>("forgotten", Holds::Lasting),
    TableKind::of::<Grant>("grants", Holds::Lasting),
    TableKind::of::<GrantId>("user_grants", Holds::Lasting),
    TableKind::of::<()>("client_grants", Holds::Lasting),
    TableKind::of::<Timestamp>("grant_uses", Holds::Lasting),
    TableKind::of::<CodeState>("codes", Holds::Credentials),
    TableKind::of::<SpentCode>("spent_codes", Holds::Credentials),
    TableKind::of::<KeptToken>("tokens", Holds::Credentials),
    TableKind::of::<KeptFamily>("families", Holds::Credentials),
    TableKind::of::<()>("withdrawn", Holds::Credentials),
    TableKind::of::<()>("forgetting", Holds::Credentials),
    TableKind::of::<()>("rotations", Holds::Credentials),
    TableKind { name: "events", holds: Holds::Lasting, read: reads_event },
    // Sealed: a restore needs the key-encryption key as well.
    TableKind::of::<KeyRing>("key_ring", Holds::Lasting),
    TableKind::of::<Vec<u8>>("seal_check", Holds::Lasting),
    TableKind::of::<Site>("sites", Holds::Lasting),
    TableKind::of::<SiteId>("default_site", Holds::Lasting),
    TableKind::of::<SiteId>("site_urls", Holds::Lasting),
    TableKind::of::<Member>("members", Holds::Lasting),
    TableKind::of::<()>("site_members", Holds::Lasting),
    TableKind::of::<App>("apps", Holds::Lasting),
    TableKind::of::<Deployed>("deployed", Holds::Lasting),
    TableKind::of::<AppVersion>("versions", Holds::Lasting),
    TableKind::of::<Installation>("installations", Holds::Lasting),
    TableKind::of::<InstallationId>("installed", Holds::Lasting),
    TableKind::of::<InstallationRequest>("installation_requests", Holds::Lasting),
    TableKind::of::<ApiToken>("api_tokens", Holds::Credentials),
    TableKind::of::<Place>("api_token_places", Holds::Credentials),
    TableKind::of::<TokenUse>("token_uses", Holds::Credentials),
    TableKind::of::<Container>("containers", Holds::Lasting),
    TableKind::of::<ContainerToken>("container_tokens", Holds::Credentials),
    TableKind::of::<ContainerId>("container_keys", Holds::Credentials),
    TableKind::of::<Vec<String>>("activity", Holds::Lasting),
    TableKind::of::<Group>("groups", Holds::Lasting),
    TableKind::of::<GroupId>("group_names", Holds::Lasting),
    TableKind::of::<()>("group_members", Holds::Lasting),
    TableKind::of::<Vec<GroupId>>("user_groups", Holds::Lasting),
    TableKind::of::<KeptAccess>("access", Holds::Lasting),
    TableKind::of::<ProtectedObject>("objects", Holds::Lasting),
    TableKind::of::<()>("objects_beneath", Holds::Lasting),
    TableKind::of::<Vec<String>>("roles", Holds::Lasting),
    TableKind::of::<GivenBy>("role_holders", Holds::Lasting),
    TableKind::of::<Vec<String>>("roles_set", Holds::Lasting),
];

/// What stores of earlier formats had besides. It led to tokens of theirs, which no later format reads.
const RETIRED: [TableKind; 2] = [TableKind::retired("refresh_tokens"), TableKind::retired("grant_families")];

/// The table of that name, in this format or an earlier one.
pub fn named(name: &str) -> Option<&'static TableKind> {
    const { &TABLES }.iter().chain(const { &RETIRED }).find(|table| table.name == name)
}

impl TableKind {
    const fn of<V: DeserializeOwned>(name: &'static str, holds: Holds) -> Self {
        Self { name, holds, read: reads::<V> }
    }

    const fn retired(name: &'static str) -> Self {
        Self { name, holds: Holds::Credentials, read: |_| true }
    }

    /// What a value of this table is to this program.
    pub fn reading(&self, value: &[u8]) -> Reading {
        match value.split_first() {
            Some((&VERSION, body)) if (self.read)(body) => Reading::Good,
            Some((&version, _)) if version > VERSION => Reading::Newer,
            _ => Reading::Damaged,
        }
    }
}

fn reads<V: DeserializeOwned>(body: &[u8]) -> bool {
    matches!(postcard::take_from_bytes::<V>(body), Ok((_, [])))
}

fn reads_event(body: &[u8]) -> bool {
    postcard::take_from_bytes::<Lines>(body).is_ok_and(|(lines, rest)| rest.is_empty() && lines.are_events())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_of_a_newer_shape_is_told_from_a_damaged_one() {
        let emails = named("emails").expect("a table");
        let value = [&[VERSION][..], &postcard::to_stdvec(&UserId::from_random([7; 16])).expect("bytes")].concat();
        assert_eq!(emails.reading(&value), Reading::Good);
        assert_eq!(emails.reading(&value[..value.len() - 1]), Reading::Damaged);
        assert_eq!(emails.reading(&[&[VERSION + 1], &value[1..]].concat()), Reading::Newer);
        assert_eq!(emails.reading(&[]), Reading::Damaged);
    }
}
