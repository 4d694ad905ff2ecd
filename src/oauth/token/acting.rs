//! A token for an app that acts for a person: what the grants of RFC 8693 and RFC 7523 have in common.

use crate::access::issue::{self, MintedAccess, Purpose};
use crate::authorization_server::AuthorizationServer;
use crate::domain::access_token::{Presence, Subject};
use crate::domain::client::Client;
use crate::domain::event::Event;
use crate::domain::time::{Lifetime, Timestamp};
use crate::oauth::error::OAuthError;

/// How long an app may act for a person who is away.
pub const AWAY: Lifetime = Lifetime::minutes(15);

/// Mints a token that acts for a person, until `no_later_than` where that comes first, keeps it, and tells the audit trail who acts for whom.
///
/// # Errors
/// `server_error` if the store fails.
pub async fn keep(
    server: &AuthorizationServer,
    client: &Client,
    purpose: Purpose,
    no_later_than: Option<Timestamp>,
) -> Result<MintedAccess, OAuthError> {
    let now = server.now();
    let away = matches!(purpose.subject, Subject::Acting { presence: Presence::Away, .. });
    let away_ends = away.then(|| now + AWAY);
    let latest = [no_later_than, away_ends].into_iter().flatten().min();
    let access = issue::access_token(server, client, purpose, latest, now);
    server.store.keep_access_token(access.minted.key, &access.record).await?;
    if let Subject::Acting { installation_id, user_id, .. } = access.record.subject {
        let act = access.record.subject.actor().map(|account| account.to_string()).unwrap_or_default();
        let (client_id, scope) = (client.id.clone(), access.record.scope.to_string());
        server.record(Event::ActingTokenIssued { installation_id, client_id, user_id, act, scope, away }).await;
    }
    Ok(access)
}
