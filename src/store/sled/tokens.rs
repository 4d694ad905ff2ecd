//! Tokens on sled. A code, a family and an access token are one head each; what makes an access token live is its family,
//! its grant, its client and its person.

use async_trait::async_trait;

use crate::domain::access_token::{AccessToken, Presence, Subject};
use crate::domain::authorization_code::CodeState;
use crate::domain::id::{FamilyId, GrantId, ResourceId, SiteId};
use crate::domain::refresh_token::{Family, FamilyEnd};
use crate::domain::secret::TokenKey;
use crate::domain::time::{Hour, Lifetime, Timestamp};
use crate::store::kept::key;
use crate::store::kept::registry::{Party, Registration};
use crate::store::kept::tokens::{KeptFamily, KeptToken, LIVE, LIVE_CODE, SpentCode};
use crate::store::sled::SledStore;
use crate::store::{Asked, Credential, Issued, Owner, Redeemed, Resources, Result, Tokens};

/// So exactly is it known when a grant was last used: a person is told the day, and a write for each token would cost as
/// much as the token.
const EXACTNESS: Lifetime = Lifetime::minutes(1);

#[async_trait]
impl Tokens for SledStore {
    async fn code(&self, key: TokenKey) -> Result<Option<CodeState>> {
        if let Some(state) = self.codes.get(key.to_bytes())? {
            return Ok(Some(state));
        }
        let spent = self.spent_codes.get(key.digest.0)?;
        Ok(spent.map(|SpentCode { client_id, family }| CodeState::Spent { client_id, family }))
    }

    // The code is spent first: a crash then leaves a spent code without tokens, and never tokens with a live code. The
    // family is the head of what follows, so it comes last: before it is there nothing of it is live.
    async fn redeem_code(
        &self,
        key: TokenKey,
        family_id: FamilyId,
        family: &Family,
        issued: Issued<'_>,
    ) -> Result<Redeemed> {
        self.require_room()?;
        let spent = CodeState::Spent { client_id: family.client_id.clone(), family: family_id };
        if !self.codes.replace_beginning(key.to_bytes(), LIVE_CODE, &spent)? {
            return self.durable(Redeemed::Lost).await;
        }
        self.keep_access(issued.access_key, issued.access, issued.now)?;
        self.begin_family(family_id, family)?;
        self.durable(Redeemed::Won).await
    }

    async fn family(&self, id: FamilyId) -> Result<Option<Family>> {
        self.begun_family(id)
    }

    // What was issued and the order to erase come first and the head decides: a crash between leaves tokens that nobody
    // was told and an order that finds nothing to erase.
    async fn rotate(&self, id: FamilyId, old: &Family, new: &Family, issued: Issued<'_>) -> Result<bool> {
        self.keep_access(issued.access_key, issued.access, issued.now)?;
        if let Some(rotation) = new.rotation() {
            self.rotations.put(key(&[&rotation.at.0.to_be_bytes(), id.as_bytes()]), &())?;
        }
        let (old, successor) = (KeptFamily::of(old.clone()), KeptFamily::of(new.clone()));
        let won = self.families.replace(id.as_bytes(), &old, &successor)?;
        // A loser's token goes, unless what the winner made is the very same.
        if !won && self.begun_family(id)?.as_ref() != Some(new) {
            self.tokens.remove(issued.access_key.to_bytes())?;
        }
        self.durable(won).await
    }

    async fn keep_access_token(&self, key: TokenKey, token: &AccessToken) -> Result<()> {
        self.keep_access(key, token, token.issued)?;
        self.durable(()).await
    }

    // When the family is forgotten is written first: the marker must not outlive its use, and forgetting a family that
    // was not ended after all is refused by the sweep.
    async fn end_family(&self, id: FamilyId, end: FamilyEnd, forget: Timestamp) -> Result<bool> {
        let ended = match self.families.get(id.as_bytes())? {
            Some(kept) if !kept.is_live() => false,
            _ => {
                self.forgetting.put(key(&[&Hour::after(forget).to_be_bytes(), id.as_bytes()]), &())?;
                let ended = self.families.update(id.as_bytes(), |kept| match kept {
                    None => Some(KeptFamily::EndedBefore(end)),
                    Some(KeptFamily::Live(family)) => Some(KeptFamily::Over(family.ended(end))),
                    Some(KeptFamily::Over(_) | KeptFamily::EndedBefore(_)) => None,
                })?;
                ended.is_some()
            }
        };
        self.durable(ended).await
    }

    async fn access_token(&self, key: TokenKey) -> Result<Option<AccessToken>> {
        Ok(self.tokens.get(key.to_bytes())?.map(|kept| kept.token))
    }

