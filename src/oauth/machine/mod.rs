//! Answers the questions of oxide-auth's state machines from what a use case loaded.
//!
//! The machines hold no state of ours and touch no store. They decide the order of the checks, the response and grant
//! type, the binding of client and redirection URI, expiry and the comparison of scopes; a use case authenticates the
//! client before, names the fault after, and issues by itself, since the machines know neither families nor lifetimes.
//! Their clock is the machine's, so they are told what remains by ours.
//!
//! | file | the machine of |
//! |---|---|
//! | `authorization` | RFC 6749 section 4.1.1 |
//! | `code` | RFC 6749 section 4.1.3 |
//! | `refresh` | RFC 6749 section 6 |
//! | `client_credentials` | RFC 6749 section 4.4 |

mod authorization;
mod client_credentials;
mod code;
mod refresh;

pub use authorization::{CodeRequest, authorize};
pub use client_credentials::{ForItself, client_credentials};
pub use code::{CodeRedemption, redeem};
pub use refresh::{Refreshing, refresh};

use chrono::{DateTime, TimeDelta, Utc};
use oxide_auth::primitives::registrar::{BoundClient, PreGrant};
use oxide_auth::primitives::scope::Scope as MachineScope;
use url::Url;

use crate::domain::scope::Scope;
use crate::domain::time::Timestamp;
use crate::domain::uri::RedirectUri;
use crate::oauth::error::{GrantFault, OAuthError, ScopeFault};

/// The machines know no bounds: a scope of a megabyte would be taken apart before anybody measured it.
fn within_bounds(scope: Option<&str>) -> Result<(), OAuthError> {
    scope.map(str::parse::<Scope>).transpose()?;
    Ok(())
}

fn pre_grant(
    bound: &BoundClient<'static>,
    scope: Option<MachineScope>,
    default: &Scope,
) -> Result<PreGrant, OAuthError> {
    Ok(PreGrant {
        client_id: bound.client_id.clone().into_owned(),
        redirect_uri: bound.redirect_uri.clone().into_owned(),
        scope: scope.map_or_else(|| theirs(default), Ok)?,
    })
}

/// Our expiry on the machine's clock.
#[expect(clippy::disallowed_methods, reason = "the machines read the machine's clock; ours says only what remains")]
fn until(expires: Timestamp, now: Timestamp) -> DateTime<Utc> {
    let remaining = i64::try_from(expires.remaining(now).as_secs()).unwrap_or(i64::MAX / 1000);
    let remaining = if expires.has_passed(now) { -1 } else { remaining };
    TimeDelta::try_seconds(remaining)
        .and_then(|left| Utc::now().checked_add_signed(left))
        .unwrap_or(DateTime::<Utc>::MAX_UTC)
}

fn url(uri: &RedirectUri) -> Result<Url, OAuthError> {
    Url::parse(uri.as_str()).map_err(|_| GrantFault::RedirectUri.into())
}

/// Where a flow without redirection is said to lead, since the machines want to be told something.
fn nowhere() -> Url {
    #[expect(clippy::expect_used, reason = "the text is a constant")]
    Url::parse("about:blank").expect("about:blank is a URL")
}

fn theirs(scope: &Scope) -> Result<MachineScope, OAuthError> {
    scope.as_str().parse().map_err(|_| malformed_scope(Some(scope.as_str())))
}

/// The machines keep scopes as unordered sets without bounds; ours are ordered and bounded.
fn ours(scope: &MachineScope) -> Result<Scope, OAuthError> {
    Ok(scope.to_string().parse::<Scope>()?)
}

fn malformed_scope(scope: Option<&str>) -> OAuthError {
    match scope.unwrap_or_default().parse::<Scope>() {
        Err(fault) => fault.into(),
        Ok(_) => ScopeFault::Nothing.into(),
    }
}
