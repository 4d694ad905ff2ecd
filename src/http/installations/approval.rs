//! /admin/sites/SITE/apps/INSTALLATION/approve: what the version that runs asks for beside what was approved, and nothing else.

use std::sync::Arc;

use rocket::State;
use rocket::http::Status;

use crate::apps::asked::{self, Asked};
use crate::apps::installations::{self, InstallationError, Installed};
use crate::authorization_server::AuthorizationServer;
use crate::domain::app::VersionNumber;
use crate::domain::event::Actor;
use crate::domain::site::Site;
use crate::http::guards::csrf::{CsrfForm, CsrfToken};
use crate::http::guards::site_admin::SiteAdmin;
use crate::http::installations::installed::on_this_site;
use crate::http::installations::{Publisher, failed, page, ticked, unreadable};
use crate::http::responses::filters;
use crate::http::responses::page::{Answer, ErrorPage, Frame, Page};
use crate::http::responses::redirect::Redirect303;

#[derive(askama::Template)]
#[template(path = "installations/approval.html")]
struct ApprovalPage<'a> {
    frame: Frame,
    csrf: String,
    site: &'a Site,
    app: &'a str,
    installed: &'a Installed,
    version: VersionNumber,
    publisher: Publisher,
    asked: Asked,
    heading: String,
    refused: bool,
    overtaken: bool,
}

type Server = State<Arc<AuthorizationServer>>;

/// What changed, and the question whether to approve it.
#[rocket::get("/admin/sites/<_>/apps/<id>/approve")]
pub async fn show(server: &Server, admin: SiteAdmin, csrf: CsrfToken, id: &str) -> Result<Answer, ErrorPage> {
    let installed = on_this_site(server, &admin, id).await?;
    if !installed.changes().is_major() {
        return Ok(back(&installed, None).into());
    }
    let approval = approval_page(server, &admin, csrf, &installed).await?;
    Ok(Page::ok(&approval).into())
}

/// Approves or refuses the version that was shown.
#[rocket::post("/admin/sites/<_>/apps/<id>/approve", data = "<form>")]
pub async fn answer(
    server: &Server,
    admin: SiteAdmin,
    csrf: CsrfToken,
    id: &str,
    form: CsrfForm,
) -> Result<Answer, ErrorPage> {
    let installed = on_this_site(server, &admin, id).await?;
    let number = form.get("version").parse().map_err(|_| page(&InstallationError::Overtaken))?;
    let (id, by) = (installed.installation.id, Actor::User(admin.signed_in.user.id));
    let (answered, done) = match form.get("decision") {
        "approve" => {
            let kept = &installed.installation.approval.scope;
            let before = installed.approved.as_ref().map(|approved| (approved, kept));
            let declined = asked::declined(&installed.offer.version.manifest.privileges, before, &ticked(&form)?);
            (installations::approve(server, id, number, &declined, by).await.map(|_| ()), "approved")
        }
        "refuse" => (installations::refuse(server, id, number, by).await, "refused"),
        _ => return Err(unreadable()),
    };
    match answered {
        Ok(()) => Ok(back(&installed, Some(done)).into()),
        Err(InstallationError::Overtaken) => {
            let installed = on_this_site(server, &admin, &id.to_string()).await?;
            let again = approval_page(server, &admin, csrf, &installed).await?;
            Ok(Page::with_status(Status::Conflict, &ApprovalPage { overtaken: true, ..again }).into())
        }
        Err(error) => Err(page(&error)),
    }
}

async fn approval_page<'a>(
    server: &AuthorizationServer,
    admin: &'a SiteAdmin,
    csrf: CsrfToken,
    installed: &'a Installed,
) -> Result<ApprovalPage<'a>, ErrorPage> {
    let version = &installed.offer.version;
    let asked = Asked::of(server, &installed.changes(), &version.manifest.privileges).await.map_err(failed)?;
    Ok(ApprovalPage {
        frame: Frame::wide(server, &admin.signed_in.user, "/admin/sites"),
        csrf: csrf.0,
        site: &admin.site,
        app: &installed.offer.app.name,
        version: version.number,
        publisher: Publisher::of(server, &installed.offer.app).await.map_err(failed)?,
        asked,
        heading: format!("For everyone on {}, it would also be able to", admin.site.name),
        refused: !installed.is_pending(),
        overtaken: false,
        installed,
    })
}

fn back(installed: &Installed, done: Option<&str>) -> Redirect303 {
    let installation = &installed.installation;
    let done = done.map(|done| format!("?done={done}")).unwrap_or_default();
    Redirect303::to(format!("/admin/sites/{}/apps/{}{done}", installation.site_id, installation.id))
}
