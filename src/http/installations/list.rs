//! GET /admin/sites/SITE/apps: what is installed on a site, and what its members ask for.

use std::sync::Arc;

use rocket::State;

use crate::apps::installations::{self, Installed};
use crate::authorization_server::AuthorizationServer;
use crate::domain::app::Deployment;
use crate::domain::event::Actor;
use crate::domain::site::Site;
use crate::domain::time::Timestamp;
use crate::http::guards::csrf::{CsrfForm, CsrfToken};
use crate::http::guards::site_admin::SiteAdmin;
use crate::http::installations::{Publisher, app_name, deployment_in, failed, name_of, page};
use crate::http::responses::page::{ErrorPage, Frame, Page};
use crate::http::responses::redirect::Redirect303;
use crate::http::responses::{filters, notice};

#[derive(askama::Template)]
#[template(path = "installations/list.html")]
struct ListPage {
    frame: Frame,
    csrf: String,
    site: Arc<Site>,
    rows: Vec<Row>,
    requests: Vec<RequestRow>,
    notice: Option<&'static str>,
    now: Timestamp,
}

/// An installation.
struct Row {
    installed: Installed,
    publisher: Publisher,
}

/// An app that is asked for, and everybody who asks for it.
struct RequestRow {
    deployment: Deployment,
    app: String,
    asked: Vec<Asking>,
}

/// Somebody who asks.
struct Asking {
    who: String,
    reason: String,
    at: Timestamp,
}

/// The apps of a site.
#[rocket::get("/admin/sites/<_>/apps?<done>")]
pub async fn list(
    server: &State<Arc<AuthorizationServer>>,
    admin: SiteAdmin,
    csrf: CsrfToken,
    done: Option<&str>,
) -> Result<Page, ErrorPage> {
    let mut rows = Vec::new();
    for installed in installations::on_site(server, admin.site.id).await.map_err(|error| page(&error))? {
        let publisher = Publisher::of(server, &installed.offer.app).await.map_err(failed)?;
        rows.push(Row { installed, publisher });
    }
    Ok(Page::ok(&ListPage {
        frame: Frame::wide(server, &admin.signed_in.user, "/admin/sites"),
        csrf: csrf.0,
        rows,
        requests: requests(server, &admin).await?,
        notice: notice::sentence(done),
        now: server.now(),
        site: admin.site,
    }))
}

async fn requests(server: &AuthorizationServer, admin: &SiteAdmin) -> Result<Vec<RequestRow>, ErrorPage> {
    let mut rows: Vec<RequestRow> = Vec::new();
    for request in installations::requests(server, admin.site.id).await.map_err(failed)? {
        let who = name_of(server, request.by).await.map_err(failed)?;
        let asking = Asking { who, reason: request.reason, at: request.at };
        match rows.iter_mut().find(|row| row.deployment == request.deployment) {
            Some(row) => row.asked.push(asking),
            None => {
                let app = app_name(server, request.deployment).await.map_err(failed)?;
                rows.push(RequestRow { deployment: request.deployment, app, asked: vec![asking] });
            }
        }
    }
    Ok(rows)
}

/// Answers everybody who asked for an app that it will not be installed.
#[rocket::post("/admin/sites/<_>/apps/decline", data = "<form>")]
pub async fn decline(
    server: &State<Arc<AuthorizationServer>>,
    admin: SiteAdmin,
    form: CsrfForm,
) -> Result<Redirect303, ErrorPage> {
    let place = (admin.site.id, deployment_in(&form)?);
    let declined = installations::decline(server, place, Actor::User(admin.signed_in.user.id)).await;
    declined.map_err(|error| page(&error))?;
    Ok(Redirect303::to(format!("/admin/sites/{}/apps?done=declined", admin.site.id)))
}
