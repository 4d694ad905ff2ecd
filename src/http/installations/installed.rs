//! /admin/sites/SITE/apps/INSTALLATION: what was approved, by whom, and suspending, resuming and uninstalling it; of a Connect
//! app also what it was told last, telling it again, and its secret.

use std::sync::Arc;

use rocket::State;

use crate::apps::asked::Asked;
use crate::apps::installations::{self, Installed};
use crate::authorization_server::AuthorizationServer;
use crate::domain::connect::CallOutcome;
use crate::domain::event::Actor;
use crate::domain::installation::Installation;
use crate::domain::manifest::{Privileges, ScopeRequest};
use crate::domain::site::Site;
use crate::domain::time::Timestamp;
use crate::http::guards::csrf::{CsrfForm, CsrfToken};
use crate::http::guards::site_admin::SiteAdmin;
use crate::http::installations::{Publisher, failed, name_of_actor, no_such_app, page};
use crate::http::responses::page::{ErrorPage, Frame, Page};
use crate::http::responses::redirect::Redirect303;
use crate::http::responses::{filters, notice};

#[derive(askama::Template)]
#[template(path = "installations/installed.html")]
struct InstalledPage<'a> {
    frame: Frame,
    csrf: String,
    site: &'a Site,
    app: &'a str,
    installed: &'a Installed,
    publisher: Publisher,
    asked: Asked,
    heading: String,
    approved_by: String,
    is_known: bool,
    notice: Option<&'static str>,
    now: Timestamp,
}

/// The question before something ends.
#[derive(askama::Template)]
#[template(path = "installations/confirm.html")]
struct ConfirmPage<'a> {
    frame: Frame,
    csrf: String,
    site: &'a Site,
    app: &'a str,
    installation: &'a Installation,
    action: &'static str,
    verb: &'static str,
    button: &'static str,
    consequences: Vec<String>,
}

type Server = State<Arc<AuthorizationServer>>;

/// One installation.
#[rocket::get("/admin/sites/<_>/apps/<id>?<done>")]
pub async fn show(
    server: &Server,
    admin: SiteAdmin,
    csrf: CsrfToken,
    id: &str,
    done: Option<&str>,
) -> Result<Page, ErrorPage> {
    let installed = on_this_site(server, &admin, id).await?;
    let approval = &installed.installation.approval;
    let approved = approved(&installed);
    Ok(Page::ok(&InstalledPage {
        frame: Frame::wide(server, &admin.signed_in.user, "/admin/sites"),
        csrf: csrf.0,
        site: &admin.site,
        app: &installed.offer.app.name,
        publisher: Publisher::of(server, &installed.offer.app).await.map_err(failed)?,
        asked: Asked::all(server, &approved).await.map_err(failed)?,
        heading: "It can".into(),
        approved_by: name_of_actor(server, approval.by).await.map_err(failed)?,
        is_known: installed.approved.is_some(),
        installed: &installed,
        notice: notice::sentence(done),
        now: server.now(),
    }))
}

/// Says what suspending means.
#[rocket::get("/admin/sites/<_>/apps/<id>/suspend")]
pub async fn confirm_suspend(server: &Server, admin: SiteAdmin, csrf: CsrfToken, id: &str) -> Result<Page, ErrorPage> {
    let installed = on_this_site(server, &admin, id).await?;
    let (app, site) = (&installed.offer.app.name, &admin.site.name);
    let consequences = vec![
        format!("No token of {app} for {site} is good from its next use on, neither its own nor those of people."),
        "Nobody can allow it anything here until it is resumed.".into(),
        "What people allowed stays, and is good again once you resume it.".into(),
    ];
    Ok(confirm_page(server, &admin, csrf, &installed, ("suspend", "Suspend", "Suspend"), consequences))
}

/// Suspends it.
#[rocket::post("/admin/sites/<_>/apps/<id>/suspend", data = "<_form>")]
pub async fn suspend(server: &Server, admin: SiteAdmin, id: &str, _form: CsrfForm) -> Result<Redirect303, ErrorPage> {
    let installation = on_this_site(server, &admin, id).await?.installation;
    let suspended = installations::suspend(server, installation.id, by(&admin)).await;
    suspended.map_err(|error| page(&error))?;
    Ok(back(&installation, "installation-suspended"))
}

/// Resumes it.
#[rocket::post("/admin/sites/<_>/apps/<id>/resume", data = "<_form>")]
pub async fn resume(server: &Server, admin: SiteAdmin, id: &str, _form: CsrfForm) -> Result<Redirect303, ErrorPage> {
    let installation = on_this_site(server, &admin, id).await?.installation;
    installations::resume(server, installation.id, by(&admin)).await.map_err(|error| page(&error))?;
    Ok(back(&installation, "installation-resumed"))
}

/// Says what uninstalling means.
#[rocket::get("/admin/sites/<_>/apps/<id>/uninstall")]
pub async fn confirm_uninstall(
    server: &Server,
    admin: SiteAdmin,
    csrf: CsrfToken,
    id: &str,
) -> Result<Page, ErrorPage> {
    let installed = on_this_site(server, &admin, id).await?;
    let (app, site) = (&installed.offer.app.name, &admin.site.name);
    let consequences = vec![
        format!("Every token of {app} for {site} is over at once."),
        "What people allowed it here is over; if it is installed again, each of them must allow it again.".into(),
        "Its app account is gone, with every role it held. It comes back under another name.".into(),
        "What it holds already, such as copies it made, stays with it.".into(),
    ];
    Ok(confirm_page(server, &admin, csrf, &installed, ("uninstall", "Uninstall", "Uninstall"), consequences))
}

