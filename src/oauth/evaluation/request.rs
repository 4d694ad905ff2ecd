//! What is asked, by the names of AuthZEN section 5. Fields that are not known here are for others, and are passed over.

use std::collections::BTreeMap;
use std::fmt;
use std::net::IpAddr;

use serde::Deserialize;
use serde_json::Value;

use crate::oauth::evaluation::EvaluationError;
use crate::oauth::evaluation::strictly::{list, object, optional};

/// The body of an access evaluation (AuthZEN section 6.1).
#[derive(Clone, Debug, Default, Deserialize)]
pub struct EvaluationRequest {
    /// Who.
    #[serde(default, deserialize_with = "optional")]
    pub subject: Option<SubjectName>,
    /// Does what.
    #[serde(default, deserialize_with = "optional")]
    pub action: Option<Action>,
    /// To what.
    #[serde(default, deserialize_with = "optional")]
    pub resource: Option<Resource>,
    /// With which credential, and where.
    #[serde(default, deserialize_with = "optional")]
    pub context: Option<RequestContext>,
}

/// Who: `token` with the id `self` means whose credential is in the context.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct SubjectName {
    /// `token`, `user` or `app`.
    #[serde(rename = "type")]
    pub kind: String,
    /// The identifier.
    pub id: String,
}

/// What is done: the name of an operation.
#[derive(Clone, Debug, Deserialize)]
pub struct Action {
    /// The name.
    pub name: String,
}

/// What it is done to.
#[derive(Clone, Debug, Deserialize)]
pub struct Resource {
    /// The type of the object.
    #[serde(rename = "type")]
    pub kind: String,
    /// Its identifier; a search has none.
    #[serde(default)]
    pub id: String,
    /// The identifiers of the objects that it belongs to, by their types. Others are passed over.
    #[serde(default)]
    pub properties: BTreeMap<String, Value>,
}

/// With which credential, and where.
#[derive(Clone, Default, PartialEq, Eq, Deserialize)]
pub struct RequestContext {
    /// The credential, as introspection takes it.
    pub token: Option<String>,
    /// `basic` where it is the payload of Basic credentials.
    pub token_type_hint: Option<String>,
    /// The site, by its identifier, that of its workspace, or its URL.
    pub site: Option<String>,
    /// Of a request that a Connect app signed: its method.
    pub request_method: Option<String>,
    /// Of a request that a Connect app signed: its path and query.
    pub request_target: Option<String>,
    /// Where the credential was shown.
    pub client_ip: Option<IpAddr>,
    /// Whether what introspection tells of the credential is to come with a yes.
    #[serde(default)]
    pub introspection: bool,
}

impl fmt::Debug for RequestContext {
    /// Without the credential.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RequestContext")
            .field("site", &self.site)
            .field("client_ip", &self.client_ip)
            .finish_non_exhaustive()
    }
}

/// A question that is whole.
#[derive(Clone, Debug)]
pub struct Question {
    /// Who, where nobody shows a credential.
    pub subject: SubjectName,
    /// The operation.
    pub action: String,
    /// The type of the object.
    pub kind: String,
    /// Its identifier; empty for a search.
    pub id: String,
    /// What it belongs to.
    pub properties: BTreeMap<String, String>,
    /// The credential and the place.
    pub context: RequestContext,
}

impl EvaluationRequest {
    /// The question.
    ///
    /// # Errors
    /// [`EvaluationError::Malformed`] names what is missing.
    pub fn question(self) -> Result<Question, EvaluationError> {
        let missing = |name: &str| EvaluationError::malformed(format!("{name:?} is missing"));
        let resource = self.resource.ok_or_else(|| missing("resource"))?;
        let text = |(name, value)| match value {
            Value::String(text) => Some((name, text)),
            Value::Number(number) => Some((name, number.to_string())),
            _ => None,
        };
        Ok(Question {
            subject: self.subject.ok_or_else(|| missing("subject"))?,
            action: self.action.ok_or_else(|| missing("action"))?.name,
            kind: resource.kind,
            id: resource.id,
            properties: resource.properties.into_iter().filter_map(text).collect(),
            context: self.context.unwrap_or_default(),
        })
    }
}

/// The body of several access evaluations (AuthZEN section 7.1): what an evaluation does not say itself, it takes from the whole.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct BatchRequest {
    /// What each takes that says nothing else.
    #[serde(flatten)]
    pub default: EvaluationRequest,
    /// The evaluations; without any the whole is one.
    #[serde(default, deserialize_with = "list")]
    pub evaluations: Vec<EvaluationRequest>,
    /// When to stop.
    #[serde(default, deserialize_with = "object")]
    pub options: BatchOptions,
}

/// How several are answered (AuthZEN section 7.1.2).
#[derive(Clone, Copy, Debug, Default, Deserialize)]
pub struct BatchOptions {
    /// When to stop.
    #[serde(default)]
    pub evaluations_semantic: Semantics,
}

/// When to stop.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Semantics {
    /// Never.
    #[default]
    ExecuteAll,
    /// After the first no.
    DenyOnFirstDeny,
    /// After the first yes.
    PermitOnFirstPermit,
}

impl EvaluationRequest {
    /// With what `default` says where this says nothing.
    #[must_use]
    pub fn or(self, default: &EvaluationRequest) -> Self {
        Self {
            subject: self.subject.or_else(|| default.subject.clone()),
            action: self.action.or_else(|| default.action.clone()),
            resource: self.resource.or_else(|| default.resource.clone()),
            context: self.context.or_else(|| default.context.clone()),
        }
    }
}

/// The body of a search for resources (AuthZEN section 8.4).
#[derive(Clone, Debug, Default, Deserialize)]
pub struct SearchRequest {
    /// Who, what and on which type of objects.
    #[serde(flatten)]
    pub evaluation: EvaluationRequest,
    /// Which part of the answer.
    #[serde(default, deserialize_with = "object")]
    pub page: Page,
}

/// A part of an answer (AuthZEN section 8.2).
#[derive(Clone, Debug, Default, Deserialize)]
pub struct Page {
    /// Where it begins: what the answer before it said.
    pub token: Option<String>,
    /// How many at most.
    pub limit: Option<usize>,
}
