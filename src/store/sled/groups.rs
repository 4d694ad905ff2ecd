//! Groups on sled. In which groups a person is stands in one head under their name and the site's, since that is how each
//! decision asks; who is in a group is an index beside it.

use std::sync::{Arc, MutexGuard, PoisonError};

use async_trait::async_trait;

use crate::domain::group::Group;
use crate::domain::id::{GroupId, SiteId, UserId};
use crate::domain::role_binding::RoleSubject;
use crate::store::kept::key;
use crate::store::kept::keys::{group_name_key, groups_key};
use crate::store::sled::SledStore;
use crate::store::{Added, Groups, Result};

#[async_trait]
impl Groups for SledStore {
    async fn group(&self, id: GroupId) -> Result<Option<Arc<Group>>> {
        Ok(self.groups.get(id.as_bytes()))
    }

    async fn groups_on(&self, site: SiteId) -> Result<Vec<Arc<Group>>> {
        let mut groups = Vec::new();
        for entry in self.group_names.prefix(site.as_bytes()) {
            let (name, id) = entry?;
            groups.extend(
                self.groups.get(id.as_bytes()).filter(|group| group_name_key(group).as_slice() == name.as_ref()),
            );
        }
        Ok(groups)
    }

    // The name first: a crash leaves one that leads to no group, as good as nobody's.
    async fn add_group(&self, group: &Group) -> Result<Added> {
        let added = {
            let _binding = self.binding();
            let name = group_name_key(group);
            match self.group_names.get(&name)? {
                Some(holder) if self.groups.contains(holder.as_bytes()) => Added::Taken(group.name.to_string()),
                _ => {
                    self.group_names.put(&name, &group.id)?;
                    self.groups.put(group.id.as_bytes(), &Arc::new(group.clone()))?;
                    Added::Done
                }
            }
        };
        self.durable(added).await
    }

    // The group first: from then on nobody holds anything by it.
    async fn remove_group(&self, id: GroupId) -> Result<bool> {
        let removed = self.drop_group(id)?;
        self.durable(removed).await
    }

    // The index first, the head last; the other way round when somebody leaves.
    async fn add_to_group(&self, id: GroupId, user: UserId) -> Result<bool> {
        let added = {
            let _binding = self.binding();
            match self.groups.get(id.as_bytes()) {
                None => false,
                Some(group) => {
                    self.group_members.put(key(&[id.as_bytes(), user.as_bytes()]), &())?;
                    let joined = self.user_groups.update(groups_key(user, group.site_id), |groups| {
                        let mut groups = groups.unwrap_or_default();
                        let at = groups.binary_search(&id).err()?;
                        groups.insert(at, id);
                        Some(groups)
                    })?;
                    joined.is_some()
                }
            }
        };
        self.durable(added).await
    }

    async fn remove_from_group(&self, id: GroupId, user: UserId) -> Result<bool> {
        let left = {
            let _binding = self.binding();
            match self.groups.get(id.as_bytes()) {
                None => false,
                Some(group) => self.leave(&group, user)?,
            }
        };
        self.durable(left).await
    }

    async fn group_members(&self, id: GroupId) -> Result<Vec<UserId>> {
        if self.groups.contains(id.as_bytes()) { self.listed_members(id) } else { Ok(Vec::new()) }
    }

    async fn groups_of(&self, site: SiteId, user: UserId) -> Result<Vec<GroupId>> {
        self.groups_there(site, user)
    }
}

impl SledStore {
    /// While a role or a group is changed.
    pub(super) fn binding(&self) -> MutexGuard<'_, ()> {
        self.binding.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// In which groups of a site a person is. One that was removed since is none.
    pub(super) fn groups_there(&self, site: SiteId, user: UserId) -> Result<Vec<GroupId>> {
        let mut groups = self.user_groups.get(groups_key(user, site))?.unwrap_or_default();
        groups.retain(|group| self.groups.contains(group.as_bytes()));
        Ok(groups)
    }

    /// Takes somebody who is no member of a site any more out of all its groups.
    pub(super) fn leave_groups(&self, site: SiteId, user: UserId) -> Result<()> {
        let _binding = self.binding();
        for id in self.user_groups.take(groups_key(user, site))?.unwrap_or_default() {
            self.group_members.remove(key(&[id.as_bytes(), user.as_bytes()]))?;
        }
        Ok(())
    }

    fn drop_group(&self, id: GroupId) -> Result<bool> {
        let _binding = self.binding();
        let Some(group) = self.groups.get(id.as_bytes()) else { return Ok(false) };
        self.groups.remove(id.as_bytes())?;
        self.drop_roles_of(group.site_id, RoleSubject::Group(id))?;
        for user in self.listed_members(id)? {
            self.leave(&group, user)?;
        }
        self.group_names.remove(group_name_key(&group))?;
        Ok(true)
    }

    fn leave(&self, group: &Group, user: UserId) -> Result<bool> {
        let head = groups_key(user, group.site_id);
        let left = self.user_groups.update(&head, |groups| {
            let mut groups = groups?;
            let at = groups.binary_search(&group.id).ok()?;
            groups.remove(at);
            Some(groups)
        })?;
        if left.as_ref().is_some_and(Vec::is_empty) {
            self.user_groups.remove(&head)?;
        }
        self.group_members.remove(key(&[group.id.as_bytes(), user.as_bytes()]))?;
        Ok(left.is_some())
    }

    fn listed_members(&self, id: GroupId) -> Result<Vec<UserId>> {
        let user = |index: &[u8]| index.get(16..).and_then(|bytes| bytes.try_into().ok()).map(UserId::from_bytes);
        let listed = self.group_members.prefix(id.as_bytes());
        listed.map(|entry| user(&entry?.0).ok_or_else(|| self.group_members.damaged())).collect()
    }
}
