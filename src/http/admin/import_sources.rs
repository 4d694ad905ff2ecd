//! /admin/sites/ID/import-sources: what feeds the site, the one token of each, and making or ending it.

use std::sync::Arc;

use rocket::State;
use rocket::http::Status;

use crate::accounts::containers::{self, ContainerError, ListedContainer, ListedContainerToken};
use crate::authorization_server::AuthorizationServer;
use crate::domain::container::{Container, ContainerToken};
use crate::domain::event::Actor;
use crate::domain::id::ContainerId;
use crate::domain::site::Site;
use crate::domain::time::{Lifetime, Timestamp};
use crate::http::accounts::new_token::quoted;
use crate::http::admin::site::by;
use crate::http::guards::csrf::{CsrfForm, CsrfToken};
use crate::http::guards::site_admin::SiteAdmin;
use crate::http::responses::page::{Answer, ErrorPage, Frame, Page};
use crate::http::responses::redirect::Redirect303;
use crate::http::responses::{filters, notice};
use crate::secrets::token::TokenKind;

#[derive(askama::Template)]
#[template(path = "admin/import_sources.html")]
struct SourcesPage<'a> {
    frame: Frame,
    csrf: String,
    site: &'a Site,
    sources: Vec<ListedContainer>,
    lifetime: Lifetime,
    label: &'a str,
    problem: Option<&'static str>,
    notice: Option<&'static str>,
    now: Timestamp,
}

/// The token, this once.
#[derive(askama::Template)]
#[template(path = "admin/import_token.html")]
struct TokenPage<'a> {
    frame: Frame,
    site: &'a Site,
    source: &'a Container,
    token: &'a ContainerToken,
    secret: &'a str,
    example: String,
    now: Timestamp,
}

/// What removing an import source means, before it is done.
#[derive(askama::Template)]
#[template(path = "admin/remove_import_source.html")]
struct RemovalPage<'a> {
    frame: Frame,
    csrf: String,
    site: &'a Site,
    source: &'a Container,
}

impl ListedContainerToken {
    fn shortened(&self) -> String {
        format!("{}…{}", TokenKind::Container.prefix(), self.token.ending)
    }

    fn maker(&self) -> &str {
        match (&self.made_by, self.token.made_by) {
            (Some(user), _) => user.display_name(),
            (None, Actor::Operator) => "an operator",
            (None, Actor::App(_)) => "an app",
            (None, Actor::User(_)) => "somebody who is gone",
        }
    }
}

type Server = State<Arc<AuthorizationServer>>;

/// The import sources of the site.
#[rocket::get("/admin/sites/<_>/import-sources?<done>")]
pub async fn list(server: &Server, admin: SiteAdmin, csrf: CsrfToken, done: Option<&str>) -> Result<Page, ErrorPage> {
    sources_page(server, &admin, csrf, "", (notice::sentence(done), None)).await
}

/// Registers one.
#[rocket::post("/admin/sites/<_>/import-sources", data = "<form>")]
pub async fn add(server: &Server, admin: SiteAdmin, form: CsrfForm, csrf: CsrfToken) -> Result<Answer, ErrorPage> {
    let typed = form.get("label");
    let Ok(label) = typed.parse() else {
        let problem = "A name has 1 to 64 characters on one line.";
        return Ok(sources_page(server, &admin, csrf, typed, (None, Some(problem))).await?.into());
    };
    containers::add(server, admin.site.id, (None, label), by(&admin)).await.map_err(|error| page(&error))?;
    Ok(back(&admin, "import-source-added").into())
}

/// Makes the token of an import source and shows it. The form names the token that it is to follow, so that sending it again,
/// such as by reloading the page, does not end the one that was just made.
#[rocket::post("/admin/sites/<_>/import-sources/<id>/token", data = "<form>")]
pub async fn make_token(server: &Server, admin: SiteAdmin, id: &str, form: CsrfForm) -> Result<Page, ErrorPage> {
    let source = source(server, &admin, id).await?;
    let listed = containers::list(server, admin.site.id).await.map_err(|error| ErrorPage::failure(&error))?;
    let former = listed.into_iter().find(|listed| listed.container.id == source.id).and_then(|listed| listed.token);
    if former.map(|former| former.name).unwrap_or_default() != form.get("former") {
        return Err(shown());
    }
    let made = containers::make_token(server, admin.site.id, source.id, by(&admin)).await;
    let (secret, token) = made.map_err(|error| page(&error))?;
    let header = quoted(&format!("Authorization: Bearer {}", secret.expose()));
    let address = format!("{}/jsm/assets/v1/imports/info", server.config.issuer.url.as_str());
    Ok(Page::ok(&TokenPage {
        frame: Frame::wide(server, &admin.signed_in.user, "/admin/sites"),
        site: &admin.site,
        source: &source,
        token: &token,
        secret: secret.expose(),
        example: format!("curl -H {header} {}", quoted(&address)),
        now: server.now(),
    })
    .with_script())
}

