//! GET /admin/sites/SITE/apps/add and /install: what can be installed on a site, what that allows, and installing it.

use std::sync::Arc;

use rocket::State;
use rocket::http::Status;

use crate::apps::asked::{self, Asked};
use crate::apps::installations::{self, InstallationError, Offer};
use crate::authorization_server::AuthorizationServer;
use crate::domain::app::{Deployment, VersionNumber};
use crate::domain::event::Actor;
use crate::domain::site::Site;
use crate::http::guards::csrf::{CsrfForm, CsrfToken};
use crate::http::guards::site_admin::SiteAdmin;
use crate::http::installations::{Publisher, deployment, deployment_in, failed, offered, offers, page, ticked};
use crate::http::responses::filters;
use crate::http::responses::page::{Answer, ErrorPage, Frame, Page};
use crate::http::responses::redirect::Redirect303;

#[derive(askama::Template)]
#[template(path = "installations/add.html")]
struct AddPage {
    frame: Frame,
    site: Arc<Site>,
    offers: Vec<(Offer, Publisher)>,
}

#[derive(askama::Template)]
#[template(path = "installations/install.html")]
struct InstallPage<'a> {
    frame: Frame,
    csrf: String,
    site: &'a Site,
    members: usize,
    app: &'a str,
    deployment: Deployment,
    version: VersionNumber,
    publisher: Publisher,
    asked: Asked,
    heading: String,
    overtaken: bool,
}

type Server = State<Arc<AuthorizationServer>>;

/// What can be installed.
#[rocket::get("/admin/sites/<_>/apps/add")]
pub async fn add(server: &Server, admin: SiteAdmin) -> Result<Page, ErrorPage> {
    let mut all = Vec::new();
    for offer in offers(server, admin.site.id, admin.signed_in.user.id).await.map_err(|error| page(&error))? {
        let publisher = Publisher::of(server, &offer.app).await.map_err(failed)?;
        all.push((offer, publisher));
    }
    let frame = Frame::wide(server, &admin.signed_in.user, "/admin/sites");
    Ok(Page::ok(&AddPage { frame, site: admin.site, offers: all }))
}

/// What an app would be able to do, and the question whether to install it.
#[rocket::get("/admin/sites/<_>/apps/install?<app>&<environment>")]
pub async fn show(
    server: &Server,
    admin: SiteAdmin,
    csrf: CsrfToken,
    app: Option<&str>,
    environment: Option<&str>,
) -> Result<Answer, ErrorPage> {
    // Who had to sign in comes back without the query.
    let (Some(app), Some(environment)) = (app, environment) else {
        return Ok(Redirect303::to(format!("/admin/sites/{}/apps/add", admin.site.id)).into());
    };
    Ok(install_page(server, &admin, csrf, deployment(app, environment)?, Shown::First).await?.into())
}

/// Installs the version that was shown.
#[rocket::post("/admin/sites/<_>/apps/install", data = "<form>")]
pub async fn install(server: &Server, admin: SiteAdmin, csrf: CsrfToken, form: CsrfForm) -> Result<Answer, ErrorPage> {
    let deployment = deployment_in(&form)?;
    let user = admin.signed_in.user.id;
    let offer = offered(server, deployment, user).await?;
    let declined = asked::declined(&offer.version.manifest.privileges, None, &ticked(&form)?);
    let number = form.get("version").parse().map_err(|_| page(&InstallationError::Overtaken))?;
    let (place, by) = ((admin.site.id, deployment), Actor::User(user));
    match installations::install_version(server, place, number, &declined, by).await {
        Ok(installation) => {
            let path = format!("/admin/sites/{}/apps/{}?done=installed", admin.site.id, installation.id);
            Ok(Redirect303::to(path).into())
        }
        Err(InstallationError::Overtaken) => {
            Ok(install_page(server, &admin, csrf, deployment, Shown::Again).await?.into())
        }
        Err(error) => Err(page(&error)),
    }
}

/// Whether another version was shown before.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Shown {
    First,
    Again,
}

async fn install_page(
    server: &AuthorizationServer,
    admin: &SiteAdmin,
    csrf: CsrfToken,
    deployment: Deployment,
    shown: Shown,
) -> Result<Page, ErrorPage> {
    let offer = offered(server, deployment, admin.signed_in.user.id).await?;
    let there = server.store.installation_on(admin.site.id, deployment).await.map_err(failed)?;
    if there.is_some() {
        return Err(page(&InstallationError::Installed));
    }
    let overtaken = shown == Shown::Again;
    let install = InstallPage {
        frame: Frame::wide(server, &admin.signed_in.user, "/admin/sites"),
        csrf: csrf.0,
        site: &admin.site,
        members: server.store.members(admin.site.id).await.map_err(failed)?.len(),
        app: &offer.app.name,
        deployment,
        version: offer.version.number,
        publisher: Publisher::of(server, &offer.app).await.map_err(failed)?,
        asked: Asked::all(server, &offer.version.manifest.privileges).await.map_err(failed)?,
        heading: format!("For everyone on {}, it will be able to", admin.site.name),
        overtaken,
    };
    Ok(Page::with_status(if overtaken { Status::Conflict } else { Status::Ok }, &install))
}
