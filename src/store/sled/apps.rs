//! Apps on sled. An installation is one head: whatever hangs from it is over once it is gone.

use std::sync::{Arc, PoisonError};

use async_trait::async_trait;

use crate::domain::app::{App, AppVersion, Deployed, Deployment, VersionNumber};
use crate::domain::id::{AppId, ClientId, InstallationId, SiteId, UserId};
use crate::domain::installation::{Authority, Installation, InstallationRequest, Tenant};
use crate::domain::role_binding::RoleSubject;
use crate::store::kept::apps::as_version_asks;
use crate::store::kept::keys::{deployment_key, installed_key, request_key, version_key};
use crate::store::kept::registry::{Party, Registration};
use crate::store::sled::SledStore;
use crate::store::{Apps, Result};

#[async_trait]
impl Apps for SledStore {
    async fn app(&self, id: AppId) -> Result<Option<Arc<App>>> {
        Ok(self.apps.get(id.as_bytes()))
    }

    async fn apps(&self) -> Result<Vec<Arc<App>>> {
        let mut apps = self.apps.all().map(|entry| entry.map(|(_, app)| app)).collect::<Result<Vec<_>>>()?;
        apps.sort_by(|a, b| a.name.cmp(&b.name).then_with(|| a.id.cmp(&b.id)));
        Ok(apps)
    }

    async fn change_app(&self, old: Option<&App>, new: &App) -> Result<bool> {
        let changed =
            self.apps.update(new.id.as_bytes(), |kept| (kept.as_deref() == old).then(|| Arc::new(new.clone())))?;
        self.durable(changed.is_some()).await
    }

    async fn deployed(&self, deployment: Deployment) -> Result<Option<Arc<Deployed>>> {
        Ok(self.deployed.get(deployment_key(deployment)))
    }

    async fn deploy(
        &self,
        deployment: Deployment,
        old: Option<&Deployed>,
        new: &Deployed,
        version: &AppVersion,
    ) -> Result<bool> {
        let won = self.deploy_one(deployment, old, new, version)?;
        self.durable(won).await
    }

    async fn version(&self, deployment: Deployment, number: VersionNumber) -> Result<Option<AppVersion>> {
        self.versions.get(version_key(deployment, number))
    }

    async fn versions(&self, deployment: Deployment) -> Result<Vec<AppVersion>> {
        self.versions.prefix(deployment_key(deployment)).map(|entry| entry.map(|(_, version)| version)).collect()
    }

    async fn installation(&self, id: InstallationId) -> Result<Option<Arc<Installation>>> {
        Ok(self.installations.get(id.as_bytes()))
    }

    async fn tenant(&self, key: &str, site: SiteId) -> Result<Option<Tenant>> {
        let registered = self.registry.get(key).and_then(Registration::client);
        Ok(registered.and_then(|client| {
            let authority = self.authority_on(site, client.deployment?)?;
            authority.installation.tenancy.as_ref()?;
            Some(Tenant { client, site: self.sites.get(site.as_bytes())?, authority })
        }))
    }

    async fn installation_on(&self, site: SiteId, deployment: Deployment) -> Result<Option<Arc<Installation>>> {
        Ok(self.installed(site, deployment))
    }

    async fn installations_on(&self, site: SiteId) -> Result<Vec<Arc<Installation>>> {
        self.installations_where(|installation| installation.site_id == site)
    }

    async fn installations_of(&self, deployment: Deployment) -> Result<Vec<Arc<Installation>>> {
        self.installations_where(|installation| installation.deployment == deployment)
    }

    // What was allowed during an earlier installation goes first, then the name, then the head: a crash leaves a name that
    // leads nowhere.
    async fn install(&self, installation: &Installation, client: &ClientId) -> Result<bool> {
        if self.installed(installation.site_id, installation.deployment).is_some() {
            return self.durable(false).await;
        }
        self.leave_site(client, installation.site_id).await?;
        let added = self.install_one(installation)?;
        self.durable(added).await
    }

    async fn change_installation(&self, old: &Installation, new: &Installation) -> Result<bool> {
        let changed = self
            .installations
            .update(old.id.as_bytes(), |kept| kept.filter(|kept| **kept == *old).map(|_| Arc::new(new.clone())))?;
        self.durable(changed.is_some()).await
    }

