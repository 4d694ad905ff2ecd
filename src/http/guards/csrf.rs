//! Cross-site request forgery: every form of ours carries a token that only our own pages can know.
//!
//! The token is an HMAC under the secret in the session cookie or, before sign-in, in the browser cookie, so that nothing
//! needs to be kept. `Origin` and `Sec-Fetch-Site` are looked at too: they stop a form of another site even where a
//! cookie was planted.

use rocket::data::{Data, FromData, Outcome as DataOutcome, ToByteUnit};
use rocket::http::Status;
use rocket::request::{FromRequest, Outcome, Request};
use subtle::ConstantTimeEq;

use crate::authorization_server::AuthorizationServer;
use crate::domain::secret::Secret;
use crate::http::guards::browser::Browser;
use crate::http::guards::client_request::MAX_BODY;
use crate::http::guards::cookies::{self, CookieName};
use crate::http::guards::server_of;
use crate::oauth::parameters::Parameters;
use crate::secrets::digest::{base64url, derive};
use crate::secrets::token::read;

/// The value of the hidden field `csrf` of a form.
pub struct CsrfToken(pub String);

/// The fields of a form that one of our own pages sent.
pub struct CsrfForm {
    fields: Parameters<'static>,
}

impl CsrfForm {
    /// A field; empty if it is absent.
    pub fn get(&self, name: &'static str) -> &str {
        self.fields.once(name).ok().flatten().unwrap_or_default()
    }

    /// Every value of a field, such as of check boxes.
    pub fn all(&self, name: &'static str) -> impl Iterator<Item = &str> {
        self.fields.all(name)
    }
}

#[rocket::async_trait]
impl<'r> FromRequest<'r> for CsrfToken {
    type Error = ();

    async fn from_request(request: &'r Request<'_>) -> Outcome<Self, ()> {
        match token(request).await {
            Some(token) => Outcome::Success(CsrfToken(token)),
            None => Outcome::Error((Status::InternalServerError, ())),
        }
    }
}

#[rocket::async_trait]
impl<'r> FromData<'r> for CsrfForm {
    type Error = ();

    async fn from_data(request: &'r Request<'_>, data: Data<'r>) -> DataOutcome<'r, Self> {
        let refuse = |status| DataOutcome::Error((status, ()));
        let Some(server) = server_of(request) else { return refuse(Status::InternalServerError) };
        if !comes_from_us(server, request) {
            return refuse(Status::Forbidden);
        }
        let text = match data.open(MAX_BODY.bytes()).into_string().await {
            Ok(text) if text.is_complete() => text.into_inner(),
            Ok(_) => return refuse(Status::PayloadTooLarge),
            Err(_) => return refuse(Status::BadRequest),
        };
        let Ok(fields) = Parameters::from_form(&text).map(Parameters::into_owned) else {
            return refuse(Status::BadRequest);
        };
        if fields.each_once_but(&["scope"]).is_err() {
            return refuse(Status::BadRequest);
        }
        let sent = fields.all("csrf").next().unwrap_or_default();
        if is_genuine(server, request, sent) {
            DataOutcome::Success(CsrfForm { fields })
        } else {
            refuse(Status::Forbidden)
        }
    }
}

/// Whether the browser says that one of our own pages sent the form. A browser that says nothing is judged by the token alone.
pub(super) fn comes_from_us(server: &AuthorizationServer, request: &Request<'_>) -> bool {
    let origin = request.headers().get_one("Origin");
    let site = request.headers().get_one("Sec-Fetch-Site");
    let ours = server.config.issuer.url.origin();
    // With Referrer-Policy no-referrer a browser sends `Origin: null` for our own forms as well; then it also sends
    // Sec-Fetch-Site, which cannot be forged by a page.
    let origin_fits = origin.is_none_or(|origin| origin == ours || (origin == "null" && site == Some("same-origin")));
    let site_fits = site.is_none_or(|site| matches!(site, "same-origin" | "none"));
    origin_fits && site_fits
}

/// Whether the token that was `sent` is one of this browser.
pub(super) fn is_genuine(server: &AuthorizationServer, request: &Request<'_>, sent: &str) -> bool {
    secrets(server, request).any(|secret| sent.as_bytes().ct_eq(of_secret(&secret).as_bytes()).into())
}

async fn token(request: &Request<'_>) -> Option<String> {
    let server = server_of(request)?;
    // A browser without a cookie gets one here, so that there is a secret to derive from.
    let browser = Browser::from_request(request).await.succeeded()?;
    Some(secrets(server, request).next().map_or_else(|| of_secret(browser.secret()), |secret| of_secret(&secret)))
}

/// The secrets that this browser alone has, the session's first. Either is good for a form: one that was opened before
/// sign-in must still be good after, or a second tab could not go on.
fn secrets<'a>(server: &'a AuthorizationServer, request: &'a Request<'_>) -> impl Iterator<Item = Secret<String>> + 'a {
    [CookieName::Session, CookieName::Browser].into_iter().filter_map(|name| {
        let sent = cookies::sent(server, request.cookies(), name)?;
        read(name.kind(), sent).map(|_| Secret::new(sent.to_owned()))
    })
}

fn of_secret(secret: &Secret<String>) -> String {
    base64url(&derive(secret.expose(), &[b"csrf"]))
}
