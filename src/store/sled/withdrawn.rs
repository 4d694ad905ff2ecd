//! Withdrawn grants. Nothing of a family is live whose grant is gone, so that whoever withdraws one waits for no family. The
//! sweep removes them afterwards: in one pass over the families for all grants that were withdrawn before it began. An
//! index of the families of each grant would cost every code a record more.

use std::collections::HashSet;
use std::sync::{Mutex, PoisonError};

use sled::IVec;

use crate::domain::id::{FamilyId, GrantId};
use crate::store::Result;
use crate::store::sled::SledStore;

/// For so many grants one pass is made.
const GRANTS: usize = 4096;

/// How far a pass over the families came.
#[derive(Debug, Default)]
pub struct Pass {
    under_way: Mutex<Option<UnderWay>>,
}

#[derive(Debug)]
struct UnderWay {
    grants: HashSet<GrantId>,
    after: Option<IVec>,
}

impl SledStore {
    /// Has the families of a grant removed that is about to be withdrawn.
    pub(super) fn order_removal(&self, grant: GrantId) -> Result<()> {
        self.withdrawn.put(grant.as_bytes(), &())
    }

    /// Goes on with the pass, or begins one if grants were withdrawn: looks at no more than `count` families, and says
    /// whether more are left.
    pub(super) fn remove_withdrawn(&self, count: usize) -> Result<bool> {
        let under_way = self.pass.under_way.lock().unwrap_or_else(PoisonError::into_inner).take();
        let UnderWay { grants, after } = match under_way {
            Some(under_way) => under_way,
            None => UnderWay { grants: self.orders()?, after: None },
        };
        if grants.is_empty() {
            return Ok(false);
        }
        let families = self.families.after(after.as_deref(), count)?;
        for (key, kept) in &families {
            let Some(family) = kept.begun() else { continue };
            // An order without its withdrawal is what a crash leaves.
            if grants.contains(&family.grant_id) && !self.grants.contains(family.grant_id.as_bytes())? {
                let id = key.as_ref().try_into().map_err(|_| self.families.damaged())?;
                self.drop_family(FamilyId::from_bytes(id))?;
            }
        }
        match families.last() {
            Some((last, _)) if families.len() == count => {
                let under_way = UnderWay { grants, after: Some(last.clone()) };
                *self.pass.under_way.lock().unwrap_or_else(PoisonError::into_inner) = Some(under_way);
            }
            _ => {
                for grant in &grants {
                    self.withdrawn.remove(grant.as_bytes())?;
                }
            }
        }
        Ok(true)
    }

    fn orders(&self) -> Result<HashSet<GrantId>> {
        let keys = self.withdrawn.first_keys(None, GRANTS)?;
        let id = |key: &IVec| key.as_ref().try_into().map(GrantId::from_bytes).map_err(|_| self.withdrawn.damaged());
        keys.iter().map(id).collect()
    }
}
