//! Whoever calls, where only the route knows what the operation is done to, or which of many objects the answer may have.

use std::collections::{BTreeSet, HashSet};

use rocket::Request;
use rocket::request::{FromRequest, Outcome};
use serde::{Deserialize, Serialize};

use crate::domain::protected_object::ObjectRef;
use crate::resource_server::call::{Action, Call, Named, Target};
use crate::resource_server::denied::{Denial, Denied, Left};
use crate::resource_server::shown::Context;
use crate::resource_server::{Introspection, Refusal};

/// Whoever calls. That there is a credential is all that is known of them; each question asks the authorization server.
pub struct Caller<'r>(Call<'r>);

#[rocket::async_trait]
impl<'r> FromRequest<'r> for Caller<'r> {
    type Error = Denied;

    async fn from_request(request: &'r Request<'_>) -> Outcome<Self, Denied> {
        match Call::of(request) {
            Ok(call) => Outcome::Success(Self(call)),
            Err(refusal) => {
                Left::with(request, refusal.into());
                Outcome::Error((refusal.status(), refusal.into()))
            }
        }
    }
}

impl Caller<'_> {
    /// What the authorization server says of their credential, if they may do `operation` to `object`.
    ///
    /// # Errors
    /// [`Denied`], which as the error of a route becomes the answer that [`Allowed`](crate::resource_server::Allowed) gives.
    pub async fn may(&self, operation: &str, object: &ObjectRef) -> Result<Introspection, Denied> {
        self.0.judge(operation, Target::Object(object)).await
    }

    /// The same, of the whole site.
    ///
    /// # Errors
    /// As [`Caller::may`].
    pub async fn may_here(&self, operation: &str) -> Result<Introspection, Denied> {
        self.0.judge(operation, Target::WholeSite).await
    }

    /// The identifiers of the objects of a type on which the caller holds what `operation` takes (AuthZEN section 8.4), of those that
    /// the API told of: what the answer to an operation that filters may have.
    ///
    /// # Errors
    /// [`Denied`] if the credential is not live or its scopes do not cover the operation.
    pub async fn those_of(&self, kind: &str, operation: &str) -> Result<HashSet<String>, Denied> {
        let Call { server, shown, .. } = &self.0;
        let (mut found, mut token, mut seen) = (HashSet::new(), String::new(), BTreeSet::new());
        loop {
            let question = Search {
                subject: Named::SELF,
                action: Action { name: operation },
                resource: Named { kind, id: None },
                context: shown.context(),
                page: Page { token: &token, limit: MOST_AT_ONCE },
            };
            let request = server.http.post(server.issuer.url("/access/v1/search/resource")).json(&question);
            let Answer { results, page, context } = server.ask(request).await?;
            if let Some(denial) = context {
                return Err(Denied::There(Box::new(denial)));
            }
            found.extend(results.into_iter().map(|result| result.id));
            if page.next_token.is_empty() {
                return Ok(found);
            }
            token.clone_from(&page.next_token);
            if !seen.insert(page.next_token) {
                tracing::error!("the authorization server answers a search in circles");
                return Err(Refusal::Unavailable.into());
            }
        }
    }
}

const MOST_AT_ONCE: usize = 1000;

/// The question (AuthZEN section 8.4).
#[derive(Serialize)]
struct Search<'a> {
    subject: Named<'a>,
    action: Action<'a>,
    resource: Named<'a>,
    context: Context<'a>,
    page: Page<'a>,
}

#[derive(Serialize)]
struct Page<'a> {
    token: &'a str,
    limit: usize,
}

#[derive(Deserialize)]
struct Answer {
    results: Vec<Found>,
    page: NextPage,
    context: Option<Denial>,
}

#[derive(Deserialize)]
struct Found {
    id: String,
}

#[derive(Deserialize)]
struct NextPage {
    next_token: String,
}
