//! A protected resource on a site, as commands about roles name it.

use std::sync::Arc;

use clap::Args;
use serde::{Deserialize, Serialize};

use crate::access::models::{self, ModelError};
use crate::authorization_server::AuthorizationServer;
use crate::cli::answer::CommandError;
use crate::cli::site;
use crate::domain::access_model::Access;
use crate::domain::id::ResourceId;
use crate::domain::protected_object::{ObjectRef, Realm};
use crate::domain::site::Site;

/// Where objects have their names and roles are held.
#[derive(Args, Clone, Serialize, Deserialize)]
pub struct Within {
    /// The protected resource, by its id.
    #[arg(long, value_name = "ID")]
    pub resource: ResourceId,
    /// The site: its id or URL; the default site where none is given.
    #[arg(long)]
    pub site: Option<String>,
}

/// The same, as far as this server knows it.
pub struct Known {
    /// Both by their identifiers.
    pub realm: Realm,
    /// By what decisions are made.
    pub access: Arc<Access>,
    /// The site.
    pub site: Arc<Site>,
}

impl Within {
    /// What this server knows of both.
    ///
    /// # Errors
    /// [`CommandError`] if there is no such resource or site, or the resource declares no roles.
    pub async fn known(&self, server: &AuthorizationServer) -> Result<Known, CommandError> {
        let access = declared(server, &self.resource).await?;
        let site = site::known_or_default(server, self.site.as_deref()).await?;
        Ok(Known { realm: Realm { resource_id: self.resource.clone(), site_id: site.id }, access, site })
    }
}

impl Known {
    /// The realm and the decisions, as use cases take them.
    pub fn parts(&self) -> (&Realm, &Access) {
        (&self.realm, &self.access)
    }
}

/// What a resource declares; one that is not there is told apart from one that declares nothing.
///
/// # Errors
/// [`CommandError`] for either.
pub async fn declared(server: &AuthorizationServer, id: &ResourceId) -> Result<Arc<Access>, CommandError> {
    if server.store.resource(id).await?.is_none() {
        return Err(ModelError::Unknown(id.clone()).into());
    }
    Ok(models::known(server, id).await?)
}

impl From<ModelError> for CommandError {
    fn from(error: ModelError) -> Self {
        match error {
            ModelError::Store(error) => error.into(),
            ModelError::Unknown(_) => Self::failed(format!("{error}; `hallmark resource list` lists them")),
            ModelError::NoModel(_) => Self::failed(format!("{error} with `hallmark resource access set`")),
            refused => Self::failed(refused.to_string()),
        }
    }
}

/// An object by its type and its identifier.
pub fn object(text: &str) -> Result<ObjectRef, String> {
    text.parse::<ObjectRef>().map_err(|error| error.to_string())
}
