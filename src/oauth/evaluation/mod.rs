//! Access evaluation, AuthZEN Authorization API 1.0: one answer for all three layers of a call.
//!
//! The subject is a credential, judged as introspection judges it (layer 1), by its scope (layer 2) and by the roles of whom it
//! stands for (layer 3); or, for a protected resource that is trusted with it, a person or an app account by name (layer 3 alone).
//!
//! | file | what |
//! |---|---|
//! | `request` | what is asked |
//! | `strictly` | how JSON is read |
//! | `decision` | the answer |
//! | `subject` | whose credential it is |
//! | `batch` | several at once, and when to stop |
//! | `search` | on which objects the answer would be yes |
//! | `forward` | a call that a gateway holds back until it is judged |
//! | `own` | a call that this server answers itself, where it concerns the objects of a protected resource |

mod batch;
mod decision;
mod forward;
mod own;
mod request;
mod search;
pub mod strictly;
mod subject;

pub use batch::{BatchAnswer, evaluations};
pub use decision::{Decision, Denial, Permit};
pub use forward::{Forwarded, ForwardedCall, forward};
pub use own::{OwnOperation, OwnRefusal, own};
pub use request::{
    Action, BatchOptions, BatchRequest, EvaluationRequest, Page, Question, RequestContext, Resource, SearchRequest,
    Semantics, SubjectName,
};
pub use search::{SearchAnswer, search};

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::access::objects::line;
use crate::access::roles;
use crate::authorization_server::AuthorizationServer;
use crate::domain::access_model::{Access, Requirement};
use crate::domain::event::Event;
use crate::domain::id::SiteId;
use crate::domain::operation::Operation;
use crate::domain::protected_object::{ObjectRef, Realm};
use crate::domain::resource::ProtectedResource;
use crate::domain::role_binding::Principal;
use crate::domain::site::Site;
use crate::oauth::error::{OAuthError, RequestFault};
use crate::oauth::evaluation::subject::{Judged, Subject};
use crate::secrets::digest::base64url;
use crate::secrets::random;
use crate::store::StoreError;

/// Why nothing was decided.
#[derive(Debug, thiserror::Error)]
pub enum EvaluationError {
    /// The request does not say what is asked.
    #[error("{0}")]
    Malformed(String),
    /// The resource may not ask about whom it names.
    #[error("this protected resource is not trusted to ask about whom it names; show a credential in context.token")]
    NotTrusted,
    /// The credential could not be looked at.
    #[error(transparent)]
    Refused(#[from] OAuthError),
    /// The store failed.
    #[error("the server could not find out; try again")]
    Store(#[from] StoreError),
}

impl From<EvaluationError> for OAuthError {
    fn from(error: EvaluationError) -> Self {
        match error {
            EvaluationError::Malformed(why) => RequestFault::Meaningless(why).into(),
            EvaluationError::NotTrusted => OAuthError::NotTrusted,
            EvaluationError::Refused(error) => error,
            EvaluationError::Store(error) => error.into(),
        }
    }
}

impl EvaluationError {
    /// That the request does not say what is asked.
    pub fn malformed(why: impl Into<String>) -> Self {
        Self::Malformed(why.into())
    }
}

/// Decides, for `asker`.
///
/// # Errors
/// [`EvaluationError`] if the question is none, or nothing is known because the store failed.
pub async fn evaluate(
    server: &AuthorizationServer,
    asker: &Arc<ProtectedResource>,
    request: EvaluationRequest,
) -> Result<Decision, EvaluationError> {
    let evaluation = Evaluation::begin(server, asker).await?;
    evaluation.decide(&mut Judged::default(), &request.question()?).await
}

/// What every question of one request has in common.
struct Evaluation<'s> {
    server: &'s AuthorizationServer,
    asker: &'s Arc<ProtectedResource>,
    access: Arc<Access>,
}

impl<'s> Evaluation<'s> {
    async fn begin(
        server: &'s AuthorizationServer,
        asker: &'s Arc<ProtectedResource>,
    ) -> Result<Self, EvaluationError> {
        let access = server.store.access(&asker.id).await?;
        let nothing = || EvaluationError::malformed("this protected resource declares no operations and roles yet");
        Ok(Self { server, asker, access: access.ok_or_else(nothing)? })
    }

    /// The operation of a question, and its number.
    fn operation(&self, question: &Question) -> Result<(usize, &Operation), EvaluationError> {
        let name = &question.action;
        self.access.operation(name).ok_or_else(|| EvaluationError::malformed(format!("there is no operation {name:?}")))
    }

    async fn decide(&self, judged: &mut Judged, question: &Question) -> Result<Decision, EvaluationError> {
        let (number, operation) = self.operation(question)?;
        let object = ObjectRef::new(&question.kind, &question.id)
            .map_err(|error| EvaluationError::malformed(format!("resource: {error}")))?;
        let kind = self.kind_of(operation, &object)?;
        let subject = judged.subject(self.server, self.asker, &self.access, question).await?;
        self.layers(subject, (number, kind, Some(&object)), &question.properties, &question.context).await
    }

