//! /admin/sites/ID/roles/RESOURCE: who holds which role on the whole site, or on one object, and what is beneath.

use std::collections::BTreeMap;
use std::sync::Arc;

use rocket::State;

use crate::access::holdings::Declared;
use crate::access::objects::{Line, line, whole_site};
use crate::access::{holdings, subjects};
use crate::authorization_server::AuthorizationServer;
use crate::domain::protected_object::ObjectRef;
use crate::domain::role::{ObjectType, Role};
use crate::domain::role_binding::RoleSubject;
use crate::domain::site::Site;
use crate::domain::time::Timestamp;
use crate::http::admin::roles::beneath::{Beneath, Wanted, beneath};
use crate::http::admin::roles::holders::{Choices, Holder, Kept, Sum, choices, holders, kept, sum};
use crate::http::admin::roles::{declared, given_on, no_such_object, no_such_subject, path, realm, subject};
use crate::http::guards::csrf::CsrfToken;
use crate::http::guards::site_admin::SiteAdmin;
use crate::http::responses::page::{ErrorPage, Frame, Page};
use crate::http::responses::parts::Part;
use crate::http::responses::{filters, notice};
use crate::store::StoreError;

#[derive(askama::Template)]
#[template(path = "admin/role_object.html")]
struct ObjectPage<'a> {
    frame: Frame,
    csrf: String,
    site: &'a Site,
    declared: &'a Declared,
    /// The path of this page without its query.
    base: String,
    place: &'a Place,
    kind: &'a ObjectType,
    /// What is above, from the whole site down: what it is called and its page.
    above: Vec<(String, String)>,
    roles: Vec<&'a Role>,
    by_site_admins: Vec<&'a str>,
    holders: Part<Holder>,
    find: &'a str,
    set: Vec<String>,
    kept: Vec<Kept>,
    choices: Choices,
    chosen: String,
    sum: Option<Sum>,
    beneath: Option<Beneath>,
    settings: Vec<(&'a str, &'a str)>,
    notice: Option<&'static str>,
    now: Timestamp,
}

/// The object that a page is about.
pub(super) struct Place {
    /// It.
    pub(super) object: ObjectRef,
    /// The number of its type; the whole site has 0.
    pub(super) kind: usize,
    /// What people call it.
    pub(super) label: String,
}

impl Place {
    fn is_site(&self) -> bool {
        self.kind == 0
    }

    /// As an address names it.
    pub(super) fn named(&self) -> Option<&ObjectRef> {
        (!self.is_site()).then_some(&self.object)
    }
}

/// What the query of the page says.
#[derive(rocket::FromForm)]
pub struct Query<'r> {
    object: Option<&'r str>,
    find: Option<&'r str>,
    from: Option<usize>,
    kind: Option<&'r str>,
    beneath: Option<&'r str>,
    after: Option<&'r str>,
    who: Option<&'r str>,
    subject: Option<&'r str>,
    of: Option<&'r str>,
    done: Option<&'r str>,
}

/// The object that a text names on a site; the whole site, if it names none.
pub(super) async fn place(
    server: &AuthorizationServer,
    (site, declared): (&Site, &Declared),
    object: Option<&str>,
) -> Result<Place, ErrorPage> {
    let whole = whole_site(&declared.access, site).ok_or_else(no_such_object)?;
    let object = match object.filter(|text| !text.is_empty()) {
        None => whole.clone(),
        Some(text) => text.parse().map_err(|_| no_such_object())?,
    };
    let kind = declared.access.model.type_named(object.kind()).ok_or_else(no_such_object)?;
    if object == whole {
        return Ok(Place { object, kind, label: site.name.clone() });
    }
    let known = server.store.object(&realm(declared, site), &object).await;
    let known = known.map_err(|error| ErrorPage::failure(&error))?.ok_or_else(no_such_object)?;
    Ok(Place { object, kind, label: known.label.to_string() })
}

