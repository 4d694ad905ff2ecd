//! Roles on sled. What a subject holds on an object stands in one head under the subject, since that is how each decision asks;
//! who holds what on an object is an index beside it, and which roles anybody holds there is in memory.
//!
//! The keys of a realm begin with the number that the registration of its resource has: of a resource that was removed nothing is
//! found any more, nor by another that takes its name.

use std::sync::Arc;

use async_trait::async_trait;

use crate::domain::access_model::Access;
use crate::domain::id::{ResourceId, SiteId};
use crate::domain::protected_object::{ObjectRef, ProtectedObject, Realm};
use crate::domain::role_binding::{Held, RoleBinding, RoleSubject};
use crate::store::kept::key;
use crate::store::kept::keys::{END, end_of_realm, holder_key, place};
use crate::store::kept::roles::{GivenBy, KeptAccess};
use crate::store::sled::SledStore;
use crate::store::{Given, Result, Roles, RolesThere, Told};

#[async_trait]
impl Roles for SledStore {
    async fn access(&self, resource: &ResourceId) -> Result<Option<Arc<Access>>> {
        let number = self.registration_number(resource);
        let kept =
            self.access.with(resource.as_str(), |kept| (kept.number == number).then(|| Arc::clone(&kept.access)));
        Ok(kept.flatten())
    }

    async fn set_access(&self, resource: &ResourceId, access: &Arc<Access>) -> Result<bool> {
        let number = self.registration_number(resource);
        let known = self.registry.get(resource.as_str()).is_some_and(|registration| registration.resource().is_some());
        if known {
            self.access.put(resource.as_str(), &KeptAccess { number, access: Arc::clone(access) })?;
        }
        self.durable(known).await
    }

    async fn object(&self, realm: &Realm, object: &ObjectRef) -> Result<Option<ProtectedObject>> {
        self.objects.get(self.object_key(realm, object))
    }

    async fn objects(
        &self,
        realm: &Realm,
        kind: &str,
        after: Option<&str>,
        count: usize,
    ) -> Result<Vec<ProtectedObject>> {
        let prefix = key(&[&self.realm_key(realm), kind.as_bytes(), END]);
        let start = match after {
            None => prefix.clone(),
            Some(after) => key(&[&prefix, after.as_bytes(), END]),
        };
        let end = key(&[&prefix[..prefix.len() - 1], &[1]]);
        self.objects.range(&start, &end).take(count).map(|entry| Ok(entry?.1)).collect()
    }

    async fn objects_beneath(
        &self,
        realm: &Realm,
        parent: &ObjectRef,
        kind: &str,
        after: Option<&str>,
        count: usize,
    ) -> Result<Vec<ProtectedObject>> {
        let parent = key(&[&self.object_key(realm, parent), END]);
        let prefix = key(&[&parent, kind.as_bytes(), END]);
        let start = match after {
            None => prefix.clone(),
            Some(after) => key(&[&prefix, after.as_bytes(), END]),
        };
        let end = key(&[&prefix[..prefix.len() - 1], &[1]]);
        let mut beneath = Vec::new();
        for entry in self.objects_beneath.range(&start, &end) {
            if beneath.len() == count {
                break;
            }
            let object = self.read_place(&entry?.0[parent.len()..])?;
            // A crash may leave the index of an object that was never told of.
            beneath.extend(self.objects.get(self.object_key(realm, &object))?);
        }
        Ok(beneath)
    }

    // The index first, the object last; the other way round when it is removed.
    async fn put_object(&self, realm: &Realm, object: &ProtectedObject) -> Result<Told> {
        let told = self.keep_object(realm, object)?;
        self.durable(told).await
    }

    async fn put_objects(&self, realm: &Realm, objects: &[ProtectedObject]) -> Result<Vec<Told>> {
        let mut outcomes = Vec::with_capacity(objects.len());
        for object in objects {
            outcomes.push(self.keep_object(realm, object)?);
            if outcomes.last() != Some(&Told::Done) {
                break;
            }
        }
        self.durable(outcomes).await
    }

