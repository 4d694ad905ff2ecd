//! GET and POST /console/deploy: a manifest becomes a version, or its developer sees everything that is wrong with it.

use std::sync::Arc;

use rocket::State;

use crate::apps::RegistryError;
use crate::apps::asked;
use crate::apps::deployment::{self, DeployedVersion, DeploymentError, NewVersion};
use crate::apps::manifest::{self, ManifestFault, ReadManifest, UnknownKey};
use crate::authorization_server::AuthorizationServer;
use crate::domain::app::Environment;
use crate::domain::event::Actor;
use crate::domain::manifest::Privileges;
use crate::domain::user::User;
use crate::http::console::redirect_uris;
use crate::http::guards::csrf::CsrfToken;
use crate::http::guards::signed_in::SignedIn;
use crate::http::guards::upload::{MAX_UPLOAD, UploadForm};
use crate::http::responses::page::{ErrorPage, Frame, Page};
use crate::secrets::random;

/// What faults call the manifest.
const FILE: &str = "manifest.yml";

/// As much of a line as is shown beside its fault.
const LONGEST_LINE: usize = 160;

/// What a developer typed.
#[derive(Clone, Default)]
struct Typed {
    manifest: String,
    name: String,
    environment: Option<Environment>,
    redirect_uris: String,
    keys: String,
}

#[derive(askama::Template)]
#[template(path = "console/deploy.html")]
struct DeployPage<'a> {
    frame: Frame,
    csrf: String,
    typed: &'a Typed,
    environment: Environment,
    faults: Vec<Shown>,
    problems: Vec<String>,
    most_kib: usize,
}

#[derive(askama::Template)]
#[template(path = "console/deployed.html")]
struct DeployedPage<'a> {
    frame: Frame,
    deployed: &'a DeployedVersion,
    changes: Vec<String>,
    is_major: bool,
    unread: Unread,
}

/// What of the file was not read as it is written.
pub(super) enum Unread {
    /// Keys of a manifest that are not known.
    Keys(Vec<UnknownKey>),
    /// Sentences about a descriptor.
    Warnings(Vec<String>),
}

/// A fault beside the line in which it is.
struct Shown {
    fault: ManifestFault,
    text: String,
}

/// The form; for a new version of an app, with its environment chosen.
#[rocket::get("/console/deploy?<environment>")]
pub fn form(
    server: &State<Arc<AuthorizationServer>>,
    signed_in: SignedIn,
    csrf: CsrfToken,
    environment: Option<&str>,
) -> Page {
    let environment = environment.and_then(|environment| environment.parse().ok());
    let typed = Typed { environment, ..Typed::default() };
    deploy_page(server, &signed_in.user, csrf, &typed, Vec::new(), Vec::new())
}

/// Deploys the manifest.
#[rocket::post("/console/deploy", data = "<form>")]
pub async fn deploy(
    server: &State<Arc<AuthorizationServer>>,
    signed_in: SignedIn,
    form: UploadForm,
    csrf: CsrfToken,
) -> Result<Page, ErrorPage> {
    let user = &signed_in.user;
    let bytes = if form.bytes("file").is_empty() { form.bytes("manifest") } else { form.bytes("file") };
    let typed = Typed {
        manifest: String::from_utf8_lossy(bytes).into_owned(),
        name: form.get("name").trim().to_owned(),
        environment: form.get("environment").parse().ok(),
        redirect_uris: form.get("redirect_uris").to_owned(),
        keys: form.get("keys").trim().to_owned(),
    };
    let known = deployment::known_scopes(server).await.map_err(|error| ErrorPage::failure(&error))?;
    let read = manifest::read(bytes, FILE, &known);
    let uris = redirect_uris::read(&typed.redirect_uris);
    let (ReadManifest { manifest, unknown_keys }, redirect_uris) = match (read, uris) {
        (Ok(read), Ok(uris)) => (read, uris),
        (read, uris) => {
            let (faults, problems) = (read.err().unwrap_or_default(), uris.err().unwrap_or_default());
            return Ok(deploy_page(server, user, csrf, &typed, faults, problems));
        }
    };
    let given = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
    let new = NewVersion {
        manifest,
        name: given(&typed.name),
        environment: typed.environment.unwrap_or(Environment::Development),
        publisher: None,
        redirect_uris,
        keys: given(&typed.keys),
        descriptor: None,
    };
    match deployment::deploy(server, new, Actor::User(user.id)).await {
        Ok(deployed) => Ok(deployed_page(server, user, &deployed, Unread::Keys(unknown_keys))),
        Err(DeploymentError::Store(error) | DeploymentError::Registry(RegistryError::Store(error))) => {
            Err(ErrorPage::failure(&error))
        }
        Err(refused) => {
            let problem = format!("It was refused: {refused}.");
            Ok(deploy_page(server, user, csrf, &typed, Vec::new(), vec![problem]))
        }
    }
}

fn deploy_page(
    server: &AuthorizationServer,
    user: &User,
    csrf: CsrfToken,
    typed: &Typed,
    faults: Vec<ManifestFault>,
    problems: Vec<String>,
) -> Page {
    let lines: Vec<&str> = typed.manifest.lines().collect();
    let text = |fault: &ManifestFault| {
        let line = fault.line.checked_sub(1).and_then(|at| lines.get(at)).copied().unwrap_or_default();
        line.chars().filter(|character| !character.is_control()).take(LONGEST_LINE).collect()
    };
    Page::ok(&DeployPage {
        frame: Frame::wide(server, user, "/console"),
        csrf: csrf.0,
        environment: typed.environment.unwrap_or(Environment::Development),
        faults: faults.into_iter().map(|fault| Shown { text: text(&fault), fault }).collect(),
        problems,
        typed,
        most_kib: MAX_UPLOAD / 1024,
    })
}

pub(super) fn deployed_page(
    server: &AuthorizationServer,
    user: &User,
    deployed: &DeployedVersion,
    unread: Unread,
) -> Page {
    let nothing = Privileges::default();
    let before = deployed.before.as_ref().map_or(&nothing, |before| &before.manifest.privileges);
    let changes = deployed.version.manifest.privileges.changes_since(before);
    Page::ok(&DeployedPage {
        frame: Frame::wide(server, user, "/console"),
        deployed,
        changes: changes.iter().map(asked::sentence).collect(),
        is_major: changes.is_major(),
        unread,
    })
}

/// A manifest to begin with, of an app that nobody has.
pub fn sample() -> String {
    format!(
        "app:\n  id: {}\n  name: My first app\npermissions:\n  scopes:\n    - read:jira-work\n",
        random::app_id().ari()
    )
}
