//! The pages behind one-time links: /setup, /invite, /reset. Opening one uses nothing up, so that a preview cannot.

use std::sync::Arc;

use rocket::State;
use rocket::http::Status;

use crate::accounts::links::{self, LinkFault};
use crate::authorization_server::AuthorizationServer;
use crate::domain::user::User;
use crate::http::accounts::sign_in::busy;
use crate::http::guards::address::ClientAddress;
use crate::http::guards::csrf::{CsrfForm, CsrfToken};
use crate::http::responses::page::{Answer, ErrorPage, Frame, Page};
use crate::http::responses::redirect::Redirect303;
use crate::secrets::password::Password;

#[derive(askama::Template)]
#[template(path = "accounts/set_up.html")]
struct SetUpPage<'a> {
    frame: Frame,
    csrf: String,
    action: String,
    problem: Option<String>,
    email: &'a str,
    name: &'a str,
}

#[derive(askama::Template)]
#[template(path = "accounts/choose_password.html")]
struct ChoosePasswordPage<'a> {
    frame: Frame,
    csrf: String,
    title: &'static str,
    action: String,
    problem: Option<String>,
    user: &'a User,
}

type Server = State<Arc<AuthorizationServer>>;

/// Asks for the first admin.
#[rocket::get("/setup/<token>")]
pub async fn show_set_up(server: &Server, token: &str, csrf: CsrfToken) -> Result<Page, ErrorPage> {
    links::open(server, "setup", token).await.map_err(|fault| page(&fault))?;
    Ok(set_up_page(server, token, csrf, ("", ""), None))
}

/// Makes the first admin.
#[rocket::post("/setup/<token>", data = "<form>")]
pub async fn set_up(
    server: &Server,
    token: &str,
    form: CsrfForm,
    csrf: CsrfToken,
    address: ClientAddress,
) -> Result<Answer, ErrorPage> {
    let open = links::open(server, "setup", token).await.map_err(|fault| page(&fault))?;
    let (typed, name) = (form.get("email"), form.get("name"));
    let again = |problem: String| Ok(set_up_page(server, token, csrf, (typed, name), Some(problem)).into());
    let email = match typed.parse() {
        Ok(email) => email,
        Err(error) => return again(sentence(&error)),
    };
    let password = match Password::parse(form.get("password").to_owned()) {
        Ok(password) => password,
        Err(error) => return again(sentence(&error)),
    };
    match links::set_up(server, &open, (email, name.to_owned()), password, address.0).await {
        Ok(_) => Ok(Redirect303::to("/login?done=set-up".to_owned()).into()),
        Err(LinkFault::Taken(email)) => again(format!("{email} has an account already. Choose another address.")),
        Err(fault) => Err(page(&fault)),
    }
}

/// Asks an invited person for a password.
#[rocket::get("/invite/<token>")]
pub async fn show_invite(server: &Server, token: &str, csrf: CsrfToken) -> Result<Page, ErrorPage> {
    show(server, "invite", token, csrf).await
}

/// Sets the password of an invited person.
#[rocket::post("/invite/<token>", data = "<form>")]
pub async fn accept_invite(
    server: &Server,
    token: &str,
    form: CsrfForm,
    csrf: CsrfToken,
    address: ClientAddress,
) -> Result<Answer, ErrorPage> {
    choose(server, ("invite", token), &form, csrf, address).await
}

/// Asks for a new password.
#[rocket::get("/reset/<token>")]
pub async fn show_reset(server: &Server, token: &str, csrf: CsrfToken) -> Result<Page, ErrorPage> {
    show(server, "reset", token, csrf).await
}

/// Sets a new password.
#[rocket::post("/reset/<token>", data = "<form>")]
pub async fn reset(
    server: &Server,
    token: &str,
    form: CsrfForm,
    csrf: CsrfToken,
    address: ClientAddress,
) -> Result<Answer, ErrorPage> {
    choose(server, ("reset", token), &form, csrf, address).await
}

async fn show(server: &Server, path: &'static str, token: &str, csrf: CsrfToken) -> Result<Page, ErrorPage> {
    let open = links::open(server, path, token).await.map_err(|fault| page(&fault))?;
    let user = open.user.as_ref().ok_or_else(|| page(&LinkFault::Unknown))?;
    Ok(password_page(server, (path, token), csrf, user, None))
}

async fn choose(
    server: &Server,
    (path, token): (&'static str, &str),
    form: &CsrfForm,
    csrf: CsrfToken,
    address: ClientAddress,
) -> Result<Answer, ErrorPage> {
    let open = links::open(server, path, token).await.map_err(|fault| page(&fault))?;
    let user = open.user.as_ref().ok_or_else(|| page(&LinkFault::Unknown))?;
    let password = match Password::parse(form.get("password").to_owned()) {
        Ok(password) => password,
        Err(error) => return Ok(password_page(server, (path, token), csrf, user, Some(sentence(&error))).into()),
    };
    links::choose_password(server, &open, password, address.0).await.map_err(|fault| page(&fault))?;
    Ok(Redirect303::to("/login?done=password-chosen".to_owned()).into())
}

fn set_up_page(
    server: &Server,
    token: &str,
    csrf: CsrfToken,
    (email, name): (&str, &str),
    problem: Option<String>,
) -> Page {
    let (frame, action) = (Frame::narrow(server), format!("/setup/{token}"));
    Page::ok(&SetUpPage { frame, csrf: csrf.0, action, problem, email, name })
}

fn password_page(
    server: &Server,
    (path, token): (&'static str, &str),
    csrf: CsrfToken,
    user: &User,
    problem: Option<String>,
) -> Page {
    let title = if user.password.is_some() { "Choose a new password" } else { "Choose a password" };
    let (frame, action) = (Frame::narrow(server), format!("/{path}/{token}"));
    Page::ok(&ChoosePasswordPage { frame, csrf: csrf.0, title, action, problem, user })
}

/// A message as a sentence.
fn sentence(error: &dyn std::error::Error) -> String {
    let message = error.to_string();
    let mut letters = message.chars();
    let first = letters.next().map(|first| first.to_uppercase().to_string()).unwrap_or_default();
    format!("{first}{}.", letters.as_str())
}

fn page(fault: &LinkFault) -> ErrorPage {
    const ASK: &[&str] = &["Sign in if you chose a password already.", "Ask an administrator for a new link."];
    match fault {
        LinkFault::Unknown => ErrorPage::new(Status::NotFound, "This link cannot be used")
            .what_happened("It was used already, replaced by a newer one, or mistyped.")
            .what_to_do(ASK),
        LinkFault::Expired => ErrorPage::new(Status::Gone, "This link has expired")
            .what_happened("Such links are good for a short while only.")
            .what_to_do(ASK),
        LinkFault::Suspended => ErrorPage::new(Status::Forbidden, "This account is suspended")
            .what_happened("An administrator suspended the account that this link is for.")
            .what_to_do(&["Ask an administrator to resume it."]),
        LinkFault::AdminExists => ErrorPage::new(Status::Gone, "This server is set up already")
            .what_happened("It has an administrator, so no other can be made by this link.")
            .what_to_do(&["Sign in, or ask an administrator for an invitation."]),
        LinkFault::Taken(_) => ErrorPage::new(Status::Conflict, "This address has an account already")
            .what_happened("Somebody got an account with that address meanwhile, so none was made.")
            .what_to_do(&["Ask whoever gave you the link for a new one."]),
        LinkFault::Password(_) => busy(),
        LinkFault::Store(error) => ErrorPage::failure(error),
    }
}
