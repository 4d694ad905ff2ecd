//! Sites on PostgreSQL. A URL belongs to one site because the table says so.

use std::sync::Arc;

use async_trait::async_trait;
use tokio_postgres::error::SqlState;

use crate::domain::id::{SiteId, UserId};
use crate::domain::role_binding::RoleSubject;
use crate::domain::site::{Member, Site};
use crate::store::kept::encode;
use crate::store::kept::keys::member_key;
use crate::store::postgres::PostgresStore;
use crate::store::postgres::api_tokens::END_API_TOKENS_FOR;
use crate::store::postgres::connections::{Attempt, Outcome, transaction};
use crate::store::postgres::grants::{LOCK_GRANTS_OF, leave_site};
use crate::store::postgres::prefix::last_of;
use crate::store::postgres::record::{all, only};
use crate::store::postgres::roles::end_roles;
use crate::store::postgres::statement::Param::{Bytes, Maybe};
use crate::store::postgres::statement::{Param, Statement};
use crate::store::{Added, Result, Sites, StoreError};

const SITE: Statement = Statement::reading("site", "SELECT record FROM sites WHERE key = $1");

const SITE_AT: Statement = Statement::reading("site_at", "SELECT record FROM sites WHERE url = $1");

const SITE_OF_WORKSPACE: Statement =
    Statement::reading("site_of_workspace", "SELECT record FROM sites WHERE workspace = $1 ORDER BY key LIMIT 1");

const SITES: Statement = Statement::reading("sites", "SELECT record FROM sites");

const DEFAULT_SITE: Statement =
    Statement::reading("default_site", "SELECT record FROM singles WHERE key = 'default_site'");

// Which site it is comes with the site: whoever finds the one finds the other.
const BEGIN_DEFAULT_SITE: Statement = Statement::writing(
    "begin_default_site",
    "WITH first AS (
         INSERT INTO singles (key, record) VALUES ('default_site', $5) ON CONFLICT (key) DO NOTHING RETURNING 1
     )
     INSERT INTO sites (key, record, url, workspace) SELECT $1, $2, $3, $4 FROM first",
);

const ADD_SITE: Statement = Statement::writing(
    "add_site",
    "INSERT INTO sites (key, record, url, workspace) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING",
);

const CHANGE_SITE: Statement =
    Statement::writing("change_site", "UPDATE sites SET record = $2, url = $3, workspace = $4 WHERE key = $1");

const MEMBER: Statement = Statement::reading("member", "SELECT record FROM members WHERE key = $1");

const MEMBERS: Statement = Statement::reading("members", "SELECT record FROM members WHERE site_id = $1 ORDER BY key");

const MEMBERSHIPS: Statement =
    Statement::reading("memberships", "SELECT record FROM members WHERE key BETWEEN $1 AND $2 ORDER BY key");

const BEGIN_MEMBERSHIP: Statement = Statement::writing(
    "begin_membership",
    "INSERT INTO members (key, record, site_id) VALUES ($1, $2, $3) ON CONFLICT (key) DO NOTHING",
);

const CHANGE_MEMBERSHIP: Statement =
    Statement::writing("change_membership", "UPDATE members SET record = $2 WHERE key = $1");

const END_MEMBERSHIP: Statement = Statement::writing("end_membership", "DELETE FROM members WHERE key = $1");

const LEAVE_GROUPS: Statement =
    Statement::writing("leave_groups", "DELETE FROM group_members WHERE user_id = $1 AND site_id = $2");

#[async_trait]
impl Sites for PostgresStore {
    async fn site(&self, id: SiteId) -> Result<Option<Arc<Site>>> {
        only(self.connections.row(&SITE, &[Bytes(id.as_bytes())]).await?, "sites")
    }

    async fn site_at(&self, url: &str) -> Result<Option<Arc<Site>>> {
        only(self.connections.row(&SITE_AT, &[Bytes(url.as_bytes())]).await?, "sites")
    }

    async fn site_of_workspace(&self, workspace: SiteId) -> Result<Option<Arc<Site>>> {
        only(self.connections.row(&SITE_OF_WORKSPACE, &[Bytes(workspace.as_bytes())]).await?, "sites")
    }

    async fn sites(&self) -> Result<Vec<Arc<Site>>> {
        let mut sites: Vec<Arc<Site>> = all(&self.connections.rows(&SITES, &[]).await?, "sites")?;
        sites.sort_by(|a, b| a.name.cmp(&b.name).then_with(|| a.id.cmp(&b.id)));
        Ok(sites)
    }

