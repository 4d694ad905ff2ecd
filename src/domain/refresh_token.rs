//! RefreshToken: family, rotation, retry, reuse (RFC 6749 section 6, RFC 9700 section 4.14).
//!
//! Everything that one authorization code produced is a family. Its head says which refresh token is current, and for a
//! short leeway what the one before it was exchanged for, so that a client that lost the answer can ask again.

use serde::{Deserialize, Serialize};

use crate::domain::id::{ClientId, GrantId, ResourceId, SiteId, UserId};
use crate::domain::scope::Scope;
use crate::domain::secret::{TokenDigest, TokenKey};
use crate::domain::time::{Lifetime, Timestamp};
use crate::domain::user::Epoch;

/// Everything that came from one authorization code.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Family {
    /// The grant it hangs from.
    pub grant_id: GrantId,
    /// The only client that may go on with it.
    pub client_id: ClientId,
    /// For whom.
    pub user_id: UserId,
    /// The user's epoch when it began.
    pub epoch: Epoch,
    /// On which site.
    pub site_id: SiteId,
    /// What the person consented to for it; a narrower refresh leaves it whole (RFC 6749 section 6).
    pub scope: Scope,
    /// The resources that its access tokens may be for.
    pub resources: Vec<ResourceId>,
    /// The code it came from.
    pub code: TokenKey,
    /// When it ends whatever happens.
    pub expires: Timestamp,
    /// Whether it lives, and with which refresh token.
    pub state: FamilyState,
}

/// Whether a family lives.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum FamilyState {
    /// It has access tokens and no refresh token.
    WithoutRefresh,
    /// It has a refresh token.
    Live {
        /// The one to be presented next.
        current: RefreshToken,
        /// What the one before was exchanged for, until the successor is used or the leeway ends.
        previous: Option<Rotation>,
    },
    /// It is over: nothing of it is live, and nothing of it comes back.
    Ended(FamilyEnd),
}

/// The refresh token that a family accepts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefreshToken {
    /// Of the whole token; the token itself says which family it is of.
    pub digest: TokenDigest,
    /// When it is no longer accepted unless it is used before.
    pub expires: Timestamp,
}

/// What a rotation fixed, so that a retry derives the same tokens from the secret it presents. Nothing here recovers a token.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rotation {
    /// The token that was presented.
    pub presented: TokenDigest,
    /// What the successors were derived with.
    pub salt: [u8; 16],
    /// When it happened: the leeway is counted from here.
    pub at: Timestamp,
    /// When the access token that it produced ends.
    pub access_expires: Timestamp,
    /// The scope of that access token.
    pub scope: Scope,
    /// The resource of that access token.
    pub resource: ResourceId,
}

/// Why a family is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FamilyEnd {
    /// Its code was presented again.
    CodeReplayed,
    /// An old refresh token was presented again.
    RefreshTokenReused,
    /// Its client revoked it.
    Revoked,
    /// Somebody found one of its refresh tokens in public.
    Leaked,
}

/// What a presented refresh token is to its family.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Presented {
    /// The current one: rotate.
    Current,
    /// The one before, within the leeway: answer as before.
    Retried {
        /// What the rotation fixed.
        rotation: Rotation,
        /// The refresh token it was exchanged for.
        current: RefreshToken,
    },
    /// Past its idle or absolute life.
    Expired,
    /// One that was exchanged before: somebody holds a copy.
    Reused,
    /// Of a family that is over.
    Ended(FamilyEnd),
}

impl Family {
    /// What the token of this family with this digest is to it.
    pub fn judge(&self, presented: TokenDigest, leeway: Lifetime, now: Timestamp) -> Presented {
        let (current, previous) = match &self.state {
            FamilyState::Ended(end) => return Presented::Ended(*end),
            FamilyState::WithoutRefresh => return Presented::Reused,
            FamilyState::Live { current, previous } => (current, previous),
        };
        if self.expires.has_passed(now) {
            return Presented::Expired;
        }
        if current.digest == presented {
            return if current.expires.has_passed(now) { Presented::Expired } else { Presented::Current };
        }
        match previous {
            // Whoever looked at the clock before the rotation has no leeway either, where there is none.
            Some(rotation)
                if rotation.presented == presented && !leeway.is_zero() && !(rotation.at + leeway).has_passed(now) =>
            {
                Presented::Retried { rotation: rotation.clone(), current: current.clone() }
            }
            _ => Presented::Reused,
        }
    }

