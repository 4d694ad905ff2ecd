//! /admin/sites/ID/groups/ID: one group, who is in it, putting a member in and taking one out, and removing it.

use std::collections::BTreeSet;
use std::sync::Arc;

use rocket::State;

use crate::access::groups::{self, GroupError};
use crate::access::holdings;
use crate::authorization_server::AuthorizationServer;
use crate::domain::group::Group;
use crate::domain::id::{GroupId, UserId};
use crate::domain::role_binding::RoleSubject;
use crate::domain::site::Site;
use crate::domain::time::Timestamp;
use crate::domain::user::User;
use crate::http::admin::groups::{at, page};
use crate::http::admin::site::by;
use crate::http::guards::csrf::{CsrfForm, CsrfToken};
use crate::http::guards::site_admin::SiteAdmin;
use crate::http::responses::page::{ErrorPage, Frame, Page};
use crate::http::responses::parts::{Part, SHOWN_AT_ONCE};
use crate::http::responses::redirect::Redirect303;
use crate::http::responses::{filters, notice};
use crate::store::StoreError;

#[derive(askama::Template)]
#[template(path = "admin/group.html")]
struct GroupPage<'a> {
    frame: Frame,
    csrf: String,
    site: &'a Site,
    group: &'a Group,
    members: Part<User>,
    is_empty: bool,
    find: &'a str,
    others: Others,
    who: &'a str,
    notice: Option<&'static str>,
    now: Timestamp,
}

/// Members of the site who are not in the group.
struct Others {
    found: Vec<User>,
    /// How many there are, found or not.
    total: usize,
    is_cut: bool,
}

/// What removing a group means, before it is done.
#[derive(askama::Template)]
#[template(path = "admin/remove_group.html")]
struct RemovalPage<'a> {
    frame: Frame,
    csrf: String,
    site: &'a Site,
    group: &'a Group,
    members: usize,
    roles: Vec<String>,
}

type Server = State<Arc<AuthorizationServer>>;

/// One group.
#[rocket::get("/admin/sites/<_>/groups/<id>?<find>&<from>&<who>&<done>")]
#[expect(clippy::too_many_arguments, reason = "each part of the query is one")]
pub async fn show(
    server: &Server,
    admin: SiteAdmin,
    csrf: CsrfToken,
    id: &str,
    find: Option<&str>,
    from: Option<usize>,
    who: Option<&str>,
    done: Option<&str>,
) -> Result<Page, ErrorPage> {
    let group = known(server, &admin, id).await?;
    let members = groups::members(server, admin.site.id, group.id).await.map_err(|error| page(&error))?;
    let (find, who) = (find.unwrap_or_default(), who.unwrap_or_default());
    let others = others(server, &admin.site, &members, who).await.map_err(|error| ErrorPage::failure(&error))?;
    let is_empty = members.is_empty();
    let found = members.into_iter().filter(|user| is_called(user, find)).collect();
    Ok(Page::ok(&GroupPage {
        frame: Frame::wide(server, &admin.signed_in.user, "/admin/sites"),
        csrf: csrf.0,
        site: &admin.site,
        group: &group,
        members: Part::of(found, from.unwrap_or_default()),
        is_empty,
        find,
        others,
        who,
        notice: notice::sentence(done),
        now: server.now(),
    }))
}

/// Puts a member of the site in it.
#[rocket::post("/admin/sites/<_>/groups/<id>/members", data = "<form>")]
pub async fn put(server: &Server, admin: SiteAdmin, id: &str, form: CsrfForm) -> Result<Redirect303, ErrorPage> {
    let place = (known(server, &admin, id).await?.id, user(&form)?);
    groups::put(server, admin.site.id, place, by(&admin)).await.map_err(|error| page(&error))?;
    Ok(at(&admin, place.0, "group-member-added"))
}

