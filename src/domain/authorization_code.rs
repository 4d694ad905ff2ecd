//! AuthorizationCode: what a person allowed, waiting to be redeemed once (RFC 6749 section 4.1.2).

use serde::{Deserialize, Serialize};

use crate::domain::authorization_request::{CodeChallenge, Presence, optional_challenge};
use crate::domain::id::{ClientId, FamilyId, GrantId, ResourceId, SiteId, UserId};
use crate::domain::scope::Scope;
use crate::domain::time::Timestamp;
use crate::domain::uri::RedirectUri;
use crate::domain::user::Epoch;

/// What a code stands for. It never changes; whether it was redeemed is [`CodeState`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuthorizationCode {
    /// The only client that may redeem it.
    pub client_id: ClientId,
    /// Who allowed it.
    pub user_id: UserId,
    /// The user's epoch when they did.
    pub epoch: Epoch,
    /// What everything redeemed with it hangs from.
    pub grant_id: GrantId,
    /// The site it is for.
    pub site_id: SiteId,
    /// Where it was sent.
    pub redirect_uri: RedirectUri,
    /// Whether the token request must repeat the redirection URI.
    pub redirect_uri_presence: Presence,
    /// What the verifier must hash to; none where the client is exempt and sent no challenge, and then there is no verifier.
    #[serde(with = "optional_challenge")]
    pub code_challenge: Option<CodeChallenge>,
    /// What was consented to, `offline_access` included.
    pub scope: Scope,
    /// The resources that tokens may be for.
    pub resources: Vec<ResourceId>,
    /// When it can no longer be redeemed.
    pub expires: Timestamp,
}

/// Whether a code was redeemed. The change from live to spent is one compare-and-swap.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum CodeState {
    /// Not yet redeemed.
    Live(AuthorizationCode),
    /// Redeemed by this client, which produced this family. A replay by that client ends the family.
    Spent {
        /// Who redeemed it.
        client_id: ClientId,
        /// What it produced.
        family: FamilyId,
    },
}