    async fn remove_object(&self, realm: &Realm, object: &ObjectRef) -> Result<bool> {
        let removed = {
            let _binding = self.binding();
            self.drop_object(&self.realm_key(realm), object)?
        };
        self.durable(removed).await
    }

    async fn give_roles(&self, site: &ObjectRef, bindings: &[RoleBinding]) -> Result<Vec<Given>> {
        self.require_room()?;
        let given = bindings.iter().map(|binding| self.give(site, binding)).collect::<Result<Vec<_>>>()?;
        self.durable(given).await
    }

    async fn take_role(&self, realm: &Realm, held: &Held) -> Result<bool> {
        let taken = {
            let _binding = self.binding();
            self.take(&key(&[&self.realm_key(realm), &place(&held.object)]), held.role.as_str(), held.subject)?
        };
        self.durable(taken).await
    }

    async fn roles_on(&self, realm: &Realm, object: &ObjectRef) -> Result<Vec<RoleBinding>> {
        let there = self.object_key(realm, object);
        let mut bindings = Vec::new();
        for entry in self.role_holders.prefix(key(&[&there, END])) {
            let (index, GivenBy { by, at }) = entry?;
            let (role, subject) = self.read_holder(&index, there.len())?;
            bindings.push(RoleBinding {
                realm: realm.clone(),
                held: Held { object: object.clone(), role, subject },
                by,
                at,
            });
        }
        Ok(bindings)
    }

    async fn roles_of(&self, realm: &Realm, subject: RoleSubject) -> Result<Vec<(ObjectRef, Vec<String>)>> {
        let prefix = key(&[&subject.to_bytes(), &self.realm_key(realm)]);
        let heads = self.roles.prefix(&prefix);
        heads
            .map(|entry| entry.and_then(|(head, roles)| Ok((self.read_place(&head[prefix.len()..])?, roles))))
            .collect()
    }

    async fn roles_there(&self, realm: &Realm, subject: RoleSubject, objects: &[ObjectRef]) -> Result<Vec<RolesThere>> {
        let subjects = self.with_groups(realm.site_id, subject)?;
        let realm = self.realm_key(realm);
        let mut all = Vec::with_capacity(objects.len());
        for object in objects {
            let there = key(&[&realm, &place(object)]);
            let mut held = Vec::new();
            for subject in &subjects {
                held.extend(self.roles.get(key(&[subject, &there]))?.unwrap_or_default());
            }
            let set = self.roles_set.with(&there, |set| set.as_ref().clone()).unwrap_or_default();
            all.push(RolesThere { held, set });
        }
        Ok(all)
    }

    async fn holds_anywhere(&self, realm: &Realm, subject: RoleSubject, roles: &[&str]) -> Result<bool> {
        let subjects = self.with_groups(realm.site_id, subject)?;
        let realm = self.realm_key(realm);
        for subject in subjects {
            for entry in self.roles.prefix(key(&[&subject, &realm])) {
                if entry?.1.iter().any(|role| roles.contains(&role.as_str())) {
                    return Ok(true);
                }
            }
        }
        Ok(false)
    }

    async fn roles_set(&self, realm: &Realm, kind: &str) -> Result<Vec<(ObjectRef, Vec<String>)>> {
        let realm = self.realm_key(realm);
        let set = self.roles_set.prefix(key(&[&realm, kind.as_bytes(), END]));
        set.map(|entry| {
            entry.and_then(|(there, set)| Ok((self.read_place(&there[realm.len()..])?, Arc::unwrap_or_clone(set))))
        })
        .collect()
    }

    async fn end_roles_of(&self, site: SiteId, subject: RoleSubject) -> Result<()> {
        self.drop_roles(site, subject)?;
        self.durable(()).await
    }
}

impl SledStore {
    /// As [`SledStore::drop_roles_of`], for whoever changes nothing else at that moment.
    pub(super) fn drop_roles(&self, site: SiteId, subject: RoleSubject) -> Result<()> {
        let _binding = self.binding();
        self.drop_roles_of(site, subject)
    }