    /// The family after a rotation to `successor`.
    pub fn rotated(&self, successor: RefreshToken, rotation: Rotation) -> Family {
        Family { state: FamilyState::Live { current: successor, previous: Some(rotation) }, ..self.clone() }
    }

    /// What the current refresh token was derived with, as long as the one before it can be retried.
    pub fn rotation(&self) -> Option<&Rotation> {
        match &self.state {
            FamilyState::Live { previous, .. } => previous.as_ref(),
            FamilyState::WithoutRefresh | FamilyState::Ended(_) => None,
        }
    }

    /// The family without what its rotation at `at` or before was derived with; `None` if it holds no such thing.
    pub fn without_rotation_of(self, at: Timestamp) -> Option<Family> {
        match self.state {
            FamilyState::Live { current, previous: Some(rotation) } if rotation.at <= at => {
                Some(Family { state: FamilyState::Live { current, previous: None }, ..self })
            }
            _ => None,
        }
    }

    /// The family when it is over.
    pub fn ended(&self, end: FamilyEnd) -> Family {
        Family { state: FamilyState::Ended(end), ..self.clone() }
    }

    /// Whether access tokens of it may be live.
    pub fn is_live(&self) -> bool {
        !matches!(self.state, FamilyState::Ended(_))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn digest(n: u8) -> TokenDigest {
        TokenDigest([n; 18])
    }

    fn family(current: u8, presented: u8) -> Family {
        Family {
            grant_id: GrantId::from_random([1; 16]),
            client_id: "app".parse().expect("an identifier"),
            user_id: UserId::from_random([2; 16]),
            epoch: Epoch::default(),
            site_id: SiteId::from_random([3; 16]),
            scope: Scope::default(),
            resources: Vec::new(),
            code: TokenKey { hour: 1, digest: digest(9) },
            expires: Timestamp(1000),
            state: FamilyState::Live {
                current: RefreshToken { digest: digest(current), expires: Timestamp(500) },
                previous: Some(Rotation {
                    presented: digest(presented),
                    salt: [0; 16],
                    at: Timestamp(100),
                    access_expires: Timestamp(160),
                    scope: Scope::default(),
                    resource: "api".parse().expect("an identifier"),
                }),
            },
        }
    }

    #[test]
    fn only_the_token_just_before_is_retried_and_only_within_the_leeway() {
        let family = family(2, 1);
        let judge = |n, now| family.judge(digest(n), Lifetime::seconds(30), Timestamp(now));
        assert_eq!(judge(2, 110), Presented::Current);
        assert!(matches!(judge(1, 129), Presented::Retried { .. }));
        assert_eq!(judge(1, 130), Presented::Reused);
        assert_eq!(judge(0, 110), Presented::Reused);
        for now in [99, 100] {
            assert_eq!(family.judge(digest(1), Lifetime::seconds(0), Timestamp(now)), Presented::Reused);
        }
    }

    #[test]
    fn idle_and_absolute_life_both_end_it() {
        let family = family(2, 1);
        assert_eq!(family.judge(digest(2), Lifetime::seconds(30), Timestamp(500)), Presented::Expired);
        assert_eq!(family.judge(digest(1), Lifetime::seconds(30), Timestamp(1000)), Presented::Expired);
    }

    #[test]
    fn nothing_comes_back_once_it_ended() {
        let ended = family(2, 1).ended(FamilyEnd::Revoked);
        assert_eq!(ended.judge(digest(2), Lifetime::seconds(30), Timestamp(101)), Presented::Ended(FamilyEnd::Revoked));
        assert_eq!(ended.judge(digest(1), Lifetime::seconds(30), Timestamp(101)), Presented::Ended(FamilyEnd::Revoked));
    }
}
