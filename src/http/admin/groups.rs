//! /admin/sites/ID/groups: the groups of a site, and making one.

use std::sync::Arc;

use rocket::State;
use rocket::http::Status;

use crate::access::groups::{self, GroupError};
use crate::authorization_server::AuthorizationServer;
use crate::domain::group::Group;
use crate::domain::site::Site;
use crate::domain::time::Timestamp;
use crate::http::admin::site::by;
use crate::http::guards::csrf::{CsrfForm, CsrfToken};
use crate::http::guards::site_admin::SiteAdmin;
use crate::http::responses::page::{Answer, ErrorPage, Frame, Page};
use crate::http::responses::parts::Part;
use crate::http::responses::redirect::Redirect303;
use crate::http::responses::{filters, notice};

#[derive(askama::Template)]
#[template(path = "admin/groups.html")]
struct GroupsPage<'a> {
    frame: Frame,
    csrf: String,
    site: &'a Site,
    groups: Part<Row>,
    is_empty: bool,
    find: &'a str,
    name: &'a str,
    problem: Option<String>,
    notice: Option<&'static str>,
    now: Timestamp,
}

/// A group, and how many people are in it.
struct Row {
    group: Arc<Group>,
    members: usize,
}

/// Which groups are shown.
#[derive(Clone, Copy, Default)]
struct Which<'a> {
    find: &'a str,
    from: usize,
}

type Server = State<Arc<AuthorizationServer>>;

/// The groups of the site.
#[rocket::get("/admin/sites/<_>/groups?<find>&<from>&<done>")]
pub async fn list(
    server: &Server,
    admin: SiteAdmin,
    csrf: CsrfToken,
    find: Option<&str>,
    from: Option<usize>,
    done: Option<&str>,
) -> Result<Page, ErrorPage> {
    let which = Which { find: find.unwrap_or_default(), from: from.unwrap_or_default() };
    groups_page(server, &admin, csrf, which, ("", notice::sentence(done), None)).await
}

/// Makes a group.
#[rocket::post("/admin/sites/<_>/groups", data = "<form>")]
pub async fn add(server: &Server, admin: SiteAdmin, form: CsrfForm, csrf: CsrfToken) -> Result<Answer, ErrorPage> {
    let typed = form.get("name");
    let added = match typed.parse() {
        Ok(name) => groups::add(server, admin.site.id, name, by(&admin)).await,
        Err(_) => {
            let problem = Some("A name has 1 to 64 characters on one line.".to_owned());
            return Ok(groups_page(server, &admin, csrf, Which::default(), (typed, None, problem)).await?.into());
        }
    };
    match added {
        Ok(group) => Ok(at(&admin, group.id, "group-added").into()),
        Err(GroupError::Taken(name)) => {
            let problem = Some(format!("There is a group {name} on this site already."));
            Ok(groups_page(server, &admin, csrf, Which::default(), (typed, None, problem)).await?.into())
        }
        Err(error) => Err(page(&error)),
    }
}

async fn groups_page(
    server: &AuthorizationServer,
    admin: &SiteAdmin,
    csrf: CsrfToken,
    which: Which<'_>,
    (name, notice, problem): (&str, Option<&'static str>, Option<String>),
) -> Result<Page, ErrorPage> {
    let all = server.store.groups_on(admin.site.id).await.map_err(|error| ErrorPage::failure(&error))?;
    let is_empty = all.is_empty();
    let words = which.find.trim().to_lowercase();
    let found = all.into_iter().filter(|group| group.name.as_str().to_lowercase().starts_with(&words)).collect();
    let Part { shown, from, total } = Part::of(found, which.from);
    let mut rows = Vec::new();
    for group in shown {
        let members = server.store.group_members(group.id).await.map_err(|error| ErrorPage::failure(&error))?.len();
        rows.push(Row { group, members });
    }
    Ok(Page::ok(&GroupsPage {
        frame: Frame::wide(server, &admin.signed_in.user, "/admin/sites"),
        csrf: csrf.0,
        site: &admin.site,
        groups: Part { shown: rows, from, total },
        is_empty,
        find: which.find,
        name,
        problem,
        notice,
        now: server.now(),
    }))
}

/// The page of a group, after something was done.
pub(super) fn at(admin: &SiteAdmin, group: impl std::fmt::Display, done: &str) -> Redirect303 {
    Redirect303::to(format!("/admin/sites/{}/groups/{group}?done={done}", admin.site.id))
}

pub(super) fn page(error: &GroupError) -> ErrorPage {
    match error {
        GroupError::Unknown => ErrorPage::new(Status::NotFound, "There is no such group")
            .what_happened("No group of this site has that identifier. Perhaps it was removed a moment ago.")
            .what_to_do(&["Look at the groups of the site again."]),
        GroupError::NotMember => ErrorPage::new(Status::NotFound, "There is no such member")
            .what_happened(
                "Only a member of the site can be in one of its groups, and nobody here has that identifier.",
            )
            .what_to_do(&["Look at the members of the site again."]),
        GroupError::Store(error) => ErrorPage::failure(error),
        GroupError::Taken(_) => {
            ErrorPage::new(Status::Conflict, "This cannot be done").what_happened(&format!("{error}."))
        }
    }
}