    /// Takes every role on a site from a subject. Whoever calls holds the lock.
    pub(super) fn drop_roles_of(&self, site: SiteId, subject: RoleSubject) -> Result<()> {
        let subject_key = subject.to_bytes();
        for entry in self.roles.prefix(subject_key) {
            let (head, roles) = entry?;
            let there = &head[subject_key.len()..];
            if self.site_in(there)? == site.as_bytes() {
                for role in roles {
                    self.take(there, &role, subject)?;
                }
            }
        }
        Ok(())
    }

    /// Forgets what a resource that was removed had declared, its objects and the roles on them.
    pub(super) fn drop_realms_of(&self, resource: &ResourceId) -> Result<()> {
        let _binding = self.binding();
        self.access.remove(resource.as_str())?;
        let prefix = key(&[resource.as_str().as_bytes(), END]);
        for entry in self.role_holders.prefix(&prefix) {
            let (index, _) = entry?;
            let there = self.end_of_place(&index)?;
            let (_, subject) = self.read_holder(&index, there)?;
            self.roles.remove(key(&[&subject.to_bytes(), &index[..there]]))?;
            self.role_holders.remove(&index)?;
        }
        let set = self.roles_set.prefix(&prefix).map(|entry| Ok(entry?.0)).collect::<Result<Vec<_>>>()?;
        set.iter().try_for_each(|there| self.roles_set.remove(there).map(drop))?;
        for entry in self.objects_beneath.prefix(&prefix) {
            self.objects_beneath.remove(entry?.0)?;
        }
        for entry in self.objects.prefix(&prefix) {
            self.objects.remove(entry?.0)?;
        }
        Ok(())
    }

    fn keep_object(&self, realm: &Realm, object: &ProtectedObject) -> Result<Told> {
        let _binding = self.binding();
        let there = self.object_key(realm, &object.object);
        if self.objects.get(&there)?.is_some_and(|known| known.parent != object.parent) {
            return Ok(Told::Elsewhere);
        }
        if let Some(parent) = &object.parent {
            let parent = self.object_key(realm, parent);
            if !self.objects.contains(&parent)? {
                return Ok(Told::NoParent);
            }
            self.objects_beneath.put(key(&[&parent, END, &place(&object.object)]), &())?;
        }
        self.objects.put(&there, object)?;
        Ok(Told::Done)
    }

    /// What is beneath goes after it: a crash leaves objects that lead to none, where roles say nothing.
    fn drop_object(&self, realm: &[u8], object: &ObjectRef) -> Result<bool> {
        let there = key(&[realm, &place(object)]);
        let known = self.objects.take(&there)?;
        for entry in self.role_holders.prefix(key(&[&there, END])) {
            let (role, subject) = self.read_holder(&entry?.0, there.len())?;
            self.take(&there, &role, subject)?;
        }
        let beneath_prefix = key(&[&there, END]);
        for entry in self.objects_beneath.prefix(&beneath_prefix) {
            let (index, ()) = entry?;
            let beneath = self.read_place(&index[beneath_prefix.len()..])?;
            self.drop_object(realm, &beneath)?;
            self.objects_beneath.remove(index)?;
        }
        if let Some(parent) = known.as_ref().and_then(|known| known.parent.as_ref()) {
            self.objects_beneath.remove(key(&[realm, &place(parent), END, &place(object)]))?;
        }
        Ok(known.is_some())
    }

    /// What anybody may hold is said first, and who holds it last: until then it is held by fewer.
    fn give(&self, site: &ObjectRef, binding: &RoleBinding) -> Result<Given> {
        let RoleBinding { realm, held: Held { object, role, subject }, by, at } = binding;
        let _binding = self.binding();
        let there = self.object_key(realm, object);
        if object != site && !self.objects.contains(&there)? {
            return Ok(Given::NoObject);
        }
        let head = key(&[&subject.to_bytes(), &there]);
        if self.roles.get(&head)?.is_some_and(|roles| roles.contains(role)) {
            return Ok(Given::Already);
        }
        self.role_holders.put(holder_key(&there, role, *subject), &GivenBy { by: *by, at: *at })?;
        self.roles_set.update(&there, |set| {
            let mut set = set.unwrap_or_default();
            if !set.contains(role) {
                Arc::make_mut(&mut set).push(role.clone());
            }
            Some(set)
        })?;
        self.roles.update(&head, |roles| {
            let mut roles = roles.unwrap_or_default();
            roles.push(role.clone());
            Some(roles)
        })?;
        Ok(Given::Done)
    }

