//! A call that this server answers itself and that concerns the objects of a protected resource: who calls is judged as for a call of
//! that resource, through all three layers.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::access::objects::line;
use crate::access::roles;
use crate::authorization_server::AuthorizationServer;
use crate::domain::access_model::{Access, Requirement};
use crate::domain::event::Actor;
use crate::domain::operation::Operation;
use crate::domain::protected_object::{ObjectRef, Realm};
use crate::domain::resource::ProtectedResource;
use crate::domain::role_binding::Principal;
use crate::domain::site::Site;
use crate::oauth::evaluation::request::RequestContext;
use crate::oauth::evaluation::subject::{Live, Subject, by_credential};
use crate::oauth::evaluation::{Denial, EvaluationError, ForwardedCall, Layer, Refused, denial};

/// What is done, and what it takes.
pub struct OwnOperation<'o> {
    /// Its name, its scope and what a Connect app must be.
    pub operation: &'o Operation,
    /// The object that it is done to.
    pub object: &'o ObjectRef,
    /// By what roles are judged, and what is required; where the resource declares no roles, an admin of the site is.
    pub required: Option<(&'o Access, Requirement)>,
}

/// Why a call may not be made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OwnRefusal {
    /// The credential is not live, or good for nothing at that resource and site.
    NotLive,
    /// Another layer refused.
    Denied(Box<Denial>),
}

/// By whom the call is made, if it may be made on `site` by a credential that is good at `asker`.
///
/// # Errors
/// [`EvaluationError`] if the credential could not be looked at, or the store failed.
pub async fn own(
    server: &AuthorizationServer,
    asker: &Arc<ProtectedResource>,
    site: &Site,
    call: ForwardedCall<'_>,
    wanted: OwnOperation<'_>,
) -> Result<Result<Actor, OwnRefusal>, EvaluationError> {
    let (credential, hint) = call.credential;
    let context = RequestContext {
        token: Some(credential.to_owned()),
        token_type_hint: hint.map(str::to_owned),
        site: Some(site.id.to_string()),
        request_method: Some(call.method.to_owned()),
        request_target: Some(call.target.to_owned()),
        client_ip: call.client_ip,
        introspection: false,
    };
    let subject = by_credential(server, asker, credential, &context).await?;
    let OwnOperation { operation, object, required } = wanted;
    let refused = |layer, required| Refused {
        layer,
        operation,
        object: Some(object),
        site: Some(site.id),
        subject: Subject::name(&subject),
        required,
    };
    // The token of an import source opens what that resource does with it, and nothing of this server's own.
    let is_meant = |live: &&Live| live.site.id == site.id && !matches!(live.principal, Principal::ImportSource(_));
    let Some(live) = subject.live().filter(is_meant) else { return Ok(Err(OwnRefusal::NotLive)) };
    if let Some(Err(missing)) = live.reaches.as_ref().map(|reaches| reaches.cover(operation, None)) {
        let denial = denial(server, asker, refused(Layer::Scope, missing.required()), &context).await;
        return Ok(Err(OwnRefusal::Denied(Box::new(denial))));
    }
    let by = match live.principal {
        Principal::Person { user_id, .. } => Some(Actor::User(user_id)),
        Principal::App(id) => Some(Actor::App(id)),
        Principal::Client | Principal::ImportSource(_) => None,
    };
    let (is_enough, role) = match required {
        None => (live.principal.is_site_admin(), None),
        Some((access, required)) => {
            let role = access.model.roles[required.least].name.clone();
            (holds(server, (asker, access), site, (&live.principal, object), required).await?, Some(role))
        }
    };
    match by.filter(|_| is_enough) {
        Some(by) => Ok(Ok(by)),
        None => {
            let denial = denial(server, asker, refused(Layer::Role, role), &context).await;
            Ok(Err(OwnRefusal::Denied(Box::new(denial))))
        }
    }
}

/// Layer 3.
async fn holds(
    server: &AuthorizationServer,
    (asker, access): (&ProtectedResource, &Access),
    site: &Site,
    (principal, object): (&Principal, &ObjectRef),
    required: Requirement,
) -> Result<bool, EvaluationError> {
    let Some(kind) = access.model.type_named(object.kind()) else { return Ok(false) };
    let realm = Realm { resource_id: asker.id.clone(), site_id: site.id };
    let line = line(server, (&realm, access), site, (kind, Some(object)), &BTreeMap::new()).await?;
    Ok(roles::holds(server, (&realm, access), principal, &line, Some(required)).await?)
}
