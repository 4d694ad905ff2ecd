//! /admin/people/ID: one person's state, grants, API tokens and sessions, and ending any of them. No admin sees a token, or sees or
//! sets a password.

use std::sync::Arc;

use rocket::State;
use rocket::http::Status;

use crate::accounts::connections::Connection;
use crate::accounts::people::{self, PeopleError};
use crate::accounts::{api_tokens, connections, sessions};
use crate::authorization_server::AuthorizationServer;
use crate::domain::event::Actor;
use crate::domain::id::UserId;
use crate::domain::time::{Lifetime, Timestamp};
use crate::domain::user::{User, UserState};
use crate::http::accounts::connections::no_such_app;
use crate::http::accounts::sessions::{SessionRow, no_such_session};
use crate::http::accounts::tokens::{TokenRow, no_such_token};
use crate::http::guards::csrf::{CsrfForm, CsrfToken};
use crate::http::guards::signed_in::Admin;
use crate::http::responses::page::{ErrorPage, Frame, Page};
use crate::http::responses::redirect::Redirect303;
use crate::http::responses::{filters, notice};

#[derive(askama::Template)]
#[template(path = "admin/person.html")]
struct PersonPage<'a> {
    frame: Frame,
    csrf: String,
    person: &'a User,
    is_self: bool,
    connections: Vec<Connection>,
    tokens: Vec<TokenRow>,
    rows: Vec<SessionRow>,
    notice: Option<&'static str>,
    now: Timestamp,
}

#[derive(askama::Template)]
#[template(path = "admin/link.html")]
struct LinkPage<'a> {
    frame: Frame,
    title: &'static str,
    person: &'a User,
    link: &'a str,
    lifetime: Lifetime,
}

type Server = State<Arc<AuthorizationServer>>;

/// One person.
#[rocket::get("/admin/people/<id>?<done>")]
pub async fn show(
    server: &Server,
    admin: Admin,
    csrf: CsrfToken,
    id: &str,
    done: Option<&str>,
) -> Result<Page, ErrorPage> {
    let person = person(server, id).await?;
    let sessions = sessions::list(server, person.id).await.map_err(|error| ErrorPage::failure(&error))?;
    let connections = connections::list(server, person.id).await.map_err(|error| ErrorPage::failure(&error))?;
    let tokens = api_tokens::list(server, person.id).await.map_err(|error| ErrorPage::failure(&error))?;
    Ok(Page::ok(&PersonPage {
        frame: Frame::wide(server, &admin.0.user, "/admin/people"),
        csrf: csrf.0,
        is_self: person.id == admin.0.user.id,
        person: &person,
        connections,
        tokens: TokenRow::of(server, tokens).await.map_err(|error| ErrorPage::failure(&error))?,
        rows: SessionRow::of(sessions, admin.0.session_key),
        notice: notice::sentence(done),
        now: server.now(),
    }))
}

/// Makes a link with which the person chooses a password, and shows it once.
#[rocket::post("/admin/people/<id>/link", data = "<_form>")]
pub async fn make_link(server: &Server, admin: Admin, id: &str, _form: CsrfForm) -> Result<Page, ErrorPage> {
    let person = another(server, &admin, id).await?;
    let link = people::reset_link(server, person.id, by(&admin)).await.map_err(|error| page(&error))?;
    Ok(link_page(server, &admin, &person, &link))
}

/// Suspends the person.
#[rocket::post("/admin/people/<id>/suspend", data = "<_form>")]
pub async fn suspend(server: &Server, admin: Admin, id: &str, _form: CsrfForm) -> Result<Redirect303, ErrorPage> {
    let person = another(server, &admin, id).await?;
    people::suspend(server, person.id, by(&admin)).await.map_err(|error| page(&error))?;
    Ok(back(person.id, "suspended"))
}

/// Resumes the person.
#[rocket::post("/admin/people/<id>/resume", data = "<_form>")]
pub async fn resume(server: &Server, admin: Admin, id: &str, _form: CsrfForm) -> Result<Redirect303, ErrorPage> {
    let person = another(server, &admin, id).await?;
    people::resume(server, person.id, by(&admin)).await.map_err(|error| page(&error))?;
    Ok(back(person.id, "resumed"))
}

/// Takes back what the person allowed an app.
#[rocket::post("/admin/people/<id>/apps/end", data = "<form>")]
pub async fn end_access(server: &Server, admin: Admin, id: &str, form: CsrfForm) -> Result<Redirect303, ErrorPage> {
    let person = person(server, id).await?;
    let grant = form.get("grant").parse().map_err(|_| no_such_app())?;
    match connections::withdraw(server, person.id, grant, by(&admin)).await {
        Ok(Some(_)) => Ok(back(person.id, "access-removed")),
        Ok(None) => Err(no_such_app()),
        Err(error) => Err(ErrorPage::failure(&error)),
    }
}

