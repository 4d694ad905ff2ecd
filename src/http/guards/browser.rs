//! The browser behind a request, by a cookie that says nothing of who uses it.

use rocket::http::Status;
use rocket::request::{FromRequest, Outcome, Request};

use crate::authorization_server::AuthorizationServer;
use crate::domain::secret::{Secret, TokenKey};
use crate::http::guards::cookies::{self, CookieName};
use crate::http::guards::server_of;
use crate::secrets::token::{TokenKind, mint, read};

/// A browser. One without the cookie, or with a spoilt one, gets a new one.
#[derive(Clone)]
pub struct Browser {
    token: Secret<String>,
    key: TokenKey,
}

impl Browser {
    /// What transactions are tied to.
    pub fn key(&self) -> TokenKey {
        self.key
    }

    /// The secret in the cookie, from which the CSRF token of somebody who is not signed in is derived.
    pub(super) fn secret(&self) -> &Secret<String> {
        &self.token
    }

    fn of(request: &Request<'_>, server: &AuthorizationServer) -> Self {
        let sent = cookies::sent(server, request.cookies(), CookieName::Browser);
        let known = sent.and_then(|sent| read(TokenKind::Browser, sent).map(|key| (sent, key)));
        if let Some((sent, key)) = known {
            return Self { token: Secret::new(sent.to_owned()), key };
        }
        let minted = mint(TokenKind::Browser, server.now() + server.config.lifetimes.known_device);
        cookies::set(server, request.cookies(), CookieName::Browser, &minted.token, None);
        Self { token: minted.token, key: minted.key }
    }
}

#[rocket::async_trait]
impl<'r> FromRequest<'r> for Browser {
    type Error = ();

    async fn from_request(request: &'r Request<'_>) -> Outcome<Self, ()> {
        match server_of(request) {
            // Cached, so that two guards of one request do not make two cookies.
            Some(server) => Outcome::Success(request.local_cache(|| Browser::of(request, server)).clone()),
            None => Outcome::Error((Status::InternalServerError, ())),
        }
    }
}
