//! GET and POST /login.

use std::sync::Arc;

use rocket::State;
use rocket::http::{CookieJar, Status};

use crate::accounts::sign_in::{self, SignIn, SignInRefusal};
use crate::authorization_server::AuthorizationServer;
use crate::domain::secret::TokenKey;
use crate::domain::time::Lifetime;
use crate::domain::user::User;
use crate::http::guards::address::ClientAddress;
use crate::http::guards::browser::Browser;
use crate::http::guards::cookies::{self, CookieName};
use crate::http::guards::csrf::{CsrfForm, CsrfToken};
use crate::http::guards::signed_in::{SignedIn, Visitor};
use crate::http::guards::user_agent::UserAgent;
use crate::http::oauth::consent;
use crate::http::responses::page::{Answer, ErrorPage, Frame, Page};
use crate::http::responses::redirect::Redirect303;
use crate::http::responses::{filters, notice};
use crate::oauth::transaction::{self, OpenTransaction};
use crate::secrets::token::read;

#[derive(askama::Template)]
#[template(path = "accounts/sign_in.html")]
struct SignInPage<'a> {
    frame: Frame,
    csrf: String,
    /// The app that waits, if one does.
    app: Option<&'a str>,
    notice: Option<&'static str>,
    problem: Option<Problem>,
    /// Who may go on without a password.
    signed_in: Option<&'a User>,
    email: &'a str,
    txn: &'a str,
    next: &'a str,
}

/// Why a form is shown again.
pub(super) struct Problem {
    pub(super) title: &'static str,
    pub(super) advice: &'static str,
}

/// Asks for address and password, or who is to go on.
#[rocket::get("/login?<txn>&<next>&<done>")]
pub async fn show(
    server: &State<Arc<AuthorizationServer>>,
    txn: Option<&str>,
    next: Option<&str>,
    done: Option<&str>,
    browser: Browser,
    csrf: CsrfToken,
    visitor: Visitor,
) -> Result<Answer, ErrorPage> {
    let (txn, next) = (txn.unwrap_or_default(), next.unwrap_or_default());
    let open = waiting(server, txn, &browser).await?;
    let user = visitor.0.as_ref().map(|signed_in| &signed_in.user);
    if open.is_none() && user.is_some() {
        return Ok(Redirect303::to(place(next).to_owned()).into());
    }
    let page = SignInPage {
        frame: Frame::narrow(server),
        csrf: csrf.0,
        app: open.as_ref().map(|open| open.client.name.as_str()),
        notice: notice::sentence(done),
        problem: None,
        signed_in: user.filter(|_| open.as_ref().is_some_and(|open| !open.demands_password())),
        email: hinted(open.as_ref(), user),
        txn,
        next,
    };
    Ok(Page::ok(&page).into())
}

/// The address that the client expects, only where it is that of the person whose session this is: anything else would
/// let an app write on our page.
fn hinted<'a>(open: Option<&OpenTransaction>, user: Option<&'a User>) -> &'a str {
    let hint = open.and_then(|open| open.transaction.request.login_hint.as_deref());
    match (hint.and_then(|hint| hint.parse().ok()), user) {
        (Some(hint), Some(user)) if user.email == hint => user.email.as_str(),
        _ => "",
    }
}

/// Checks address and password, and begins a session.
#[rocket::post("/login", data = "<form>")]
pub async fn submit(
    server: &State<Arc<AuthorizationServer>>,
    form: CsrfForm,
    browser: Browser,
    address: ClientAddress,
    user_agent: UserAgent<'_>,
    csrf: CsrfToken,
    jar: &CookieJar<'_>,
) -> Result<Answer, ErrorPage> {
    let (txn, next) = (form.get("txn"), form.get("next"));
    let open = waiting(server, txn, &browser).await?;
    let attempt = SignIn {
        email: form.get("email"),
        password: form.get("password").to_owned(),
        address: address.0,
        user_agent: user_agent.0,
        device: sent(server, jar, CookieName::Device),
        replaces: sent(server, jar, CookieName::Session),
    };
    let begun = match sign_in::sign_in(server, attempt).await {
        Ok(begun) => begun,
        Err(SignInRefusal::NoMatch) => {
            let page = SignInPage {
                frame: Frame::narrow(server),
                csrf: csrf.0,
                app: open.as_ref().map(|open| open.client.name.as_str()),
                notice: None,
                problem: Some(NO_MATCH),
                signed_in: None,
                email: form.get("email"),
                txn,
                next,
            };
            return Ok(Page::ok(&page).into());
        }
        Err(SignInRefusal::TooMany(wait)) => return Err(too_many(wait)),
        Err(SignInRefusal::Password(_)) => return Err(busy()),
        Err(SignInRefusal::Store(error)) => return Err(ErrorPage::failure(&error)),
    };
    cookies::set(server, jar, CookieName::Session, &begun.session.token, None);
    if let Some(device) = &begun.device {
        cookies::set(server, jar, CookieName::Device, &device.token, Some(server.config.lifetimes.known_device));
    }
    let Some(open) = open else { return Ok(Redirect303::to(place(next).to_owned()).into()) };
    transaction::signed_in(server, &open, begun.session.key).await.map_err(|fault| consent::page(&fault))?;
    Ok(Redirect303::to(format!("/consent?txn={txn}")).into())
}

