//! GET /account/tokens: what a person's scripts authenticate with, and ending it.

use std::sync::Arc;

use rocket::State;
use rocket::http::Status;

use crate::accounts::api_tokens::{self, ListedApiToken};
use crate::authorization_server::AuthorizationServer;
use crate::domain::api_token::Reach;
use crate::domain::event::Actor;
use crate::domain::scope::{MANAGE_API_TOKENS, Scope, ScopeEntry};
use crate::domain::time::Timestamp;
use crate::http::guards::csrf::{CsrfForm, CsrfToken};
use crate::http::guards::signed_in::SignedIn;
use crate::http::responses::page::{ErrorPage, Frame, Page};
use crate::http::responses::redirect::Redirect303;
use crate::http::responses::{filters, notice};
use crate::secrets::token::TokenKind;
use crate::store::StoreError;

#[derive(askama::Template)]
#[template(path = "accounts/tokens.html")]
struct TokensPage {
    frame: Frame,
    csrf: String,
    rows: Vec<TokenRow>,
    notice: Option<&'static str>,
    now: Timestamp,
}

/// What revoking all of them means, before it is done.
#[derive(askama::Template)]
#[template(path = "accounts/revoke_tokens.html")]
struct RevokeAllPage {
    frame: Frame,
    csrf: String,
    live: usize,
}

/// One API token on a page.
pub(in crate::http) struct TokenRow {
    /// The token.
    pub(in crate::http) listed: ListedApiToken,
    /// What it is for; nothing where it is for all that its owner may do.
    pub(in crate::http) can: Vec<String>,
    /// Whether its owner should replace it soon.
    pub(in crate::http) is_soon_over: bool,
}

impl TokenRow {
    /// The rows of `tokens`, in their order.
    pub(in crate::http) async fn of(
        server: &AuthorizationServer,
        tokens: Vec<ListedApiToken>,
    ) -> Result<Vec<Self>, StoreError> {
        let now = server.now();
        let mut rows = Vec::with_capacity(tokens.len());
        for listed in tokens {
            let can = can(server, &listed.token.reach).await?;
            let is_soon_over = api_tokens::is_soon_over(&listed.token, now);
            rows.push(Self { listed, can, is_soon_over });
        }
        Ok(rows)
    }

    /// As much of the token as may be shown, by which its owner knows it again.
    pub(in crate::http) fn shortened(&self) -> String {
        format!("{}…{}", TokenKind::Api.prefix(), self.listed.token.ending)
    }

    /// On which sites it is good.
    pub(in crate::http) fn place(&self) -> &str {
        match (&self.listed.site, self.listed.token.site_id) {
            (Some(site), _) => &site.name,
            (None, Some(_)) => "a site that is gone",
            (None, None) => "every site",
        }
    }
}

/// What a token is for, in words; nothing where it is for all that its owner may do.
pub(super) async fn can(server: &AuthorizationServer, reach: &Reach) -> Result<Vec<String>, StoreError> {
    match reach {
        Reach::Everything => Ok(Vec::new()),
        Reach::Scopes(scope) => titles(server, scope).await,
    }
}

/// What people call the scopes, the riskiest first; of one whose API is gone its name.
async fn titles(server: &AuthorizationServer, scope: &Scope) -> Result<Vec<String>, StoreError> {
    let mut entries = server.store.scope_entries(scope).await?;
    entries.extend(scope.contains(MANAGE_API_TOKENS).then(ScopeEntry::manage_api_tokens));
    entries.sort_by(|a, b| b.risk.cmp(&a.risk).then_with(|| a.title.cmp(&b.title)));
    let gone = scope.iter().filter(|name| entries.iter().all(|entry| entry.name != *name));
    let gone: Vec<String> = gone.map(|name| format!("{name} (its API is gone)")).collect();
    Ok(entries.into_iter().map(|entry| entry.title).chain(gone).collect())
}

type Server = State<Arc<AuthorizationServer>>;

/// The person's API tokens.
#[rocket::get("/account/tokens?<done>")]
pub async fn list(
    server: &Server,
    signed_in: SignedIn,
    csrf: CsrfToken,
    done: Option<&str>,
) -> Result<Page, ErrorPage> {
    let tokens = api_tokens::list(server, signed_in.user.id).await.map_err(|error| ErrorPage::failure(&error))?;
    Ok(Page::ok(&TokensPage {
        frame: Frame::wide(server, &signed_in.user, "/account/tokens"),
        csrf: csrf.0,
        rows: TokenRow::of(server, tokens).await.map_err(|error| ErrorPage::failure(&error))?,
        notice: notice::sentence(done),
        now: server.now(),
    }))
}

/// Ends one of the person's API tokens.
#[rocket::post("/account/tokens/revoke", data = "<form>")]
pub async fn revoke(server: &Server, signed_in: SignedIn, form: CsrfForm) -> Result<Redirect303, ErrorPage> {
    let user = signed_in.user.id;
    match api_tokens::revoke(server, user, form.get("token"), Actor::User(user)).await {
        Ok(Some(_)) => Ok(Redirect303::to("/account/tokens?done=token-revoked".to_owned())),
        Ok(None) => Err(no_such_token()),
        Err(error) => Err(ErrorPage::failure(&error)),
    }
}

/// Asks whether all of them are to end.
#[rocket::get("/account/tokens/revoke-all")]
pub async fn confirm_revoke_all(server: &Server, signed_in: SignedIn, csrf: CsrfToken) -> Result<Page, ErrorPage> {
    let tokens = api_tokens::list(server, signed_in.user.id).await.map_err(|error| ErrorPage::failure(&error))?;
    Ok(Page::ok(&RevokeAllPage {
        frame: Frame::wide(server, &signed_in.user, "/account/tokens"),
        csrf: csrf.0,
        live: tokens.iter().filter(|listed| listed.is_live).count(),
    }))
}

/// Ends all of them.
#[rocket::post("/account/tokens/revoke-all", data = "<_form>")]
pub async fn revoke_all(server: &Server, signed_in: SignedIn, _form: CsrfForm) -> Result<Redirect303, ErrorPage> {
    let user = signed_in.user.id;
    api_tokens::revoke_all(server, user, Actor::User(user)).await.map_err(|error| ErrorPage::failure(&error))?;
    Ok(Redirect303::to("/account/tokens?done=tokens-revoked".to_owned()))
}

pub(in crate::http) fn no_such_token() -> ErrorPage {
    ErrorPage::new(Status::NotFound, "There is no such API token")
        .what_happened("It was revoked already, or it never was.")
        .what_to_do(&["Look at the list again."])
}
