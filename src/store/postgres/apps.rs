//! Apps on PostgreSQL. An app is on a site once because the table says so.

use std::sync::Arc;

use async_trait::async_trait;

use crate::domain::app::{App, AppVersion, Deployed, Deployment, VersionNumber};
use crate::domain::id::{AppId, ClientId, InstallationId, SiteId, UserId};
use crate::domain::installation::{Authority, Installation, InstallationRequest, Tenant};
use crate::domain::role_binding::RoleSubject;
use crate::store::kept::apps::as_version_asks;
use crate::store::kept::encode;
use crate::store::kept::keys::{deployment_key, installed_key, request_key, version_key};
use crate::store::kept::registry::{Party, Registration};
use crate::store::postgres::PostgresStore;
use crate::store::postgres::connections::{Attempt, Outcome, transaction};
use crate::store::postgres::grants::{LOCK_GRANTS_OF_CLIENT, leave_site};
use crate::store::postgres::prefix::last_of;
use crate::store::postgres::record::{all, only, value};
use crate::store::postgres::registry::{lock_registration, put_registration};
use crate::store::postgres::roles::end_roles;
use crate::store::postgres::statement::Param::Bytes;
use crate::store::postgres::statement::Statement;
use crate::store::{Apps, Result};

const APP: Statement = Statement::reading("app", "SELECT record FROM apps WHERE key = $1");

const APPS: Statement = Statement::reading("apps", "SELECT record FROM apps");

const ADD_APP: Statement =
    Statement::writing("add_app", "INSERT INTO apps (key, record) VALUES ($1, $2) ON CONFLICT (key) DO NOTHING");

const CHANGE_APP: Statement =
    Statement::writing("change_app", "UPDATE apps SET record = $2 WHERE key = $1 AND record = $3");

const DEPLOYED: Statement = Statement::reading("deployed", "SELECT record FROM deployed WHERE key = $1");

const DEPLOY_FIRST: Statement = Statement::writing(
    "deploy_first",
    "INSERT INTO deployed (key, record) VALUES ($1, $2) ON CONFLICT (key) DO NOTHING",
);

const DEPLOY_NEXT: Statement =
    Statement::writing("deploy_next", "UPDATE deployed SET record = $2 WHERE key = $1 AND record = $3");

const KEEP_VERSION: Statement = Statement::writing(
    "keep_version",
    "INSERT INTO versions (key, record) VALUES ($1, $2) ON CONFLICT (key) DO UPDATE SET record = excluded.record",
);

const VERSION: Statement = Statement::reading("version", "SELECT record FROM versions WHERE key = $1");

const VERSIONS: Statement =
    Statement::reading("versions", "SELECT record FROM versions WHERE key BETWEEN $1 AND $2 ORDER BY key");

const INSTALLATION: Statement = Statement::reading("installation", "SELECT record FROM installations WHERE key = $1");

const TENANT: Statement = Statement::reading(
    "tenant",
    "SELECT r.record, s.record, i.record, d.record
     FROM registry r
     JOIN sites s ON s.key = $2
     JOIN installations i ON i.site_id = $2 AND i.deployment = r.deployment
     JOIN deployed d ON d.key = r.deployment
     WHERE r.key = $1",
);

const INSTALLATION_ON: Statement =
    Statement::reading("installation_on", "SELECT record FROM installations WHERE site_id = $1 AND deployment = $2");

const INSTALLATIONS_ON: Statement =
    Statement::reading("installations_on", "SELECT record FROM installations WHERE site_id = $1 ORDER BY key");

const INSTALLATIONS_OF: Statement =
    Statement::reading("installations_of", "SELECT record FROM installations WHERE deployment = $1 ORDER BY key");

const INSTALL: Statement = Statement::writing(
    "install",
    "INSERT INTO installations (key, record, site_id, deployment) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING",
);

// Neither the site nor the deployment ever changes.
const CHANGE_INSTALLATION: Statement =
    Statement::writing("change_installation", "UPDATE installations SET record = $2 WHERE key = $1 AND record = $3");

const UNINSTALL: Statement = Statement::writing("uninstall", "DELETE FROM installations WHERE key = $1");

const REQUEST: Statement = Statement::writing(
    "request_installation",
    "INSERT INTO installation_requests (key, record) VALUES ($1, $2)
     ON CONFLICT (key) DO UPDATE SET record = excluded.record",
);

