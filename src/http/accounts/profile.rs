//! GET /account, and the page where a person changes their password.

use std::sync::Arc;

use rocket::State;
use rocket::http::CookieJar;

use crate::accounts::profile::{self, ChangeRefusal};
use crate::accounts::{api_tokens, connections, sessions};
use crate::authorization_server::AuthorizationServer;
use crate::domain::time::Timestamp;
use crate::domain::user::{Standing, User};
use crate::http::accounts::activity::last_leak;
use crate::http::accounts::sign_in::{Problem, busy, too_many};
use crate::http::guards::cookies::{self, CookieName};
use crate::http::guards::csrf::{CsrfForm, CsrfToken};
use crate::http::guards::signed_in::SignedIn;
use crate::http::responses::page::{Answer, ErrorPage, Frame, Page};
use crate::http::responses::redirect::Redirect303;
use crate::http::responses::{filters, notice};
use crate::secrets::password::{MalformedPassword, Password};

#[derive(askama::Template)]
#[template(path = "accounts/overview.html")]
struct OverviewPage<'a> {
    frame: Frame,
    user: &'a User,
    signed_in: Timestamp,
    sessions: usize,
    apps: usize,
    tokens: usize,
    /// When a token of the person was last found in public, if that is not long ago.
    leak: Option<Timestamp>,
    now: Timestamp,
}

#[derive(askama::Template)]
#[template(path = "accounts/password.html")]
struct PasswordPage<'a> {
    frame: Frame,
    csrf: String,
    user: &'a User,
    notice: Option<&'static str>,
    problem: Option<Problem>,
}

/// Leads to the account; who is not signed in is asked to there.
#[rocket::get("/")]
pub fn home() -> Redirect303 {
    Redirect303::to("/account".to_owned())
}

/// What there is about this person.
#[rocket::get("/account")]
pub async fn overview(server: &State<Arc<AuthorizationServer>>, signed_in: SignedIn) -> Result<Page, ErrorPage> {
    let user = &signed_in.user;
    let sessions = sessions::list(server, user.id).await.map_err(|error| ErrorPage::failure(&error))?;
    let apps = connections::list(server, user.id).await.map_err(|error| ErrorPage::failure(&error))?;
    let tokens = api_tokens::list(server, user.id).await.map_err(|error| ErrorPage::failure(&error))?;
    Ok(Page::ok(&OverviewPage {
        frame: Frame::wide(server, user, "/account"),
        user,
        signed_in: signed_in.session.created,
        sessions: sessions.len(),
        apps: apps.len(),
        tokens: tokens.iter().filter(|listed| listed.is_live).count(),
        leak: last_leak(server, user.id).await.map_err(|error| ErrorPage::failure(&error))?,
        now: server.now(),
    }))
}

/// Where password managers look for the page below.
#[rocket::get("/.well-known/change-password")]
pub fn change_password_hint() -> Redirect303 {
    Redirect303::to("/account/password".to_owned())
}

/// Asks for the current and the new password.
#[rocket::get("/account/password?<done>")]
pub async fn show_password(
    server: &State<Arc<AuthorizationServer>>,
    signed_in: SignedIn,
    csrf: CsrfToken,
    done: Option<&str>,
) -> Page {
    password_page(server, &signed_in.user, csrf, notice::sentence(done), None)
}

/// Changes the password.
#[rocket::post("/account/password", data = "<form>")]
pub async fn change_password(
    server: &State<Arc<AuthorizationServer>>,
    signed_in: SignedIn,
    form: CsrfForm,
    csrf: CsrfToken,
    jar: &CookieJar<'_>,
) -> Result<Answer, ErrorPage> {
    let user = &signed_in.user;
    let again = |problem| Ok(password_page(server, user, csrf, None, Some(problem)).into());
    let new = match Password::parse(form.get("password").to_owned()) {
        Ok(new) => new,
        Err(fault) => return again(malformed(fault)),
    };
    let who = (user, signed_in.session_key, &signed_in.session);
    match profile::change_password(server, who, form.get("current").to_owned(), new).await {
        Ok(session) => {
            cookies::set(server, jar, CookieName::Session, &session.token, None);
            Ok(Redirect303::to("/account/password?done=password-changed".to_owned()).into())
        }
        Err(ChangeRefusal::WrongPassword) => again(WRONG_PASSWORD),
        Err(ChangeRefusal::TooMany(wait)) => Err(too_many(wait)),
        Err(ChangeRefusal::Password(_)) => Err(busy()),
        Err(ChangeRefusal::Store(error)) => Err(ErrorPage::failure(&error)),
    }
}

const WRONG_PASSWORD: Problem =
    Problem { title: "The current password is not right", advice: "Nothing was changed. Check it and try again." };

fn malformed(fault: MalformedPassword) -> Problem {
    let title = match fault {
        MalformedPassword::TooShort => "The new password is too short",
        MalformedPassword::TooLong => "The new password is too long",
    };
    Problem { title, advice: "Nothing was changed. It needs 8 to 128 characters." }
}

fn password_page(
    server: &AuthorizationServer,
    user: &User,
    csrf: CsrfToken,
    notice: Option<&'static str>,
    problem: Option<Problem>,
) -> Page {
    Page::ok(&PasswordPage {
        frame: Frame::wide(server, user, "/account/password"),
        csrf: csrf.0,
        user,
        notice,
        problem,
    })
}
