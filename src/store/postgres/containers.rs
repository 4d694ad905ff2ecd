//! Containers on PostgreSQL. A container has one token because that stands in one row, which goes with the container.

use std::sync::Arc;

use async_trait::async_trait;

use crate::domain::container::{Container, ContainerToken};
use crate::domain::id::{ContainerId, SiteId};
use crate::domain::secret::TokenKey;
use crate::store::kept::encode;
use crate::store::postgres::record::{all, only, value};
use crate::store::postgres::statement::Param::Bytes;
use crate::store::postgres::statement::Statement;
use crate::store::postgres::{PostgresStore, swept};
use crate::store::{Added, ContainerCredential, Containers, Result};

const ADD_CONTAINER: Statement = Statement::writing(
    "add_container",
    "INSERT INTO containers (key, record, site_id) VALUES ($1, $2, $3) ON CONFLICT (key) DO NOTHING",
);

const CONTAINER: Statement = Statement::reading("container", "SELECT record FROM containers WHERE key = $1");

const CONTAINERS: Statement = Statement::reading("containers", "SELECT record FROM containers");

const CONTAINERS_ON: Statement =
    Statement::reading("containers_on", "SELECT record FROM containers WHERE site_id = $1");

// The token goes with it: the table says so.
const REMOVE_CONTAINER: Statement = Statement::writing(
    "remove_container",
    "WITH used AS (
         DELETE FROM token_uses USING container_tokens t WHERE t.key = $1 AND token_uses.key = t.token
     )
     DELETE FROM containers WHERE key = $1",
);

const CONTAINER_TOKEN: Statement =
    Statement::reading("container_token", "SELECT record FROM container_tokens WHERE key = $1");

// Whoever removes the container waits for the lock, and takes the token along.
const SET_TOKEN: Statement = Statement::writing(
    "set_container_token",
    "WITH used AS (
         DELETE FROM token_uses USING container_tokens t WHERE t.key = $1 AND token_uses.key = t.token
     )
     INSERT INTO container_tokens (key, record, token)
     SELECT * FROM (SELECT key, $2, $3 FROM containers WHERE key = $1 FOR KEY SHARE) AS there
     ON CONFLICT (key) DO UPDATE SET record = excluded.record, token = excluded.token",
);

const END_TOKEN: Statement = Statement::writing(
    "end_container_token",
    "WITH ended AS (
         DELETE FROM container_tokens WHERE key = $1 AND token = $2 RETURNING token
     ), used AS (
         DELETE FROM token_uses USING ended WHERE key = ended.token
     )
     SELECT FROM ended",
);

// A token whose hour was swept is still told of, and opens nothing.
const CONTAINER_CREDENTIAL: Statement = Statement::reading(
    "container_credential",
    concat!(
        "SELECT c.record, t.record, s.record
         FROM container_tokens t
         JOIN containers c ON c.key = t.key
         LEFT JOIN sites s ON s.key = c.site_id
         WHERE t.token = $1 AND t.token >= ",
        swept!()
    ),
);

#[async_trait]
impl Containers for PostgresStore {
    async fn add_container(&self, container: &Container) -> Result<Added> {
        let record = encode(container)?;
        let params = [Bytes(container.id.as_bytes()), Bytes(&record), Bytes(container.site_id.as_bytes())];
        let added = self.connections.execute(&ADD_CONTAINER, &params).await? > 0;
        Ok(if added { Added::Done } else { Added::Taken(container.id.to_string()) })
    }

    async fn container(&self, id: ContainerId) -> Result<Option<Arc<Container>>> {
        only(self.connections.row(&CONTAINER, &[Bytes(id.as_bytes())]).await?, "containers")
    }

    async fn containers(&self) -> Result<Vec<Arc<Container>>> {
        let mut all: Vec<Arc<Container>> = all(&self.connections.rows(&CONTAINERS, &[]).await?, "containers")?;
        all.sort_by(|a, b| (a.site_id, a.label.as_str(), a.id).cmp(&(b.site_id, b.label.as_str(), b.id)));
        Ok(all)
    }

    async fn containers_on(&self, site: SiteId) -> Result<Vec<Arc<Container>>> {
        let rows = self.connections.rows(&CONTAINERS_ON, &[Bytes(site.as_bytes())]).await?;
        let mut there: Vec<Arc<Container>> = all(&rows, "containers")?;
        there.sort_by(|a, b| (a.label.as_str(), a.id).cmp(&(b.label.as_str(), b.id)));
        Ok(there)
    }

    async fn remove_container(&self, id: ContainerId) -> Result<bool> {
        Ok(self.connections.execute(&REMOVE_CONTAINER, &[Bytes(id.as_bytes())]).await? > 0)
    }

    async fn container_token(&self, id: ContainerId) -> Result<Option<ContainerToken>> {
        only(self.connections.row(&CONTAINER_TOKEN, &[Bytes(id.as_bytes())]).await?, "container_tokens")
    }

    async fn set_container_token(&self, id: ContainerId, token: &ContainerToken) -> Result<bool> {
        let record = encode(token)?;
        let params = [Bytes(id.as_bytes()), Bytes(&record), Bytes(&token.key.to_bytes())];
        Ok(self.connections.execute(&SET_TOKEN, &params).await? > 0)
    }

    async fn end_container_token(&self, id: ContainerId, key: TokenKey) -> Result<bool> {
        let params = [Bytes(id.as_bytes()), Bytes(&key.to_bytes())];
        Ok(!self.connections.rows(&END_TOKEN, &params).await?.is_empty())
    }

    async fn container_credential(&self, key: TokenKey) -> Result<Option<ContainerCredential>> {
        let Some(row) = self.nearest.row(&CONTAINER_CREDENTIAL, &[Bytes(&key.to_bytes())]).await? else {
            return Ok(None);
        };
        let (container, token) = (value(&row, 0, "containers")?, value(&row, 1, "container_tokens")?);
        let (Some(container), Some(token)) = (container, token) else { return Ok(None) };
        Ok(Some(ContainerCredential { container, token, site: value(&row, 2, "sites")? }))
    }
}