const REQUESTS: Statement = Statement::reading(
    "installation_requests",
    "SELECT record FROM installation_requests WHERE key BETWEEN $1 AND $2 ORDER BY key",
);

const END_REQUESTS: Statement =
    Statement::writing("end_installation_requests", "DELETE FROM installation_requests WHERE key BETWEEN $1 AND $2");

#[async_trait]
impl Apps for PostgresStore {
    async fn app(&self, id: AppId) -> Result<Option<Arc<App>>> {
        only(self.connections.row(&APP, &[Bytes(id.as_bytes())]).await?, "apps")
    }

    async fn apps(&self) -> Result<Vec<Arc<App>>> {
        let mut apps: Vec<Arc<App>> = all(&self.connections.rows(&APPS, &[]).await?, "apps")?;
        apps.sort_by(|a, b| a.name.cmp(&b.name).then_with(|| a.id.cmp(&b.id)));
        Ok(apps)
    }

    async fn change_app(&self, old: Option<&App>, new: &App) -> Result<bool> {
        let (key, record) = (Bytes(new.id.as_bytes()), encode(new)?);
        let changed = match old {
            None => self.connections.execute(&ADD_APP, &[key, Bytes(&record)]).await?,
            Some(old) => self.connections.execute(&CHANGE_APP, &[key, Bytes(&record), Bytes(&encode(old)?)]).await?,
        };
        Ok(changed > 0)
    }

    async fn deployed(&self, deployment: Deployment) -> Result<Option<Arc<Deployed>>> {
        only(self.connections.row(&DEPLOYED, &[Bytes(&deployment_key(deployment))]).await?, "deployed")
    }

    async fn deploy(
        &self,
        deployment: Deployment,
        old: Option<&Deployed>,
        new: &Deployed,
        version: &AppVersion,
    ) -> Result<bool> {
        let won = transaction!(self.connections, tx => deploy(&mut tx, deployment, old, new, version).await);
        Ok(won)
    }

    async fn version(&self, deployment: Deployment, number: VersionNumber) -> Result<Option<AppVersion>> {
        only(self.connections.row(&VERSION, &[Bytes(&version_key(deployment, number))]).await?, "versions")
    }

    async fn versions(&self, deployment: Deployment) -> Result<Vec<AppVersion>> {
        let first = deployment_key(deployment);
        let last = last_of(&first, 8);
        all(&self.connections.rows(&VERSIONS, &[Bytes(&first), Bytes(&last)]).await?, "versions")
    }

    async fn installation(&self, id: InstallationId) -> Result<Option<Arc<Installation>>> {
        only(self.connections.row(&INSTALLATION, &[Bytes(id.as_bytes())]).await?, "installations")
    }

    async fn tenant(&self, key: &str, site: SiteId) -> Result<Option<Tenant>> {
        let params = [Bytes(key.as_bytes()), Bytes(site.as_bytes())];
        let Some(row) = self.nearest.row(&TENANT, &params).await? else { return Ok(None) };
        let client = value::<Registration>(&row, 0, "registry")?.and_then(Registration::client);
        let installation: Option<Arc<Installation>> = value(&row, 2, "installations")?;
        let installation = installation.filter(|installation| installation.tenancy.is_some());
        let found = (client, value(&row, 1, "sites")?, installation, value(&row, 3, "deployed")?);
        let (Some(client), Some(site), Some(installation), Some(deployed)) = found else { return Ok(None) };
        Ok(Some(Tenant { client, site, authority: Authority { installation, deployed } }))
    }

    async fn installation_on(&self, site: SiteId, deployment: Deployment) -> Result<Option<Arc<Installation>>> {
        let params = [Bytes(site.as_bytes()), Bytes(&deployment_key(deployment))];
        only(self.connections.row(&INSTALLATION_ON, &params).await?, "installations")
    }

    async fn installations_on(&self, site: SiteId) -> Result<Vec<Arc<Installation>>> {
        all(&self.connections.rows(&INSTALLATIONS_ON, &[Bytes(site.as_bytes())]).await?, "installations")
    }

    async fn installations_of(&self, deployment: Deployment) -> Result<Vec<Arc<Installation>>> {
        let rows = self.connections.rows(&INSTALLATIONS_OF, &[Bytes(&deployment_key(deployment))]).await?;
        all(&rows, "installations")
    }

