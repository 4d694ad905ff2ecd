//! How codes, families and access tokens are kept.

use serde::{Deserialize, Serialize};

use crate::domain::access_token::AccessToken;
use crate::domain::id::{ClientId, FamilyId};
use crate::domain::refresh_token::{Family, FamilyEnd};

/// An access token with the number of the registration it hangs from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct KeptToken {
    /// The number that the registration of its client had.
    pub client: u32,
    /// The token.
    pub token: AccessToken,
}

/// What is kept under the name of a family. Introspection reads which variant it is and nothing else of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum KeptFamily {
    /// The family, from its beginning on.
    Live(Family),
    /// The family, once it is over.
    Over(Family),
    /// Its code was replayed between the winner's redeeming of the code and its beginning of the family.
    EndedBefore(FamilyEnd),
}

/// The number of [`KeptFamily::Live`] among the variants, which is how its record begins.
pub const LIVE: u32 = 0;

/// The number of `CodeState::Live` among the variants, which is how its record begins.
pub const LIVE_CODE: u32 = 0;

/// A spent code whose own hour was swept.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SpentCode {
    /// To whom it was issued.
    pub client_id: ClientId,
    /// What it was redeemed for.
    pub family: FamilyId,
}

impl KeptFamily {
    /// How a family that began is kept.
    pub fn of(family: Family) -> Self {
        if family.is_live() { KeptFamily::Live(family) } else { KeptFamily::Over(family) }
    }

    /// Whether it may still have tokens that are live.
    pub fn is_live(&self) -> bool {
        matches!(self, KeptFamily::Live(_))
    }

    /// The family, if it began.
    pub fn begun(&self) -> Option<&Family> {
        match self {
            KeptFamily::Live(family) | KeptFamily::Over(family) => Some(family),
            KeptFamily::EndedBefore(_) => None,
        }
    }

    /// The family, if it began.
    pub fn into_begun(self) -> Option<Family> {
        match self {
            KeptFamily::Live(family) | KeptFamily::Over(family) => Some(family),
            KeptFamily::EndedBefore(_) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::authorization_code::CodeState;
    use crate::domain::id::{GrantId, SiteId};
    use crate::domain::refresh_token::FamilyState;
    use crate::domain::secret::TokenKey;
    use crate::domain::time::Timestamp;

    #[test]
    fn which_variant_a_family_is_stands_first_in_its_record() {
        let over = KeptFamily::EndedBefore(FamilyEnd::Revoked);
        let first = |kept: &KeptFamily| postcard::to_allocvec(kept).map(|bytes| bytes[0]);
        assert_eq!(first(&over), Ok(2));
        let family = Family {
            grant_id: GrantId::from_random([1; 16]),
            client_id: "app".parse().expect("an identifier"),
            user_id: crate::domain::id::UserId::from_random([2; 16]),
            epoch: crate::domain::user::Epoch::default(),
            site_id: SiteId::from_random([3; 16]),
            scope: crate::domain::scope::Scope::default(),
            resources: Vec::new(),
            code: TokenKey { hour: 1, digest: crate::domain::secret::TokenDigest([0; 18]) },
            expires: Timestamp(1),
            state: FamilyState::WithoutRefresh,
        };
        assert_eq!(first(&KeptFamily::of(family.clone())), Ok(LIVE as u8));
        assert_eq!(first(&KeptFamily::of(family.ended(FamilyEnd::Revoked))), Ok(1));
    }

    #[test]
    fn which_variant_a_code_is_stands_first_in_its_record() {
        let spent = CodeState::Spent {
            client_id: "app".parse().expect("an identifier"),
            family: FamilyId::from_bytes([1; 20]),
        };
        assert_eq!(postcard::to_allocvec(&spent).map(|bytes| u32::from(bytes[0])), Ok(LIVE_CODE + 1));
    }
}
