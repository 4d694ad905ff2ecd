//! GET and POST /logout.

use std::sync::Arc;

use rocket::State;
use rocket::http::CookieJar;

use crate::accounts::sessions;
use crate::authorization_server::AuthorizationServer;
use crate::domain::event::Actor;
use crate::domain::user::User;
use crate::http::guards::cookies::{self, CookieName};
use crate::http::guards::csrf::{CsrfForm, CsrfToken};
use crate::http::guards::signed_in::SignedIn;
use crate::http::responses::page::{ErrorPage, Frame, Page};
use crate::http::responses::redirect::Redirect303;

#[derive(askama::Template)]
#[template(path = "accounts/sign_out.html")]
struct SignOutPage<'a> {
    frame: Frame,
    csrf: String,
    user: &'a User,
}

/// Asks where to sign out.
#[rocket::get("/logout")]
pub async fn ask(server: &State<Arc<AuthorizationServer>>, signed_in: SignedIn, csrf: CsrfToken) -> Page {
    let frame = Frame::wide(server, &signed_in.user, "/logout");
    Page::ok(&SignOutPage { frame, csrf: csrf.0, user: &signed_in.user })
}

/// Signs out in this browser or everywhere.
#[rocket::post("/logout", data = "<form>")]
pub async fn sign_out(
    server: &State<Arc<AuthorizationServer>>,
    signed_in: SignedIn,
    form: CsrfForm,
    jar: &CookieJar<'_>,
) -> Result<Redirect303, ErrorPage> {
    let (user, by) = (signed_in.user.id, Actor::User(signed_in.user.id));
    let everywhere = form.get("where") == "everywhere";
    if everywhere {
        sessions::end_all(server, user, None, by).await.map_err(|error| ErrorPage::failure(&error))?;
    } else {
        let ended = sessions::sign_out(server, user, signed_in.session_key, by).await;
        ended.map_err(|error| ErrorPage::failure(&error))?;
    }
    cookies::forget(server, jar, CookieName::Session);
    let done = if everywhere { "signed-out-everywhere" } else { "signed-out" };
    Ok(Redirect303::to(format!("/login?done={done}")))
}