    /// Whoever holds it first, then what anybody holds. Whoever calls holds the lock.
    fn take(&self, there: &[u8], role: &str, subject: RoleSubject) -> Result<bool> {
        let head = key(&[&subject.to_bytes(), there]);
        let left = self.roles.update(&head, |roles| {
            let mut roles = roles?;
            let at = roles.iter().position(|held| held == role)?;
            roles.remove(at);
            Some(roles)
        })?;
        if left.as_ref().is_some_and(Vec::is_empty) {
            self.roles.remove(&head)?;
        }
        self.role_holders.remove(holder_key(there, role, subject))?;
        let is_held = self.role_holders.prefix(key(&[there, END, role.as_bytes(), END])).next().transpose()?.is_some();
        if !is_held {
            let rest = self.roles_set.update(there, |set| {
                let mut set = set?;
                Arc::make_mut(&mut set).retain(|other| other != role);
                Some(set)
            })?;
            if rest.is_some_and(|rest| rest.is_empty()) {
                self.roles_set.remove(there)?;
            }
        }
        Ok(left.is_some())
    }

    /// The keys of a subject, and of the groups by which it holds more.
    fn with_groups(&self, site: SiteId, subject: RoleSubject) -> Result<Vec<[u8; RoleSubject::LENGTH]>> {
        let mut subjects = vec![subject.to_bytes()];
        if let RoleSubject::User(user) = subject {
            let groups = self.groups_there(site, user)?;
            subjects.extend(groups.into_iter().map(|group| RoleSubject::Group(group).to_bytes()));
        }
        Ok(subjects)
    }

    fn realm_key(&self, realm: &Realm) -> Vec<u8> {
        let number = self.registration_number(&realm.resource_id);
        key(&[realm.resource_id.as_str().as_bytes(), END, &number.to_be_bytes(), realm.site_id.as_bytes()])
    }

    fn object_key(&self, realm: &Realm, object: &ObjectRef) -> Vec<u8> {
        key(&[&self.realm_key(realm), &place(object)])
    }

    fn realm_end(&self, from_realm: &[u8]) -> Result<usize> {
        end_of_realm(from_realm).ok_or_else(|| self.roles.damaged())
    }

    fn site_in<'k>(&self, from_realm: &'k [u8]) -> Result<&'k [u8]> {
        let end = self.realm_end(from_realm)?;
        Ok(&from_realm[end - 16..end])
    }

    /// Where in an index of holders the object ends.
    fn end_of_place(&self, index: &[u8]) -> Result<usize> {
        let mut at = self.realm_end(index)?;
        for _ in 0..2 {
            let rest = index.get(at..).ok_or_else(|| self.role_holders.damaged())?;
            at += rest.iter().position(|byte| *byte == 0).ok_or_else(|| self.role_holders.damaged())? + 1;
        }
        Ok(at - 1)
    }

    fn read_place(&self, bytes: &[u8]) -> Result<ObjectRef> {
        let text = std::str::from_utf8(bytes).ok().and_then(|text| text.split_once('\0'));
        text.and_then(|(kind, id)| ObjectRef::new(kind, id).ok()).ok_or_else(|| self.roles.damaged())
    }

    /// The role and the subject of an index of holders, in which the object ends at `there`.
    fn read_holder(&self, index: &[u8], there: usize) -> Result<(String, RoleSubject)> {
        let rest = index.get(there + 1..).unwrap_or_default();
        let read = || {
            let (role, subject) = rest.split_at_checked(rest.iter().position(|byte| *byte == 0)?)?;
            Some((String::from_utf8(role.to_vec()).ok()?, RoleSubject::from_bytes(subject.get(1..)?)?))
        };
        read().ok_or_else(|| self.role_holders.damaged())
    }
}
