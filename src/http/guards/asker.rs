//! The protected resource that asks, by its Basic credentials alone: its body is JSON that says something else.

use std::net::IpAddr;
use std::sync::Arc;

use rocket::request::{FromRequest, Outcome, Request};

use crate::authorization_server::AuthorizationServer;
use crate::domain::resource::ProtectedResource;
use crate::http::guards::address;
use crate::http::guards::client_request::{only, refused};
use crate::http::guards::request_id::Proposed;
use crate::oauth::client_authentication::{self, Presented};
use crate::oauth::error::OAuthError;
use crate::oauth::parameters::Parameters;

/// Whoever asks, before anything about them is believed.
pub struct Asker<'r> {
    authorization: Result<Option<&'r str>, OAuthError>,
    address: Option<IpAddr>,
    proposed: Proposed<'r>,
}

#[rocket::async_trait]
impl<'r> FromRequest<'r> for Asker<'r> {
    type Error = std::convert::Infallible;

    async fn from_request(request: &'r Request<'_>) -> Outcome<Self, Self::Error> {
        Outcome::Success(Self::in_header(request, "Authorization"))
    }
}

impl<'r> Asker<'r> {
    /// Whoever asks with a credential in that header, because `Authorization` has somebody else's.
    pub fn in_header(request: &'r Request<'_>, name: &str) -> Self {
        Self { authorization: only(request, name), address: address::of(request), proposed: Proposed::of(request) }
    }

    /// The protected resource that calls `endpoint`. Once it is known, the request has the name that it gave (AuthZEN section
    /// 10.1).
    ///
    /// # Errors
    /// `invalid_request` or `invalid_client`; `unauthorized_client` for a client.
    pub async fn resource(
        self,
        server: &AuthorizationServer,
        endpoint: &str,
    ) -> Result<Arc<ProtectedResource>, OAuthError> {
        let presented = Presented::read(self.authorization?, &Parameters::default())?;
        match client_authentication::resource(server, &presented, endpoint).await {
            Ok(resource) => {
                self.proposed.adopt();
                Ok(resource)
            }
            Err(error) => Err(refused(server, presented, self.address, error).await),
        }
    }
}