/// Takes somebody out of it.
#[rocket::post("/admin/sites/<_>/groups/<id>/members/remove", data = "<form>")]
pub async fn take(server: &Server, admin: SiteAdmin, id: &str, form: CsrfForm) -> Result<Redirect303, ErrorPage> {
    let place = (known(server, &admin, id).await?.id, user(&form)?);
    groups::take(server, admin.site.id, place, by(&admin)).await.map_err(|error| page(&error))?;
    Ok(at(&admin, place.0, "group-member-removed"))
}

/// Asks whether it is to be removed, and says what that means.
#[rocket::get("/admin/sites/<_>/groups/<id>/remove")]
pub async fn confirm(server: &Server, admin: SiteAdmin, csrf: CsrfToken, id: &str) -> Result<Page, ErrorPage> {
    let group = known(server, &admin, id).await?;
    let members = server.store.group_members(group.id).await.map_err(|error| ErrorPage::failure(&error))?.len();
    Ok(Page::ok(&RemovalPage {
        frame: Frame::wide(server, &admin.signed_in.user, "/admin/sites"),
        csrf: csrf.0,
        site: &admin.site,
        group: &group,
        members,
        roles: roles(server, &admin.site, group.id).await.map_err(|error| ErrorPage::failure(&error))?,
    }))
}

/// Removes it.
#[rocket::post("/admin/sites/<_>/groups/<id>/remove", data = "<_form>")]
pub async fn remove(server: &Server, admin: SiteAdmin, id: &str, _form: CsrfForm) -> Result<Redirect303, ErrorPage> {
    let group = known(server, &admin, id).await?;
    groups::remove(server, admin.site.id, group.id, by(&admin)).await.map_err(|error| page(&error))?;
    Ok(Redirect303::to(format!("/admin/sites/{}/groups?done=group-removed", admin.site.id)))
}

async fn known(server: &AuthorizationServer, admin: &SiteAdmin, id: &str) -> Result<Arc<Group>, ErrorPage> {
    let id: GroupId = id.parse().map_err(|_| page(&GroupError::Unknown))?;
    groups::known(server, admin.site.id, id).await.map_err(|error| page(&error))
}

fn user(form: &CsrfForm) -> Result<UserId, ErrorPage> {
    form.get("user").parse().map_err(|_| page(&GroupError::NotMember))
}

fn is_called(user: &User, words: &str) -> bool {
    let words = words.trim().to_lowercase();
    [user.display_name(), user.email.as_str()].iter().any(|text| text.to_lowercase().starts_with(&words))
}

async fn others(server: &AuthorizationServer, site: &Site, members: &[User], who: &str) -> Result<Others, StoreError> {
    let inside: BTreeSet<UserId> = members.iter().map(|user| user.id).collect();
    let mut outside = Vec::new();
    for member in server.store.members(site.id).await? {
        if !inside.contains(&member.user_id) {
            outside.extend(server.store.user(member.user_id).await?);
        }
    }
    let total = outside.len();
    outside.retain(|user| is_called(user, who));
    outside.sort_by_key(|user| user.display_name().to_lowercase());
    let is_cut = outside.len() > SHOWN_AT_ONCE;
    outside.truncate(SHOWN_AT_ONCE);
    Ok(Others { found: outside, total, is_cut })
}

/// What goes with the group, in words: the first of many, and how many more.
async fn roles(server: &AuthorizationServer, site: &Site, group: GroupId) -> Result<Vec<String>, StoreError> {
    const MOST: usize = 20;
    let subject = RoleSubject::Group(group);
    let (mut told, mut more) = (Vec::new(), 0);
    for at in holdings::given_to(server, site, subject).await? {
        for (object, names) in &at.given {
            if told.len() == MOST {
                more += 1;
                continue;
            }
            let label = holdings::label_of(server, site, &at.declared, object).await?;
            let titles = at.declared.access.model.roles_named(names).numbers();
            let titles: Vec<_> = titles.map(|role| at.declared.access.model.roles[role].title.as_str()).collect();
            told.push(format!("{} on {label} in {}", titles.join(", "), at.declared.resource.name));
        }
    }
    if more > 0 {
        told.push(format!("roles on {more} more"));
    }
    Ok(told)
}
