//! Records of stores of earlier formats, as a store of this format has them.
//!
//! | format | what is different since |
//! |---|---|
//! | 2 | tokens are kept under shorter keys and lead to their families by themselves |
//! | 3 | clients and protected resources say more of themselves; people are members of sites |
//! | 4 | apps, their versions and installations, and protected resources, know of Connect; resources know of API tokens |
//! | 5 | there are roles, groups and objects, in tables of their own; no record is different |
//!
//! Fields are added at the end of a record, and what they had been is written as zeros. A store of format 3, 4 or 5 is renewed
//! where it is; one of format 2 by a backup and its restore.

use std::sync::Arc;

use sled::{Db, IVec};

use crate::domain::id::SiteId;
use crate::domain::secret::TokenKey;
use crate::domain::site::{Member, SiteStanding};
use crate::domain::user::{Standing, User};
use crate::store::kept::ONLY;
use crate::store::kept::key;
use crate::store::kept::tables::{Reading, named};
use crate::store::sled::SledStore;
use crate::store::sled::committer::Health;
use crate::store::sled::table::{Table, failure};
use crate::store::{Records, Result};

/// The first format in which tokens are kept as they are now. Of an earlier one no credentials are carried.
pub const CREDENTIALS_SINCE: u32 = 3;

/// The first format that is renewed where it is.
pub const RENEWED_SINCE: u32 = 3;

/// The first format in which a person is a member of sites.
const MEMBERS_SINCE: u32 = 4;

/// The first format in which records have the fields that they have now.
const FIELDS_SINCE: u32 = 5;

/// The tables whose records got fields since some format that is read.
const EXTENDED: [&str; 4] = ["registry", "apps", "versions", "installations"];

/// So many bytes at most did the fields take that a record got at its end.
const MOST_ADDED: usize = 8;

/// Records of a store of that format, as a store of this format has them.
pub fn renewed(format: u32, mut records: Records) -> Records {
    // They had the whole digest of a token in their keys.
    if format < CREDENTIALS_SINCE && ["assertions", "devices"].contains(&records.table.as_str()) {
        records.records.iter_mut().for_each(|(key, _)| key.truncate(TokenKey::LENGTH));
    }
    if format < FIELDS_SINCE && EXTENDED.contains(&records.table.as_str()) {
        records.records.iter_mut().for_each(|(_, value)| *value = extended(&records.table, value));
    }
    records
}

/// A record with zeros for the fields that it lacks; as it is where it lacks none, or is damaged.
fn extended(table: &str, value: &[u8]) -> Vec<u8> {
    let Some(table) = named(table) else { return value.to_vec() };
    let mut longer = value.to_vec();
    for _ in 0..=MOST_ADDED {
        if table.reading(&longer) == Reading::Good {
            return longer;
        }
        longer.push(0);
    }
    value.to_vec()
}

/// Makes the trees of a store of that format those of this format. May be done again, so that a crash in between is no
/// matter; durable once the store says that it has this format.
pub fn renew(db: &Db, format: u32) -> Result<()> {
    for table in EXTENDED {
        let tree = db.open_tree(table).map_err(|error| failure(table, error))?;
        let records = tree.iter().collect::<sled::Result<Vec<(IVec, IVec)>>>();
        let records = records.map_err(|error| failure(table, error))?;
        let records = records.iter().map(|(key, value)| (key.to_vec(), value.to_vec())).collect();
        for (key, value) in renewed(format, Records { table: table.into(), records }).records {
            tree.insert(key, value).map_err(|error| failure(table, error))?;
        }
    }
    enter_members(db, format)
}

impl SledStore {
    /// Completes what was imported from a store of that format.
    ///
    /// # Errors
    /// [`StoreError`](crate::store::StoreError) if the store fails.
    pub fn adopt(&self, format: u32) -> Result<()> {
        self.events.resume()?;
        enter_members(&self.db, format)
    }
}