    /// The type of an object that an operation is done to: its own, or the whole site where it can be done to that too.
    fn kind_of(&self, operation: &Operation, object: &ObjectRef) -> Result<usize, EvaluationError> {
        let objects = &self.access.model.objects;
        let may_be_site = operation.on_site.is_some() && objects[0].name == object.kind();
        match objects[operation.on].name == object.kind() {
            true => Ok(operation.on),
            false if may_be_site => Ok(0),
            false => Err(EvaluationError::malformed(format!(
                "{:?} is done to a resource of the type {:?}",
                operation.name, objects[operation.on].name
            ))),
        }
    }

    /// The layers, in their order.
    async fn layers(
        &self,
        subject: &Subject,
        (number, kind, object): (usize, usize, Option<&ObjectRef>),
        given: &BTreeMap<String, String>,
        context: &RequestContext,
    ) -> Result<Decision, EvaluationError> {
        let operation = &self.access.model.operations[number];
        let refused = |layer, site, subject: Option<&Subject>, required| Refused {
            layer,
            operation,
            object,
            site,
            subject: subject.and_then(Subject::name),
            required,
        };
        let Some(live) = subject.live() else {
            let denial = self.denial(refused(Layer::Credential, None, None, None), context).await;
            subject.tell_developer(self.server, &denial.trace);
            return Ok(Decision::Deny(denial));
        };
        let site = &live.site;
        if let Some(reaches) = &live.reaches {
            let source = object.map(ObjectRef::id);
            if let Err(missing) = reaches.cover(operation, source) {
                let refused = refused(Layer::Scope, Some(site.id), Some(subject), missing.required());
                return Ok(self.deny(refused, context).await);
            }
        }
        let required = self.access.required_on(number, kind);
        if !self.is_enough(&live.principal, site, (required, kind, object), given).await? {
            let role = required.map(|required| self.access.model.roles[required.least].name.clone());
            return Ok(self.deny(refused(Layer::Role, Some(site.id), Some(subject), role), context).await);
        }
        Ok(Decision::Permit(Permit {
            filter: operation.filter,
            introspection: if context.introspection { live.introspection.clone() } else { None },
        }))
    }

    /// Layer 3.
    async fn is_enough(
        &self,
        principal: &Principal,
        site: &Site,
        (required, kind, object): (Option<Requirement>, usize, Option<&ObjectRef>),
        given: &BTreeMap<String, String>,
    ) -> Result<bool, EvaluationError> {
        // What an import source may with itself, its token says (layer 2); it may nothing else.
        if let Principal::ImportSource(_) = principal {
            return Ok(true);
        }
        let realm = Realm { resource_id: self.asker.id.clone(), site_id: site.id };
        // The whole site is called by the identifier of its workspace or its own, and no other site is meant.
        if let Some(object) = object.filter(|_| kind == 0)
            && object.id() != site.workspace_id.to_string()
            && object.id() != site.id.to_string()
        {
            return Ok(false);
        }
        let line = line(self.server, (&realm, &self.access), site, (kind, object), given).await?;
        Ok(roles::holds(self.server, (&realm, &self.access), principal, &line, required).await?)
    }

    async fn deny(&self, refused: Refused<'_>, context: &RequestContext) -> Decision {
        Decision::Deny(self.denial(refused, context).await)
    }

    /// A refusal, which the audit trail has under the name that the answer has.
    async fn denial(&self, refused: Refused<'_>, context: &RequestContext) -> Denial {
        denial(self.server, self.asker, refused, context).await
    }
}

/// A refusal of a call for `asker`, which the audit trail has under the name that the answer has.
async fn denial(
    server: &AuthorizationServer,
    asker: &ProtectedResource,
    refused: Refused<'_>,
    context: &RequestContext,
) -> Denial {
    let trace = base64url(&random::salt());
    let Refused { layer, operation, object, site, subject, required } = refused;
    let event = Event::AccessRefused {
        trace: trace.clone(),
        resource_id: asker.id.clone(),
        site_id: site,
        layer: layer.number(),
        operation: operation.name.clone(),
        object: object.map(ObjectRef::to_string).unwrap_or_default(),
        subject: subject.clone(),
        required: required.clone(),
    };
    server.record_denial(event, subject, context.client_ip).await;
    Denial::new(layer, operation, object, required, trace)
}

/// What is told of a refusal.
struct Refused<'a> {
    layer: Layer,
    operation: &'a Operation,
    object: Option<&'a ObjectRef>,
    site: Option<SiteId>,
    subject: Option<String>,
    required: Option<String>,
}

/// Which layer refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layer {
    /// API authentication: the credential is not live, or not meant for the asker.
    Credential,
    /// API authorization: its scopes do not cover the operation.
    Scope,
    /// Role-based authorization: no role covers the data.
    Role,
}

impl Layer {
    /// 1 to 3.
    pub fn number(self) -> u8 {
        match self {
            Layer::Credential => 1,
            Layer::Scope => 2,
            Layer::Role => 3,
        }
    }
}
