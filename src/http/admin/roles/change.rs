//! /admin/sites/ID/roles/RESOURCE/give and /take: giving a role and taking one.

use std::sync::Arc;

use rocket::State;
use rocket::http::Status;

use crate::access::roles::{self, RoleError};
use crate::access::subjects;
use crate::authorization_server::AuthorizationServer;
use crate::domain::role_binding::Held;
use crate::http::admin::roles::object::place;
use crate::http::admin::roles::{declared, no_such_object, no_such_subject, path, realm, subject};
use crate::http::admin::site::by;
use crate::http::guards::csrf::CsrfForm;
use crate::http::guards::site_admin::SiteAdmin;
use crate::http::responses::address::with_query;
use crate::http::responses::page::ErrorPage;
use crate::http::responses::redirect::Redirect303;

type Server = State<Arc<AuthorizationServer>>;

/// Gives a role.
#[rocket::post("/admin/sites/<_>/roles/<resource>/give", data = "<form>")]
pub async fn give(server: &Server, admin: SiteAdmin, resource: &str, form: CsrfForm) -> Result<Redirect303, ErrorPage> {
    let declared = declared(server, resource).await?;
    let place = place(server, (&admin.site, &declared), Some(form.get("object"))).await?;
    let held =
        Held { object: place.object.clone(), role: form.get("role").into(), subject: subject(form.get("subject"))? };
    let realm = realm(&declared, &admin.site);
    let given = roles::give(server, (&realm, &declared.access), &admin.site, vec![held], by(&admin)).await;
    given.map_err(|error| page(&error))?;
    let path = path(&admin.site, &declared, place.named());
    Ok(back(&path, form.get("subject"), "role-given"))
}

/// Takes a role. Whoever does not hold it any more goes on not to.
#[rocket::post("/admin/sites/<_>/roles/<resource>/take", data = "<form>")]
pub async fn take(server: &Server, admin: SiteAdmin, resource: &str, form: CsrfForm) -> Result<Redirect303, ErrorPage> {
    let declared = declared(server, resource).await?;
    let place = place(server, (&admin.site, &declared), Some(form.get("object"))).await?;
    let held =
        Held { object: place.object.clone(), role: form.get("role").into(), subject: subject(form.get("subject"))? };
    let failed = |error| ErrorPage::failure(&error);
    let realm = realm(&declared, &admin.site);
    let taken = roles::take(server, &realm, &held, by(&admin)).await.map_err(failed)?;
    let is_of_site = subjects::belongs(server, admin.site.id, held.subject).await.map_err(failed)?;
    if !taken && !is_of_site {
        return Err(no_such_subject());
    }
    if form.get("back") == "holder" && is_of_site {
        return Ok(Redirect303::to(format!(
            "/admin/sites/{}/roles-of?subject={}&done=role-taken",
            admin.site.id, held.subject
        )));
    }
    Ok(back(&path(&admin.site, &declared, place.named()), "", "role-taken"))
}

/// Back to the page of the object; whoever was chosen stays so, for the next role.
fn back(path: &str, chosen: &str, done: &str) -> Redirect303 {
    Redirect303::to(with_query(path, &[("subject", chosen), ("done", done)]))
}

fn page(error: &RoleError) -> ErrorPage {
    match error {
        RoleError::NoObject(_) => no_such_object(),
        RoleError::Stranger(_) => no_such_subject(),
        RoleError::NoRole(_) | RoleError::NotThere { .. } => {
            ErrorPage::new(Status::NotFound, "There is no such role here")
                .what_happened("That role is none that can be given on this object.")
                .what_to_do(&["Look at the page again, and choose a role that is listed."])
        }
        RoleError::Store(error) => ErrorPage::failure(error),
    }
}
