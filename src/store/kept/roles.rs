//! How what a protected resource declares is kept, and who gave a role.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::domain::access_model::Access;
use crate::domain::event::Actor;
use crate::domain::time::Timestamp;

/// What a protected resource declares, good as long as its registration has this number.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct KeptAccess {
    /// The number that the registration had.
    pub number: u32,
    /// What it declares.
    pub access: Arc<Access>,
}

/// By whom a role was given, and when.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GivenBy {
    /// By whom.
    pub by: Actor,
    /// When.
    pub at: Timestamp,
}
