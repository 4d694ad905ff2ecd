//! /access/v1/forward-auth: a gateway holds a call back until this server judged it. For nginx's `auth_request`, Traefik's
//! ForwardAuth and Envoy's `ext_authz`.
//!
//! The gateway is the protected resource and says so in `X-Hallmark-Authorization`; `Authorization` has the caller's credential. The
//! answers are 200, 401 and 403, and 503 where nothing could be judged: nginx makes 500 of everything but the first three.

use std::sync::Arc;

use rocket::http::{Method, Status};
use rocket::route::{Handler, Outcome};
use rocket::{Data, Request, Route};

use crate::authorization_server::AuthorizationServer;
use crate::domain::resource::ProtectedResource;
use crate::http::guards::asker::Asker;
use crate::http::guards::{address, server_of};
use crate::http::responses::forwarded::{Answer, NotForwarded};
use crate::oauth::evaluation::{Forwarded, ForwardedCall, forward};
use crate::resource_server::{Credential, credential_in};

/// Where a gateway asks.
pub const PATH: &str = "/access/v1/forward-auth";

/// Where a gateway says who it is.
const GATEWAY: &str = "X-Hallmark-Authorization";

/// How gateways tell the target and the method of a call: nginx as we configure it, and Traefik. Only one of the two may be there,
/// or whoever sends the other chooses what is judged.
const SPELLINGS: [(&str, &str); 2] =
    [("X-Original-URI", "X-Original-Method"), ("X-Forwarded-Uri", "X-Forwarded-Method")];

/// Envoy asks by the method of the call, at the path of the call beneath ours.
const METHODS: [Method; 7] =
    [Method::Get, Method::Post, Method::Put, Method::Delete, Method::Patch, Method::Head, Method::Options];

/// A longer target is none.
const LONGEST_TARGET: usize = 8 * 1024;

/// The routes, one for each method.
pub fn routes() -> Vec<Route> {
    METHODS.iter().map(|method| Route::new(*method, &format!("{PATH}/<path..>"), ForwardAuth)).collect()
}

#[derive(Clone)]
struct ForwardAuth;

#[rocket::async_trait]
impl Handler for ForwardAuth {
    async fn handle<'r>(&self, request: &'r Request<'_>, mut data: Data<'r>) -> Outcome<'r> {
        let Some(server) = server_of(request) else { return Outcome::error(Status::ServiceUnavailable) };
        // Rocket takes a field of a form for the method, so that whoever writes the form could choose what is judged.
        let is_form = request.content_type().is_some_and(|content_type| content_type.is_form());
        let method = if is_form && !data.peek(1).await.is_empty() { None } else { Some(request.method()) };
        Outcome::from(request, answer(server, (request, method)).await)
    }
}

async fn answer(server: &Arc<AuthorizationServer>, (request, method): (&Request<'_>, Option<Method>)) -> Answer {
    let asker = match Asker::in_header(request, GATEWAY).resource(server, PATH).await {
        Ok(asker) => asker,
        Err(error) => return Answer::Unknown(error),
    };
    let judged = judge(server, &asker, (request, method)).await;
    Answer::Judged { judged, realm: asker.name.clone() }
}

async fn judge(
    server: &AuthorizationServer,
    asker: &Arc<ProtectedResource>,
    (request, method): (&Request<'_>, Option<Method>),
) -> Result<Forwarded, NotForwarded> {
    let (method, target) = call(request, method).ok_or(NotForwarded::NoCall)?;
    let query = target.split_once('?').map_or("", |(_, query)| query);
    let authorization: Vec<&str> = request.headers().get("Authorization").collect();
    let credential = match credential_in(query, &authorization)? {
        Credential::Token(token) | Credential::Signature(token) => (token, None),
        Credential::Basic(payload) => (payload, Some("basic")),
    };
    // Where the credential was shown is known only if the gateway is a proxy that the operator trusts.
    let proxies = &server.trust().proxies;
    let client_ip = request.remote().filter(|peer| proxies.trusts(peer.ip())).and_then(|_| address::of(request));
    Ok(forward(server, asker, ForwardedCall { method, target, credential, client_ip }).await?)
}

/// The method and the target of the call, as its gateway tells them in exactly one way.
fn call<'r>(request: &'r Request<'_>, own: Option<Method>) -> Option<(&'r str, &'r str)> {
    let mut told = Vec::new();
    for (target, method) in SPELLINGS {
        let (targets, methods) = (request.headers().get(target), request.headers().get(method));
        match (targets.collect::<Vec<_>>().as_slice(), methods.collect::<Vec<_>>().as_slice()) {
            ([], []) => {}
            ([target], [method]) => told.push((*method, *target)),
            _ => return None,
        }
    }
    if request.uri().path() != PATH {
        told.push((own?.as_str(), beneath(request)?));
    }
    match told.as_slice() {
        [call] if is_target(call.1) => Some(*call),
        _ => None,
    }
}

/// The target of the question itself.
struct Whole(String);

/// What stands after our own path, with its query.
fn beneath<'r>(request: &'r Request<'_>) -> Option<&'r str> {
    request.local_cache(|| Whole(request.uri().to_string())).0.strip_prefix(PATH)
}

/// Whether it can be the target of a request in origin form (RFC 9112 section 3.2.1).
fn is_target(text: &str) -> bool {
    text.starts_with('/') && text.len() <= LONGEST_TARGET && text.bytes().all(|byte| byte.is_ascii_graphic())
}
