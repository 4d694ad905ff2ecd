//! Canonical: what two stores that were copied must both hold, however each keeps it.
//!
//! Lists that mean a set are sorted. Where the embedded store was copied, what a crash may leave in it is left out: an index entry
//! that leads nowhere, and indexes that only say once more what their heads say.

use std::collections::{BTreeMap, HashSet};
use std::hash::{DefaultHasher, Hash, Hasher};

use crate::cli::backup::stream::{TableEnd, Tally};
use crate::domain::api_token::ApiToken;
use crate::domain::id::{GrantId, GroupId, SiteId};
use crate::domain::role_binding::RoleSubject;
use crate::domain::site::Site;
use crate::store::kept::keys::holder_key;
use crate::store::kept::tokens::LIVE;
use crate::store::kept::{decode, decode_beginning, encode, key};
use crate::store::{KEPT_FACTS, Record, Records, Result, StoreError};

/// Whether indexes are compared that only say what their heads say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Indexes {
    /// They follow from their heads on both sides.
    Compared,
    /// Those of the source may lead nowhere.
    Left,
}

/// Those indexes.
const INDEXES: [&str; 15] = [
    "emails",
    "admins",
    "user_sessions",
    "guess_ends",
    "client_grants",
    "spent_codes",
    "withdrawn",
    "site_members",
    "installed",
    "api_token_places",
    "container_keys",
    "group_names",
    "group_members",
    "objects_beneath",
    "roles_set",
];

/// What a side holds, as its records pass in the order of the tables.
pub struct Canonical {
    indexes: Indexes,
    seen: Seen,
    /// When each family is forgotten, of two orders the later.
    forgetting: BTreeMap<Vec<u8>, Vec<u8>>,
    tally: Option<Tally>,
    ended: Vec<TableEnd>,
}

/// What has passed that later tables lead to, as hashes.
#[derive(Default)]
struct Seen(HashSet<u64>);

impl Seen {
    fn add(&mut self, table: &str, key: &[u8]) -> bool {
        self.0.insert(Self::hash(table, key))
    }

    fn has(&self, table: &str, key: &[u8]) -> bool {
        self.0.contains(&Self::hash(table, key))
    }

    fn hash(table: &str, key: &[u8]) -> u64 {
        let mut hasher = DefaultHasher::new();
        (table, key).hash(&mut hasher);
        hasher.finish()
    }
}

impl Canonical {
    /// Of a side of which nothing has passed.
    pub fn new(indexes: Indexes) -> Self {
        Self { indexes, seen: Seen::default(), forgetting: BTreeMap::new(), tally: None, ended: Vec::new() }
    }

    /// Counts records in.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] if one of them is damaged.
    pub fn add(&mut self, records: &Records) -> Result<()> {
        if self.tally.as_ref().is_none_or(|tally| tally.name() != records.table) {
            self.end_table();
            self.tally = Some(Tally::of(&records.table));
        }
        if self.indexes == Indexes::Left && INDEXES.contains(&records.table.as_str()) {
            return Ok(());
        }
        let mut canonical = Vec::with_capacity(records.records.len());
        for record in &records.records {
            canonical.extend(self.canonical(&records.table, record)?);
        }
        if let Some(tally) = &mut self.tally {
            tally.add(&canonical);
        }
        Ok(())
    }

    /// What has passed, of the tables that hold something.
    pub fn end(mut self) -> Vec<TableEnd> {
        self.end_table();
        self.ended
    }

    fn end_table(&mut self) {
        let Some(mut tally) = self.tally.take() else { return };
        if tally.name() == "forgetting" {
            let orders: Vec<Record> = std::mem::take(&mut self.forgetting).into_iter().collect();
            tally.add(&orders);
        }
        let end = tally.end();
        if end.records > 0 {
            self.ended.push(end);
        }
    }

    /// The record as both sides must have it; `None` if it says nothing.
    fn canonical(&mut self, table: &str, record: &Record) -> Result<Option<Record>> {
        let (place, value) = record;
        let as_it_is = || Some(record.clone());
        Ok(match table {
            "grants" | "groups" | "containers" => {
                self.seen.add(table, place);
                as_it_is()
            }
            "families" => {
                if decode_beginning::<u32>("families", value)? != LIVE {
                    self.seen.add(table, place);
                }
                as_it_is()
            }
            "sites" => {
                let site: Site = decode("sites", value)?;
                if let Some(url) = &site.url {
                    self.seen.add("site_urls", &key(&[place, url.as_bytes()]));
                }
                as_it_is()
            }
            "user_grants" => {
                let id: GrantId = decode("user_grants", value)?;
                as_it_is().filter(|_| self.seen.has("grants", id.as_bytes()))
            }
            "grant_uses" => as_it_is().filter(|_| self.seen.has("grants", place)),
            "site_urls" => {
                let id: SiteId = decode("site_urls", value)?;
                as_it_is().filter(|_| self.seen.has("site_urls", &key(&[id.as_bytes(), place])))
            }
            "forgetting" => {
                let (hour, family) =
                    place.split_first_chunk::<4>().ok_or(StoreError::Corrupt { place: "forgetting" })?;
                if self.seen.has("families", family) {
                    // They pass in the order of their hours.
                    self.forgetting.insert(family.to_vec(), hour.to_vec());
                }
                None
            }
            // Of two places that one request took at once, the earlier is the token's.
            "api_tokens" => {
                let token: ApiToken = decode("api_tokens", value)?;
                if self.seen.add(table, &token.key.to_bytes()) { as_it_is() } else { None }
            }
            "container_tokens" => as_it_is().filter(|_| self.seen.has("containers", place)),
            "activity" => {
                let facts: Vec<String> = decode("activity", value)?;
                let surplus = facts.len().saturating_sub(KEPT_FACTS);
                Some((place.clone(), encode(&facts[surplus..])?)).filter(|_| !facts.is_empty())
            }
            "user_groups" => {
                let mut groups: Vec<GroupId> = decode("user_groups", value)?;
                groups.retain(|group| self.seen.has("groups", group.as_bytes()));
                as_set(place, groups)?
            }
            "roles" => {
                let roles: Vec<String> = decode("roles", value)?;
                let read = place.split_at_checked(RoleSubject::LENGTH);
                let read = read.and_then(|(subject, there)| Some((RoleSubject::from_bytes(subject)?, there)));
                let (subject, there) = read.ok_or(StoreError::Corrupt { place: "roles" })?;
                for role in &roles {
                    self.seen.add("role_holders", &holder_key(there, role, subject));
                }
                as_set(place, roles)?
            }
            // By whom and when, of a role that is held.
            "role_holders" => as_it_is().filter(|_| self.seen.has("role_holders", place)),
            "roles_set" => as_set(place, decode::<Vec<String>>("roles_set", value)?)?,
            _ => as_it_is(),
        })
    }
}

fn as_set<V: Ord + serde::Serialize>(place: &[u8], mut members: Vec<V>) -> Result<Option<Record>> {
    members.sort();
    members.dedup();
    Ok(if members.is_empty() { None } else { Some((place.to_vec(), encode(&members)?)) })
}
