//! GET and POST /admin/sites: the sites that somebody sees, and adding one.

use std::sync::Arc;

use rocket::State;

use crate::accounts::sites::{self, NewSite, NewUrl, Seen};
use crate::authorization_server::AuthorizationServer;
use crate::domain::event::Actor;
use crate::domain::site::{MalformedSiteUrl, SiteStanding};
use crate::domain::user::{Standing, User};
use crate::http::admin::site::{Field, Problem, page};
use crate::http::guards::csrf::{CsrfForm, CsrfToken};
use crate::http::guards::signed_in::{Admin, SignedIn};
use crate::http::responses::notice;
use crate::http::responses::page::{Answer, ErrorPage, Frame, Page};
use crate::http::responses::redirect::Redirect303;

#[derive(askama::Template)]
#[template(path = "admin/sites.html")]
struct SitesPage<'a> {
    frame: Frame,
    csrf: String,
    server: &'a AuthorizationServer,
    seen: Vec<Seen>,
    adds: bool,
    notice: Option<&'static str>,
    problem: Option<Problem>,
    name: &'a str,
    url: &'a str,
}

impl SitesPage<'_> {
    fn is_wrong(&self, field: Field) -> bool {
        self.problem.as_ref().is_some_and(|problem| problem.field == field)
    }
}

type Server = State<Arc<AuthorizationServer>>;

/// The sites that the person sees.
#[rocket::get("/admin/sites?<done>")]
pub async fn list(
    server: &Server,
    signed_in: SignedIn,
    csrf: CsrfToken,
    done: Option<&str>,
) -> Result<Page, ErrorPage> {
    sites_page(server, &signed_in.user, csrf, ("", ""), (notice::sentence(done), None)).await
}

/// Adds a site.
#[rocket::post("/admin/sites", data = "<form>")]
pub async fn add(server: &Server, admin: Admin, form: CsrfForm, csrf: CsrfToken) -> Result<Answer, ErrorPage> {
    let (user, typed) = (&admin.0.user, (form.get("name"), form.get("url")));
    let new = url(typed.1).map(|url| NewSite {
        name: typed.0.to_owned(),
        url: if let NewUrl::At(url) = url { Some(url) } else { None },
        workspace_id: None,
    });
    let added = match new {
        Ok(new) => {
            sites::add(server, new, Actor::User(user.id)).await.map_err(|error| Problem::of(&error).ok_or(error))
        }
        Err(problem) => Err(Ok(problem)),
    };
    match added {
        Ok(site) => Ok(Redirect303::to(format!("/admin/sites/{}?done=site-added", site.id)).into()),
        Err(Ok(problem)) => Ok(sites_page(server, user, csrf, typed, (None, Some(problem))).await?.into()),
        Err(Err(error)) => Err(page(&error)),
    }
}

/// The URL that somebody typed; where they typed none, that of this server.
pub(super) fn url(typed: &str) -> Result<NewUrl, Problem> {
    if typed.trim().is_empty() {
        return Ok(NewUrl::Here);
    }
    let malformed = |error: MalformedSiteUrl| Problem { field: Field::Url, words: format!("{error}.") };
    typed.trim().parse().map(NewUrl::At).map_err(malformed)
}

async fn sites_page(
    server: &AuthorizationServer,
    user: &User,
    csrf: CsrfToken,
    (name, url): (&str, &str),
    (notice, problem): (Option<&'static str>, Option<Problem>),
) -> Result<Page, ErrorPage> {
    Ok(Page::ok(&SitesPage {
        frame: Frame::wide(server, user, "/admin/sites"),
        csrf: csrf.0,
        server,
        seen: sites::seen_by(server, user).await.map_err(|error| ErrorPage::failure(&error))?,
        adds: user.standing == Standing::Admin,
        notice,
        problem,
        name,
        url,
    }))
}
