//! Several access evaluations at once (AuthZEN section 7). One that asks nothing that can be decided is a no that says so, and the
//! others are answered.

use std::sync::Arc;

use serde::Serialize;
use serde_json::{Value, json};

use crate::authorization_server::AuthorizationServer;
use crate::domain::resource::ProtectedResource;
use crate::oauth::evaluation::request::{BatchRequest, EvaluationRequest, Semantics};
use crate::oauth::evaluation::subject::Judged;
use crate::oauth::evaluation::{Decision, Evaluation, EvaluationError};

/// So many at most are asked at once.
pub const MOST_EVALUATIONS: usize = 1000;

/// The answers, in the order of the questions; fewer where it was said when to stop.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub enum BatchAnswer {
    /// The whole was one question.
    One(Decision),
    /// Several.
    Several {
        /// The answers.
        evaluations: Vec<Value>,
    },
}

/// Decides each, until it was said to stop.
///
/// # Errors
/// [`EvaluationError`] if nothing can be decided, or the store failed: then nothing is answered.
pub async fn evaluations(
    server: &AuthorizationServer,
    asker: &Arc<ProtectedResource>,
    request: BatchRequest,
) -> Result<BatchAnswer, EvaluationError> {
    let BatchRequest { default, evaluations, options } = request;
    let evaluation = Evaluation::begin(server, asker).await?;
    let mut judged = Judged::default();
    if evaluations.is_empty() {
        return Ok(BatchAnswer::One(evaluation.decide(&mut judged, &default.question()?).await?));
    }
    if evaluations.len() > MOST_EVALUATIONS {
        let why = format!("\"evaluations\" has more than {MOST_EVALUATIONS} of them");
        return Err(EvaluationError::Malformed(why));
    }
    let mut answers = Vec::with_capacity(evaluations.len());
    for request in evaluations {
        let decision = one(&evaluation, &mut judged, request.or(&default)).await?;
        let is_permit = decision.as_ref().is_ok_and(Decision::is_permit);
        answers.push(decision.map_or_else(|why| malformed(&why), |decision| json!(decision)));
        let is_over = match options.evaluations_semantic {
            Semantics::ExecuteAll => false,
            Semantics::DenyOnFirstDeny => !is_permit,
            Semantics::PermitOnFirstPermit => is_permit,
        };
        if is_over {
            break;
        }
    }
    Ok(BatchAnswer::Several { evaluations: answers })
}

/// One of several; in words, why it is no question.
async fn one(
    evaluation: &Evaluation<'_>,
    judged: &mut Judged,
    request: EvaluationRequest,
) -> Result<Result<Decision, String>, EvaluationError> {
    let decided = match request.question() {
        Ok(question) => evaluation.decide(judged, &question).await,
        Err(error) => Err(error),
    };
    match decided {
        Ok(decision) => Ok(Ok(decision)),
        Err(EvaluationError::Malformed(why)) => Ok(Err(why)),
        Err(error) => Err(error),
    }
}

/// The answer to what is no question (AuthZEN section 7.2.1).
fn malformed(why: &str) -> Value {
    json!({ "decision": false, "context": { "error": { "status": 400, "message": why } } })
}