const NO_MATCH: Problem = Problem {
    title: "That e-mail address and password did not match",
    advice: "Check both and try again. If you forgot the password, an administrator can give you a link.",
};

/// Goes on with the session there is, where the person was asked which account to use.
#[rocket::post("/login/continue", data = "<form>")]
pub async fn go_on(
    server: &State<Arc<AuthorizationServer>>,
    signed_in: SignedIn,
    form: CsrfForm,
    browser: Browser,
) -> Result<Redirect303, ErrorPage> {
    let txn = form.get("txn");
    let open = transaction::open(server, txn, Some(browser.key())).await.map_err(|fault| consent::page(&fault))?;
    if open.demands_password() {
        return Ok(Redirect303::to(format!("/login?txn={txn}")));
    }
    transaction::signed_in(server, &open, signed_in.session_key).await.map_err(|fault| consent::page(&fault))?;
    Ok(Redirect303::to(format!("/consent?txn={txn}")))
}

async fn waiting(
    server: &AuthorizationServer,
    txn: &str,
    browser: &Browser,
) -> Result<Option<OpenTransaction>, ErrorPage> {
    if txn.is_empty() {
        return Ok(None);
    }
    transaction::open(server, txn, Some(browser.key())).await.map(Some).map_err(|fault| consent::page(&fault))
}

fn sent(server: &AuthorizationServer, jar: &CookieJar<'_>, name: CookieName) -> Option<TokenKey> {
    cookies::sent(server, jar, name).and_then(|sent| read(name.kind(), sent))
}

/// Where to go after sign-in: a page of ours that was asked for, and nowhere else (RFC 9700 section 4.11).
fn place(next: &str) -> &str {
    let ours = ["/account", "/admin"]
        .iter()
        .any(|root| next.strip_prefix(root).is_some_and(|rest| rest.is_empty() || rest.starts_with('/')));
    let plain = next.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'/' | b'-'));
    if ours && plain && !next.contains("//") { next } else { "/account" }
}

/// What somebody is told who tries too often.
pub(super) fn too_many(wait: Lifetime) -> ErrorPage {
    ErrorPage::new(Status::TooManyRequests, "Too many attempts")
        .what_happened("There were too many attempts to sign in, so we do not check any for a while.")
        .what_to_do(&[&format!("Try again in {wait}.")])
        .retry_after(wait.as_secs().max(1))
}

/// What somebody is told while too many passwords are being checked.
pub(super) fn busy() -> ErrorPage {
    ErrorPage::new(Status::ServiceUnavailable, "Too many people are signing in")
        .what_happened("We could not check your password just now. Nothing was changed.")
        .what_to_do(&["Wait a few seconds and try again."])
        .retry_after(2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sign_in_leads_to_a_page_of_ours_and_nowhere_else() {
        assert_eq!(place("/account/apps"), "/account/apps");
        assert_eq!(place("/admin/people"), "/admin/people");
        for elsewhere in [
            "",
            "https://evil.example",
            "//evil.example",
            "/\\evil.example",
            "/account//evil.example",
            "/accounting",
            "/account/../logout",
            "/account?x=1",
            "/account/%2f%2fevil",
            "/account\r\nSet-Cookie: a=b",
        ] {
            assert_eq!(place(elsewhere), "/account", "{elsewhere}");
        }
    }
}
