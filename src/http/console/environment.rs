//! /console/apps/ID/ENVIRONMENT: the client, its secrets and redirection URIs, the versions, where they are installed, and
//! what the client was refused last.

use std::sync::Arc;

use rocket::State;

use crate::apps::asked;
use crate::apps::console::{self, History, Workshop};
use crate::authorization_server::AuthorizationServer;
use crate::domain::app::{App, Deployment, Environment};
use crate::domain::client::{Client, ClientSecret, Credentials};
use crate::domain::event::Actor;
use crate::domain::id::UserId;
use crate::domain::time::Timestamp;
use crate::domain::user::User;
use crate::http::console::{deployment, page, redirect_uris};
use crate::http::guards::csrf::{CsrfForm, CsrfToken};
use crate::http::guards::signed_in::SignedIn;
use crate::http::responses::page::{Answer, ErrorPage, Frame, Page};
use crate::http::responses::redirect::Redirect303;
use crate::http::responses::{filters, notice};
use crate::store::StoreError;
use crate::telemetry::refusals::Refusal;

#[derive(askama::Template)]
#[template(path = "console/environment.html")]
struct EnvironmentPage {
    frame: Frame,
    csrf: String,
    app: Arc<App>,
    environment: Environment,
    client: Arc<Client>,
    secrets: Vec<ClientSecret>,
    redirect_uris: String,
    problems: Vec<String>,
    versions: Vec<VersionRow>,
    installations: Vec<InstallationRow>,
    refusals: Vec<Refusal>,
    notice: Option<&'static str>,
    now: Timestamp,
}

#[derive(askama::Template)]
#[template(path = "console/secret.html")]
struct SecretPage<'a> {
    frame: Frame,
    app: &'a App,
    environment: Environment,
    secret: &'a str,
}

/// A version, as the page lists it.
struct VersionRow {
    number: String,
    deployed: Timestamp,
    by: String,
    changes: Vec<String>,
}

/// An installation, as far as a developer may know of it.
struct InstallationRow {
    site: String,
    version: String,
    is_active: bool,
    created: Timestamp,
}

type Server = State<Arc<AuthorizationServer>>;

/// One environment.
#[rocket::get("/console/apps/<id>/<environment>?<done>")]
pub async fn show(
    server: &Server,
    signed_in: SignedIn,
    csrf: CsrfToken,
    id: &str,
    environment: &str,
    done: Option<&str>,
) -> Result<Page, ErrorPage> {
    let deployment = deployment(id, environment)?;
    environment_page(server, &signed_in.user, csrf, deployment, notice::sentence(done), None).await
}

/// Replaces the redirection URIs, if each of them can be one.
#[rocket::post("/console/apps/<id>/<environment>/redirect-uris", data = "<form>")]
pub async fn set_redirect_uris(
    server: &Server,
    signed_in: SignedIn,
    csrf: CsrfToken,
    id: &str,
    environment: &str,
    form: CsrfForm,
) -> Result<Answer, ErrorPage> {
    let deployment = deployment(id, environment)?;
    let typed = form.get("redirect_uris");
    match redirect_uris::read(typed) {
        Ok(uris) => {
            let set = console::set_redirect_uris(server, deployment, &uris, signed_in.user.id).await;
            set.map_err(|error| page(&error))?;
            Ok(back(deployment, "redirect-uris-saved").into())
        }
        Err(problems) => {
            let refused = Some((typed.to_owned(), problems));
            Ok(environment_page(server, &signed_in.user, csrf, deployment, None, refused).await?.into())
        }
    }
}

/// Makes one more secret, and shows it once.
#[rocket::post("/console/apps/<id>/<environment>/secrets", data = "<_form>")]
pub async fn make_secret(
    server: &Server,
    signed_in: SignedIn,
    id: &str,
    environment: &str,
    _form: CsrfForm,
) -> Result<Page, ErrorPage> {
    let deployment = deployment(id, environment)?;
    let made = console::new_secret(server, deployment, signed_in.user.id).await;
    let (app, secret) = made.map_err(|error| page(&error))?;
    let frame = Frame::wide(server, &signed_in.user, "/console");
    let environment = deployment.environment;
    Ok(Page::ok(&SecretPage { frame, app: &app, environment, secret: secret.expose() }))
}

async fn environment_page(
    server: &AuthorizationServer,
    user: &User,
    csrf: CsrfToken,
    deployment: Deployment,
    notice: Option<&'static str>,
    refused: Option<(String, Vec<String>)>,
) -> Result<Page, ErrorPage> {
    let workshop = console::workshop(server, deployment, user.id).await.map_err(|error| page(&error))?;
    let failed = |error: StoreError| ErrorPage::failure(&error);
    let versions = version_rows(server, &workshop.versions).await.map_err(failed)?;
    let installations = installation_rows(server, &workshop, user.id).await.map_err(failed)?;
    let Workshop { app, environment, client, refusals, .. } = workshop;
    let (redirect_uris, problems) = refused.unwrap_or((redirect_uris::text(&client.redirect_uris), Vec::new()));
    let secrets = match &client.credentials {
        Credentials::Secrets(secrets) => secrets.clone(),
        Credentials::Public | Credentials::PrivateKeyJwt(_) => Vec::new(),
    };
    Ok(Page::ok(&EnvironmentPage {
        frame: Frame::wide(server, user, "/console"),
        csrf: csrf.0,
        app,
        environment,
        client,
        secrets,
        redirect_uris,
        problems,
        versions,
        installations,
        refusals,
        notice,
        now: server.now(),
    }))
}

async fn version_rows(server: &AuthorizationServer, versions: &[History]) -> Result<Vec<VersionRow>, StoreError> {
    let mut rows = Vec::with_capacity(versions.len());
    for History { version, changes } in versions {
        let by = match version.by {
            Actor::Operator => "an operator".to_owned(),
            Actor::App(_) => "an app".to_owned(),
            Actor::User(user) => {
                let user = server.store.user(user).await?;
                user.map_or_else(|| "somebody who is gone".into(), |user| user.display_name().to_owned())
            }
        };
        let changes = changes.iter().map(asked::sentence).collect();
        rows.push(VersionRow { number: version.number.to_string(), deployed: version.deployed, by, changes });
    }
    Ok(rows)
}

/// Only who is on a site learns that the app is there.
async fn installation_rows(
    server: &AuthorizationServer,
    workshop: &Workshop,
    developer: UserId,
) -> Result<Vec<InstallationRow>, StoreError> {
    let mut rows = Vec::with_capacity(workshop.installations.len());
    for installation in &workshop.installations {
        let site = match server.store.member(installation.site_id, developer).await? {
            Some(_) => server.store.site(installation.site_id).await?,
            None => None,
        };
        rows.push(InstallationRow {
            site: site.map_or_else(|| "A site that you are not on".into(), |site| site.name.clone()),
            version: installation.approval.version.to_string(),
            is_active: installation.is_active(),
            created: installation.created,
        });
    }
    Ok(rows)
}

fn back(deployment: Deployment, done: &str) -> Redirect303 {
    let Deployment { app_id, environment } = deployment;
    Redirect303::to(format!("/console/apps/{app_id}/{environment}?done={done}"))
}
