//! `app deploy`: a manifest becomes a version of an app in an environment.

use std::path::{Path, PathBuf};

use clap::Args;
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::apps::deployment::{self, DeployedVersion, DeploymentError, NewVersion};
use crate::apps::manifest;
use crate::authorization_server::AuthorizationServer;
use crate::cli::answer::{Answer, CommandError};
use crate::cli::app::with_secret;
use crate::cli::inputs;
use crate::cli::manifest::{bytes, refused, unread};
use crate::domain::app::Environment;
use crate::domain::event::Actor;
use crate::domain::scope::Scope;
use crate::domain::uri::RedirectUri;

/// What to deploy.
#[derive(Args, Serialize, Deserialize)]
pub struct Deployment {
    /// The manifest, in YAML or JSON.
    #[arg(value_name = "FILE")]
    manifest: PathBuf,
    /// development, staging or production.
    #[arg(long, default_value_t = Environment::Production)]
    environment: Environment,
    /// What people call the app, where the manifest does not say.
    #[arg(long)]
    name: Option<String>,
    /// Who publishes the app; people read it on the consent page.
    #[arg(long, value_name = "NAME")]
    publisher: Option<String>,
    /// Where answers may be sent; may be repeated. Replaces those of before.
    #[arg(long = "redirect-uri", value_name = "URI")]
    redirect_uris: Vec<RedirectUri>,
    /// A JSON Web Key Set: with these keys the app signs that it acts for a person who is away. Replaces those of before.
    #[arg(long, value_name = "FILE")]
    #[serde(skip)]
    jwks: Option<PathBuf>,
    /// What the manifest holds.
    #[arg(skip)]
    text: String,
    /// What the file of keys held.
    #[arg(skip)]
    key_set: Option<String>,
}

impl Deployment {
    pub(super) fn read_inputs(&mut self) -> Result<(), CommandError> {
        let file = file_name(&self.manifest);
        let bytes =
            bytes(&self.manifest).map_err(|error| CommandError::failed(format!("{file} cannot be read: {error}")))?;
        self.text = match String::from_utf8(bytes) {
            Ok(text) => text,
            // What is no text cannot cross to the server, so that its faults are told here.
            Err(error) => {
                let faults = manifest::read(error.as_bytes(), &file, &Scope::default()).err().unwrap_or_default();
                return Err(refused(&file, &faults));
            }
        };
        self.key_set = self.jwks.as_deref().map(inputs::file).transpose()?;
        Ok(())
    }

    pub(super) async fn run(self, server: &AuthorizationServer) -> Result<Answer, CommandError> {
        let file = file_name(&self.manifest);
        let known = deployment::known_scopes(server).await?;
        let read = manifest::read(self.text.as_bytes(), &file, &known).map_err(|faults| refused(&file, &faults))?;
        let new = NewVersion {
            manifest: read.manifest,
            name: self.name,
            environment: self.environment,
            publisher: self.publisher,
            redirect_uris: self.redirect_uris,
            keys: self.key_set,
            descriptor: None,
        };
        let deployed = deployment::deploy(server, new, Actor::Operator).await?;
        let answer = told(&deployed);
        Ok(read.unknown_keys.iter().fold(answer, |answer, key| answer.warn(unread(&file, key))))
    }
}

fn file_name(path: &Path) -> String {
    path.display().to_string()
}

pub(super) fn told(deployed: &DeployedVersion) -> Answer {
    let DeployedVersion { app, deployment, version, client_id, secret, waiting, .. } = deployed;
    let mut text = format!(
        "{} runs version {} in {}.\napp            {}\nclient_id      {client_id}",
        app.name,
        version.number,
        deployment.environment,
        app.id.ari(),
    );
    match waiting {
        0 => {}
        1 => text.push_str("\n1 site must approve what is new; until then it keeps what it approved."),
        many => {
            text.push_str(&format!("\n{many} sites must approve what is new; until then they keep what they approved."))
        }
    }
    let json = json!({
        "app": { "id": app.id.ari(), "name": app.name, "environment": deployment.environment },
        "version": version.number.to_string(), "client_id": client_id, "waiting": waiting,
    });
    let answer = Answer::new(text, json);
    match secret {
        Some(secret) => with_secret(answer, secret.expose()),
        None => answer,
    }
}

impl From<DeploymentError> for CommandError {
    fn from(error: DeploymentError) -> Self {
        match error {
            DeploymentError::Store(error) => error.into(),
            DeploymentError::Registry(error) => error.into(),
            refused => Self::failed(refused.to_string()),
        }
    }
}
