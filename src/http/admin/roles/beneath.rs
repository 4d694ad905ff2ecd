//! The objects beneath one, of one type, part by part.

use crate::access::holdings::Declared;
use crate::authorization_server::AuthorizationServer;
use crate::domain::access_model::AccessModel;
use crate::domain::id::InstallationId;
use crate::domain::protected_object::{ObjectRef, ProtectedObject};
use crate::domain::role_binding::RoleSubject;
use crate::domain::site::Site;
use crate::http::admin::roles::{path, realm, title};
use crate::http::responses::parts::SHOWN_AT_ONCE;
use crate::store::{RolesThere, StoreError};

/// So many are looked at for one page.
const MOST_LOOKED_AT: usize = 10_000;

/// So many are read at once.
const READ_AT_ONCE: usize = 1000;

/// What is beneath an object.
pub struct Beneath {
    /// The titles of the types that there are, and which of them is shown.
    pub kinds: Vec<(String, String)>,
    /// The name of the type that is shown.
    pub kind: String,
    /// What people call an object of it.
    pub title: String,
    /// The objects.
    pub rows: Vec<Row>,
    /// After which the next part begins.
    pub next: Option<String>,
    /// What is looked for.
    pub find: String,
    /// Whether this is the beginning of the list.
    pub is_first: bool,
}

/// An object.
pub struct Row {
    /// The object.
    pub known: ProtectedObject,
    /// Its page.
    pub path: String,
    /// The titles of the roles that somebody was given there.
    pub set: Vec<String>,
}

/// Which part is wanted.
#[derive(Clone, Copy, Default)]
pub struct Wanted<'a> {
    /// The type.
    pub kind: &'a str,
    /// With what the identifier or the label begins.
    pub find: &'a str,
    /// After which identifier.
    pub after: Option<&'a str>,
}

/// The types beneath one on which, or beneath which, roles can be given.
fn kinds(model: &AccessModel, above: usize) -> Vec<usize> {
    let leads_to_roles = |kind: usize| {
        (0..model.objects.len()).any(|below| model.line_of(below).contains(&kind) && !model.given_on(below).is_empty())
    };
    let is_beneath = |kind: &usize| model.objects[*kind].parent == Some(above) && leads_to_roles(*kind);
    (0..model.objects.len()).filter(is_beneath).collect()
}

/// What is beneath `object`, or beneath the whole site; `None` if nothing can be on which roles are given.
pub async fn beneath(
    server: &AuthorizationServer,
    (site, declared): (&Site, &Declared),
    (above, object): (usize, Option<&ObjectRef>),
    wanted: Wanted<'_>,
) -> Result<Option<Beneath>, StoreError> {
    let model = &declared.access.model;
    let all = kinds(model, above);
    let chosen = all.iter().find(|kind| model.objects[**kind].name == wanted.kind).or(all.first());
    let Some(chosen) = chosen else { return Ok(None) };
    let kind = &model.objects[*chosen];
    let (found, next) = found(server, (site, declared), (&kind.name, object), wanted).await?;
    let objects: Vec<ObjectRef> = found.iter().map(|known| known.object.clone()).collect();
    // What anybody holds there is the same, whoever is asked about.
    let anybody = RoleSubject::App(InstallationId::from_bytes([0; 16]));
    let there = server.store.roles_there(&realm(declared, site), anybody, &objects).await?;
    let row = |(known, there): (ProtectedObject, RolesThere)| Row {
        path: path(site, declared, Some(&known.object)),
        set: there.set.iter().map(|name| title(model, name).to_owned()).collect(),
        known,
    };
    Ok(Some(Beneath {
        kinds: all.iter().map(|kind| (model.objects[*kind].name.clone(), model.objects[*kind].title.clone())).collect(),
        kind: kind.name.clone(),
        title: kind.title.clone(),
        rows: found.into_iter().zip(there).map(row).collect(),
        next,
        find: wanted.find.to_owned(),
        is_first: wanted.after.is_none(),
    }))
}

async fn found(
    server: &AuthorizationServer,
    (site, declared): (&Site, &Declared),
    (kind, object): (&str, Option<&ObjectRef>),
    wanted: Wanted<'_>,
) -> Result<(Vec<ProtectedObject>, Option<String>), StoreError> {
    let realm = realm(declared, site);
    let words = wanted.find.trim().to_lowercase();
    let is_found = |known: &ProtectedObject| {
        known.object.id().to_lowercase().starts_with(&words) || known.label.as_str().to_lowercase().starts_with(&words)
    };
    let (mut found, mut after, mut looked_at) = (Vec::new(), wanted.after.map(str::to_owned), 0);
    let count = if words.is_empty() { SHOWN_AT_ONCE + 1 } else { READ_AT_ONCE };
    loop {
        let part = match object {
            None => server.store.objects(&realm, kind, after.as_deref(), count).await?,
            Some(above) => server.store.objects_beneath(&realm, above, kind, after.as_deref(), count).await?,
        };
        let is_last = part.len() < count;
        for known in part {
            looked_at += 1;
            let id = known.object.id().to_owned();
            if is_found(&known) {
                if found.len() == SHOWN_AT_ONCE {
                    return Ok((found, after));
                }
                found.push(known);
            }
            after = Some(id);
        }
        if is_last {
            return Ok((found, None));
        }
        if looked_at >= MOST_LOOKED_AT {
            return Ok((found, after));
        }
    }
}
