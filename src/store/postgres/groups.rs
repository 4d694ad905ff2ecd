//! Groups on PostgreSQL. Who is in a group goes with the group because the table says so.

use std::sync::Arc;

use async_trait::async_trait;

use crate::domain::group::Group;
use crate::domain::id::{GroupId, SiteId, UserId};
use crate::domain::role_binding::RoleSubject;
use crate::store::kept::encode;
use crate::store::postgres::PostgresStore;
use crate::store::postgres::connections::transaction;
use crate::store::postgres::record::{all, bytes, only, value};
use crate::store::postgres::roles::end_roles;
use crate::store::postgres::statement::Param::Bytes;
use crate::store::postgres::statement::Statement;
use crate::store::{Added, Groups, Result, StoreError};

const GROUP: Statement = Statement::reading("group", "SELECT record FROM groups WHERE key = $1");

const GROUPS_ON: Statement =
    Statement::reading("groups_on", "SELECT record FROM groups WHERE site_id = $1 ORDER BY name");

const ADD_GROUP: Statement = Statement::writing(
    "add_group",
    "INSERT INTO groups (key, record, site_id, name) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING",
);

const REMOVE_GROUP: Statement =
    Statement::writing("remove_group", "DELETE FROM groups WHERE key = $1 RETURNING record");

// Whoever removes the group waits for the row that is locked here, and takes its members with it.
const ADD_TO_GROUP: Statement = Statement::writing(
    "add_to_group",
    "INSERT INTO group_members (group_id, user_id, site_id)
     SELECT key, $2, site_id FROM groups WHERE key = $1 FOR KEY SHARE
     ON CONFLICT DO NOTHING",
);

const REMOVE_FROM_GROUP: Statement =
    Statement::writing("remove_from_group", "DELETE FROM group_members WHERE group_id = $1 AND user_id = $2");

const GROUP_MEMBERS: Statement =
    Statement::reading("group_members", "SELECT user_id FROM group_members WHERE group_id = $1 ORDER BY user_id");

const GROUPS_OF: Statement = Statement::reading(
    "groups_of",
    "SELECT group_id FROM group_members WHERE user_id = $1 AND site_id = $2 ORDER BY group_id",
);

#[async_trait]
impl Groups for PostgresStore {
    async fn group(&self, id: GroupId) -> Result<Option<Arc<Group>>> {
        only(self.connections.row(&GROUP, &[Bytes(id.as_bytes())]).await?, "groups")
    }

    async fn groups_on(&self, site: SiteId) -> Result<Vec<Arc<Group>>> {
        all(&self.connections.rows(&GROUPS_ON, &[Bytes(site.as_bytes())]).await?, "groups")
    }

    async fn add_group(&self, group: &Group) -> Result<Added> {
        let (record, name) = (encode(group)?, group.name.as_str().to_lowercase());
        let params =
            [Bytes(group.id.as_bytes()), Bytes(&record), Bytes(group.site_id.as_bytes()), Bytes(name.as_bytes())];
        let added = self.connections.execute(&ADD_GROUP, &params).await? > 0;
        Ok(if added { Added::Done } else { Added::Taken(group.name.to_string()) })
    }

    async fn remove_group(&self, id: GroupId) -> Result<bool> {
        let removed = transaction!(self.connections, tx => {
            match tx.row(&REMOVE_GROUP, &[Bytes(id.as_bytes())]).await? {
                None => Ok(false),
                Some(row) => {
                    let group: Group = value(&row, 0, "groups")?.ok_or(DAMAGED)?;
                    end_roles(&mut tx, group.site_id, RoleSubject::Group(id)).await?;
                    Ok(true)
                }
            }
        });
        Ok(removed)
    }

    async fn add_to_group(&self, id: GroupId, user: UserId) -> Result<bool> {
        let params = [Bytes(id.as_bytes()), Bytes(user.as_bytes())];
        Ok(self.connections.execute(&ADD_TO_GROUP, &params).await? > 0)
    }

    async fn remove_from_group(&self, id: GroupId, user: UserId) -> Result<bool> {
        let params = [Bytes(id.as_bytes()), Bytes(user.as_bytes())];
        Ok(self.connections.execute(&REMOVE_FROM_GROUP, &params).await? > 0)
    }

    async fn group_members(&self, id: GroupId) -> Result<Vec<UserId>> {
        let rows = self.connections.rows(&GROUP_MEMBERS, &[Bytes(id.as_bytes())]).await?;
        rows.iter().map(|row| bytes(row, 0)?.and_then(id_of).map(UserId::from_bytes).ok_or(DAMAGED)).collect()
    }

    async fn groups_of(&self, site: SiteId, user: UserId) -> Result<Vec<GroupId>> {
        let rows = self.connections.rows(&GROUPS_OF, &[Bytes(user.as_bytes()), Bytes(site.as_bytes())]).await?;
        rows.iter().map(|row| bytes(row, 0)?.and_then(id_of).map(GroupId::from_bytes).ok_or(DAMAGED)).collect()
    }
}

const DAMAGED: StoreError = StoreError::Corrupt { place: "groups" };

fn id_of(bytes: &[u8]) -> Option<[u8; 16]> {
    bytes.try_into().ok()
}
