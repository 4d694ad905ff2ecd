//! trait Tokens: codes redeemed, access tokens and families of refresh tokens.

use std::sync::Arc;

use async_trait::async_trait;

use crate::domain::access_token::AccessToken;
use crate::domain::authorization_code::CodeState;
use crate::domain::client::Client;
use crate::domain::grant::Grant;
use crate::domain::id::{FamilyId, ResourceId, SiteId};
use crate::domain::installation::Authority;
use crate::domain::refresh_token::{Family, FamilyEnd};
use crate::domain::resource::ProtectedResource;
use crate::domain::secret::TokenKey;
use crate::domain::site::Site;
use crate::domain::time::Timestamp;
use crate::domain::user::User;
use crate::store::Result;

/// An access token with everything that says whether it is live: one answer, one read of each noun.
#[derive(Clone, Debug)]
pub struct Credential {
    /// The token.
    pub token: AccessToken,
    /// To whom it was issued; `None` if the client is gone.
    pub client: Option<Arc<Client>>,
    /// The site that is asked about, or else the one it was issued for; `None` if the site is gone.
    pub site: Option<Arc<Site>>,
    /// Of a token of a deployed app: its installation on that site and what runs there; `None` if there is none.
    pub authority: Option<Authority>,
    /// Of a token that stands for a person: the person, what they allowed, and whether the token's family lives.
    pub owner: Option<Owner>,
}

/// Who asks, and the credential that is asked about.
#[derive(Clone, Debug)]
pub struct Asked {
    /// The protected resource of that name, not authenticated yet; `None` if there is none.
    pub asker: Option<Arc<ProtectedResource>>,
    /// `None` if there is none.
    pub credential: Option<Credential>,
}

/// The person a token stands for, and what it hangs from.
#[derive(Clone, Debug)]
pub struct Owner {
    /// The person; `None` if they are gone.
    pub user: Option<User>,
    /// What they allowed; `None` if it was withdrawn, or they were away and allowed nothing.
    pub grant: Option<Grant>,
    /// Since when they are a member of the site; `None` if they are not.
    pub member_since: Option<Timestamp>,
    /// Whether what the token's code produced is not over.
    pub family_is_live: bool,
}

/// What is issued beside the head of a family, which itself holds the refresh token.
#[derive(Clone, Debug)]
pub struct Issued<'a> {
    /// Where the access token is found.
    pub access_key: TokenKey,
    /// The access token.
    pub access: &'a AccessToken,
    /// When it was issued, which is when the grant was last used.
    pub now: Timestamp,
}

/// What became of an attempt to redeem a code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Redeemed {
    /// This caller redeemed it; no other did or will.
    Won,
    /// Another caller did.
    Lost,
}

/// Codes redeemed, access tokens and refresh tokens.
#[async_trait]
pub trait Tokens {
    /// The code under that key, live or spent.
    async fn code(&self, key: TokenKey) -> Result<Option<CodeState>>;

    /// Redeems a live code: spends it, begins `family` and keeps what was issued. Of any number of callers at once, one wins.
    /// If the family was already ended by a replay, it stays so.
    async fn redeem_code(
        &self,
        key: TokenKey,
        family_id: FamilyId,
        family: &Family,
        issued: Issued<'_>,
    ) -> Result<Redeemed>;

    /// The family of that name.
    async fn family(&self, id: FamilyId) -> Result<Option<Family>>;

    /// Replaces `old` by `new` and keeps what was issued; `false`, and nothing is live that was not, if the family is no
    /// longer `old`.
    async fn rotate(&self, id: FamilyId, old: &Family, new: &Family, issued: Issued<'_>) -> Result<bool>;

    /// Keeps a further access token of a family without touching its refresh token.
    async fn keep_access_token(&self, key: TokenKey, token: &AccessToken) -> Result<()>;

    /// Ends a family: whatever it has or gets is over. `false` if it was over already. Its marker stays until `forget`, or
    /// until the end that the family's name tells of, if that is sooner.
    async fn end_family(&self, id: FamilyId, end: FamilyEnd, forget: Timestamp) -> Result<bool>;

    /// The access token under that key, alone.
    async fn access_token(&self, key: TokenKey) -> Result<Option<AccessToken>>;

    /// The access token under that key with what it hangs from: the hot path. Reads each noun at most once and writes nothing.
    /// A token of an OAuth app for a person is good on every site that the person allowed; what is read is about `site`
    /// where one is named.
    async fn credential(&self, key: TokenKey, site: Option<SiteId>) -> Result<Option<Credential>>;

    /// The protected resource that asks, and the credential under `key` as [`Tokens::credential`] has it: one question where
    /// both are known by name.
    async fn asked(&self, asker: &ResourceId, key: TokenKey) -> Result<Asked>;

    /// Ends an access token; `false` if there was none.
    async fn revoke_access_token(&self, key: TokenKey) -> Result<bool>;

    /// Whether everything that was promised so far is durable; waits until it is. For answers that repeat an earlier one.
    async fn settled(&self) -> Result<()>;
}
