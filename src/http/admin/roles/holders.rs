//! Who holds which role on an object, whom a role that is set there restricts, and what it comes to for somebody.

use std::collections::BTreeMap;

use crate::access::holdings::{self, Declared};
use crate::access::objects::Line;
use crate::access::subjects::{self, Named};
use crate::authorization_server::AuthorizationServer;
use crate::domain::event::Actor;
use crate::domain::protected_object::ObjectRef;
use crate::domain::role_binding::RoleSubject;
use crate::domain::site::Site;
use crate::domain::time::Timestamp;
use crate::http::admin::roles::{realm, title, titles};
use crate::http::responses::parts::{Part, SHOWN_AT_ONCE};
use crate::store::StoreError;

/// Somebody who was given roles on an object.
pub struct Holder {
    /// Who.
    pub named: Named,
    /// The roles, from the least.
    pub roles: Vec<Given>,
}

/// A role that was given.
pub struct Given {
    /// Its name.
    pub role: String,
    /// What people call it.
    pub title: String,
    /// Who gave it.
    pub by: String,
    /// When.
    pub at: Timestamp,
}

/// Somebody whom a role that is set restricts.
pub struct Kept {
    /// Who.
    pub named: Named,
    /// What they bring.
    pub brings: String,
    /// What they hold.
    pub holds: String,
}

/// What roles come to for somebody on an object.
pub struct Sum {
    /// Who.
    pub named: Named,
    /// The greatest roles that they hold there.
    pub holds: String,
    /// What each of these allows, in a sentence.
    pub sentences: Vec<String>,
    /// Whether they hold something by being an admin of the site.
    pub is_site_admin: bool,
    /// What they were given, themselves or by a group, on which object from the whole site down.
    pub steps: Vec<(String, String)>,
}

/// Those who can be chosen from.
pub struct Choices {
    /// They themselves, the first of many.
    pub found: Vec<Named>,
    /// What they are narrowed to.
    pub who: String,
    /// Whether there are more.
    pub is_cut: bool,
    /// Whether there is anybody at all.
    pub is_empty: bool,
}

/// Who holds what on an object, of those whose name begins with `find` the part after the first `from`.
pub async fn holders(
    server: &AuthorizationServer,
    (site, declared): (&Site, &Declared),
    object: &ObjectRef,
    (find, from): (&str, usize),
) -> Result<Part<Holder>, StoreError> {
    let model = &declared.access.model;
    let mut given: BTreeMap<RoleSubject, Vec<(usize, String, Actor, Timestamp)>> = BTreeMap::new();
    for binding in server.store.roles_on(&realm(declared, site), object).await? {
        let rank = model.role_named(&binding.held.role).unwrap_or(usize::MAX);
        given.entry(binding.held.subject).or_default().push((rank, binding.held.role, binding.by, binding.at));
    }
    let mut named = Vec::with_capacity(given.len());
    for subject in given.keys() {
        named.push(subjects::named(server, *subject).await?);
    }
    named.retain(|named| named.is_called(find));
    named.sort_by(Named::order);
    let Part { shown, from, total } = Part::of(named, from);
    let mut rows = Vec::with_capacity(shown.len());
    for named in shown {
        let mut bindings = given.remove(&named.subject).unwrap_or_default();
        bindings.sort_by_key(|(rank, ..)| *rank);
        let mut roles = Vec::new();
        for (_, role, by, at) in bindings {
            let by = name_of(server, by).await?;
            roles.push(Given { title: title(model, &role).to_owned(), role, by, at });
        }
        rows.push(Holder { named, roles });
    }
    Ok(Part { shown: rows, from, total })
}

async fn name_of(server: &AuthorizationServer, by: Actor) -> Result<String, StoreError> {
    Ok(match by {
        Actor::Operator => "an operator".to_owned(),
        Actor::User(id) => subjects::named(server, RoleSubject::User(id)).await?.name,
        Actor::App(id) => subjects::named(server, RoleSubject::App(id)).await?.name,
    })
}

/// Whom the roles that are set at the end of a line restrict.
pub async fn kept(
    server: &AuthorizationServer,
    (site, declared): (&Site, &Declared),
    line: &Line,
) -> Result<Vec<Kept>, StoreError> {
    let access = &declared.access;
    let realm = realm(declared, site);
    let mut all = Vec::new();
    for restricted in holdings::restricted(server, (&realm, access), site, line).await? {
        all.push(Kept {
            named: subjects::named(server, restricted.subject).await?,
            brings: titles(&access.model, restricted.brings),
            holds: titles(&access.model, restricted.holds),
        });
    }
    all.sort_by(|one, other| one.named.order(&other.named));
    Ok(all)
}

/// What it comes to for a subject at the end of a line.
pub async fn sum(
    server: &AuthorizationServer,
    (site, declared): (&Site, &Declared),
    line: &Line,
    subject: RoleSubject,
) -> Result<Sum, StoreError> {
    let (access, realm) = (&declared.access, realm(declared, site));
    let held = holdings::held(server, (&realm, access), subject, line).await?;
    let principal = subjects::principal(server, site.id, subject).await?;
    let objects: Vec<ObjectRef> = line.objects.iter().flatten().cloned().collect();
    let there = server.store.roles_there(&realm, subject, &objects).await?;
    let mut steps = Vec::new();
    for (object, there) in objects.iter().zip(there) {
        let given = access.model.roles_named(&there.held);
        if !given.is_empty() {
            let label = holdings::label_of(server, site, declared, object).await?;
            steps.push((label, titles(&access.model, given)));
        }
    }
    let sentence = |role: usize| access.model.roles[role].sentence.clone();
    Ok(Sum {
        named: subjects::named(server, subject).await?,
        holds: titles(&access.model, held),
        sentences: access.model.greatest(held).into_iter().map(sentence).filter(|told| !told.is_empty()).collect(),
        is_site_admin: principal.is_some_and(|principal| principal.is_site_admin()),
        steps,
    })
}

/// Those of the site whose name begins with `who`, and whoever was chosen before.
pub async fn choices(
    server: &AuthorizationServer,
    site: &Site,
    (who, chosen): (&str, Option<RoleSubject>),
) -> Result<Choices, StoreError> {
    let all = subjects::all(server, site.id).await?;
    let is_empty = all.is_empty();
    let (chosen, mut found): (Vec<_>, Vec<_>) = all.into_iter().partition(|named| Some(named.subject) == chosen);
    found.retain(|named| named.is_called(who));
    let is_cut = found.len() > SHOWN_AT_ONCE;
    found.truncate(SHOWN_AT_ONCE);
    found.extend(chosen);
    found.sort_by(Named::order);
    Ok(Choices { found, who: who.to_owned(), is_cut, is_empty })
}
