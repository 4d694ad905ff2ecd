//! On which objects the answer would be yes (AuthZEN section 8.4): those of a type that the protected resource told of, in the order
//! of their identifiers. Whoever passes not the other layers finds none, and is told why.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::Serialize;

use crate::access::objects::line;
use crate::access::roles;
use crate::authorization_server::AuthorizationServer;
use crate::domain::protected_object::{ObjectRef, Realm};
use crate::domain::resource::ProtectedResource;
use crate::oauth::evaluation::request::{Page, SearchRequest};
use crate::oauth::evaluation::subject::{Judged, Live, Subject};
use crate::oauth::evaluation::{Denial, Evaluation, EvaluationError, Layer, Refused};
use crate::secrets::digest::{base64url, from_base64url};

/// So many are found at once where the question does not say.
const USUAL: usize = 100;

/// So many are found at once at most.
pub const MOST_FOUND: usize = 1000;

/// So many are looked at for one answer.
const MOST_LOOKED_AT: usize = 10_000;

/// What was found.
#[derive(Debug, Serialize)]
pub struct SearchAnswer {
    /// The objects.
    pub results: Vec<Found>,
    /// Where the next part begins.
    pub page: NextPage,
    /// Why nothing can be found, where that is so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub context: Option<Denial>,
}

/// An object that was found.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub struct Found {
    /// Its type.
    #[serde(rename = "type")]
    pub kind: String,
    /// Its identifier.
    pub id: String,
}

/// Where the next part of an answer begins.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub struct NextPage {
    /// What to ask with; empty at the end.
    pub next_token: String,
    /// How many this part has.
    pub count: usize,
}

/// The objects of a type on which an operation is allowed, or, of an operation whose answer is to be filtered, that may be left in.
///
/// # Errors
/// [`EvaluationError`] if the question is none, or nothing is known because the store failed.
pub async fn search(
    server: &AuthorizationServer,
    asker: &Arc<ProtectedResource>,
    request: SearchRequest,
) -> Result<SearchAnswer, EvaluationError> {
    let SearchRequest { evaluation: question, page } = request;
    let question = question.question()?;
    let evaluation = Evaluation::begin(server, asker).await?;
    let (number, operation) = evaluation.operation(&question)?;
    let kind = evaluation.access.model.type_named(&question.kind);
    let kind = kind.ok_or_else(|| EvaluationError::malformed(format!("there is no type {:?}", question.kind)))?;
    if kind != operation.on && !operation.filter {
        let on = &evaluation.access.model.objects[operation.on].name;
        return Err(EvaluationError::Malformed(format!(
            "{:?} is done to resources of the type {on:?}",
            operation.name
        )));
    }
    let mut judged = Judged::default();
    let subject = judged.subject(server, asker, &evaluation.access, &question).await?;
    let refused = |layer, subject: Option<&Subject>, required| Refused {
        layer,
        operation,
        object: None,
        site: subject.and_then(Subject::live).map(|live| live.site.id),
        subject: subject.and_then(Subject::name),
        required,
    };
    let Some(live) = subject.live() else {
        let denial = evaluation.denial(refused(Layer::Credential, None, None), &question.context).await;
        subject.tell_developer(server, &denial.trace);
        return Ok(SearchAnswer::nothing(denial));
    };
    if let Some(Err(missing)) = live.reaches.as_ref().map(|reaches| reaches.cover(operation, None)) {
        let refused = refused(Layer::Scope, Some(subject), missing.required());
        return Ok(SearchAnswer::nothing(evaluation.denial(refused, &question.context).await));
    }
    find(&evaluation, live, (number, kind), &page).await
}

async fn find(
    evaluation: &Evaluation<'_>,
    live: &Live,
    (number, kind): (usize, usize),
    page: &Page,
) -> Result<SearchAnswer, EvaluationError> {
    let (server, access) = (evaluation.server, &evaluation.access);
    let realm = Realm { resource_id: evaluation.asker.id.clone(), site_id: live.site.id };
    let name = &access.model.objects[kind].name;
    let limit = page.limit.unwrap_or(USUAL).clamp(1, MOST_FOUND);
    let mut after = page.token.as_deref().filter(|token| !token.is_empty()).map(begin).transpose()?;
    let (mut results, mut looked_at) = (Vec::new(), 0);
    while results.len() < limit && looked_at < MOST_LOOKED_AT {
        let objects = server.store.objects(&realm, name, after.as_deref(), limit).await?;
        if objects.is_empty() {
            return Ok(SearchAnswer::of(results, None));
        }
        for known in objects {
            looked_at += 1;
            let object = &known.object;
            after = Some(object.id().to_owned());
            if is_allowed(evaluation, &realm, live, (number, kind, object)).await? {
                results.push(Found { kind: object.kind().into(), id: object.id().into() });
                if results.len() == limit {
                    break;
                }
            }
        }
    }
    Ok(SearchAnswer::of(results, after))
}

async fn is_allowed(
    evaluation: &Evaluation<'_>,
    realm: &Realm,
    live: &Live,
    (number, kind, object): (usize, usize, &ObjectRef),
) -> Result<bool, EvaluationError> {
    let (server, access) = (evaluation.server, evaluation.access.as_ref());
    let line = line(server, (realm, access), &live.site, (kind, Some(object)), &BTreeMap::new()).await?;
    Ok(roles::holds(server, (realm, access), &live.principal, &line, access.required(number)).await?)
}

/// The identifier after which a part begins.
fn begin(token: &str) -> Result<String, EvaluationError> {
    let read = from_base64url(token).and_then(|bytes| String::from_utf8(bytes).ok());
    read.ok_or_else(|| EvaluationError::malformed("page.token is none that was given"))
}

impl SearchAnswer {
    fn of(results: Vec<Found>, last: Option<String>) -> Self {
        let next_token = last.map(|last| base64url(last.as_bytes())).unwrap_or_default();
        let count = results.len();
        Self { results, page: NextPage { next_token, count }, context: None }
    }

    fn nothing(why: Denial) -> Self {
        Self { context: Some(why), ..Self::of(Vec::new(), None) }
    }
}
