//! /sites/SITE/apps: a member asks the admins of a site for an app, and sees whether they have answered.

use std::sync::Arc;

use rocket::State;

use crate::apps::asked::Asked;
use crate::apps::installations::{self, InstallationError, LONGEST_REASON, Offer};
use crate::authorization_server::AuthorizationServer;
use crate::domain::app::Deployment;
use crate::domain::installation::InstallationRequest;
use crate::domain::site::{Site, SiteStanding};
use crate::domain::time::Timestamp;
use crate::http::guards::csrf::{CsrfForm, CsrfToken};
use crate::http::guards::site_admin::SiteMember;
use crate::http::installations::{Publisher, deployment, deployment_in, failed, offered, offers, page};
use crate::http::responses::page::{Answer, ErrorPage, Frame, Page};
use crate::http::responses::redirect::Redirect303;
use crate::http::responses::{filters, notice};

#[derive(askama::Template)]
#[template(path = "installations/requests.html")]
struct RequestsPage {
    frame: Frame,
    site: Arc<Site>,
    offers: Vec<(Offer, Publisher, Option<InstallationRequest>)>,
    now: Timestamp,
}

#[derive(askama::Template)]
#[template(path = "installations/request.html")]
struct RequestPage<'a> {
    frame: Frame,
    csrf: String,
    site: &'a Site,
    app: &'a str,
    deployment: Deployment,
    publisher: Publisher,
    asked: Asked,
    heading: String,
    waiting: Option<InstallationRequest>,
    reason: &'a str,
    problem: Option<String>,
    notice: Option<&'static str>,
    longest_reason: usize,
    now: Timestamp,
}

/// What a page says after the member did something.
#[derive(Default)]
struct Told<'a> {
    reason: &'a str,
    problem: Option<String>,
    notice: Option<&'static str>,
}

type Server = State<Arc<AuthorizationServer>>;

/// What a member may ask for.
#[rocket::get("/sites/<_>/apps")]
pub async fn list(server: &Server, member: SiteMember) -> Result<Page, ErrorPage> {
    let user = member.signed_in.user.id;
    let mine = requests_of(server, &member).await?;
    let mut rows = Vec::new();
    for offer in offers(server, member.site.id, user).await.map_err(|error| page(&error))? {
        let publisher = Publisher::of(server, &offer.app).await.map_err(failed)?;
        let request = mine.iter().find(|request| request.deployment == offer.deployment).cloned();
        rows.push((offer, publisher, request));
    }
    let frame = Frame::wide(server, &member.signed_in.user, "/account/apps");
    Ok(Page::ok(&RequestsPage { frame, site: member.site, offers: rows, now: server.now() }))
}

/// What an app asks for, and asking for it. An admin need not ask.
#[rocket::get("/sites/<_>/apps/request?<app>&<environment>&<done>")]
pub async fn show(
    server: &Server,
    member: SiteMember,
    csrf: CsrfToken,
    app: Option<&str>,
    environment: Option<&str>,
    done: Option<&str>,
) -> Result<Answer, ErrorPage> {
    // Who had to sign in comes back without the query.
    let (Some(app), Some(environment)) = (app, environment) else {
        return Ok(Redirect303::to(format!("/sites/{}/apps", member.site.id)).into());
    };
    let deployment = deployment(app, environment)?;
    if member.standing == SiteStanding::Admin {
        let Deployment { app_id, environment } = deployment;
        let path = format!("/admin/sites/{}/apps/install?app={app_id}&environment={environment}", member.site.id);
        return Ok(Redirect303::to(path).into());
    }
    let told = Told { notice: notice::sentence(done), ..Told::default() };
    Ok(request_page(server, &member, csrf, deployment, told).await?.into())
}

/// Sends the request.
#[rocket::post("/sites/<_>/apps/request", data = "<form>")]
pub async fn send(server: &Server, member: SiteMember, csrf: CsrfToken, form: CsrfForm) -> Result<Answer, ErrorPage> {
    let deployment = deployment_in(&form)?;
    let reason = form.get("reason");
    let place = (member.site.id, deployment);
    match installations::request(server, place, reason, member.signed_in.user.id).await {
        Ok(()) => {
            let (site, Deployment { app_id, environment }) = (member.site.id, deployment);
            let path = format!("/sites/{site}/apps/request?app={app_id}&environment={environment}&done=requested");
            Ok(Redirect303::to(path).into())
        }
        Err(InstallationError::Reason) => {
            let problem = Some(format!("Your message is too long: it has at most {LONGEST_REASON} characters."));
            let told = Told { reason, problem, notice: None };
            Ok(request_page(server, &member, csrf, deployment, told).await?.into())
        }
        Err(error) => Err(page(&error)),
    }
}

async fn request_page(
    server: &AuthorizationServer,
    member: &SiteMember,
    csrf: CsrfToken,
    deployment: Deployment,
    told: Told<'_>,
) -> Result<Page, ErrorPage> {
    let offer = offered(server, deployment, member.signed_in.user.id).await?;
    let there = server.store.installation_on(member.site.id, deployment).await.map_err(failed)?;
    if there.is_some() {
        return Err(page(&InstallationError::Installed));
    }
    let waiting = requests_of(server, member).await?.into_iter().find(|request| request.deployment == deployment);
    Ok(Page::ok(&RequestPage {
        frame: Frame::wide(server, &member.signed_in.user, "/account/apps"),
        csrf: csrf.0,
        site: &member.site,
        app: &offer.app.name,
        deployment,
        publisher: Publisher::of(server, &offer.app).await.map_err(failed)?,
        asked: Asked::all(server, &offer.version.manifest.privileges).await.map_err(failed)?,
        heading: format!("For everyone on {}, it would be able to", member.site.name),
        waiting,
        reason: told.reason,
        problem: told.problem,
        notice: told.notice,
        longest_reason: LONGEST_REASON,
        now: server.now(),
    }))
}

async fn requests_of(server: &AuthorizationServer, member: &SiteMember) -> Result<Vec<InstallationRequest>, ErrorPage> {
    let mut requests = installations::requests(server, member.site.id).await.map_err(failed)?;
    requests.retain(|request| request.by == member.signed_in.user.id);
    Ok(requests)
}
