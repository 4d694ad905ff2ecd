//! `[lifetimes]`: how long everything lives. Each is a number of seconds or text such as `"30s"`, `"10min"`, `"90d"`.

use serde::{Deserialize, Serialize};

use crate::domain::client::Profile;
use crate::domain::time::Lifetime;

/// The settings; the defaults are in [`Lifetimes::default`].
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct Lifetimes {
    /// Of an authorization code; at most 10 minutes (RFC 6749 section 4.1.2).
    pub authorization_code: Lifetime,
    /// Of an access token.
    pub access_token: Lifetime,
    /// Of a refresh token that is not used.
    pub refresh_token_idle: Lifetime,
    /// Of a refresh token and all its successors.
    pub refresh_token_absolute: Lifetime,
    /// How long after a rotation the token before it gets the same answer once more; zero turns retries off.
    pub refresh_token_leeway: Lifetime,
    /// The same for clients with the Atlassian profile, which rely on a longer one.
    pub refresh_token_leeway_atlassian: Lifetime,
    /// Of a session that is not used.
    pub session_idle: Lifetime,
    /// Of a session.
    pub session_absolute: Lifetime,
    /// Of a pushed authorization request; under 10 minutes (FAPI 2.0 section 5.3.2.2).
    pub pushed_request: Lifetime,
    /// Of an authorization request that a person has yet to answer.
    pub transaction: Lifetime,
    /// Of a consent that answers later requests without asking again.
    pub remembered_consent: Lifetime,
    /// Of a password as proof that it is the person who lets an app delete or manage.
    pub step_up: Lifetime,
    /// Of the set-up link.
    pub setup_link: Lifetime,
    /// Of an invitation.
    pub invite_link: Lifetime,
    /// Of a password reset link.
    pub reset_link: Lifetime,
    /// Of the mark that a person signed in from a browser before.
    pub known_device: Lifetime,
    /// Of an entry of the audit trail.
    pub audit: Lifetime,
}

impl Default for Lifetimes {
    fn default() -> Self {
        Self {
            authorization_code: Lifetime::seconds(60),
            access_token: Lifetime::hours(1),
            refresh_token_idle: Lifetime::days(90),
            refresh_token_absolute: Lifetime::days(365),
            refresh_token_leeway: Lifetime::seconds(30),
            refresh_token_leeway_atlassian: Lifetime::minutes(10),
            session_idle: Lifetime::hours(12),
            session_absolute: Lifetime::days(7),
            pushed_request: Lifetime::seconds(90),
            transaction: Lifetime::minutes(10),
            remembered_consent: Lifetime::days(365),
            step_up: Lifetime::minutes(5),
            setup_link: Lifetime::minutes(30),
            invite_link: Lifetime::days(3),
            reset_link: Lifetime::hours(1),
            known_device: Lifetime::days(365),
            audit: Lifetime::days(400),
        }
    }
}

impl Lifetimes {
    /// How long a client may repeat a refresh.
    pub fn leeway(&self, profile: Profile) -> Lifetime {
        match profile {
            Profile::Rfc => self.refresh_token_leeway,
            Profile::Atlassian => self.refresh_token_leeway_atlassian,
        }
    }

    /// How long any client may repeat a refresh: what a rotation was derived with is kept for so long.
    pub fn longest_leeway(&self) -> Lifetime {
        self.refresh_token_leeway.max(self.refresh_token_leeway_atlassian)
    }

    pub(super) fn check(&self) -> Result<(), String> {
        let never_zero = [
            ("authorization_code", self.authorization_code),
            ("access_token", self.access_token),
            ("refresh_token_idle", self.refresh_token_idle),
            ("refresh_token_absolute", self.refresh_token_absolute),
            ("session_idle", self.session_idle),
            ("session_absolute", self.session_absolute),
            ("pushed_request", self.pushed_request),
            ("transaction", self.transaction),
            ("step_up", self.step_up),
            ("setup_link", self.setup_link),
            ("invite_link", self.invite_link),
            ("reset_link", self.reset_link),
        ];
        if let Some((key, _)) = never_zero.iter().find(|(_, lifetime)| lifetime.is_zero()) {
            return Err(format!("lifetimes.{key} must not be zero"));
        }
        if self.authorization_code > Lifetime::minutes(10) {
            return Err("lifetimes.authorization_code must be at most 10 minutes (RFC 6749 section 4.1.2)".into());
        }
        if self.pushed_request >= Lifetime::minutes(10) {
            return Err("lifetimes.pushed_request must be under 10 minutes".into());
        }
        Ok(())
    }
}