    // The head goes first: from then on nothing that hangs from it is live.
    async fn uninstall(&self, installation: &Installation, client: &ClientId) -> Result<bool> {
        let removed = self.installations.remove(installation.id.as_bytes())?;
        self.drop_roles(installation.site_id, RoleSubject::App(installation.id))?;
        self.leave_site(client, installation.site_id).await?;
        self.durable(removed).await
    }

    async fn request_installation(&self, request: &InstallationRequest) -> Result<()> {
        self.installation_requests.put(request_key(request.site_id, request.deployment, request.by), request)?;
        self.durable(()).await
    }

    async fn installation_requests(&self, site: SiteId) -> Result<Vec<InstallationRequest>> {
        let requests = self.installation_requests.prefix(site.as_bytes());
        let mut requests = requests.map(|entry| entry.map(|(_, request)| request)).collect::<Result<Vec<_>>>()?;
        requests.sort_by_key(|request| request.at);
        Ok(requests)
    }

    async fn end_installation_requests(
        &self,
        site: SiteId,
        deployment: Deployment,
        by: Option<UserId>,
    ) -> Result<usize> {
        let mut ended = 0;
        for request in self.installation_requests(site).await? {
            if request.deployment == deployment && by.is_none_or(|by| by == request.by) {
                let removed = self.installation_requests.remove(request_key(site, deployment, request.by))?;
                ended += usize::from(removed);
            }
        }
        self.durable(ended).await
    }
}

impl SledStore {
    /// The installation of an app on a site, if there is one.
    pub(super) fn installed(&self, site: SiteId, deployment: Deployment) -> Option<Arc<Installation>> {
        let id = self.installed.get(installed_key(site, deployment))?;
        self.installations.get(id.as_bytes())
    }

    /// An installation with what runs in its environment.
    pub(super) fn authority(&self, id: InstallationId) -> Option<Authority> {
        let installation = self.installations.get(id.as_bytes())?;
        let deployed = self.deployed.get(deployment_key(installation.deployment))?;
        Some(Authority { installation, deployed })
    }

    /// The installation of an app on a site with what runs in its environment.
    pub(super) fn authority_on(&self, site: SiteId, deployment: Deployment) -> Option<Authority> {
        let installation = self.installed(site, deployment)?;
        let deployed = self.deployed.get(deployment_key(deployment))?;
        Some(Authority { installation, deployed })
    }

    fn install_one(&self, installation: &Installation) -> Result<bool> {
        let _naming = self.naming.lock().unwrap_or_else(PoisonError::into_inner);
        if self.installed(installation.site_id, installation.deployment).is_some() {
            return Ok(false);
        }
        self.installed.put(installed_key(installation.site_id, installation.deployment), &installation.id)?;
        self.installations.put(installation.id.as_bytes(), &Arc::new(installation.clone()))?;
        Ok(true)
    }

    fn installations_where(&self, is_meant: impl Fn(&Installation) -> bool) -> Result<Vec<Arc<Installation>>> {
        let all = self.installations.all().map(|entry| entry.map(|(_, installation)| installation));
        all.filter(|entry| entry.as_ref().map_or(true, |installation| is_meant(installation))).collect()
    }

    // The version first, then the client, then the head that says which version it is: a crash leaves a client that may do
    // what both versions ask for, and the approval of each site bounds that.
    fn deploy_one(
        &self,
        deployment: Deployment,
        old: Option<&Deployed>,
        new: &Deployed,
        version: &AppVersion,
    ) -> Result<bool> {
        let _naming = self.naming.lock().unwrap_or_else(PoisonError::into_inner);
        if self.deployed.get(deployment_key(deployment)).as_deref() != old {
            return Ok(false);
        }
        self.versions.put(version_key(deployment, version.number), version)?;
        self.registry.update(new.client_id.as_str(), |kept| {
            let Registration { number, party: Party::Client(client) } = kept? else { return None };
            let client = Arc::new(as_version_asks(&client, version));
            Some(Registration { number, party: Party::Client(client) })
        })?;
        self.deployed.put(deployment_key(deployment), &Arc::new(new.clone()))?;
        Ok(true)
    }

    /// Takes a site out of what people allowed a client.
    async fn leave_site(&self, client: &ClientId, site: SiteId) -> Result<()> {
        for id in self.grants_of_client(client)? {
            let Some(grant) = self.grants.get(id.as_bytes())? else { continue };
            if grant.sites.contains(&site) {
                self.take_site(id, site)?;
            }
            tokio::task::yield_now().await;
        }
        Ok(())
    }
}
