//! Protected object: what a role is held on, by the name that its protected resource gives it on a site.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::domain::id::{ResourceId, SiteId};
use crate::domain::label::Label;

/// A protected resource on a site (the protection space of RFC 9110 section 11.5): within it objects have their names, and roles
/// are held.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Realm {
    /// Whose objects they are.
    pub resource_id: ResourceId,
    /// Where.
    pub site_id: SiteId,
}

/// An object by its type and its identifier, as in `schema:4`. AuthZEN calls both together a resource.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct ObjectRef {
    kind: String,
    id: String,
}

/// Text that names no object.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("an object is its type, a colon and its identifier, of at most 32 and 128 visible ASCII characters")]
pub struct MalformedObject;

const LONGEST_ID: usize = 128;

impl ObjectRef {
    /// The object of that type and identifier.
    ///
    /// # Errors
    /// [`MalformedObject`].
    pub fn new(kind: &str, id: &str) -> Result<Self, MalformedObject> {
        let fits = (1..=LONGEST_ID).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_graphic());
        if is_name(kind) && fits { Ok(Self { kind: kind.into(), id: id.into() }) } else { Err(MalformedObject) }
    }

    /// Its type.
    pub fn kind(&self) -> &str {
        &self.kind
    }

    /// Its identifier.
    pub fn id(&self) -> &str {
        &self.id
    }
}

impl FromStr for ObjectRef {
    type Err = MalformedObject;
    fn from_str(text: &str) -> Result<Self, MalformedObject> {
        let (kind, id) = text.split_once(':').ok_or(MalformedObject)?;
        Self::new(kind, id)
    }
}

impl fmt::Display for ObjectRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.kind, self.id)
    }
}

/// Whether a text can name a type of objects, a role, a permission or a setting: 1 to 32 lower-case letters, digits, `_`, `-` and `.`.
pub fn is_name(text: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'_' | b'-' | b'.');
    (1..=32).contains(&text.len()) && text.bytes().all(allowed)
}

/// An object that a protected resource told of, so that roles can be given on it and beneath it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProtectedObject {
    /// Which one.
    pub object: ObjectRef,
    /// What people call it.
    pub label: Label,
    /// What it belongs to; nothing where that is the whole site.
    pub parent: Option<ObjectRef>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_object_reads_what_it_writes() {
        for good in ["schema:4", "object_type:12", "import_source:a1b2-c3", "page:a:b"] {
            assert_eq!(good.parse::<ObjectRef>().expect("an object").to_string(), good);
        }
        let long = format!("schema:{}", "1".repeat(129));
        for bad in ["", "schema", "schema:", ":4", "Schema:4", "schema:4 5", "schema:é", "schema:4\0", &long] {
            assert_eq!(bad.parse::<ObjectRef>(), Err(MalformedObject), "{bad:?}");
        }
    }
}
