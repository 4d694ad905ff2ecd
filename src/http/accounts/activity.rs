//! GET /account/activity: what happened to a person's account lately, in sentences, the newest first.

use std::sync::Arc;

use rocket::State;

use crate::accounts::activity;
use crate::authorization_server::AuthorizationServer;
use crate::domain::event::{Actor, Event, LeakedKind, Recorded};
use crate::domain::id::{ClientId, ContainerId, SiteId, UserId};
use crate::domain::time::{Lifetime, Timestamp};
use crate::http::guards::signed_in::SignedIn;
use crate::http::responses::filters;
use crate::http::responses::page::{ErrorPage, Frame, Page};
use crate::store::StoreError;

/// So long the overview speaks of a token that was ended because somebody found it.
const LATELY: Lifetime = Lifetime::days(30);

#[derive(askama::Template)]
#[template(path = "accounts/activity.html")]
struct ActivityPage {
    frame: Frame,
    told: Vec<Told>,
    now: Timestamp,
}

/// A fact, as the person it is about reads it.
struct Told {
    at: Timestamp,
    words: String,
    /// What to do about it, where it may mean that somebody else has what is theirs.
    advice: Option<&'static str>,
}

/// What happened to the person's account lately.
#[rocket::get("/account/activity")]
pub async fn list(server: &State<Arc<AuthorizationServer>>, signed_in: SignedIn) -> Result<Page, ErrorPage> {
    let told = told(server, signed_in.user.id).await.map_err(|error| ErrorPage::failure(&error))?;
    let frame = Frame::wide(server, &signed_in.user, "/account/activity");
    Ok(Page::ok(&ActivityPage { frame, told, now: server.now() }))
}

/// When a token of the person was last ended because somebody found it in public, if that is not long ago.
pub(super) async fn last_leak(server: &AuthorizationServer, user: UserId) -> Result<Option<Timestamp>, StoreError> {
    let facts = activity::list(server, user).await?;
    let leak = facts.iter().find(|fact| matches!(fact.event, Event::LeakedTokenEnded { .. }));
    let since = server.now() - LATELY;
    Ok(leak.map(|fact| fact.at).filter(|at| *at > since))
}

async fn told(server: &AuthorizationServer, user: UserId) -> Result<Vec<Told>, StoreError> {
    let mut told = Vec::new();
    for Recorded { at, event } in activity::list(server, user).await? {
        if let Some(words) = sentence(server, user, &event).await? {
            told.push(Told { at, words, advice: advice(&event) });
        }
    }
    Ok(told)
}

fn advice(event: &Event) -> Option<&'static str> {
    match event {
        Event::LeakedTokenEnded { kind: LeakedKind::ApiToken | LeakedKind::ContainerToken, .. } => Some(
            "Find out where it stood and take it away there. Look at the API for what was done with it before, and \
             make a new one for the script that used it.",
        ),
        Event::LeakedTokenEnded { kind: LeakedKind::AccessToken | LeakedKind::RefreshToken, .. } => Some(
            "The app asks for your consent again, or for a new token. Tell who makes it that it lost the one it had.",
        ),
        Event::LeakedTokenEnded { kind: LeakedKind::Session | LeakedKind::OneTimeLink, .. } => Some(
            "Whoever had it could act as you until then. Look below for what you did not do, and change your password.",
        ),
        Event::RefreshTokenReused { .. } => Some(
            "Either the app made a mistake, or somebody has a copy of what it holds for you. If it happens again, \
             tell who makes the app.",
        ),
        _ => None,
    }
}