    async fn default_site(&self, new: &Site) -> Result<Arc<Site>> {
        let mut known: Option<SiteId> = only(self.connections.row(&DEFAULT_SITE, &[]).await?, "default_site")?;
        if known.is_none() {
            let (record, id) = (encode(new)?, encode(&new.id)?);
            let [key, record, url, workspace] = columns(new, &record);
            self.connections.execute(&BEGIN_DEFAULT_SITE, &[key, record, url, workspace, Bytes(&id)]).await?;
            known = only(self.connections.row(&DEFAULT_SITE, &[]).await?, "default_site")?;
        }
        let id = known.ok_or(StoreError::Corrupt { place: "default_site" })?;
        self.site(id).await?.ok_or(StoreError::Corrupt { place: "sites" })
    }

    async fn add_site(&self, site: &Site) -> Result<Added> {
        let record = encode(site)?;
        let added = self.connections.execute(&ADD_SITE, &columns(site, &record)).await? > 0;
        let taken = || site.url.clone().unwrap_or_else(|| site.id.to_string());
        Ok(if added { Added::Done } else { Added::Taken(taken()) })
    }

    async fn change_site(&self, site: &Site) -> Result<Option<Added>> {
        let record = encode(site)?;
        match (self.connections.execute(&CHANGE_SITE, &columns(site, &record)).await, &site.url) {
            (Ok(changed), _) => Ok((changed > 0).then_some(Added::Done)),
            (Err(error), Some(url)) if is_taken(&error) => Ok(Some(Added::Taken(url.clone()))),
            (Err(error), _) => Err(error),
        }
    }

    async fn member(&self, site: SiteId, user: UserId) -> Result<Option<Member>> {
        only(self.connections.row(&MEMBER, &[Bytes(&member_key(user, site))]).await?, "members")
    }

    async fn members(&self, site: SiteId) -> Result<Vec<Member>> {
        all(&self.connections.rows(&MEMBERS, &[Bytes(site.as_bytes())]).await?, "members")
    }

    async fn memberships(&self, user: UserId) -> Result<Vec<Member>> {
        let last = last_of(user.as_bytes(), 16);
        all(&self.connections.rows(&MEMBERSHIPS, &[Bytes(user.as_bytes()), Bytes(&last)]).await?, "members")
    }

    async fn put_member(&self, member: &Member) -> Result<()> {
        let (key, record) = (member_key(member.user_id, member.site_id), encode(member)?);
        let [key, record, site] = [Bytes(&key), Bytes(&record), Bytes(member.site_id.as_bytes())];
        loop {
            let put = transaction!(self.connections, tx => {
                if tx.execute(&BEGIN_MEMBERSHIP, &[key, record, site]).await? > 0 {
                    end_what_is_left(&mut tx, member.user_id, member.site_id).await?;
                    return Ok(true);
                }
                Ok(tx.execute(&CHANGE_MEMBERSHIP, &[key, record]).await? > 0)
            });
            // Or else somebody ended the membership in between.
            if put {
                return Ok(());
            }
        }
    }

    async fn remove_member(&self, site: SiteId, user: UserId) -> Result<bool> {
        let removed = transaction!(self.connections, tx => {
            let removed = tx.execute(&END_MEMBERSHIP, &[Bytes(&member_key(user, site))]).await? > 0;
            end_what_is_left(&mut tx, user, site).await?;
            Ok(removed)
        });
        Ok(removed)
    }
}

/// Ends what a person allowed on a site, made for it alone, and holds there, by themselves and by its groups.
async fn end_what_is_left(tx: &mut Attempt<'_>, user: UserId, site: SiteId) -> Outcome<()> {
    leave_site(tx, &LOCK_GRANTS_OF, user.as_bytes(), site).await?;
    let there = [Bytes(user.as_bytes()), Bytes(site.as_bytes())];
    tx.execute(&END_API_TOKENS_FOR, &there).await?;
    tx.execute(&LEAVE_GROUPS, &there).await?;
    end_roles(tx, site, RoleSubject::User(user)).await
}

fn columns<'a>(site: &'a Site, record: &'a [u8]) -> [Param<'a>; 4] {
    let url = Maybe(site.url.as_deref().map(str::as_bytes));
    [Bytes(site.id.as_bytes()), Bytes(record), url, Bytes(site.workspace_id.as_bytes())]
}

/// Whether the database refused a change because another row has what must be unique.
fn is_taken(error: &StoreError) -> bool {
    let StoreError::Unavailable(cause) = error else { return false };
    let cause = cause.downcast_ref::<tokio_postgres::Error>();
    cause.and_then(tokio_postgres::Error::code) == Some(&SqlState::UNIQUE_VIOLATION)
}