/// Uninstalls it.
#[rocket::post("/admin/sites/<_>/apps/<id>/uninstall", data = "<_form>")]
pub async fn uninstall(server: &Server, admin: SiteAdmin, id: &str, _form: CsrfForm) -> Result<Redirect303, ErrorPage> {
    let installation = on_this_site(server, &admin, id).await?.installation;
    let uninstalled = installations::uninstall(server, installation.id, by(&admin)).await;
    let done = match uninstalled.map_err(|error| page(&error))? {
        None => "uninstalled",
        Some(_) => "uninstalled-untold",
    };
    Ok(Redirect303::to(format!("/admin/sites/{}/apps?done={done}", admin.site.id)))
}

/// Tells a Connect app again what it did not take. What came of it is on its page.
#[rocket::post("/admin/sites/<_>/apps/<id>/tell", data = "<_form>")]
pub async fn tell(server: &Server, admin: SiteAdmin, id: &str, _form: CsrfForm) -> Result<Redirect303, ErrorPage> {
    let installation = on_this_site(server, &admin, id).await?.installation;
    let told = installations::tell_again(server, installation.id, by(&admin)).await;
    Ok(after_telling(&installation, told.map_err(|error| page(&error))?.is_none(), "told"))
}

/// Says what a new secret means.
#[rocket::get("/admin/sites/<_>/apps/<id>/rotate")]
pub async fn confirm_rotate(server: &Server, admin: SiteAdmin, csrf: CsrfToken, id: &str) -> Result<Page, ErrorPage> {
    let installed = on_this_site(server, &admin, id).await?;
    let app = &installed.offer.app.name;
    let consequences = vec![
        format!("{app} is told a new secret at once. If it does not take it, the former one stays."),
        "As soon as it took the new secret, nothing that is signed with the former one is taken any more.".into(),
        "Tokens with which it acts as people stay good until they expire; suspend the app to stop those.".into(),
    ];
    Ok(confirm_page(
        server,
        &admin,
        csrf,
        &installed,
        ("rotate", "Rotate the secret of", "Rotate the secret"),
        consequences,
    ))
}

/// Gives a Connect app a new secret.
#[rocket::post("/admin/sites/<_>/apps/<id>/rotate", data = "<_form>")]
pub async fn rotate(server: &Server, admin: SiteAdmin, id: &str, _form: CsrfForm) -> Result<Redirect303, ErrorPage> {
    let installation = on_this_site(server, &admin, id).await?.installation;
    let rotated = installations::rotate_secret(server, installation.id, by(&admin)).await;
    Ok(after_telling(&installation, rotated.map_err(|error| page(&error))?.is_none(), "secret-rotated"))
}

/// Back to the page of the installation, which says itself what the app did not take.
fn after_telling(installation: &Installation, was_told: bool, done: &str) -> Redirect303 {
    if was_told {
        return back(installation, done);
    }
    Redirect303::to(format!("/admin/sites/{}/apps/{}", installation.site_id, installation.id))
}

/// The installation of that name, if it is one of this site.
pub(super) async fn on_this_site(
    server: &AuthorizationServer,
    admin: &SiteAdmin,
    id: &str,
) -> Result<Installed, ErrorPage> {
    let id = id.parse().map_err(|_| no_such_app())?;
    let installed = installations::find(server, id).await.map_err(|error| page(&error))?;
    if installed.installation.site_id == admin.site.id { Ok(installed) } else { Err(no_such_app()) }
}

/// What was approved: what that version asked for, without the scopes that were left out. Where the version is not kept
/// any more, the scopes alone.
fn approved(installed: &Installed) -> Privileges {
    let approval = &installed.installation.approval;
    let Some(approved) = &installed.approved else {
        let request = |name: &str| ScopeRequest {
            name: name.to_owned(),
            allow_impersonation: approval.impersonation.contains(name),
            optional: false,
            purpose: None,
        };
        return Privileges { scopes: approval.scope.iter().map(request).collect(), ..Privileges::default() };
    };
    let kept = approved.scopes.iter().filter(|request| approval.scope.contains(&request.name));
    let scopes = kept.map(|request| ScopeRequest { optional: false, ..request.clone() }).collect();
    Privileges { scopes, ..approved.clone() }
}

fn confirm_page(
    server: &AuthorizationServer,
    admin: &SiteAdmin,
    csrf: CsrfToken,
    installed: &Installed,
    (action, verb, button): (&'static str, &'static str, &'static str),
    consequences: Vec<String>,
) -> Page {
    Page::ok(&ConfirmPage {
        frame: Frame::wide(server, &admin.signed_in.user, "/admin/sites"),
        csrf: csrf.0,
        site: &admin.site,
        app: &installed.offer.app.name,
        installation: &installed.installation,
        action,
        verb,
        button,
        consequences,
    })
}

fn by(admin: &SiteAdmin) -> Actor {
    Actor::User(admin.signed_in.user.id)
}

fn back(installation: &Installation, done: &str) -> Redirect303 {
    Redirect303::to(format!("/admin/sites/{}/apps/{}?done={done}", installation.site_id, installation.id))
}
