//! GET and DELETE /users/{account_id}/manage/api-tokens: an admin of this server sees and ends the API tokens of anybody, by a
//! script of their own that is for that.

use std::sync::Arc;

use rocket::State;
use rocket::http::Status;
use serde::Serialize;

use crate::accounts::api_tokens::{self, ListedApiToken};
use crate::authorization_server::AuthorizationServer;
use crate::domain::api_token::Reach;
use crate::domain::event::Actor;
use crate::domain::id::{SiteId, UserId};
use crate::domain::scope::MANAGE_API_TOKENS;
use crate::domain::user::{Standing, User};
use crate::http::responses::json::NoStore;
use crate::http::scripts::caller::Caller;
use crate::http::scripts::refusal::ScriptRefusal;

/// An API token, by the names that scripts of admins read; what follows `lastAccess` is ours.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ManagedToken {
    id: String,
    label: String,
    created_at: String,
    last_access: Option<String>,
    last_access_from: Option<std::net::IpAddr>,
    expires_at: String,
    scopes: Option<Vec<String>>,
    site_id: Option<SiteId>,
    active: bool,
}

impl From<ListedApiToken> for ManagedToken {
    fn from(listed: ListedApiToken) -> Self {
        let ListedApiToken { token, name, last_use, is_live, .. } = listed;
        Self {
            id: name,
            label: token.label.into(),
            created_at: token.created.to_rfc3339(),
            last_access: last_use.map(|used| used.at.to_rfc3339()),
            last_access_from: last_use.and_then(|used| used.from),
            expires_at: token.expires.to_rfc3339(),
            scopes: match token.reach {
                Reach::Scopes(scope) => Some(scope.iter().map(str::to_owned).collect()),
                Reach::Everything => None,
            },
            site_id: token.site_id,
            active: is_live,
        }
    }
}

/// The API tokens of an account.
#[rocket::get("/users/<account_id>/manage/api-tokens")]
pub async fn list(
    server: &State<Arc<AuthorizationServer>>,
    caller: Caller<'_>,
    account_id: &str,
) -> Result<NoStore<Vec<ManagedToken>>, ScriptRefusal> {
    let (_, owner) = allowed(server, caller, account_id).await?;
    let tokens = api_tokens::list(server, owner).await?;
    Ok(NoStore(tokens.into_iter().map(ManagedToken::from).collect()))
}

/// Ends an API token of an account.
#[rocket::delete("/users/<account_id>/manage/api-tokens/<id>")]
pub async fn revoke(
    server: &State<Arc<AuthorizationServer>>,
    caller: Caller<'_>,
    account_id: &str,
    id: &str,
) -> Result<Status, ScriptRefusal> {
    let (admin, owner) = allowed(server, caller, account_id).await?;
    match api_tokens::revoke(server, owner, id, Actor::User(admin.id)).await? {
        Some(_) => Ok(Status::NoContent),
        None => Err(ScriptRefusal::NotFound("there is no such API token of that account")),
    }
}

/// Who calls, and whose tokens they ask about.
async fn allowed(
    server: &AuthorizationServer,
    caller: Caller<'_>,
    account_id: &str,
) -> Result<(User, UserId), ScriptRefusal> {
    let admin = caller.owner(server, MANAGE_API_TOKENS).await?;
    if admin.standing != Standing::Admin {
        return Err(ScriptRefusal::Forbidden("only an admin of this server may do this"));
    }
    let unknown = ScriptRefusal::NotFound("there is no such account");
    let Ok(id) = account_id.parse::<UserId>() else { return Err(unknown) };
    match server.store.user(id).await? {
        Some(owner) => Ok((admin, owner.id)),
        None => Err(unknown),
    }
}
