//! Authorization server metadata, RFC 8414, generated from what is switched on.

use std::sync::Arc;

use serde::Serialize;

use crate::authorization_server::AuthorizationServer;
use crate::domain::client::GrantType;
use crate::domain::resource::ProtectedResource;
use crate::domain::scope::{OFFLINE_ACCESS, READ_ME};
use crate::secrets::assertion::ALGORITHMS;
use crate::store::StoreError;

/// The document of RFC 8414 section 2, with what RFC 9126, 9207 and 9728 add.
#[derive(Serialize)]
pub struct Metadata {
    issuer: String,
    authorization_endpoint: String,
    token_endpoint: String,
    introspection_endpoint: String,
    revocation_endpoint: String,
    pushed_authorization_request_endpoint: String,
    jwks_uri: String,
    scopes_supported: Vec<String>,
    response_types_supported: [&'static str; 1],
    response_modes_supported: [&'static str; 1],
    grant_types_supported: Vec<&'static str>,
    code_challenge_methods_supported: [&'static str; 1],
    token_endpoint_auth_methods_supported: [&'static str; 4],
    token_endpoint_auth_signing_alg_values_supported: [&'static str; 3],
    introspection_endpoint_auth_methods_supported: [&'static str; 3],
    introspection_endpoint_auth_signing_alg_values_supported: [&'static str; 3],
    revocation_endpoint_auth_methods_supported: [&'static str; 4],
    revocation_endpoint_auth_signing_alg_values_supported: [&'static str; 3],
    authorization_response_iss_parameter_supported: bool,
    request_parameter_supported: bool,
    request_uri_parameter_supported: bool,
    require_pushed_authorization_requests: bool,
    prompt_values_supported: [&'static str; 4],
    protected_resources: Vec<String>,
}

/// How clients authenticate, by the names that RFC 7591 section 2 registers.
const CLIENT_METHODS: [&str; 4] = ["none", "client_secret_basic", "client_secret_post", "private_key_jwt"];

/// How protected resources authenticate: never as public ones.
const RESOURCE_METHODS: [&str; 3] = ["client_secret_basic", "client_secret_post", "private_key_jwt"];

/// What this server can do.
///
/// # Errors
/// [`StoreError`] if the store fails.
pub async fn metadata(server: &AuthorizationServer) -> Result<Metadata, StoreError> {
    let resources = server.store.resources().await?;
    let issuer = &server.config.issuer.url;
    Ok(Metadata {
        issuer: issuer.as_str().to_owned(),
        authorization_endpoint: issuer.url("/oauth/authorize"),
        token_endpoint: issuer.url("/oauth/token"),
        introspection_endpoint: issuer.url("/oauth/introspect"),
        revocation_endpoint: issuer.url("/oauth/revoke"),
        pushed_authorization_request_endpoint: issuer.url("/oauth/par"),
        jwks_uri: issuer.url("/oauth/jwks"),
        scopes_supported: scopes(&resources),
        response_types_supported: ["code"],
        response_modes_supported: ["query"],
        grant_types_supported: GrantType::ALL.map(GrantType::as_str).to_vec(),
        code_challenge_methods_supported: ["S256"],
        token_endpoint_auth_methods_supported: CLIENT_METHODS,
        token_endpoint_auth_signing_alg_values_supported: ALGORITHMS,
        introspection_endpoint_auth_methods_supported: RESOURCE_METHODS,
        introspection_endpoint_auth_signing_alg_values_supported: ALGORITHMS,
        revocation_endpoint_auth_methods_supported: CLIENT_METHODS,
        revocation_endpoint_auth_signing_alg_values_supported: ALGORITHMS,
        authorization_response_iss_parameter_supported: true,
        request_parameter_supported: false,
        request_uri_parameter_supported: true,
        require_pushed_authorization_requests: false,
        prompt_values_supported: ["none", "login", "consent", "select_account"],
        protected_resources: resources.iter().map(|resource| resource.audience().to_owned()).collect(),
    })
}

/// The document of AuthZEN section 9.1.
#[derive(Serialize)]
pub struct DecisionPoint {
    policy_decision_point: String,
    access_evaluation_endpoint: String,
    access_evaluations_endpoint: String,
    search_resource_endpoint: String,
}

/// Where protected resources ask for decisions.
pub fn decision_point(server: &AuthorizationServer) -> DecisionPoint {
    let issuer = &server.config.issuer.url;
    DecisionPoint {
        policy_decision_point: issuer.as_str().to_owned(),
        access_evaluation_endpoint: issuer.url("/access/v1/evaluation"),
        access_evaluations_endpoint: issuer.url("/access/v1/evaluations"),
        search_resource_endpoint: issuer.url("/access/v1/search/resource"),
    }
}

fn scopes(resources: &[Arc<ProtectedResource>]) -> Vec<String> {
    let mut names: Vec<String> =
        resources.iter().flat_map(|resource| resource.scope.iter().map(str::to_owned)).collect();
    names.extend([OFFLINE_ACCESS.to_owned(), READ_ME.to_owned()]);
    names.sort();
    names
}
