//! How our cookies are named and set: `__Host-` and `Secure` over https, neither over plain http on loopback, where
//! browsers would not take them.

use rocket::http::{Cookie, CookieJar, SameSite};

use crate::authorization_server::AuthorizationServer;
use crate::domain::secret::Secret;
use crate::domain::time::Lifetime;
use crate::secrets::token::TokenKind;

/// The cookies there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CookieName {
    /// A signed-in browser.
    Session,
    /// A browser, signed in or not: forms and transactions are tied to it.
    Browser,
    /// A browser in which somebody once signed in.
    Device,
}

impl CookieName {
    /// The kind of token that the cookie holds.
    pub fn kind(self) -> TokenKind {
        match self {
            CookieName::Session => TokenKind::Session,
            CookieName::Browser => TokenKind::Browser,
            CookieName::Device => TokenKind::Device,
        }
    }

    fn name(self, https: bool) -> &'static str {
        match (self, https) {
            (CookieName::Session, true) => "__Host-hallmark-session",
            (CookieName::Session, false) => "hallmark-session",
            (CookieName::Browser, true) => "__Host-hallmark-browser",
            (CookieName::Browser, false) => "hallmark-browser",
            (CookieName::Device, true) => "__Host-hallmark-device",
            (CookieName::Device, false) => "hallmark-device",
        }
    }
}

/// The value that the browser sent.
pub fn sent<'a>(server: &AuthorizationServer, jar: &'a CookieJar<'_>, name: CookieName) -> Option<&'a str> {
    jar.get(name.name(server.config.issuer.url.is_https())).map(Cookie::value)
}

/// Has the browser keep `value`. `Lax`, so that it is sent when an app's site leads the browser here.
pub fn set(
    server: &AuthorizationServer,
    jar: &CookieJar<'_>,
    name: CookieName,
    value: &Secret<String>,
    lifetime: Option<Lifetime>,
) {
    let https = server.config.issuer.url.is_https();
    let mut cookie = Cookie::build((name.name(https), value.expose().clone()))
        .path("/")
        .secure(https)
        .http_only(true)
        .same_site(SameSite::Lax);
    if let Some(lifetime) = lifetime {
        let seconds = i64::try_from(lifetime.as_secs()).unwrap_or(i64::MAX);
        cookie = cookie.max_age(rocket::time::Duration::seconds(seconds));
    }
    jar.add(cookie);
}

/// Has the browser forget the cookie.
pub fn forget(server: &AuthorizationServer, jar: &CookieJar<'_>, name: CookieName) {
    let https = server.config.issuer.url.is_https();
    let cookie = Cookie::build(name.name(https)).path("/").secure(https).http_only(true).same_site(SameSite::Lax);
    jar.remove(cookie);
}