    async fn install(&self, installation: &Installation, client: &ClientId) -> Result<bool> {
        let (record, deployment) = (encode(installation)?, deployment_key(installation.deployment));
        let site = installation.site_id;
        let params = [Bytes(installation.id.as_bytes()), Bytes(&record), Bytes(site.as_bytes()), Bytes(&deployment)];
        let installed = transaction!(self.connections, tx => {
            let installed = tx.execute(&INSTALL, &params).await? > 0;
            if installed {
                leave_site(&mut tx, &LOCK_GRANTS_OF_CLIENT, client.as_str().as_bytes(), site).await?;
            }
            Ok(installed)
        });
        Ok(installed)
    }

    async fn change_installation(&self, old: &Installation, new: &Installation) -> Result<bool> {
        let (before, after) = (encode(old)?, encode(new)?);
        let params = [Bytes(old.id.as_bytes()), Bytes(&after), Bytes(&before)];
        Ok(self.connections.execute(&CHANGE_INSTALLATION, &params).await? > 0)
    }

    // Who finds it gone leaves alone what people allowed there since: the app may be installed again by now.
    async fn uninstall(&self, installation: &Installation, client: &ClientId) -> Result<bool> {
        let site = installation.site_id;
        let removed = transaction!(self.connections, tx => {
            let removed = tx.execute(&UNINSTALL, &[Bytes(installation.id.as_bytes())]).await? > 0;
            if removed {
                leave_site(&mut tx, &LOCK_GRANTS_OF_CLIENT, client.as_str().as_bytes(), site).await?;
                end_roles(&mut tx, site, RoleSubject::App(installation.id)).await?;
            }
            Ok(removed)
        });
        Ok(removed)
    }

    async fn request_installation(&self, request: &InstallationRequest) -> Result<()> {
        let key = request_key(request.site_id, request.deployment, request.by);
        self.connections.execute(&REQUEST, &[Bytes(&key), Bytes(&encode(request)?)]).await.map(drop)
    }

    async fn installation_requests(&self, site: SiteId) -> Result<Vec<InstallationRequest>> {
        let last = last_of(site.as_bytes(), 17 + 16);
        let rows = self.connections.rows(&REQUESTS, &[Bytes(site.as_bytes()), Bytes(&last)]).await?;
        let mut requests: Vec<InstallationRequest> = all(&rows, "installation_requests")?;
        requests.sort_by_key(|request| request.at);
        Ok(requests)
    }

    async fn end_installation_requests(
        &self,
        site: SiteId,
        deployment: Deployment,
        by: Option<UserId>,
    ) -> Result<usize> {
        let (first, last) = match by {
            Some(by) => (request_key(site, deployment, by), request_key(site, deployment, by)),
            None => {
                let first = installed_key(site, deployment);
                let last = last_of(&first, 16);
                (first, last)
            }
        };
        let ended = self.connections.execute(&END_REQUESTS, &[Bytes(&first), Bytes(&last)]).await?;
        Ok(usize::try_from(ended).unwrap_or(usize::MAX))
    }
}

/// The head decides; the version and the client come with it.
async fn deploy(
    tx: &mut Attempt<'_>,
    deployment: Deployment,
    old: Option<&Deployed>,
    new: &Deployed,
    version: &AppVersion,
) -> Outcome<bool> {
    let (key, record) = (deployment_key(deployment), encode(new)?);
    let won = match old {
        None => tx.execute(&DEPLOY_FIRST, &[Bytes(&key), Bytes(&record)]).await?,
        Some(old) => tx.execute(&DEPLOY_NEXT, &[Bytes(&key), Bytes(&record), Bytes(&encode(old)?)]).await?,
    };
    if won == 0 {
        return Ok(false);
    }
    let number = version_key(deployment, version.number);
    tx.execute(&KEEP_VERSION, &[Bytes(&number), Bytes(&encode(version)?)]).await?;
    let name = new.client_id.as_str();
    if let Some(kept) = lock_registration(tx, name).await?
        && let Party::Client(client) = &kept.party
    {
        let party = Party::Client(Arc::new(as_version_asks(client, version)));
        put_registration(tx, name, Some(&kept), &Registration { number: kept.number, party }).await?;
    }
    Ok(true)
}
