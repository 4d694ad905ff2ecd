//! /admin/sites/ID/roles: the protected resources that declare roles.

use std::sync::Arc;

use rocket::State;

use crate::access::holdings::{self, Declared};
use crate::authorization_server::AuthorizationServer;
use crate::domain::site::Site;
use crate::http::admin::roles::path;
use crate::http::guards::site_admin::SiteAdmin;
use crate::http::responses::page::{ErrorPage, Frame, Page};

#[derive(askama::Template)]
#[template(path = "admin/roles.html")]
struct ResourcesPage<'a> {
    frame: Frame,
    site: &'a Site,
    rows: Vec<Row>,
}

struct Row {
    declared: Declared,
    path: String,
}

/// The resources.
#[rocket::get("/admin/sites/<_>/roles")]
pub async fn list(server: &State<Arc<AuthorizationServer>>, admin: SiteAdmin) -> Result<Page, ErrorPage> {
    let all = holdings::resources(server).await.map_err(|error| ErrorPage::failure(&error))?;
    let rows = all.into_iter().map(|declared| Row { path: path(&admin.site, &declared, None), declared });
    Ok(Page::ok(&ResourcesPage {
        frame: Frame::wide(server, &admin.signed_in.user, "/admin/sites"),
        site: &admin.site,
        rows: rows.collect(),
    }))
}
