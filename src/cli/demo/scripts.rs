//! What the scripts of the story have: an API token of each person, and an import source.

use crate::accounts::api_tokens::{self, NewApiToken};
use crate::accounts::containers;
use crate::authorization_server::AuthorizationServer;
use crate::cli::answer::CommandError;
use crate::cli::demo::registry::unlikely;
use crate::cli::demo::world::Person;
use crate::domain::api_token::Reach;
use crate::domain::container::IMPORT_SCOPE;
use crate::domain::event::Actor;
use crate::domain::id::ContainerId;
use crate::domain::scope::{MANAGE_API_TOKENS, Scope};

/// What scripts have.
pub struct Credentials {
    /// The token of somebody who reads objects.
    pub token: String,
    /// The token of the admin, who runs imports and ends tokens besides.
    pub admin_token: String,
    /// An import source of the first site.
    pub import_source: ContainerId,
}

/// Makes the tokens and the import source.
pub async fn add(server: &AuthorizationServer, person: &Person, admin: &Person) -> Result<Credentials, CommandError> {
    let read = "read:cmdb-object:jira";
    let label = "Machines".parse().map_err(unlikely)?;
    let by = Actor::User(admin.id);
    let import_source = containers::add(server, server.site.id, (None, label), by).await?;
    Ok(Credentials {
        token: token(server, person, "Nightly report", &[read]).await?,
        admin_token: token(server, admin, "Imports", &[read, IMPORT_SCOPE, MANAGE_API_TOKENS]).await?,
        import_source: import_source.id,
    })
}

async fn token(
    server: &AuthorizationServer,
    owner: &Person,
    label: &str,
    scope: &[&str],
) -> Result<String, CommandError> {
    let user = server.store.user(owner.id).await?.ok_or_else(|| unlikely("somebody has no account"))?;
    let new = NewApiToken {
        label: label.parse().map_err(unlikely)?,
        days: 1,
        reach: Reach::Scopes(Scope::of(scope.iter().copied())),
        site_id: None,
        request: None,
    };
    let made = api_tokens::make(server, &user, new, Actor::User(user.id)).await?;
    Ok(made.secret.expose().clone())
}
