//! Where a person's API tokens are kept.

use serde::{Deserialize, Serialize};

use crate::domain::id::UserId;
use crate::store::kept::key;

/// One of the places for tokens that a person has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    /// Whose it is.
    pub user_id: UserId,
    /// Which of theirs.
    pub number: u16,
}

impl Place {
    /// Where the token is found.
    pub fn key(self) -> Vec<u8> {
        key(&[self.user_id.as_bytes(), &self.number.to_be_bytes()])
    }
}
