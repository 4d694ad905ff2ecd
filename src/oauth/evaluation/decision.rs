//! The answer to an access evaluation (AuthZEN section 6.2). A refusal says which layer refused and what would have been enough, and
//! nothing of a credential that the asker may not know.

use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};
use serde_json::Value;

use crate::domain::operation::Operation;
use crate::domain::protected_object::ObjectRef;
use crate::oauth::evaluation::Layer;

/// Yes or no.
#[derive(Clone, Debug, PartialEq)]
pub enum Decision {
    /// Yes.
    Permit(Permit),
    /// No.
    Deny(Denial),
}

/// What is told beside a yes.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Permit {
    /// Whether the answer to the caller must leave out what they hold no role on, which a search tells.
    pub filter: bool,
    /// What introspection tells of the credential, where it was asked for.
    pub introspection: Option<Value>,
}

/// Why not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Denial {
    /// Which layer refused.
    pub layer: Layer,
    /// By the names of RFC 6750 section 3.1, and `access_denied` (RFC 6749 section 4.1.2.1) where no other token would do.
    pub error: &'static str,
    /// The scope or the role that would have been enough, if one would.
    pub required: Option<String>,
    /// The status that the resource answers its caller with.
    pub http_status: u16,
    /// In words.
    pub reason: String,
    /// Under what the audit trail has it.
    pub trace: String,
}

impl Denial {
    pub(super) fn new(
        layer: Layer,
        operation: &Operation,
        object: Option<&ObjectRef>,
        required: Option<String>,
        trace: String,
    ) -> Self {
        let name = &operation.name;
        let reason = match (layer, &required, object) {
            (Layer::Credential, ..) => {
                "the credential is unknown, expired, withdrawn, or not for this API and site".to_owned()
            }
            (Layer::Scope, Some(scope), _) => format!("{name} takes {scope}, which the credential does not have"),
            (Layer::Scope, None, _) => format!("{name} is not open to credentials of this kind"),
            (Layer::Role, Some(role), Some(object)) => {
                format!("{name} takes the role {role} or a greater one on {object}")
            }
            (Layer::Role, Some(role), None) => {
                format!("{name} takes the role {role} or a greater one, and the request does not tell on what")
            }
            (Layer::Role, None, _) => format!("{name} is for nobody here"),
        };
        let (error, http_status) = match layer {
            Layer::Credential => ("invalid_token", 401),
            Layer::Scope => ("insufficient_scope", 403),
            Layer::Role => ("access_denied", 403),
        };
        Self { layer, error, required, http_status, reason, trace }
    }
}

impl Decision {
    /// Whether it is a yes.
    pub fn is_permit(&self) -> bool {
        matches!(self, Decision::Permit(_))
    }
}

impl Serialize for Decision {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut answer = serializer.serialize_map(None)?;
        answer.serialize_entry("decision", &self.is_permit())?;
        match self {
            Decision::Permit(permit) if *permit == Permit::default() => {}
            Decision::Permit(permit) => answer.serialize_entry("context", permit)?,
            Decision::Deny(denial) => answer.serialize_entry("context", denial)?,
        }
        answer.end()
    }
}

impl Serialize for Permit {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut context = serializer.serialize_map(None)?;
        if self.filter {
            context.serialize_entry("filter", &true)?;
        }
        if let Some(introspection) = &self.introspection {
            context.serialize_entry("introspection", introspection)?;
        }
        context.end()
    }
}

impl Serialize for Denial {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut context = serializer.serialize_map(None)?;
        context.serialize_entry("layer", &self.layer.number())?;
        context.serialize_entry("error", self.error)?;
        if let Some(required) = &self.required {
            context.serialize_entry("required", required)?;
        }
        context.serialize_entry("http_status", &self.http_status)?;
        context.serialize_entry("reason", &self.reason)?;
        context.serialize_entry("trace", &self.trace)?;
        context.end()
    }
}