/// What happened, in a sentence; nothing for what people are not told.
async fn sentence(server: &AuthorizationServer, user: UserId, event: &Event) -> Result<Option<String>, StoreError> {
    let who = |by: &Actor| match by {
        Actor::User(by) if *by == user => "You",
        Actor::User(_) => "An administrator",
        Actor::App(_) => "An app of a site",
        Actor::Operator => "An operator of this server",
    };
    Ok(Some(match event {
        Event::SignedIn { address: Some(address), .. } => format!("You signed in from {address}."),
        Event::SignedIn { address: None, .. } => "You signed in.".to_owned(),
        Event::SessionEnded { by, .. } => format!("{} ended a session of yours.", who(by)),
        Event::SessionsEnded { by, count, .. } => format!("{} ended {}.", who(by), counted(*count, "session")),
        Event::PasswordChanged { by, .. } => format!("{} changed your password.", who(by)),
        Event::ConsentGiven { client_id, .. } => {
            format!("You allowed {} to act for you.", app(server, client_id).await?)
        }
        Event::GrantEnded { client_id, by, .. } => {
            format!("{} removed the access of {}.", who(by), app(server, client_id).await?)
        }
        Event::GrantNarrowed { client_id, site_id, by, .. } => {
            let (app, site) = (app(server, client_id).await?, site(server, *site_id).await?);
            format!("{} removed the access of {app} to {site}.", who(by))
        }
        Event::RefreshTokenReused { client_id, .. } => {
            let app = app(server, client_id).await?;
            format!("{app} showed a token that it had used up before, so its access was ended.")
        }
        Event::ApiTokenMade { label, site_id, expires, by, .. } => {
            let place = match site_id {
                Some(id) => site(server, *id).await?,
                None => "every site that you are on".to_owned(),
            };
            format!("{} made the API token “{label}” for {place}. It ends on {}.", who(by), expires.to_words())
        }
        Event::ApiTokenRevoked { label, by, .. } => format!("{} revoked the API token “{label}”.", who(by)),
        Event::ApiTokensRevoked { count, by, .. } => format!("{} revoked {}.", who(by), counted(*count, "API token")),
        Event::LeakedTokenEnded { kind, name, address, .. } => {
            let what = leaked(server, *kind, name.as_deref()).await?;
            let from = address.map(|address| format!(" It was reported from {address}.")).unwrap_or_default();
            format!("Somebody found {what} in public, and it was ended.{from}")
        }
        Event::ContainerTokenMade { container_id, site_id, by, .. } => {
            let (source, site) = (source(server, *container_id).await?, site(server, *site_id).await?);
            format!("{} made a token for {source} on {site}.", who(by))
        }
        Event::ContainerTokenEnded { container_id, site_id, by, .. } => {
            let (source, site) = (source(server, *container_id).await?, site(server, *site_id).await?);
            format!("{} ended the token of {source} on {site}.", who(by))
        }
        Event::UserSuspended { by, .. } => format!("{} suspended your account.", who(by)),
        Event::UserResumed { by, .. } => format!("{} resumed your account.", who(by)),
        _ => return Ok(None),
    }))
}

fn counted(count: usize, what: &str) -> String {
    if count == 1 { format!("one {what} of yours") } else { format!("{count} {what}s of yours") }
}

/// What was found in public. Of a token of an app the name is that of its client, of any other what people call it.
async fn leaked(server: &AuthorizationServer, kind: LeakedKind, name: Option<&str>) -> Result<String, StoreError> {
    Ok(match (kind, name) {
        (LeakedKind::ApiToken, Some(label)) => format!("your API token “{label}”"),
        (LeakedKind::ContainerToken, Some(label)) => {
            format!("the token that you made for the import source “{label}”")
        }
        (LeakedKind::Session, _) => "the cookie of a session of yours".to_owned(),
        (LeakedKind::OneTimeLink, _) => "a link by which a password of yours could be chosen".to_owned(),
        (_, Some(client)) => match client.parse() {
            Ok(id) => format!("a token with which {} acts for you", app(server, &id).await?),
            Err(_) => "a token with which an app acts for you".to_owned(),
        },
        (_, None) => "a token of yours".to_owned(),
    })
}

async fn app(server: &AuthorizationServer, id: &ClientId) -> Result<String, StoreError> {
    let client = server.store.client(id).await?;
    Ok(client.map_or_else(|| "an app that is gone".to_owned(), |client| client.name.clone()))
}

async fn site(server: &AuthorizationServer, id: SiteId) -> Result<String, StoreError> {
    let site = server.store.site(id).await?;
    Ok(site.map_or_else(|| "a site that is gone".to_owned(), |site| site.name.clone()))
}

async fn source(server: &AuthorizationServer, id: ContainerId) -> Result<String, StoreError> {
    let source = server.store.container(id).await?;
    let named = source.map(|source| format!("the import source “{}”", source.label));
    Ok(named.unwrap_or_else(|| "an import source that is gone".to_owned()))
}
