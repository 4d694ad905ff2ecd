//! Uses of tokens that are not in the store yet. Whoever asks about a token only notes them here; now and then they are written
//! together, so that no answer waits for that and a token in steady use costs one write a minute.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::domain::api_token::TokenUse;
use crate::domain::secret::TokenKey;

/// What was used since it was last written down. There are at most as many entries as there are live tokens.
#[derive(Debug, Default)]
pub struct PendingUses(Mutex<HashMap<TokenKey, TokenUse>>);

impl PendingUses {
    /// Notes that a token was used.
    pub fn note(&self, key: TokenKey, used: TokenUse) {
        self.lock().insert(key, used);
    }

    /// The last use of a token that is not written yet.
    pub fn of(&self, key: TokenKey) -> Option<TokenUse> {
        self.lock().get(&key).copied()
    }

    /// Everything that is to be written, once.
    pub fn take(&self) -> Vec<(TokenKey, TokenUse)> {
        std::mem::take(&mut *self.lock()).into_iter().collect()
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<TokenKey, TokenUse>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
