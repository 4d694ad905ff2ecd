//! Facts that an API keeps for a while: what introspection told of a credential and its roles. Decisions are not kept, since each
//! is about another operation and object; they are made anew from the facts.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::domain::access_model::Access;
use crate::domain::operation::Operation;
use crate::domain::protected_object::ObjectRef;
use crate::domain::secret::Digest;
use crate::domain::told_roles::{ToldRole, suffices_as_told};
use crate::resource_server::credential::Credential;
use crate::resource_server::introspection::introspect;
use crate::resource_server::shown::{Roles, Shown};
use crate::resource_server::{Introspection, Refusal, ResourceServer};
use crate::secrets::digest::digest;

/// So many credentials at most are known.
const MOST_KEPT: usize = 10_000;

/// What was told of credentials lately.
pub(super) struct Facts {
    staleness: Duration,
    kept: Mutex<Kept>,
}

#[derive(Default)]
struct Kept {
    by_key: HashMap<Digest, (Instant, Introspection)>,
    /// From the oldest.
    order: VecDeque<(Instant, Digest)>,
}

impl Facts {
    /// None yet, of which none will be older than that.
    pub fn no_older_than(staleness: Duration) -> Self {
        Self { staleness, kept: Mutex::default() }
    }

    /// What is told of a credential with its roles: lately, or now.
    pub async fn told(&self, shown: &Shown<'_>, server: &ResourceServer) -> Result<Introspection, Refusal> {
        let (key, now) = (key(shown), Instant::now());
        if let Some(introspection) = self.kept(&key, now) {
            return Ok(introspection);
        }
        let introspection = introspect(server, &Shown { roles: Roles::Told, ..*shown }).await?;
        self.keep(key, introspection.clone(), now);
        Ok(introspection)
    }

    fn kept(&self, key: &Digest, now: Instant) -> Option<Introspection> {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let (at, introspection) = kept.by_key.get(key)?;
        (now.saturating_duration_since(*at) < self.staleness).then(|| introspection.clone())
    }

    fn keep(&self, key: Digest, introspection: Introspection, now: Instant) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let Kept { by_key, order } = &mut *kept;
        let is_over = |at: Instant| now.saturating_duration_since(at) >= self.staleness;
        while order.front().is_some_and(|(at, _)| is_over(*at) || order.len() >= MOST_KEPT) {
            let Some((at, oldest)) = order.pop_front() else { break };
            if by_key.get(&oldest).is_some_and(|(newer, _)| *newer == at) {
                by_key.remove(&oldest);
            }
        }
        order.push_back((now, key));
        by_key.insert(key, (now, introspection));
    }
}

/// Of what is shown only a digest is kept: whoever reads the memory of the API finds no credential here.
fn key(shown: &Shown<'_>) -> Digest {
    let form = if matches!(shown.credential, Credential::Basic(_)) { "Basic" } else { "Bearer" };
    digest(&format!("{form} {} {}", shown.credential.text(), shown.site.unwrap_or_default()))
}

impl Introspection {
    /// Whether this alone shows that an operation may be done (layers 2 and 3). What only the authorization server knows is no yes:
    /// an operation without a scope, a role that its operator chose, roles that are not told to the last.
    pub(super) fn suffices(
        &self,
        access: &Access,
        (number, operation): (usize, &Operation),
        object: &ObjectRef,
        above: &[ObjectRef],
    ) -> bool {
        let model = &access.model;
        let is_covered = operation.scope.as_ref().is_some_and(|scope| self.allows(scope));
        let is_chosen = |name: &&String| model.settings.iter().any(|setting| setting.name == **name);
        let has_choice = [&operation.requires, &operation.on_site].into_iter().flatten().any(|name| is_chosen(&name));
        let (Some(site), Some(roles)) = (&self.site, &self.roles) else { return false };
        let Some(kind) = model.type_named(object.kind()) else { return false };
        let is_done_to = kind == operation.on || (kind == 0 && operation.on_site.is_some());
        if !is_covered || has_choice || !self.roles_complete || !is_done_to {
            return false;
        }
        if kind == 0 && object.id() != site.id && object.id() != site.workspace_id {
            return false;
        }
        let kinds = model.line_of(kind);
        let Ok(whole_site) = ObjectRef::new(&model.objects[0].name, &site.workspace_id) else { return false };
        let mut line: Vec<Option<ObjectRef>> =
            kinds.iter().map(|kind| known(&model.objects[*kind].name, above)).collect();
        if let Some(last) = line.last_mut() {
            *last = Some(object.clone());
        }
        if let Some(first) = line.first_mut() {
            *first = Some(whole_site);
        }
        let mut told: BTreeMap<&ObjectRef, Vec<String>> = BTreeMap::new();
        for held in roles {
            told.entry(&held.object).or_default().extend(held.role.clone());
        }
        let told: Vec<ToldRole> = told.into_iter().map(|(object, roles)| (object.clone(), roles)).collect();
        suffices_as_told(access, &told, (&kinds, &line), access.required_on(number, kind))
    }
}

fn known(kind: &str, above: &[ObjectRef]) -> Option<ObjectRef> {
    above.iter().find(|object| object.kind() == kind).cloned()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn introspection(sub: &str) -> Introspection {
        serde_json::from_value(json!({ "active": true, "sub": sub })).expect("an introspection")
    }

    #[test]
    fn a_fact_is_known_until_it_is_stale() {
        let facts = Facts::no_older_than(Duration::from_secs(30));
        let (begin, key) = (Instant::now(), digest("a"));
        facts.keep(key, introspection("user:1"), begin);
        let sub = |key: &str, after| facts.kept(&digest(key), begin + Duration::from_secs(after)).map(|told| told.sub);
        assert_eq!(sub("a", 29).as_deref(), Some("user:1"));
        assert_eq!((sub("a", 30), sub("b", 0)), (None, None));
    }

    #[test]
    fn the_oldest_facts_make_room() {
        let facts = Facts::no_older_than(Duration::from_secs(30));
        let begin = Instant::now();
        for number in 0..=MOST_KEPT {
            facts.keep(digest(&number.to_string()), introspection("user:1"), begin);
        }
        let is_known = |number: usize| facts.kept(&digest(&number.to_string()), begin).is_some();
        assert!(!is_known(0) && is_known(1) && is_known(MOST_KEPT));
        facts.keep(digest("late"), introspection("user:1"), begin + Duration::from_secs(31));
        assert_eq!(facts.kept.lock().expect("a lock").by_key.len(), 1);
    }

    #[test]
    fn a_fact_that_was_renewed_stays_when_its_former_is_over() {
        let facts = Facts::no_older_than(Duration::from_secs(30));
        let begin = Instant::now();
        facts.keep(digest("a"), introspection("user:1"), begin);
        facts.keep(digest("a"), introspection("user:2"), begin + Duration::from_secs(20));
        facts.keep(digest("b"), introspection("user:3"), begin + Duration::from_secs(40));
        let told = facts.kept(&digest("a"), begin + Duration::from_secs(41));
        assert_eq!(told.map(|told| told.sub).as_deref(), Some("user:2"));
    }
}
