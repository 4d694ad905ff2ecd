//! /admin/sites/ID/members: making somebody a member of a site, saying what they may do there, and removing them.

use std::sync::Arc;

use rocket::State;

use crate::accounts::sites::{self, Admins, Fellow, SiteError};
use crate::authorization_server::AuthorizationServer;
use crate::domain::id::UserId;
use crate::domain::site::{Site, SiteStanding};
use crate::domain::user::Standing;
use crate::http::admin::site::{Field, Problem, Typed, by, page, site_page};
use crate::http::guards::csrf::{CsrfForm, CsrfToken};
use crate::http::guards::site_admin::SiteAdmin;
use crate::http::responses::page::{Answer, ErrorPage, Frame, Page};
use crate::http::responses::redirect::Redirect303;

/// What removing somebody means, before it is done.
#[derive(askama::Template)]
#[template(path = "admin/remove_member.html")]
struct RemovalPage<'a> {
    frame: Frame,
    csrf: String,
    site: &'a Site,
    fellow: &'a Fellow,
    own: UserId,
    only_admin: bool,
}

type Server = State<Arc<AuthorizationServer>>;

/// Makes somebody a member.
#[rocket::post("/admin/sites/<_>/members", data = "<form>")]
pub async fn add(server: &Server, admin: SiteAdmin, form: CsrfForm, csrf: CsrfToken) -> Result<Answer, ErrorPage> {
    let typed = Typed { email: form.get("email"), ..Typed::of(&admin.site) };
    let Ok(email) = typed.email.parse() else {
        let words = "An e-mail address is name@host, without spaces.".to_owned();
        let problem = Problem { field: Field::Email, words };
        return Ok(site_page(server, &admin, csrf, typed, (None, Some(problem))).await?.into());
    };
    match sites::add_member(server, admin.site.id, (&email, standing(&form)), by(&admin)).await {
        Ok(_) => Ok(back(&admin, "member-added").into()),
        Err(error) => match Problem::of(&error) {
            Some(problem) => Ok(site_page(server, &admin, csrf, typed, (None, Some(problem))).await?.into()),
            None => Err(page(&error)),
        },
    }
}

/// Says what a member may do.
#[rocket::post("/admin/sites/<_>/members/<user>/standing", data = "<form>")]
pub async fn set_standing(
    server: &Server,
    admin: SiteAdmin,
    user: &str,
    form: CsrfForm,
) -> Result<Redirect303, ErrorPage> {
    let place = (admin.site.id, named(user)?);
    let changed = sites::set_standing(server, place, standing(&form), by(&admin)).await;
    let (_, admins) = changed.map_err(|error| page(&error))?;
    Ok(onward(&admin, place.1, admins, "member-changed"))
}

/// Asks whether somebody is to be removed, and says what that means.
#[rocket::get("/admin/sites/<_>/members/<user>/remove")]
pub async fn confirm(server: &Server, admin: SiteAdmin, csrf: CsrfToken, user: &str) -> Result<Page, ErrorPage> {
    let fellow = sites::member(server, admin.site.id, named(user)?).await.map_err(|error| page(&error))?;
    let fellows = sites::members(server, admin.site.id).await.map_err(|error| ErrorPage::failure(&error))?;
    Ok(Page::ok(&RemovalPage {
        frame: Frame::wide(server, &admin.signed_in.user, "/admin/sites"),
        csrf: csrf.0,
        site: &admin.site,
        fellow: &fellow,
        own: admin.signed_in.user.id,
        only_admin: fellow.is_admin() && fellows.iter().filter(|fellow| fellow.is_admin()).count() == 1,
    }))
}

/// Removes somebody.
#[rocket::post("/admin/sites/<_>/members/<user>/remove", data = "<_form>")]
pub async fn remove(server: &Server, admin: SiteAdmin, user: &str, _form: CsrfForm) -> Result<Redirect303, ErrorPage> {
    let place = (admin.site.id, named(user)?);
    let admins = sites::remove_member(server, place, by(&admin)).await.map_err(|error| page(&error))?;
    Ok(onward(&admin, place.1, admins, "member-removed"))
}

fn named(user: &str) -> Result<UserId, ErrorPage> {
    user.parse().map_err(|_| page(&SiteError::NoMember))
}

fn standing(form: &CsrfForm) -> SiteStanding {
    if form.get("standing") == "admin" { SiteStanding::Admin } else { SiteStanding::Member }
}

/// Where somebody goes who changed the standing of `user`: who gave up their own may not see the site any more.
fn onward(admin: &SiteAdmin, user: UserId, admins: Admins, done: &str) -> Redirect303 {
    let done = if admins == Admins::NoneLeft { "no-admin-left" } else { done };
    let signed_in = &admin.signed_in.user;
    if user == signed_in.id && signed_in.standing != Standing::Admin {
        return Redirect303::to(format!("/admin/sites?done={done}"));
    }
    back(admin, done)
}

fn back(admin: &SiteAdmin, done: &str) -> Redirect303 {
    Redirect303::to(format!("/admin/sites/{}?done={done}", admin.site.id))
}