/// Ends the token of an import source.
#[rocket::post("/admin/sites/<_>/import-sources/<id>/end-token", data = "<_form>")]
pub async fn end_token(server: &Server, admin: SiteAdmin, id: &str, _form: CsrfForm) -> Result<Redirect303, ErrorPage> {
    let ended = containers::end_token(server, admin.site.id, named(id)?, by(&admin)).await;
    if ended.map_err(|error| page(&error))? { Ok(back(&admin, "import-token-ended")) } else { Err(no_token()) }
}

/// Asks whether an import source is to be removed, and says what that means.
#[rocket::get("/admin/sites/<_>/import-sources/<id>/remove")]
pub async fn confirm(server: &Server, admin: SiteAdmin, csrf: CsrfToken, id: &str) -> Result<Page, ErrorPage> {
    let source = source(server, &admin, id).await?;
    let frame = Frame::wide(server, &admin.signed_in.user, "/admin/sites");
    Ok(Page::ok(&RemovalPage { frame, csrf: csrf.0, site: &admin.site, source: &source }))
}

/// Removes it.
#[rocket::post("/admin/sites/<_>/import-sources/<id>/remove", data = "<_form>")]
pub async fn remove(server: &Server, admin: SiteAdmin, id: &str, _form: CsrfForm) -> Result<Redirect303, ErrorPage> {
    containers::remove(server, admin.site.id, named(id)?, by(&admin)).await.map_err(|error| page(&error))?;
    Ok(back(&admin, "import-source-removed"))
}

async fn sources_page(
    server: &AuthorizationServer,
    admin: &SiteAdmin,
    csrf: CsrfToken,
    label: &str,
    (notice, problem): (Option<&'static str>, Option<&'static str>),
) -> Result<Page, ErrorPage> {
    Ok(Page::ok(&SourcesPage {
        frame: Frame::wide(server, &admin.signed_in.user, "/admin/sites"),
        csrf: csrf.0,
        site: &admin.site,
        sources: containers::list(server, admin.site.id).await.map_err(|error| ErrorPage::failure(&error))?,
        lifetime: server.config.api_tokens.container,
        label,
        problem,
        notice,
        now: server.now(),
    }))
}

async fn source(server: &AuthorizationServer, admin: &SiteAdmin, id: &str) -> Result<Arc<Container>, ErrorPage> {
    containers::known(server, admin.site.id, named(id)?).await.map_err(|error| page(&error))
}

fn named(id: &str) -> Result<ContainerId, ErrorPage> {
    id.parse().map_err(|_| no_such_source())
}

fn back(admin: &SiteAdmin, done: &str) -> Redirect303 {
    Redirect303::to(format!("/admin/sites/{}/import-sources?done={done}", admin.site.id))
}

fn page(error: &ContainerError) -> ErrorPage {
    match error {
        ContainerError::Unknown(_) => no_such_source(),
        ContainerError::Store(error) => ErrorPage::failure(error),
        ContainerError::Taken(_) => {
            ErrorPage::new(Status::Conflict, "This cannot be done").what_happened(&format!("{error}."))
        }
    }
}

fn no_such_source() -> ErrorPage {
    ErrorPage::new(Status::NotFound, "There is no such import source")
        .what_happened("No import source of this site has that identifier. Perhaps it was removed a moment ago.")
        .what_to_do(&["Look at the import sources of the site again."])
}

fn no_token() -> ErrorPage {
    ErrorPage::new(Status::NotFound, "There is no such token")
        .what_happened("The import source has no token. Perhaps it was ended a moment ago.")
        .what_to_do(&["Look at the import sources of the site again."])
}

fn shown() -> ErrorPage {
    ErrorPage::new(Status::Conflict, "No other token was made")
        .what_happened("The import source has another token by now: perhaps this form made it. A token is shown once.")
        .what_to_do(&[
            "If you stored the token, go on with it.",
            "If you did not, open the import sources of the site and make another, which ends this one.",
        ])
}
