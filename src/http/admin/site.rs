//! /admin/sites/ID: one site, its name and URL, and who is a member of it.

use std::sync::Arc;

use rocket::State;
use rocket::http::Status;

use crate::accounts::sites::{self, Fellow, SiteError};
use crate::authorization_server::AuthorizationServer;
use crate::domain::event::Actor;
use crate::domain::id::UserId;
use crate::domain::site::Site;
use crate::domain::time::Timestamp;
use crate::http::admin::sites::url;
use crate::http::guards::csrf::{CsrfForm, CsrfToken};
use crate::http::guards::site_admin::SiteAdmin;
use crate::http::responses::page::{Answer, ErrorPage, Frame, Page};
use crate::http::responses::redirect::Redirect303;
use crate::http::responses::{filters, notice};

#[derive(askama::Template)]
#[template(path = "admin/site.html")]
struct SitePage<'a> {
    frame: Frame,
    csrf: String,
    site: &'a Site,
    reached_at: &'a str,
    fellows: Vec<Fellow>,
    own: UserId,
    notice: Option<&'static str>,
    problem: Option<Problem>,
    typed: Typed<'a>,
    now: Timestamp,
}

impl SitePage<'_> {
    fn is_wrong(&self, field: Field) -> bool {
        self.problem.as_ref().is_some_and(|problem| problem.field == field)
    }
}

/// What somebody typed, which they need not type again.
#[derive(Default)]
pub(super) struct Typed<'a> {
    /// The address of who is to be a member.
    pub(super) email: &'a str,
    /// The name of the site.
    pub(super) name: &'a str,
    /// The URL of the site.
    pub(super) url: &'a str,
}

impl<'a> Typed<'a> {
    /// What the forms hold before anybody typed.
    pub(super) fn of(site: &'a Site) -> Self {
        Self { email: "", name: &site.name, url: site.url.as_deref().unwrap_or_default() }
    }
}

/// A field of a form about sites.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Field {
    Name,
    Url,
    Email,
}

/// What is wrong with a field.
#[derive(Debug)]
pub(super) struct Problem {
    pub(super) field: Field,
    pub(super) words: String,
}

impl Problem {
    /// What of a form an error is about; `None` if it is about none.
    pub(super) fn of(error: &SiteError) -> Option<Self> {
        let (field, words) = match error {
            SiteError::Nameless => (Field::Name, "A site needs a name.".to_owned()),
            SiteError::UrlTaken(url) => (Field::Url, format!("Another site has the URL {url}.")),
            SiteError::NoAccount(email) => {
                (Field::Email, format!("Nobody here signs in as {email}. An administrator can invite them."))
            }
            SiteError::Member(email) => (Field::Email, format!("{email} is a member already.")),
            SiteError::Unknown | SiteError::NoMember | SiteError::Store(_) => return None,
        };
        Some(Self { field, words })
    }
}

type Server = State<Arc<AuthorizationServer>>;

/// One site.
#[rocket::get("/admin/sites/<_>?<done>")]
pub async fn show(server: &Server, admin: SiteAdmin, csrf: CsrfToken, done: Option<&str>) -> Result<Page, ErrorPage> {
    let site = admin.site.clone();
    site_page(server, &admin, csrf, Typed::of(&site), (notice::sentence(done), None)).await
}

/// Gives the site another name or URL.
#[rocket::post("/admin/sites/<_>/change", data = "<form>")]
pub async fn change(server: &Server, admin: SiteAdmin, form: CsrfForm, csrf: CsrfToken) -> Result<Answer, ErrorPage> {
    let typed = Typed { name: form.get("name"), url: form.get("url"), email: "" };
    let url = match url(typed.url) {
        Ok(url) => url,
        Err(problem) => return Ok(site_page(server, &admin, csrf, typed, (None, Some(problem))).await?.into()),
    };
    match sites::change(server, admin.site.id, (typed.name, url), by(&admin)).await {
        Ok(site) => Ok(Redirect303::to(format!("/admin/sites/{}?done=site-changed", site.id)).into()),
        Err(error) => match Problem::of(&error) {
            Some(problem) => Ok(site_page(server, &admin, csrf, typed, (None, Some(problem))).await?.into()),
            None => Err(page(&error)),
        },
    }
}

pub(super) async fn site_page(
    server: &AuthorizationServer,
    admin: &SiteAdmin,
    csrf: CsrfToken,
    typed: Typed<'_>,
    (notice, problem): (Option<&'static str>, Option<Problem>),
) -> Result<Page, ErrorPage> {
    let site = admin.site.as_ref();
    Ok(Page::ok(&SitePage {
        frame: Frame::wide(server, &admin.signed_in.user, "/admin/sites"),
        csrf: csrf.0,
        site,
        reached_at: server.url_of(site),
        fellows: sites::members(server, site.id).await.map_err(|error| ErrorPage::failure(&error))?,
        own: admin.signed_in.user.id,
        notice,
        problem,
        typed,
        now: server.now(),
    }))
}

pub(super) fn by(admin: &SiteAdmin) -> Actor {
    Actor::User(admin.signed_in.user.id)
}

pub(super) fn page(error: &SiteError) -> ErrorPage {
    match error {
        SiteError::Unknown => ErrorPage::new(Status::NotFound, "There is no such site")
            .what_happened("No site here has that identifier.")
            .what_to_do(&["Look at the list of sites again."]),
        SiteError::NoMember => ErrorPage::new(Status::NotFound, "There is no such member")
            .what_happened("Nobody on this site has that identifier. Perhaps they were removed a moment ago.")
            .what_to_do(&["Look at the members of the site again."]),
        SiteError::Store(error) => ErrorPage::failure(error),
        refused => ErrorPage::new(Status::Conflict, "This cannot be done").what_happened(&format!("{refused}.")),
    }
}
