//! `resource access lint`: what is odd about what a resource declares, one sentence each.

use std::path::PathBuf;

use clap::Args;
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::apps::access_lint::{Asking, Finding, findings};
use crate::apps::deployment::known_scopes;
use crate::apps::manifest;
use crate::authorization_server::AuthorizationServer;
use crate::cli::access::declared::Declared;
use crate::cli::answer::{Answer, CommandError, Exit};
use crate::cli::manifest::{bytes, refused};
use crate::cli::realm;
use crate::domain::access_model::Access;
use crate::domain::app::{Deployment, Environment};
use crate::domain::id::ResourceId;
use crate::domain::manifest::Manifest;
use crate::domain::scope::Scope;

/// What to look at.
#[derive(Args, Serialize, Deserialize)]
#[group(skip)]
pub struct Lint {
    /// The resource, with the scopes that it owns and every app that is deployed; without it, a file alone.
    #[arg(required_unless_present_any = ["model", "openapi"])]
    id: Option<ResourceId>,
    /// A file in place of what the resource declares by now.
    #[command(flatten)]
    declared: Declared,
    /// The manifest of an app that is not deployed yet; may be repeated.
    #[arg(long = "manifest", value_name = "FILE")]
    #[serde(skip)]
    manifests: Vec<PathBuf>,
    /// End with exit code 1 if there is anything to tell.
    #[arg(long)]
    strict: bool,
    /// What those manifests hold.
    #[arg(skip)]
    texts: Vec<(String, String)>,
}

impl Lint {
    pub(super) fn read(&mut self) -> Result<(), CommandError> {
        self.declared.read()?;
        for path in &self.manifests {
            let file = path.display().to_string();
            let unreadable = |fault: String| CommandError::failed(format!("{file} cannot be read: {fault}"));
            let bytes = bytes(path).map_err(|error| unreadable(error.to_string()))?;
            let text = String::from_utf8(bytes).map_err(|_| unreadable("it is no text in UTF-8".into()))?;
            self.texts.push((file, text));
        }
        Ok(())
    }

    /// Whether a file alone is looked at, so that no server is asked.
    pub fn is_of_a_file(&self) -> bool {
        self.id.is_none()
    }

    /// Looks at a file alone.
    ///
    /// # Errors
    /// [`CommandError`] if it cannot be read, or has faults.
    pub fn check(mut self) -> Result<Answer, CommandError> {
        self.read()?;
        // Whatever the operations take may be asked for, since nobody knows which scopes there are besides.
        let access = Access::by(self.declared.model()?);
        let taken = access.model.operations.iter().filter_map(|operation| operation.scope.as_deref());
        let asking = asking(&self.texts, &Scope::of(taken))?;
        Ok(answer(&findings(&access, None, &asking), self.strict))
    }

    pub(super) async fn run(self, server: &AuthorizationServer) -> Result<Answer, CommandError> {
        let Some(id) = &self.id else { return self.check() };
        let declared = server.store.resource(id).await?;
        let owned = declared.map(|resource| resource.scope.clone());
        let access = match self.declared.is_named() {
            true => Access::by(self.declared.model()?),
            false => Access::clone(&*realm::declared(server, id).await?),
        };
        let mut asking = asking(&self.texts, &known_scopes(server).await?)?;
        asking.extend(deployed(server).await?);
        Ok(answer(&findings(&access, owned.as_ref(), &asking), self.strict))
    }
}

/// What manifests ask for.
fn asking(texts: &[(String, String)], known: &Scope) -> Result<Vec<Asking>, CommandError> {
    let mut all = Vec::new();
    for (file, text) in texts {
        let read = manifest::read(text.as_bytes(), file, known).map_err(|faults| refused(file, &faults))?;
        all.push(Asking { app: file.clone(), scope: scope(&read.manifest) });
    }
    Ok(all)
}

/// What every app asks for in every environment that it is deployed to. The scopes of Connect are of another kind.
async fn deployed(server: &AuthorizationServer) -> Result<Vec<Asking>, CommandError> {
    let mut all = Vec::new();
    for app in server.store.apps().await? {
        for environment in Environment::ALL {
            let deployment = Deployment { app_id: app.id, environment };
            let Some(deployed) = server.store.deployed(deployment).await? else { continue };
            let version = server.store.version(deployment, deployed.version).await?;
            if let Some(version) = version.filter(|_| !app.is_connect()) {
                all.push(Asking { app: format!("{} ({environment})", app.name), scope: scope(&version.manifest) });
            }
        }
    }
    Ok(all)
}

fn scope(manifest: &Manifest) -> Scope {
    Scope::of(manifest.privileges.scopes.iter().map(|scope| scope.name.as_str()))
}

fn answer(findings: &[Finding], strict: bool) -> Answer {
    let mut lines: Vec<String> = findings.iter().map(|finding| format!("{}: {finding}.", finding.rule())).collect();
    lines.push(match lines.len() {
        0 => "Nothing is odd.".into(),
        1 => "1 finding.".into(),
        many => format!("{many} findings."),
    });
    let entry = |finding: &Finding| json!({ "rule": finding.rule(), "sentence": finding.to_string() });
    let json = json!({ "findings": findings.iter().map(entry).collect::<Vec<_>>() });
    let exit = if strict && !findings.is_empty() { Exit::Failed } else { Exit::Done };
    Answer { exit, ..Answer::new(lines.join("\n"), json) }
}
