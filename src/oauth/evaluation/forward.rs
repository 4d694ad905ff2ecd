//! A call that a gateway holds back until it is judged: the operation and its object come from the path, and what that object belongs
//! to from what the protected resource told of. Where that is not enough the answer is no.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::Arc;

use crate::access::sites;
use crate::authorization_server::AuthorizationServer;
use crate::domain::protected_object::ObjectRef;
use crate::domain::resource::ProtectedResource;
use crate::oauth::evaluation::request::{Question, RequestContext, SubjectName};
use crate::oauth::evaluation::subject::Judged;
use crate::oauth::evaluation::{Decision, Evaluation, EvaluationError};

/// A call as a gateway has it.
#[derive(Clone, Debug)]
pub struct ForwardedCall<'r> {
    /// Its method.
    pub method: &'r str,
    /// Its path and query, as they were sent.
    pub target: &'r str,
    /// The credential, as introspection takes it, and `basic` where it is the payload of Basic credentials.
    pub credential: (&'r str, Option<&'static str>),
    /// Where it came from.
    pub client_ip: Option<IpAddr>,
}

/// What was decided about a call.
#[derive(Clone, Debug)]
pub struct Forwarded {
    /// The operation that it asks for.
    pub operation: String,
    /// Whether it may go on; a yes comes with what introspection tells of the credential.
    pub decision: Decision,
}

/// Why a call leads to no operation.
const NO_OPERATION: &str = "no operation of this API has this method and path";

/// Decides whether the call may go on.
///
/// # Errors
/// [`EvaluationError::Malformed`] if the call is no operation; otherwise as for an evaluation.
pub async fn forward(
    server: &AuthorizationServer,
    asker: &Arc<ProtectedResource>,
    call: ForwardedCall<'_>,
) -> Result<Forwarded, EvaluationError> {
    let evaluation = Evaluation::begin(server, asker).await?;
    let path = call.target.split_once('?').map_or(call.target, |(path, _)| path);
    let asked = evaluation.access.operation_at(call.method, path);
    let asked = asked.ok_or_else(|| EvaluationError::malformed(NO_OPERATION))?;
    // Several names must mean one site, or a role on one would open the data of another.
    let mut site = None;
    for name in &asked.sites {
        match (sites::named(server, name).await?, &site) {
            (Some(found), None) => site = Some(found.id),
            (Some(found), Some(before)) if found.id == *before => {}
            _ => return Err(EvaluationError::malformed("the path names no site, or two")),
        }
    }
    let operation = &evaluation.access.model.operations[asked.operation];
    let context = RequestContext {
        token: Some(call.credential.0.to_owned()),
        token_type_hint: call.credential.1.map(str::to_owned),
        site: site.map(|site| site.to_string()),
        request_method: Some(call.method.to_owned()),
        request_target: Some(call.target.to_owned()),
        client_ip: call.client_ip,
        introspection: true,
    };
    let object = asked.id.and_then(|id| ObjectRef::new(&evaluation.access.model.objects[operation.on].name, id).ok());
    let question = Question {
        subject: SubjectName { kind: "token".into(), id: "self".into() },
        action: operation.name.clone(),
        kind: String::new(),
        id: String::new(),
        properties: BTreeMap::new(),
        context,
    };
    let mut judged = Judged::default();
    let subject = judged.subject(server, asker, &evaluation.access, &question).await?;
    let about = (asked.operation, operation.on, object.as_ref());
    let decision = evaluation.layers(subject, about, &question.properties, &question.context).await?;
    Ok(Forwarded { operation: question.action, decision })
}
