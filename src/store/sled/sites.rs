//! Sites on sled. A membership is one head, found by the person first, since that is how each request asks.

use std::sync::{Arc, PoisonError};

use async_trait::async_trait;

use crate::domain::id::{SiteId, UserId};
use crate::domain::role_binding::RoleSubject;
use crate::domain::site::{Member, Site};
use crate::domain::time::Timestamp;
use crate::store::kept::ONLY;
use crate::store::kept::key;
use crate::store::kept::keys::member_key;
use crate::store::sled::SledStore;
use crate::store::{Added, Result, Sites};

#[async_trait]
impl Sites for SledStore {
    async fn site(&self, id: SiteId) -> Result<Option<Arc<Site>>> {
        Ok(self.sites.get(id.as_bytes()))
    }

    async fn site_at(&self, url: &str) -> Result<Option<Arc<Site>>> {
        let Some(id) = self.site_urls.get(url) else { return Ok(None) };
        // The URL that it once had names it no more.
        Ok(self.sites.get(id.as_bytes()).filter(|site| site.url.as_deref() == Some(url)))
    }

    async fn site_of_workspace(&self, workspace: SiteId) -> Result<Option<Arc<Site>>> {
        Ok(self.sites.find(|site| site.workspace_id == workspace))
    }

    async fn sites(&self) -> Result<Vec<Arc<Site>>> {
        let mut sites = self.sites.all().map(|entry| entry.map(|(_, site)| site)).collect::<Result<Vec<_>>>()?;
        sites.sort_by(|a, b| a.name.cmp(&b.name).then_with(|| a.id.cmp(&b.id)));
        Ok(sites)
    }

    // The site first, then the head that makes it the default: a crash between leaves a site that nobody knows of.
    async fn default_site(&self, new: &Site) -> Result<Arc<Site>> {
        if self.default_site.get(ONLY)?.is_none() {
            self.sites.put(new.id.as_bytes(), &Arc::new(new.clone()))?;
            if !self.default_site.add(ONLY, &new.id)? {
                self.sites.remove(new.id.as_bytes())?;
            }
        }
        let id = self.default_site.get(ONLY)?.ok_or_else(|| self.default_site.damaged())?;
        let site = self.sites.get(id.as_bytes()).ok_or_else(|| self.sites.damaged())?;
        self.durable(site).await
    }

    async fn add_site(&self, site: &Site) -> Result<Added> {
        let added = self.write_site(site)?;
        self.durable(added).await
    }

    async fn change_site(&self, site: &Site) -> Result<Option<Added>> {
        let known = self.sites.get(site.id.as_bytes()).is_some();
        let changed = if known { Some(self.write_site(site)?) } else { None };
        self.durable(changed).await
    }

    async fn member(&self, site: SiteId, user: UserId) -> Result<Option<Member>> {
        Ok(self.member_of(user, site))
    }

    async fn members(&self, site: SiteId) -> Result<Vec<Member>> {
        let mut members = Vec::new();
        for entry in self.site_members.prefix(site.as_bytes()) {
            let (index, ()) = entry?;
            let user = index.get(16..).and_then(|bytes| bytes.try_into().ok()).map(UserId::from_bytes);
            let user = user.ok_or_else(|| self.site_members.damaged())?;
            members.extend(self.members.get(member_key(user, site)));
        }
        Ok(members)
    }

    async fn memberships(&self, user: UserId) -> Result<Vec<Member>> {
        self.members.prefix(user.as_bytes()).map(|entry| entry.map(|(_, member)| member)).collect()
    }

    // The index first, the head last; a removal the other way round. A crash leaves an index entry that leads nowhere, and
    // perhaps grants and API tokens that still name the site: they give nothing without the head, and before there is one
    // again they name the site no more.
    async fn put_member(&self, member: &Member) -> Result<()> {
        if !self.members.contains(member_key(member.user_id, member.site_id)) {
            self.narrow_grants_of(member.user_id, member.site_id)?;
            self.end_api_tokens_for(member.user_id, member.site_id)?;
            self.end_roles_there(member.user_id, member.site_id)?;
        }
        self.site_members.put(key(&[member.site_id.as_bytes(), member.user_id.as_bytes()]), &())?;
        self.members.put(member_key(member.user_id, member.site_id), member)?;
        self.durable(()).await
    }

    // The head first: from then on nothing that the person allowed on the site is live.
    async fn remove_member(&self, site: SiteId, user: UserId) -> Result<bool> {
        let removed = self.members.remove(member_key(user, site))?;
        self.site_members.remove(key(&[site.as_bytes(), user.as_bytes()]))?;
        self.narrow_grants_of(user, site)?;
        self.end_api_tokens_for(user, site)?;
        self.end_roles_there(user, site)?;
        self.durable(removed).await
    }
}

impl SledStore {
    /// A person on a site.
    pub(super) fn member_of(&self, user: UserId, site: SiteId) -> Option<Member> {
        self.members.get(member_key(user, site))
    }

    /// Since when a person is a member of a site.
    pub(super) fn member_since(&self, user: UserId, site: SiteId) -> Option<Timestamp> {
        self.members.with(member_key(user, site), |member| member.since)
    }

    /// Ends what somebody holds on a site by themselves and by its groups.
    fn end_roles_there(&self, user: UserId, site: SiteId) -> Result<()> {
        self.leave_groups(site, user)?;
        self.drop_roles(site, RoleSubject::User(user))
    }

    // The URL first: a crash leaves one that leads to a site which does not have it, as good as nobody's.
    fn write_site(&self, site: &Site) -> Result<Added> {
        let _naming = self.naming.lock().unwrap_or_else(PoisonError::into_inner);
        let known = self.sites.get(site.id.as_bytes());
        if let Some(url) = &site.url {
            let holder = self.site_urls.get(url).and_then(|id| self.sites.get(id.as_bytes()));
            if holder.is_some_and(|holder| holder.id != site.id && holder.url.as_deref() == Some(url)) {
                return Ok(Added::Taken(url.clone()));
            }
            self.site_urls.put(url, &site.id)?;
        }
        self.sites.put(site.id.as_bytes(), &Arc::new(site.clone()))?;
        if let Some(former) = known.and_then(|known| known.url.clone())
            && site.url.as_ref() != Some(&former)
        {
            self.site_urls.remove(former)?;
        }
        Ok(Added::Done)
    }
}
