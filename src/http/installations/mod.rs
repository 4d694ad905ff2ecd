//! Apps on a site: what its admins install and approve, and what its members ask for.
//!
//! | file | who | what |
//! |---|---|---|
//! | `list` | admins | what is installed, and what is asked for |
//! | `offer` | admins | what can be installed, and installing it |
//! | `installed` | admins | one installation: suspend, resume, uninstall |
//! | `approval` | admins | what a new version asks for beside what was approved |
//! | `request` | members | what can be asked for, and asking for it |

pub mod approval;
pub mod installed;
pub mod list;
pub mod offer;
pub mod request;

use std::sync::Arc;

use rocket::http::Status;
use rocket::{Route, routes};

use crate::access::choosing::{Vouching, vouching_for};
use crate::apps::installations::{self, InstallationError, Offer};
use crate::authorization_server::AuthorizationServer;
use crate::domain::app::{App, Deployment, Environment};
use crate::domain::event::Actor;
use crate::domain::id::{SiteId, UserId};
use crate::domain::scope::Scope;
use crate::http::guards::csrf::CsrfForm;
use crate::http::responses::page::ErrorPage;
use crate::store::StoreError;

/// The routes of this folder.
pub fn routes() -> Vec<Route> {
    // Those of fixed names stand before those of an installation.
    routes![
        list::list,
        list::decline,
        offer::add,
        offer::show,
        offer::install,
        approval::show,
        approval::answer,
        installed::confirm_suspend,
        installed::suspend,
        installed::resume,
        installed::confirm_uninstall,
        installed::uninstall,
        installed::tell,
        installed::confirm_rotate,
        installed::rotate,
        installed::show,
        request::list,
        request::show,
        request::send,
    ]
}

/// Who answers for an app, as an admin is told.
struct Publisher {
    /// In words.
    words: String,
    /// Whether this server's operator registered it.
    is_trusted: bool,
}

impl Publisher {
    async fn of(server: &AuthorizationServer, app: &App) -> Result<Self, StoreError> {
        Ok(match vouching_for(server, app).await? {
            Vouching::Operator => Self { words: "Made by your organisation".into(), is_trusted: true },
            Vouching::Nobody { by } => Self { words: format!("By {by}"), is_trusted: false },
        })
    }
}

/// What somebody is called.
async fn name_of(server: &AuthorizationServer, user: UserId) -> Result<String, StoreError> {
    let user = server.store.user(user).await?;
    Ok(user.map_or_else(|| "somebody who is gone".into(), |user| user.display_name().to_owned()))
}

/// Who did something, as an admin is told.
async fn name_of_actor(server: &AuthorizationServer, by: Actor) -> Result<String, StoreError> {
    match by {
        Actor::Operator => Ok("an operator".into()),
        Actor::App(_) => Ok("an app".into()),
        Actor::User(user) => name_of(server, user).await,
    }
}

/// The environment of an app that a query or a form names.
fn deployment(app: &str, environment: &str) -> Result<Deployment, ErrorPage> {
    let app_id = app.parse().map_err(|_| no_such_app())?;
    Ok(Deployment { app_id, environment: environment.parse().map_err(|_| no_such_app())? })
}

fn deployment_in(form: &CsrfForm) -> Result<Deployment, ErrorPage> {
    deployment(form.get("app"), form.get("environment"))
}

/// The optional scopes that are ticked in a form.
fn ticked(form: &CsrfForm) -> Result<Scope, ErrorPage> {
    form.all("scope").collect::<Vec<_>>().join(" ").parse().map_err(|_| unreadable())
}

fn unreadable() -> ErrorPage {
    ErrorPage::new(Status::BadRequest, "Your answer cannot be read")
        .what_happened("The form that your browser sent is not the one we showed you.")
}

/// What somebody could have on a site that it has not: apps that are offered to them; in development their own alone.
async fn offers(server: &AuthorizationServer, site: SiteId, user: UserId) -> Result<Vec<Offer>, InstallationError> {
    let mut offers = Vec::new();
    for app in server.store.apps().await? {
        if !app.is_offered_to(user) {
            continue;
        }
        for environment in Environment::ALL {
            let deployment = Deployment { app_id: app.id, environment };
            let hidden = environment == Environment::Development && !app.is_developed_by(user);
            if hidden || server.store.installation_on(site, deployment).await?.is_some() {
                continue;
            }
            match installations::offer(server, deployment).await {
                Ok(offer) => offers.push(offer),
                Err(InstallationError::NotDeployed(_) | InstallationError::Unknown(_)) => {}
                Err(error) => return Err(error),
            }
        }
    }
    Ok(offers)
}

/// What is offered to somebody by that name; what is not shared with them is as if it were not there.
async fn offered(server: &AuthorizationServer, deployment: Deployment, user: UserId) -> Result<Offer, ErrorPage> {
    let offer = installations::offer(server, deployment).await.map_err(|error| page(&error))?;
    if offer.app.is_offered_to(user) { Ok(offer) } else { Err(no_such_app()) }
}

fn no_such_app() -> ErrorPage {
    ErrorPage::new(Status::NotFound, "There is no such app here")
        .what_happened("There is no app at this address, it is not shared with you, or it was uninstalled.")
        .what_to_do(&["Look at the list of apps again."])
}

fn page(error: &InstallationError) -> ErrorPage {
    let conflict = |what_happened: &str| {
        ErrorPage::new(Status::Conflict, "This cannot be done")
            .what_happened(what_happened)
            .what_to_do(&["Go back, open the page again and look at what is there now."])
    };
    match error {
        InstallationError::Unknown(_) | InstallationError::NotDeployed(_) | InstallationError::NotShared => {
            no_such_app()
        }
        InstallationError::NotAdmin | InstallationError::NotMember => {
            ErrorPage::new(Status::Forbidden, "You cannot do this").what_happened("Only an admin of the site may.")
        }
        InstallationError::Installed => conflict("This app is installed on the site already."),
        InstallationError::Overtaken => conflict(
            "Something changed meanwhile: another version was deployed, or somebody else decided. Nothing was done.",
        ),
        InstallationError::NotTold(why) => ErrorPage::new(Status::BadGateway, "The app did not take it")
            .what_happened(&format!(
                "The app has to answer before it is installed, and it could not be told: {why}. Nothing was installed."
            ))
            .what_to_do(&["Ask the developer whether the app is up.", "Try again later."]),
        InstallationError::NotConnect => conflict("This is no Connect app, so that it shares no secret with the site."),
        InstallationError::NotOptional(_) => conflict("A scope was left out without which the app does not work."),
        InstallationError::Reason => conflict("What you wrote is too long."),
        InstallationError::Store(error) => ErrorPage::failure(error),
    }
}

fn failed(error: StoreError) -> ErrorPage {
    ErrorPage::failure(&error)
}

/// What an app is called, as long as it is known.
async fn app_name(server: &AuthorizationServer, deployment: Deployment) -> Result<String, StoreError> {
    let app: Option<Arc<App>> = server.store.app(deployment.app_id).await?;
    Ok(app.map_or_else(|| "An app that is gone".into(), |app| app.name.clone()))
}
