//! The request guard: a live token with a scope, or a signed request that is worth one.

use std::marker::PhantomData;
use std::ops::Deref;

use rocket::Request;
use rocket::request::{FromRequest, Outcome};

use crate::resource_server::denied::Left;
use crate::resource_server::introspection::introspect;
use crate::resource_server::shown::Shown;
use crate::resource_server::{Introspection, Refusal, ResourceServer};

/// Names the scope that a route needs.
pub trait RequiredScope: Send + Sync + 'static {
    /// The scope token.
    const SCOPE: &'static str;
}

/// Proof that a request carries a live token with the scope `S`, or is signed by a Connect app that has it, and what the authorization server says of it.
#[derive(Clone, Debug)]
pub struct Bearer<S: RequiredScope> {
    introspection: Introspection,
    scope: PhantomData<fn() -> S>,
}

impl<S: RequiredScope> Deref for Bearer<S> {
    type Target = Introspection;
    fn deref(&self) -> &Introspection {
        &self.introspection
    }
}

#[rocket::async_trait]
impl<'r, S: RequiredScope> FromRequest<'r> for Bearer<S> {
    type Error = Refusal;

    async fn from_request(request: &'r Request<'_>) -> Outcome<Self, Refusal> {
        match prove::<S>(request).await {
            Ok(bearer) => Outcome::Success(bearer),
            Err(refusal) => {
                Left::with(request, refusal.into());
                Outcome::Error((refusal.status(), refusal))
            }
        }
    }
}

async fn prove<S: RequiredScope>(request: &Request<'_>) -> Result<Bearer<S>, Refusal> {
    let introspection = introspected(request).await?;
    if introspection.allows(S::SCOPE) {
        Ok(Bearer { introspection, scope: PhantomData })
    } else {
        Err(Refusal::InsufficientScope { required: S::SCOPE })
    }
}

/// The word on the request's credential, asked for once however many guards a route has.
pub(super) async fn introspected(request: &Request<'_>) -> Result<Introspection, Refusal> {
    let asked = request.local_cache_async(async {
        let shown = Shown::by(request)?;
        introspect(ResourceServer::of(request)?, &shown).await
    });
    asked.await.clone()
}
