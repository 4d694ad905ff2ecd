//! What the people of the story, and the app, hold at the API.

use crate::access::{models, roles};
use crate::authorization_server::AuthorizationServer;
use crate::cli::answer::CommandError;
use crate::cli::demo::registry::unlikely;
use crate::cli::demo::world::API_ID;
use crate::domain::event::Actor;
use crate::domain::protected_object::Realm;
use crate::domain::role_binding::{Held, RoleSubject};
use crate::domain::site::Site;

/// The schema that the API has on every site.
const SCHEMA: &str = "schema:4";

/// Gives a role on the schema.
pub async fn give(
    server: &AuthorizationServer,
    site: &Site,
    (role, subject): (&str, RoleSubject),
    by: Actor,
) -> Result<(), CommandError> {
    let realm = realm(site)?;
    let access = models::known(server, &realm.resource_id).await.map_err(unlikely)?;
    let given = roles::give(server, (&realm, &access), site, vec![held(role, subject)?], by).await;
    given.map(drop).map_err(unlikely)
}

/// Takes a role on the schema.
pub async fn take(
    server: &AuthorizationServer,
    site: &Site,
    (role, subject): (&str, RoleSubject),
    by: Actor,
) -> Result<(), CommandError> {
    roles::take(server, &realm(site)?, &held(role, subject)?, by).await?;
    Ok(())
}

fn realm(site: &Site) -> Result<Realm, CommandError> {
    Ok(Realm { resource_id: API_ID.parse().map_err(unlikely)?, site_id: site.id })
}

fn held(role: &str, subject: RoleSubject) -> Result<Held, CommandError> {
    Ok(Held { object: SCHEMA.parse().map_err(unlikely)?, role: role.into(), subject })
}
