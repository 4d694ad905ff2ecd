//! Typed identifiers. None of them is a secret: a secret has 256 bits and its digest at rest.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::domain::time::{Hour, Timestamp};

macro_rules! uuid_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        pub struct $name(Uuid);

        impl $name {
            /// The identifier made of these random bytes.
            pub fn from_random(bytes: [u8; 16]) -> Self {
                Self(uuid::Builder::from_random_bytes(bytes).into_uuid())
            }

            /// The 16 bytes, as a store keys them.
            pub fn as_bytes(&self) -> &[u8; 16] {
                self.0.as_bytes()
            }

            /// The identifier that `as_bytes` gave these bytes for.
            pub const fn from_bytes(bytes: [u8; 16]) -> Self {
                Self(Uuid::from_bytes(bytes))
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.as_hyphenated().fmt(f)
            }
        }

        impl FromStr for $name {
            type Err = MalformedId;
            fn from_str(text: &str) -> Result<Self, MalformedId> {
                Uuid::try_parse(text).map(Self).map_err(|_| MalformedId)
            }
        }
    };
}

uuid_id!(
    /// A person. Written `user:<id>` where it is the subject of a token.
    UserId
);
uuid_id!(
    /// What one person allowed one client.
    GrantId
);
uuid_id!(
    /// A tenant: the `cloudId`.
    SiteId
);
uuid_id!(
    /// An app, in all its environments. Written [`AppId::ari`] where Forge writes it.
    AppId
);
uuid_id!(
    /// An app on a site. Written [`InstallationId::ari`] where Forge writes it.
    InstallationId
);
uuid_id!(
    /// People of a site who hold roles together.
    GroupId
);
uuid_id!(
    /// What a container token is bound to: an import source.
    ContainerId
);

const APP: &str = "ari:cloud:ecosystem::app/";
const INSTALLATION: &str = "ari:cloud:ecosystem::installation/";

impl AppId {
    /// The ARI by which a manifest names the app.
    pub fn ari(&self) -> String {
        format!("{APP}{self}")
    }

    /// The app that `ari` names.
    ///
    /// # Errors
    /// [`MalformedId`] if it is the ARI of something else, or none.
    pub fn from_ari(ari: &str) -> Result<Self, MalformedId> {
        hyphenated(ari.strip_prefix(APP).ok_or(MalformedId)?)?.parse()
    }
}

impl InstallationId {
    /// The ARI by which Forge names the installation.
    pub fn ari(&self) -> String {
        format!("{INSTALLATION}{self}")
    }

    /// The installation that `ari` names.
    ///
    /// # Errors
    /// [`MalformedId`] if it is the ARI of something else, or none.
    pub fn from_ari(ari: &str) -> Result<Self, MalformedId> {
        hyphenated(ari.strip_prefix(INSTALLATION).ok_or(MalformedId)?)?.parse()
    }
}

/// An ARI spells an identifier in one way; the library reads several.
fn hyphenated(text: &str) -> Result<&str, MalformedId> {
    if text.len() == 36 { Ok(text) } else { Err(MalformedId) }
}

/// Text that is no identifier of the kind asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("this is not an identifier")]
pub struct MalformedId;

/// Everything that was produced from one authorization code. Its first four bytes are the hour after which nothing
/// of it can be live, so that expiry drops a range of the store.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct FamilyId([u8; 20]);

impl FamilyId {
    /// A family of which nothing outlives `ends`.
    pub fn new(ends: Timestamp, random: [u8; 16]) -> Self {
        Self::of_hour(Hour::after(ends), random)
    }

    /// A family of which nothing outlives the beginning of that hour.
    pub fn of_hour(ends: Hour, name: [u8; 16]) -> Self {
        let mut id = [0; 20];
        id[..4].copy_from_slice(&ends.to_be_bytes());
        id[4..].copy_from_slice(&name);
        Self(id)
    }

    /// The hour from whose beginning on nothing of it can be live.
    pub fn ends(&self) -> Hour {
        let [a, b, c, d, ..] = self.0;
        Hour(u32::from_be_bytes([a, b, c, d]))
    }

    /// The bytes, as a store keys them.
    pub fn as_bytes(&self) -> &[u8; 20] {
        &self.0
    }

    /// The identifier that `as_bytes` gave these bytes for.
    pub fn from_bytes(bytes: [u8; 20]) -> Self {
        Self(bytes)
    }
}

/// The name of an OAuth client, RFC 6749 section 2.2: 1 to 128 visible ASCII characters, none of them a colon, a
/// quotation mark or a backslash, so that it stands in a Basic header and in a log line as it is.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ClientId(String);

impl ClientId {
    /// The identifier as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for ClientId {
    type Error = MalformedId;
    fn try_from(text: String) -> Result<Self, MalformedId> {
        let allowed = |byte: u8| byte.is_ascii_graphic() && !matches!(byte, b':' | b'"' | b'\\');
        if (1..=128).contains(&text.len()) && text.bytes().all(allowed) { Ok(Self(text)) } else { Err(MalformedId) }
    }
}

impl FromStr for ClientId {
    type Err = MalformedId;
    fn from_str(text: &str) -> Result<Self, MalformedId> {
        text.to_owned().try_into()
    }
}

impl From<ClientId> for String {
    fn from(id: ClientId) -> String {
        id.0
    }
}

impl fmt::Display for ClientId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What stands for this server where the resource of a token is named; nobody can be registered by it.
const THIS_SERVER: &str = "this-authorization-server";

/// What stands for all resources that take Connect apps; nobody can be registered by it.
const CONNECT_RESOURCES: &str = "every-resource-that-takes-connect-apps";

impl ClientId {
    /// Whether the name stands for something and so is nobody's.
    pub fn is_reserved(&self) -> bool {
        [THIS_SERVER, CONNECT_RESOURCES].contains(&self.0.as_str())
    }

    /// The name that stands for every protected resource that takes Connect apps.
    pub fn connect_resources() -> Self {
        Self(CONNECT_RESOURCES.to_owned())
    }

    /// Whether it is that name.
    pub fn is_connect_resources(&self) -> bool {
        self.0 == CONNECT_RESOURCES
    }

    /// The name that stands for the authorization server itself, whose own API says who the person of a token is.
    pub fn this_server() -> Self {
        Self(THIS_SERVER.to_owned())
    }
}

/// The name of a protected resource. It authenticates with it as a client does, so both share one name space.
pub type ResourceId = ClientId;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_identifier_stands_in_a_basic_header_as_it_is() {
        assert!("sprint-mailer".parse::<ClientId>().is_ok());
        for bad in ["", "a b", "a:b", "a\"b", "a\\b", "é", "a\n"] {
            assert!(bad.parse::<ClientId>().is_err(), "{bad:?}");
        }
        assert!("x".repeat(129).parse::<ClientId>().is_err());
    }

    #[test]
    fn an_ari_names_one_kind_of_thing() {
        let app = AppId::from_random([7; 16]);
        assert_eq!(AppId::from_ari(&app.ari()), Ok(app));
        assert_eq!(InstallationId::from_ari(&app.ari()), Err(MalformedId));
        assert_eq!(AppId::from_ari(&format!("{APP}{{{app}}}")), Err(MalformedId));
    }

    #[test]
    fn an_identifier_reads_what_it_writes() {
        let id = UserId::from_random([7; 16]);
        assert_eq!(id.to_string().parse(), Ok(id));
        assert_eq!("nonsense".parse::<UserId>(), Err(MalformedId));
    }
}
