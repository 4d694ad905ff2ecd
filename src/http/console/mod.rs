//! The developer console: everybody's own apps, and whatever their developers need to know.

pub mod app;
pub mod apps;
pub mod connect;
pub mod deploy;
pub mod environment;
mod redirect_uris;

use rocket::http::Status;
use rocket::{Route, routes};

use crate::apps::RegistryError;
use crate::apps::console::ConsoleError;
use crate::apps::sharing::SharingError;
use crate::domain::app::Deployment;
use crate::domain::id::AppId;
use crate::http::responses::page::ErrorPage;

/// The routes of this folder.
pub fn routes() -> Vec<Route> {
    routes![
        apps::list,
        deploy::form,
        deploy::deploy,
        connect::form,
        connect::connect,
        app::show,
        app::share,
        app::add_contributor,
        app::remove_contributor,
        environment::show,
        environment::set_redirect_uris,
        environment::make_secret,
    ]
}

/// The app of that name in a path.
fn app_id(id: &str) -> Result<AppId, ErrorPage> {
    id.parse().map_err(|_| no_such_app())
}

/// The environment of an app that a path names.
fn deployment(id: &str, environment: &str) -> Result<Deployment, ErrorPage> {
    let environment = environment.parse().map_err(|_| no_such_app())?;
    Ok(Deployment { app_id: app_id(id)?, environment })
}

fn no_such_app() -> ErrorPage {
    ErrorPage::new(Status::NotFound, "You have no such app")
        .what_happened("There is no app of yours at this address, or nothing was deployed to this environment of it.")
        .what_to_do(&["Look at the list of your apps again."])
}

fn page(error: &ConsoleError) -> ErrorPage {
    match error {
        ConsoleError::Unknown | ConsoleError::NotDeployed(_) => no_such_app(),
        ConsoleError::Store(error) | ConsoleError::Registry(RegistryError::Store(error)) => ErrorPage::failure(error),
        ConsoleError::Registry(error) => {
            ErrorPage::new(Status::Conflict, "This cannot be done").what_happened(&error.to_string())
        }
    }
}

fn unshared(error: &SharingError) -> ErrorPage {
    match error {
        SharingError::Unknown => no_such_app(),
        SharingError::Store(error) => ErrorPage::failure(error),
    }
}
