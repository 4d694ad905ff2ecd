//! API tokens on sled. A person has a bounded number of places, and a token is the head in one of them: it is live as long as it
//! stands there. What leads from its key to its place is written after it, and opens nothing by itself.

use async_trait::async_trait;

use crate::domain::api_token::{ApiToken, LISTED_AFTER_EXPIRY, TokenUse};
use crate::domain::id::{SiteId, UserId};
use crate::domain::secret::TokenKey;
use crate::domain::time::{Hour, Timestamp};
use crate::store::kept::api_tokens::Place;
use crate::store::sled::SledStore;
use crate::store::{ApiCredential, ApiTokens, Kept, Result};

#[async_trait]
impl ApiTokens for SledStore {
    async fn add_api_token(&self, token: &ApiToken, limit: u16, now: Timestamp) -> Result<Kept> {
        let kept = loop {
            // None: somebody took the place that was found.
            if let Some(kept) = self.try_to_keep(token, limit, now)? {
                break kept;
            }
        };
        self.durable(kept).await
    }

    async fn api_token(&self, key: TokenKey) -> Result<Option<ApiToken>> {
        Ok(self.placed(key)?.map(|(_, token)| token))
    }

    async fn api_credential(
        &self,
        key: TokenKey,
        site: Option<SiteId>,
        otherwise: SiteId,
    ) -> Result<Option<ApiCredential>> {
        let Some((_, token)) = self.placed(key)? else { return Ok(None) };
        let site = site.or(token.site_id).unwrap_or(otherwise);
        Ok(Some(ApiCredential {
            user: self.users.get(token.user_id.as_bytes())?,
            site: self.sites.get(site.as_bytes()),
            member: self.member_of(token.user_id, site),
            token,
        }))
    }

    async fn api_tokens_of(&self, user: UserId) -> Result<Vec<ApiToken>> {
        self.api_tokens.prefix(user.as_bytes()).map(|entry| Ok(entry?.1)).collect()
    }

    async fn api_tokens(&self) -> Result<Vec<ApiToken>> {
        self.api_tokens.all().map(|entry| Ok(entry?.1)).collect()
    }

    async fn revoke_api_token(&self, key: TokenKey) -> Result<bool> {
        let revoked = match self.placed(key)? {
            Some((place, token)) => self.vacate(&place.key(), &token)?,
            None => false,
        };
        self.durable(revoked).await
    }

    async fn revoke_api_tokens_of(&self, user: UserId) -> Result<usize> {
        let revoked = self.vacate_all(user, |_| true)?;
        self.durable(revoked).await
    }

    // The place of a token that is over by now keeps no use of it, or the record would stay for good.
    async fn note_token_uses(&self, uses: &[(TokenKey, TokenUse)]) -> Result<()> {
        for (key, used) in uses {
            if self.api_token_places.contains(key.to_bytes())? || self.container_keys.contains(key.to_bytes())? {
                self.token_uses.put(key.to_bytes(), used)?;
            }
        }
        Ok(())
    }

    async fn token_use(&self, key: TokenKey) -> Result<Option<TokenUse>> {
        self.token_uses.get(key.to_bytes())
    }
}

impl SledStore {
    /// One attempt to keep a token; `None` if somebody came between.
    ///
    /// The head is written first, and by comparing, which makes the bound hold. A crash before its key leads there leaves a
    /// token that is listed and that nobody was told.
    fn try_to_keep(&self, token: &ApiToken, limit: u16, now: Timestamp) -> Result<Option<Kept>> {
        let entries = self.api_tokens.prefix(token.user_id.as_bytes()).collect::<Result<Vec<_>>>()?;
        if let Some((_, earlier)) = entries.iter().find(|(_, earlier)| earlier.request == token.request) {
            return Ok(Some(Kept::Again(Box::new(earlier.clone()))));
        }
        let live = entries.iter().filter(|(_, kept)| kept.is_live(now)).count();
        if live >= usize::from(limit) {
            return Ok(Some(Kept::Full));
        }
        let numbers = 0..limit;
        let place = |number| Place { user_id: token.user_id, number };
        let at = |number| entries.iter().find(|(key, _)| key.as_ref() == place(number).key());
        let free = numbers.clone().find(|number| at(*number).is_none());
        let over = || numbers.clone().find(|number| at(*number).is_some_and(|(_, kept)| !kept.is_live(now)));
        let Some(number) = free.or_else(over) else { return Ok(Some(Kept::Full)) };
        let place = place(number);
        let taken = match at(number) {
            None => self.api_tokens.add(place.key(), token)?,
            Some((_, former)) => self.api_tokens.replace(place.key(), former, token)?,
        };
        if !taken {
            return Ok(None);
        }
        // Of two that one request made at once, the one in the earlier place stays.
        for entry in self.api_tokens.prefix(token.user_id.as_bytes()) {
            let (at, earlier) = entry?;
            if earlier.request == token.request && at.as_ref() < place.key().as_slice() {
                self.vacate(&place.key(), token)?;
                return Ok(Some(Kept::Again(Box::new(earlier))));
            }
        }
        self.api_token_places.put(token.key.to_bytes(), &place)?;
        Ok(Some(Kept::Done))
    }

    /// The token under that key, and its place.
    fn placed(&self, key: TokenKey) -> Result<Option<(Place, ApiToken)>> {
        let Some(place) = self.api_token_places.get(key.to_bytes())? else { return Ok(None) };
        let token = self.api_tokens.get(place.key())?.filter(|token| token.key == key);
        Ok(token.map(|token| (place, token)))
    }

    /// The head goes first: from then on the token is over.
    fn vacate(&self, place: &[u8], token: &ApiToken) -> Result<bool> {
        let vacated = self.api_tokens.remove_if(place, token)?;
        self.api_token_places.remove(token.key.to_bytes())?;
        self.token_uses.remove(token.key.to_bytes())?;
        Ok(vacated)
    }

    fn vacate_all(&self, user: UserId, which: impl Fn(&ApiToken) -> bool) -> Result<usize> {
        let mut vacated = 0;
        for (place, token) in self.api_tokens.prefix(user.as_bytes()).collect::<Result<Vec<_>>>()? {
            if which(&token) && self.vacate(&place, &token)? {
                vacated += 1;
            }
        }
        Ok(vacated)
    }

    /// Ends what a person has for one site alone, since they are no member of it any more.
    pub(super) fn end_api_tokens_for(&self, user: UserId, site: SiteId) -> Result<()> {
        self.vacate_all(user, |token| token.site_id == Some(site)).map(drop)
    }

    /// Forgets a token that expired long ago.
    pub(super) fn forget_api_token(&self, key: &[u8]) -> Result<()> {
        let key = TokenKey::from_bytes(key).ok_or_else(|| self.api_token_places.damaged())?;
        match self.placed(key)? {
            Some((place, token)) => self.vacate(&place.key(), &token).map(drop),
            None => {
                self.token_uses.remove(key.to_bytes())?;
                self.api_token_places.remove(key.to_bytes()).map(drop)
            }
        }
    }

    /// The first hour whose tokens are still listed.
    pub(super) fn listed_from(now: Timestamp) -> [u8; 4] {
        Hour::containing(now - LISTED_AFTER_EXPIRY).to_be_bytes()
    }
}