/// Makes everybody of a store that knew no members one of the only site there was.
fn enter_members(db: &Db, format: u32) -> Result<()> {
    if format >= MEMBERS_SINCE {
        return Ok(());
    }
    let health = Arc::<Health>::default();
    let sites: Table<SiteId> = Table::open(db, "default_site", &health)?;
    let users: Table<User> = Table::open(db, "users", &health)?;
    let members: Table<Member> = Table::open(db, "members", &health)?;
    let index: Table<()> = Table::open(db, "site_members", &health)?;
    let Some(site_id) = sites.get(ONLY)? else { return Ok(()) };
    for entry in users.all() {
        let (_, user) = entry?;
        let standing = match user.standing {
            Standing::Member => SiteStanding::Member,
            Standing::Admin => SiteStanding::Admin,
        };
        let member = Member { site_id, user_id: user.id, standing, since: user.created };
        members.put(key(&[user.id.as_bytes(), site_id.as_bytes()]), &member)?;
        index.put(key(&[site_id.as_bytes(), user.id.as_bytes()]), &())?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::domain::client::{AuthorizationRequests, Client, Credentials, Pkce, Profile};
    use crate::domain::id::UserId;
    use crate::domain::site::Site;
    use crate::domain::time::Timestamp;
    use crate::domain::user::{Epoch, UserState};
    use crate::store::sled::FORMAT;
    use crate::store::{Clients, Sites, Users};

    fn client() -> Client {
        Client {
            id: "app".parse().expect("an id"),
            name: "App".into(),
            publisher: None,
            policy_uri: None,
            tos_uri: None,
            credentials: Credentials::Public,
            redirect_uris: Vec::new(),
            grant_types: Vec::new(),
            scope: Default::default(),
            optional_scope: Default::default(),
            authorization_requests: AuthorizationRequests::Any,
            created: Timestamp(7),
            profile: Profile::Rfc,
            pkce: Pkce::Required,
            deployment: None,
        }
    }

    fn admin() -> User {
        User {
            id: UserId::from_random([1; 16]),
            email: "boss@example.com".parse().expect("an address"),
            name: String::new(),
            password: None,
            standing: Standing::Admin,
            state: UserState::Active,
            epoch: Epoch::default(),
            created: Timestamp(5),
            password_changed: None,
        }
    }

    #[tokio::test]
    async fn a_store_of_the_format_before_is_renewed_where_it_is() {
        let folder = tempfile::tempdir().expect("a folder");
        let id = SiteId::from_random([2; 16]);
        let site = Site { id, name: "Acme".into(), url: None, workspace_id: id };
        {
            let store = SledStore::open(folder.path(), 8).expect("a store");
            store.default_site(&site).await.expect("a site");
            store.add_user(&admin()).await.expect("a person");
            store.add_client(&client()).await.expect("a client");
            let registry = store.db.open_tree("registry").expect("a tree");
            let record = registry.get("app").expect("read").expect("a record");
            registry.insert("app", &record[..record.len() - 3]).expect("written");
            store.close().await.expect("closed");
        }
        fs::write(folder.path().join("FORMAT"), "3\n").expect("written");

        for _ in 0..2 {
            let store = SledStore::open(folder.path(), 8).expect("a store");
            assert_eq!(store.client(&client().id).await.expect("read").as_deref(), Some(&client()));
            let member = store.member(id, admin().id).await.expect("read").expect("a member");
            assert_eq!((member.standing, member.since), (SiteStanding::Admin, Timestamp(5)));
            store.close().await.expect("closed");
        }
        assert_eq!(fs::read_to_string(folder.path().join("FORMAT")).expect("read").trim(), FORMAT.to_string());
    }

    #[tokio::test]
    async fn a_store_without_roles_gets_another_number_and_no_other_record() {
        let folder = tempfile::tempdir().expect("a folder");
        let registry = |store: &SledStore| {
            let tree = store.db.open_tree("registry").expect("a tree");
            tree.iter().collect::<sled::Result<Vec<_>>>().expect("records")
        };
        let store = SledStore::open(folder.path(), 8).expect("a store");
        store.add_client(&client()).await.expect("a client");
        let before = registry(&store);
        store.close().await.expect("closed");
        drop(store);
        fs::write(folder.path().join("FORMAT"), "5\n").expect("written");

        let store = SledStore::open(folder.path(), 8).expect("a store");
        assert_eq!(registry(&store), before);
        store.close().await.expect("closed");
        assert_eq!(fs::read_to_string(folder.path().join("FORMAT")).expect("read").trim(), FORMAT.to_string());
    }
}
