//! /admin/sites/ID/roles-of: what one person, group or app holds on the site, and what that comes to.

use std::sync::Arc;

use rocket::State;

use crate::access::holdings::{self, Declared, GivenAt};
use crate::access::subjects::{self, Named};
use crate::access::{objects, roles};
use crate::authorization_server::AuthorizationServer;
use crate::domain::protected_object::ObjectRef;
use crate::domain::role_binding::RoleSubject;
use crate::domain::site::Site;
use crate::http::admin::roles::{no_such_subject, path, realm, subject, title, titles};
use crate::http::guards::csrf::CsrfToken;
use crate::http::guards::site_admin::SiteAdmin;
use crate::http::responses::notice;
use crate::http::responses::page::{ErrorPage, Frame, Page};
use crate::http::responses::parts::{Part, SHOWN_AT_ONCE};
use crate::store::StoreError;

#[derive(askama::Template)]
#[template(path = "admin/roles_of.html")]
struct HolderPage<'a> {
    frame: Frame,
    csrf: String,
    site: &'a Site,
    named: &'a Named,
    rows: Vec<AtResource>,
    notice: Option<&'static str>,
}

/// What somebody holds at a resource.
struct AtResource {
    declared: Declared,
    path: String,
    given: Part<Row>,
    /// What it comes to, where that can be said: the objects on which it changes, and what is held from there on.
    sums: Vec<(String, String)>,
    is_complete: bool,
}

/// What somebody was given on an object.
struct Row {
    object: ObjectRef,
    label: String,
    kind: String,
    path: String,
    /// The name and the title of each role.
    roles: Vec<(String, String)>,
}

/// The page.
#[rocket::get("/admin/sites/<_>/roles-of?<subject>&<from>&<done>")]
pub async fn show(
    server: &State<Arc<AuthorizationServer>>,
    admin: SiteAdmin,
    csrf: CsrfToken,
    subject: &str,
    from: Option<usize>,
    done: Option<&str>,
) -> Result<Page, ErrorPage> {
    let failed = |error| ErrorPage::failure(&error);
    let subject = self::subject(subject)?;
    if !subjects::belongs(server, admin.site.id, subject).await.map_err(failed)? {
        return Err(no_such_subject());
    }
    let named = subjects::named(server, subject).await.map_err(failed)?;
    let mut rows = Vec::new();
    for at in holdings::given_to(server, &admin.site, subject).await.map_err(failed)? {
        rows.push(at_resource(server, &admin.site, subject, at, from.unwrap_or_default()).await.map_err(failed)?);
    }
    Ok(Page::ok(&HolderPage {
        frame: Frame::wide(server, &admin.signed_in.user, "/admin/sites"),
        csrf: csrf.0,
        site: &admin.site,
        named: &named,
        rows,
        notice: notice::sentence(done),
    }))
}

async fn at_resource(
    server: &AuthorizationServer,
    site: &Site,
    subject: RoleSubject,
    GivenAt { declared, given }: GivenAt,
    from: usize,
) -> Result<AtResource, StoreError> {
    let model = &declared.access.model;
    let whole = objects::whole_site(&declared.access, site);
    let Part { shown, from, total } = Part::of(given, from);
    let mut rows = Vec::with_capacity(shown.len());
    for (object, names) in shown {
        let kind = model.type_named(object.kind());
        rows.push(Row {
            label: holdings::label_of(server, site, &declared, &object).await?,
            kind: kind.map(|kind| model.objects[kind].title.clone()).unwrap_or_default(),
            path: path(site, &declared, Some(&object).filter(|object| Some(*object) != whole.as_ref())),
            roles: names.into_iter().map(|name| (name.clone(), title(model, &name).to_owned())).collect(),
            object,
        });
    }
    let (sums, is_complete) = sums(server, site, &declared, subject).await?;
    let path = path(site, &declared, None);
    Ok(AtResource { given: Part { shown: rows, from, total }, path, sums, is_complete, declared })
}

async fn sums(
    server: &AuthorizationServer,
    site: &Site,
    declared: &Declared,
    subject: RoleSubject,
) -> Result<(Vec<(String, String)>, bool), StoreError> {
    let Some(principal) = subjects::principal(server, site.id, subject).await? else { return Ok((Vec::new(), true)) };
    let realm = realm(declared, site);
    let told = roles::told(server, (&realm, &declared.access), site, &principal).await?;
    let model = &declared.access.model;
    let mut entries = told.entries;
    entries.sort_by_key(|(object, _)| model.type_named(object.kind()));
    let mut sums = Vec::new();
    for (object, names) in entries.into_iter().take(SHOWN_AT_ONCE) {
        let label = holdings::label_of(server, site, declared, &object).await?;
        sums.push((label, titles(model, model.roles_named(&names))));
    }
    Ok((sums, told.is_complete))
}