    async fn credential(&self, key: TokenKey, site: Option<SiteId>) -> Result<Option<Credential>> {
        let Some(KeptToken { client, token }) = self.tokens.get(key.to_bytes())? else { return Ok(None) };
        let client = match self.registry.get(token.client_id.as_str()) {
            Some(Registration { number, party: Party::Client(found) }) if number == client => Some(found),
            _ => None,
        };
        let site_id = site.unwrap_or(token.site_id);
        let site = self.sites.get(site_id.as_bytes());
        let authority = match token.subject.installation() {
            Some(id) => self.authority(id),
            None => client.as_ref().and_then(|client| self.authority_on(site_id, client.deployment?)),
        };
        let owner = match &token.subject {
            Subject::Client | Subject::App { .. } | Subject::Gateway { .. } => None,
            Subject::Acting { user_id, presence, .. } => Some(Owner {
                user: self.users.get(user_id.as_bytes())?,
                grant: match presence {
                    Presence::Here { grant_id } => self.grants.get(grant_id.as_bytes())?,
                    Presence::Away => None,
                },
                member_since: self.member_since(*user_id, site_id),
                family_is_live: true,
            }),
            Subject::User { user_id, grant_id, family, .. } => Some(Owner {
                user: self.users.get(user_id.as_bytes())?,
                grant: self.grants.get(grant_id.as_bytes())?,
                member_since: self.member_since(*user_id, site_id),
                family_is_live: self.families.first_field(family.as_bytes())? == Some(LIVE),
            }),
        };
        Ok(Some(Credential { token, client, site, authority, owner }))
    }

    async fn asked(&self, asker: &ResourceId, key: TokenKey) -> Result<Asked> {
        Ok(Asked { asker: self.resource(asker).await?, credential: self.credential(key, None).await? })
    }

    async fn revoke_access_token(&self, key: TokenKey) -> Result<bool> {
        let revoked = self.tokens.remove(key.to_bytes())?;
        self.durable(revoked).await
    }

    async fn settled(&self) -> Result<()> {
        self.durable(()).await
    }
}

impl SledStore {
    /// Keeps an access token: one of a family is not live before the family says so.
    fn keep_access(&self, key: TokenKey, token: &AccessToken, used: Timestamp) -> Result<()> {
        let kept = KeptToken { client: self.registration_number(&token.client_id), token: token.clone() };
        self.tokens.put(key.to_bytes(), &kept)?;
        match token.subject {
            Subject::User { grant_id, .. } | Subject::Acting { presence: Presence::Here { grant_id }, .. } => {
                self.grant_was_used(grant_id, used)
            }
            Subject::Client | Subject::App { .. } | Subject::Acting { .. } | Subject::Gateway { .. } => Ok(()),
        }
    }

    fn grant_was_used(&self, grant: GrantId, used: Timestamp) -> Result<()> {
        let known = self.grant_uses.get(grant.as_bytes())?;
        if known.is_some_and(|known| known <= used && used < known + EXACTNESS) {
            return Ok(());
        }
        self.grant_uses.put(grant.as_bytes(), &used)
    }

    /// Begins a family, as one that is over if it was ended before it began.
    fn begin_family(&self, id: FamilyId, family: &Family) -> Result<()> {
        if self.families.add(id.as_bytes(), &KeptFamily::of(family.clone()))? {
            return Ok(());
        }
        self.families.update(id.as_bytes(), |kept| match kept {
            None => Some(KeptFamily::of(family.clone())),
            Some(KeptFamily::EndedBefore(end)) => Some(KeptFamily::Over(family.ended(end))),
            Some(KeptFamily::Live(_) | KeptFamily::Over(_)) => None,
        })?;
        Ok(())
    }

    pub(super) fn begun_family(&self, id: FamilyId) -> Result<Option<Family>> {
        Ok(self.families.get(id.as_bytes())?.and_then(KeptFamily::into_begun))
    }

    /// Removes a family, then what leads to it.
    pub(super) fn drop_family(&self, id: FamilyId) -> Result<()> {
        if let Some(family) = self.families.take(id.as_bytes())?.and_then(KeptFamily::into_begun) {
            self.spent_codes.remove(family.code.digest.0)?;
        }
        Ok(())
    }

    /// Removes a code whose hour has passed. If it was spent and its family goes on, its replay must still be recognised.
    pub(super) fn drop_code(&self, code: &[u8]) -> Result<()> {
        let digest = code.get(size_of::<u32>()..).ok_or_else(|| self.codes.damaged())?;
        if let Some(CodeState::Spent { client_id, family }) = self.codes.get(code)? {
            if self.begun_family(family)?.is_some() {
                self.spent_codes.put(digest, &SpentCode { client_id, family })?;
            }
            // The family may have gone between, without knowing of this entry.
            if self.begun_family(family)?.is_none() {
                self.spent_codes.remove(digest)?;
            }
        }
        self.codes.remove(code)?;
        Ok(())
    }
}
