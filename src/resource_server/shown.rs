//! What a request shows of whom it comes from, and where: what every question to the authorization server begins with.

use std::net::IpAddr;

use rocket::Request;
use serde::Serialize;

use crate::resource_server::credential::{Credential, credential};
use crate::resource_server::request_line::RequestLine;
use crate::resource_server::{Refusal, ResourceServer};

/// What a request shows.
pub(super) struct Shown<'r> {
    /// Its credential.
    pub credential: Credential<'r>,
    /// What a Connect app signed.
    pub line: &'r RequestLine,
    /// The site that the credential must be good on, if one is named.
    pub site: Option<&'r str>,
    /// Where it came from, if the API says so.
    pub client_ip: Option<IpAddr>,
    /// Whether roles are asked for.
    pub roles: Roles,
}

/// Whether the roles of whom a credential stands for are asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Roles {
    Told,
    Untold,
}

impl<'r> Shown<'r> {
    /// What a request shows, on the one site of the API if it has one.
    pub fn by(request: &'r Request<'_>) -> Result<Self, Refusal> {
        let credential = credential(request)?;
        let server = ResourceServer::of(request)?;
        let client_ip = server.client_ip.and_then(|of| of(request));
        let site = server.site.as_deref();
        Ok(Self { credential, line: RequestLine::of(request), site, client_ip, roles: Roles::Untold })
    }

    /// The context of an access evaluation.
    pub fn context(&self) -> Context<'_> {
        let is_signature = matches!(self.credential, Credential::Signature(_));
        Context {
            token: self.credential.text(),
            token_type_hint: matches!(self.credential, Credential::Basic(_)).then_some("basic"),
            site: self.site,
            request_method: is_signature.then_some(self.line.method.as_str()),
            request_target: is_signature.then_some(&self.line.target),
            client_ip: self.client_ip,
            introspection: true,
        }
    }
}

/// The context of an access evaluation.
#[derive(Serialize)]
pub(super) struct Context<'s> {
    token: &'s str,
    #[serde(skip_serializing_if = "Option::is_none")]
    token_type_hint: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    site: Option<&'s str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    request_method: Option<&'s str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    request_target: Option<&'s String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    client_ip: Option<IpAddr>,
    introspection: bool,
}
