//! GET /account/apps: what a person allowed, and taking it back.

use std::sync::Arc;

use rocket::State;
use rocket::http::Status;

use crate::accounts::connections::{self, Connection};
use crate::authorization_server::AuthorizationServer;
use crate::domain::event::Actor;
use crate::domain::id::UserId;
use crate::domain::scope::OFFLINE_ACCESS;
use crate::domain::site::{Site, SiteStanding};
use crate::domain::time::{Lifetime, Timestamp};
use crate::http::guards::csrf::{CsrfForm, CsrfToken};
use crate::http::guards::signed_in::SignedIn;
use crate::http::responses::page::{ErrorPage, Frame, Page};
use crate::http::responses::redirect::Redirect303;
use crate::http::responses::{filters, notice};
use crate::store::StoreError;

#[derive(askama::Template)]
#[template(path = "accounts/connections.html")]
struct ConnectionsPage {
    frame: Frame,
    connections: Vec<Connection>,
    /// The sites that the person is on, where they can ask for apps or, as an admin, install them.
    sites: Vec<(Arc<Site>, SiteStanding)>,
    notice: Option<&'static str>,
    now: Timestamp,
}

#[derive(askama::Template)]
#[template(path = "accounts/connection.html")]
struct ConnectionPage {
    frame: Frame,
    csrf: String,
    connection: Connection,
    notice: Option<&'static str>,
    offline: bool,
    idle: Lifetime,
    now: Timestamp,
}

/// The apps that the person allowed.
#[rocket::get("/account/apps?<done>")]
pub async fn list(
    server: &State<Arc<AuthorizationServer>>,
    signed_in: SignedIn,
    done: Option<&str>,
) -> Result<Page, ErrorPage> {
    let connections = connections::list(server, signed_in.user.id).await.map_err(|error| ErrorPage::failure(&error))?;
    let frame = Frame::wide(server, &signed_in.user, "/account/apps");
    let sites = sites_of(server, signed_in.user.id).await.map_err(|error| ErrorPage::failure(&error))?;
    let (notice, now) = (notice::sentence(done), server.now());
    Ok(Page::ok(&ConnectionsPage { frame, connections, sites, notice, now }))
}

async fn sites_of(server: &AuthorizationServer, user: UserId) -> Result<Vec<(Arc<Site>, SiteStanding)>, StoreError> {
    let mut sites = Vec::new();
    for member in server.store.memberships(user).await? {
        sites.extend(server.store.site(member.site_id).await?.map(|site| (site, member.standing)));
    }
    Ok(sites)
}

/// One app that the person allowed, and what taking its access back means.
#[rocket::get("/account/apps/<grant>?<done>")]
pub async fn show(
    server: &State<Arc<AuthorizationServer>>,
    signed_in: SignedIn,
    csrf: CsrfToken,
    grant: &str,
    done: Option<&str>,
) -> Result<Page, ErrorPage> {
    let id = grant.parse().map_err(|_| no_such_app())?;
    let connection = connections::find(server, signed_in.user.id, id).await;
    let connection = connection.map_err(|error| ErrorPage::failure(&error))?.ok_or_else(no_such_app)?;
    Ok(Page::ok(&ConnectionPage {
        frame: Frame::wide(server, &signed_in.user, "/account/apps"),
        csrf: csrf.0,
        offline: connection.grant.scope.contains(OFFLINE_ACCESS),
        idle: server.config.lifetimes.refresh_token_idle,
        connection,
        notice: notice::sentence(done),
        now: server.now(),
    }))
}

/// Takes an app's access back.
#[rocket::post("/account/apps/<grant>/remove", data = "<_form>")]
pub async fn remove(
    server: &State<Arc<AuthorizationServer>>,
    signed_in: SignedIn,
    grant: &str,
    _form: CsrfForm,
) -> Result<Redirect303, ErrorPage> {
    let (user, id) = (signed_in.user.id, grant.parse().map_err(|_| no_such_app())?);
    match connections::withdraw(server, user, id, Actor::User(user)).await {
        Ok(Some(_)) => Ok(Redirect303::to("/account/apps?done=access-removed".to_owned())),
        Ok(None) => Err(no_such_app()),
        Err(error) => Err(ErrorPage::failure(&error)),
    }
}

/// Takes an app's access to one site back.
#[rocket::post("/account/apps/<grant>/sites/<site>/remove", data = "<_form>")]
pub async fn remove_on(
    server: &State<Arc<AuthorizationServer>>,
    signed_in: SignedIn,
    grant: &str,
    site: &str,
    _form: CsrfForm,
) -> Result<Redirect303, ErrorPage> {
    let user = signed_in.user.id;
    let place = (grant.parse().map_err(|_| no_such_app())?, site.parse().map_err(|_| no_such_app())?);
    match connections::withdraw_on(server, user, place, Actor::User(user)).await {
        Ok(Some(grant)) if grant.sites.is_empty() => {
            Ok(Redirect303::to("/account/apps?done=access-removed".to_owned()))
        }
        Ok(Some(_)) => Ok(Redirect303::to(format!("/account/apps/{}?done=site-removed", place.0))),
        Ok(None) => Err(no_such_app()),
        Err(error) => Err(ErrorPage::failure(&error)),
    }
}

pub(in crate::http) fn no_such_app() -> ErrorPage {
    ErrorPage::new(Status::NotFound, "There is no such app")
        .what_happened("Its access was removed already, or it never had any.")
        .what_to_do(&["Look at the list of connected apps again."])
}
