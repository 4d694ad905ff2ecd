//! Group: people of a site who hold roles together.

use serde::{Deserialize, Serialize};

use crate::domain::id::{GroupId, SiteId};
use crate::domain::label::Label;
use crate::domain::time::Timestamp;

/// People of a site. What the group holds, each of them holds, for as long as they are members of both.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Group {
    /// Its name in the protocol.
    pub id: GroupId,
    /// Where.
    pub site_id: SiteId,
    /// What people call it; no other group of the site is called so, whatever the case of the letters.
    pub name: Label,
    /// When it was made.
    pub created: Timestamp,
}
