//! A token that hangs from an installation, whichever way it was asked for: minted, kept, and told to the audit trail.

use crate::access::issue::{self, MintedAccess, Purpose};
use crate::authorization_server::AuthorizationServer;
use crate::domain::access_token::{Presence, Subject};
use crate::domain::client::Client;
use crate::domain::event::Event;
use crate::domain::time::{Lifetime, Timestamp};
use crate::oauth::error::OAuthError;

/// How long an app may act for a person who is away.
pub const AWAY: Lifetime = Lifetime::minutes(15);

/// Mints a token, until `no_later_than` where that comes first, keeps it, and tells the audit trail whose it is and who acts.
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
    let subject = &access.record.subject;
    let (client_id, scope) = (client.id.clone(), access.record.scope.to_string());
    match (subject, subject.installation(), subject.actor()) {
        (Subject::Acting { user_id, .. }, Some(installation_id), Some(account)) => {
            let (user_id, act) = (*user_id, account.to_string());
            server.record(Event::ActingTokenIssued { installation_id, client_id, user_id, act, scope, away }).await;
        }
        (_, Some(installation_id), _) => {
            server.record(Event::AppTokenIssued { installation_id, client_id, scope }).await;
        }
        (_, None, _) => {}
    }
    Ok(access)
}