/// The page.
#[rocket::get("/admin/sites/<_>/roles/<resource>?<query..>")]
pub async fn show(
    server: &State<Arc<AuthorizationServer>>,
    admin: SiteAdmin,
    csrf: CsrfToken,
    resource: &str,
    query: Query<'_>,
) -> Result<Page, ErrorPage> {
    let declared = declared(server, resource).await?;
    let place = place(server, (&admin.site, &declared), query.object).await?;
    let chosen = query.subject.or(query.of).map(subject).transpose()?;
    let of = query.of.map(subject).transpose()?;
    for named in chosen.iter().chain(&of) {
        let belongs = subjects::belongs(server, admin.site.id, *named).await;
        if !belongs.map_err(|error| ErrorPage::failure(&error))? {
            return Err(no_such_subject());
        }
    }
    let page = object_page(server, (&admin, csrf), (&declared, &place), &query, (chosen, of)).await;
    page.map_err(|error| ErrorPage::failure(&error))
}

async fn object_page(
    server: &AuthorizationServer,
    (admin, csrf): (&SiteAdmin, CsrfToken),
    (declared, place): (&Declared, &Place),
    query: &Query<'_>,
    (chosen, of): (Option<RoleSubject>, Option<RoleSubject>),
) -> Result<Page, StoreError> {
    let (site, model) = (admin.site.as_ref(), &declared.access.model);
    let here = (site, declared);
    let (realm, find) = (realm(declared, site), query.find.unwrap_or_default());
    let line =
        line(server, (&realm, &declared.access), site, (place.kind, Some(&place.object)), &BTreeMap::new()).await?;
    let (who, wanted) = (query.who.unwrap_or_default(), query.beneath.unwrap_or_default());
    let wanted = Wanted { kind: query.kind.unwrap_or_default(), find: wanted, after: query.after };
    let sum = match of {
        Some(of) => Some(sum(server, here, &line, of).await?),
        None => None,
    };
    Ok(Page::ok(&ObjectPage {
        frame: Frame::wide(server, &admin.signed_in.user, "/admin/sites"),
        csrf: csrf.0,
        site,
        declared,
        base: path(site, declared, None),
        place,
        kind: &model.objects[place.kind],
        above: above(server, here, &line).await?,
        roles: given_on(model, place.kind),
        by_site_admins: by_site_admins(declared, place),
        holders: holders(server, here, &place.object, (find, query.from.unwrap_or_default())).await?,
        find,
        set: set(server, here, place).await?,
        kept: kept(server, here, &line).await?,
        choices: choices(server, site, (who, chosen)).await?,
        chosen: chosen.map(|chosen| chosen.to_string()).unwrap_or_default(),
        sum,
        beneath: beneath(server, here, (place.kind, place.named()), wanted).await?,
        settings: if place.is_site() { settings(declared) } else { Vec::new() },
        notice: notice::sentence(query.done),
        now: server.now(),
    }))
}

/// What is above an object, as far as it is known.
async fn above(
    server: &AuthorizationServer,
    (site, declared): (&Site, &Declared),
    line: &Line,
) -> Result<Vec<(String, String)>, StoreError> {
    let mut above = Vec::new();
    let known = line.objects.split_last().map(|(_, above)| above).unwrap_or_default();
    for (at, object) in known.iter().enumerate() {
        let Some(object) = object else { continue };
        let label = match at {
            0 => declared.resource.name.clone(),
            _ => holdings::label_of(server, site, declared, object).await?,
        };
        above.push((label, path(site, declared, (at > 0).then_some(object))));
    }
    Ok(above)
}

/// What admins of the site hold there by being that.
fn by_site_admins<'a>(declared: &'a Declared, place: &Place) -> Vec<&'a str> {
    let held = declared.access.model.roles.iter().filter(|role| role.held_by_site_admins && place.is_site());
    held.map(|role| role.title.as_str()).collect()
}

/// The titles of the roles that are set on an object whose type overrides, from the least.
async fn set(
    server: &AuthorizationServer,
    (site, declared): (&Site, &Declared),
    place: &Place,
) -> Result<Vec<String>, StoreError> {
    let model = &declared.access.model;
    if !model.objects[place.kind].overrides {
        return Ok(Vec::new());
    }
    let bindings = server.store.roles_on(&realm(declared, site), &place.object).await?;
    let names: Vec<String> = bindings.into_iter().map(|binding| binding.held.role).collect();
    Ok(model.roles_named(&names).numbers().map(|role| model.roles[role].title.clone()).collect())
}

/// What an operator decided: each question, and the least role that may.
fn settings(declared: &Declared) -> Vec<(&str, &str)> {
    let model = &declared.access.model;
    let chosen = |setting| model.roles[declared.access.choice(setting)].title.as_str();
    model.settings.iter().map(|setting| (setting.title.as_str(), chosen(setting))).collect()
}
