//! GET and POST /admin/people: everybody, and inviting somebody.

use std::sync::Arc;

use rocket::State;

use crate::accounts::people::{self, Joining, NewUser, PeopleError};
use crate::authorization_server::AuthorizationServer;
use crate::domain::event::Actor;
use crate::domain::time::{Lifetime, Timestamp};
use crate::domain::user::{Standing, User};
use crate::http::admin::person::{link_page, page};
use crate::http::guards::csrf::{CsrfForm, CsrfToken};
use crate::http::guards::signed_in::Admin;
use crate::http::responses::filters;
use crate::http::responses::page::{ErrorPage, Frame, Page};
use crate::http::responses::redirect::Redirect303;

#[derive(askama::Template)]
#[template(path = "admin/people.html")]
struct PeoplePage<'a> {
    frame: Frame,
    csrf: String,
    people: Vec<User>,
    problem: Option<String>,
    email: &'a str,
    name: &'a str,
    invite_lifetime: Lifetime,
    now: Timestamp,
}

/// Leads to the one list there is.
#[rocket::get("/admin")]
pub fn home(_admin: Admin) -> Redirect303 {
    Redirect303::to("/admin/people".to_owned())
}

/// Everybody.
#[rocket::get("/admin/people")]
pub async fn list(server: &State<Arc<AuthorizationServer>>, admin: Admin, csrf: CsrfToken) -> Result<Page, ErrorPage> {
    people_page(server, &admin, csrf, ("", ""), None).await
}

/// Adds somebody and shows the link with which they choose a password.
#[rocket::post("/admin/people", data = "<form>")]
pub async fn invite(
    server: &State<Arc<AuthorizationServer>>,
    admin: Admin,
    form: CsrfForm,
    csrf: CsrfToken,
) -> Result<Page, ErrorPage> {
    let typed = (form.get("email"), form.get("name"));
    let Ok(email) = typed.0.parse() else {
        let problem = "An e-mail address is name@host, without spaces.".to_owned();
        return people_page(server, &admin, csrf, typed, Some(problem)).await;
    };
    let standing = if form.get("standing") == "admin" { Standing::Admin } else { Standing::Member };
    let new = NewUser { email, name: typed.1.to_owned(), standing, sites: Joining::DefaultSite };
    match people::invite(server, new, Actor::User(admin.0.user.id)).await {
        Ok((user, link)) => Ok(link_page(server, &admin, &user, &link)),
        Err(PeopleError::Taken(email)) => {
            let problem = format!("{email} has an account already.");
            people_page(server, &admin, csrf, typed, Some(problem)).await
        }
        Err(error) => Err(page(&error)),
    }
}

async fn people_page(
    server: &AuthorizationServer,
    admin: &Admin,
    csrf: CsrfToken,
    (email, name): (&str, &str),
    problem: Option<String>,
) -> Result<Page, ErrorPage> {
    Ok(Page::ok(&PeoplePage {
        frame: Frame::wide(server, &admin.0.user, "/admin/people"),
        csrf: csrf.0,
        people: people::list(server).await.map_err(|error| ErrorPage::failure(&error))?,
        problem,
        email,
        name,
        invite_lifetime: server.config.lifetimes.invite_link,
        now: server.now(),
    }))
}
