//! /console/apps/ID: one app of a developer, who may allow it anything, and who else develops it.

use std::sync::Arc;

use rocket::State;

use crate::apps::console::{self, Running};
use crate::apps::sharing;
use crate::authorization_server::AuthorizationServer;
use crate::domain::app::{App, Distribution};
use crate::domain::event::Actor;
use crate::domain::id::{AppId, UserId};
use crate::domain::user::User;
use crate::http::console::{app_id, no_such_app, page, unshared};
use crate::http::guards::csrf::{CsrfForm, CsrfToken};
use crate::http::guards::signed_in::SignedIn;
use crate::http::responses::notice;
use crate::http::responses::page::{Answer, ErrorPage, Frame, Page};
use crate::http::responses::redirect::Redirect303;

#[derive(askama::Template)]
#[template(path = "console/app.html")]
struct AppPage<'a> {
    frame: Frame,
    csrf: String,
    app: Arc<App>,
    environments: Vec<Running>,
    is_owner: bool,
    contributors: Vec<User>,
    notice: Option<&'static str>,
    problem: Option<&'static str>,
    email: &'a str,
}

type Server = State<Arc<AuthorizationServer>>;

/// One app.
#[rocket::get("/console/apps/<id>?<done>")]
pub async fn show(
    server: &Server,
    signed_in: SignedIn,
    csrf: CsrfToken,
    id: &str,
    done: Option<&str>,
) -> Result<Page, ErrorPage> {
    let told = (notice::sentence(done), None, "");
    app_page(server, &signed_in.user, csrf, app_id(id)?, told).await
}

/// Shares the app with everybody on a site where it is installed, or with its developers alone.
#[rocket::post("/console/apps/<id>/distribution", data = "<form>")]
pub async fn share(server: &Server, signed_in: SignedIn, id: &str, form: CsrfForm) -> Result<Redirect303, ErrorPage> {
    let (id, by) = (app_id(id)?, Actor::User(signed_in.user.id));
    let (distribution, done) = match form.get("distribution") {
        "shared" => (Distribution::Shared, "shared"),
        _ => (Distribution::NotShared, "not-shared"),
    };
    sharing::distribute(server, id, distribution, by).await.map_err(|error| unshared(&error))?;
    Ok(back(id, done))
}

/// Lets somebody else develop the app, who has an account here.
#[rocket::post("/console/apps/<id>/contributors", data = "<form>")]
pub async fn add_contributor(
    server: &Server,
    signed_in: SignedIn,
    csrf: CsrfToken,
    id: &str,
    form: CsrfForm,
) -> Result<Answer, ErrorPage> {
    let (id, developer) = (app_id(id)?, signed_in.user.id);
    // Who does not own it learns nothing of who has an account.
    let app = console::own(server, id, developer).await.map_err(|error| page(&error))?;
    if app.owner != Some(developer) {
        return Err(no_such_app());
    }
    let typed = form.get("email");
    let Some(contributor) = somebody(server, typed, developer).await? else {
        let problem = "Nobody on a site with you has that e-mail address. Ask an administrator to invite them.";
        let told = (None, Some(problem), typed);
        return Ok(app_page(server, &signed_in.user, csrf, id, told).await?.into());
    };
    let added = sharing::add_contributor(server, id, contributor, Actor::User(developer)).await;
    added.map_err(|error| unshared(&error))?;
    Ok(back(id, "contributor-added").into())
}

/// Takes that back.
#[rocket::post("/console/apps/<id>/contributors/remove", data = "<form>")]
pub async fn remove_contributor(
    server: &Server,
    signed_in: SignedIn,
    id: &str,
    form: CsrfForm,
) -> Result<Redirect303, ErrorPage> {
    let (id, by) = (app_id(id)?, Actor::User(signed_in.user.id));
    let contributor = form.get("user").parse().map_err(|_| no_such_app())?;
    sharing::remove_contributor(server, id, contributor, by).await.map_err(|error| unshared(&error))?;
    Ok(back(id, "contributor-removed"))
}

async fn app_page(
    server: &AuthorizationServer,
    user: &User,
    csrf: CsrfToken,
    id: AppId,
    (notice, problem, email): (Option<&'static str>, Option<&'static str>, &str),
) -> Result<Page, ErrorPage> {
    let developed = console::app(server, id, user.id).await.map_err(|error| page(&error))?;
    let mut contributors = Vec::new();
    for contributor in &developed.app.contributors {
        let known = server.store.user(*contributor).await.map_err(|error| ErrorPage::failure(&error))?;
        contributors.extend(known);
    }
    Ok(Page::ok(&AppPage {
        frame: Frame::wide(server, user, "/console"),
        csrf: csrf.0,
        is_owner: developed.app.owner == Some(user.id),
        app: developed.app,
        environments: developed.environments,
        contributors,
        notice,
        problem,
        email,
    }))
}

/// Who has that address, if they are on a site with the developer: who has an account elsewhere is not theirs to find out.
async fn somebody(server: &AuthorizationServer, email: &str, developer: UserId) -> Result<Option<UserId>, ErrorPage> {
    let failed = |error| ErrorPage::failure(&error);
    let Ok(email) = email.parse() else { return Ok(None) };
    let Some(user) = server.store.user_by_email(&email).await.map_err(failed)? else { return Ok(None) };
    for membership in server.store.memberships(developer).await.map_err(failed)? {
        if server.store.member(membership.site_id, user.id).await.map_err(failed)?.is_some() {
            return Ok(Some(user.id));
        }
    }
    Ok(None)
}

fn back(id: AppId, done: &str) -> Redirect303 {
    Redirect303::to(format!("/console/apps/{id}?done={done}"))
}