/// Ends one API token of the person.
#[rocket::post("/admin/people/<id>/tokens/revoke", data = "<form>")]
pub async fn revoke_token(server: &Server, admin: Admin, id: &str, form: CsrfForm) -> Result<Redirect303, ErrorPage> {
    let person = person(server, id).await?;
    match api_tokens::revoke(server, person.id, form.get("token"), by(&admin)).await {
        Ok(Some(_)) => Ok(back(person.id, "token-revoked")),
        Ok(None) => Err(no_such_token()),
        Err(error) => Err(ErrorPage::failure(&error)),
    }
}

/// Ends every API token of the person.
#[rocket::post("/admin/people/<id>/tokens/revoke-all", data = "<_form>")]
pub async fn revoke_all_tokens(
    server: &Server,
    admin: Admin,
    id: &str,
    _form: CsrfForm,
) -> Result<Redirect303, ErrorPage> {
    let person = person(server, id).await?;
    let revoked = api_tokens::revoke_all(server, person.id, by(&admin)).await;
    revoked.map_err(|error| ErrorPage::failure(&error))?;
    Ok(back(person.id, "tokens-revoked"))
}

/// Ends one session of the person.
#[rocket::post("/admin/people/<id>/sessions/end", data = "<form>")]
pub async fn end_session(server: &Server, admin: Admin, id: &str, form: CsrfForm) -> Result<Redirect303, ErrorPage> {
    let person = person(server, id).await?;
    match sessions::end(server, person.id, form.get("session"), by(&admin)).await {
        Ok(true) => Ok(back(person.id, "session-ended")),
        Ok(false) => Err(no_such_session()),
        Err(error) => Err(ErrorPage::failure(&error)),
    }
}

/// Ends every session of the person.
#[rocket::post("/admin/people/<id>/sessions/end-all", data = "<_form>")]
pub async fn end_all_sessions(
    server: &Server,
    admin: Admin,
    id: &str,
    _form: CsrfForm,
) -> Result<Redirect303, ErrorPage> {
    let person = person(server, id).await?;
    let ended = sessions::end_all(server, person.id, None, by(&admin)).await;
    ended.map_err(|error| ErrorPage::failure(&error))?;
    Ok(back(person.id, "sessions-ended"))
}

fn by(admin: &Admin) -> Actor {
    Actor::User(admin.0.user.id)
}

fn back(person: UserId, done: &str) -> Redirect303 {
    Redirect303::to(format!("/admin/people/{person}?done={done}"))
}

async fn person(server: &AuthorizationServer, id: &str) -> Result<User, ErrorPage> {
    let id = id.parse().map_err(|_| page(&PeopleError::Unknown))?;
    let user = server.store.user(id).await.map_err(|error| ErrorPage::failure(&error))?;
    user.ok_or_else(|| page(&PeopleError::Unknown))
}

/// The person, who must not be the admin: nobody locks themselves out, and their own password needs the current one.
async fn another(server: &AuthorizationServer, admin: &Admin, id: &str) -> Result<User, ErrorPage> {
    let person = person(server, id).await?;
    if person.id == admin.0.user.id {
        return Err(ErrorPage::new(Status::Conflict, "This is your own account")
            .what_happened("You cannot suspend yourself or make a link for yourself.")
            .what_to_do(&["Ask another administrator, or change your password on your own pages."]));
    }
    Ok(person)
}

/// A link that is shown once.
pub(super) fn link_page(server: &AuthorizationServer, admin: &Admin, person: &User, link: &str) -> Page {
    let lifetimes = &server.config.lifetimes;
    let (title, lifetime) = match person.password {
        Some(_) => ("Password reset link", lifetimes.reset_link),
        None => ("Invitation", lifetimes.invite_link),
    };
    Page::ok(&LinkPage { frame: Frame::wide(server, &admin.0.user, "/admin/people"), title, person, link, lifetime })
}

pub(super) fn page(error: &PeopleError) -> ErrorPage {
    match error {
        PeopleError::Unknown => ErrorPage::new(Status::NotFound, "There is no such person")
            .what_happened("Nobody here has that identifier.")
            .what_to_do(&["Look at the list of people again."]),
        PeopleError::Store(error) => ErrorPage::failure(error),
        PeopleError::Taken(_) | PeopleError::AdminExists => {
            ErrorPage::new(Status::Conflict, "This cannot be done").what_happened(&error.to_string())
        }
        PeopleError::Password(_) => ErrorPage::new(Status::ServiceUnavailable, "Too many people are signing in")
            .what_happened("We could not do this just now. Nothing was changed.")
            .retry_after(2),
    }
}
