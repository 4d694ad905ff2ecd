//! Who decides about the site in the path, and who is a member of it. Whoever is neither learns nothing of the site.

use std::sync::Arc;

use rocket::http::Status;
use rocket::request::{FromRequest, Outcome, Request};

use crate::domain::id::SiteId;
use crate::domain::site::{Site, SiteStanding};
use crate::domain::user::Standing;
use crate::http::guards::server_of;
use crate::http::guards::signed_in::SignedIn;
use crate::store::StoreError;

/// The segment of a path after which the name of a site comes.
const SITES: &str = "sites";

/// An admin of the site in the path, or an admin of this server. A member of the site gets 403, anybody else 404.
pub struct SiteAdmin {
    /// Who.
    pub signed_in: SignedIn,
    /// Of which site.
    pub site: Arc<Site>,
}

/// A member of the site in the path. Anybody else gets 404.
pub struct SiteMember {
    /// Who.
    pub signed_in: SignedIn,
    /// Of which site.
    pub site: Arc<Site>,
    /// What they may do there.
    pub standing: SiteStanding,
}

/// What somebody is on a site.
struct Place {
    site: Arc<Site>,
    standing: Option<SiteStanding>,
}

#[rocket::async_trait]
impl<'r> FromRequest<'r> for SiteAdmin {
    type Error = ();

    async fn from_request(request: &'r Request<'_>) -> Outcome<Self, ()> {
        let signed_in = match SignedIn::from_request(request).await {
            Outcome::Success(signed_in) => signed_in,
            Outcome::Error(error) => return Outcome::Error(error),
            Outcome::Forward(status) => return Outcome::Forward(status),
        };
        let is_server_admin = signed_in.user.standing == Standing::Admin;
        match place(request, &signed_in).await {
            Ok(Some(Place { site, standing })) if is_server_admin || standing == Some(SiteStanding::Admin) => {
                Outcome::Success(SiteAdmin { signed_in, site })
            }
            Ok(Some(Place { standing: Some(_), .. })) => Outcome::Error((Status::Forbidden, ())),
            Ok(_) => Outcome::Error((Status::NotFound, ())),
            Err(error) => failed(&error),
        }
    }
}

#[rocket::async_trait]
impl<'r> FromRequest<'r> for SiteMember {
    type Error = ();

    async fn from_request(request: &'r Request<'_>) -> Outcome<Self, ()> {
        let signed_in = match SignedIn::from_request(request).await {
            Outcome::Success(signed_in) => signed_in,
            Outcome::Error(error) => return Outcome::Error(error),
            Outcome::Forward(status) => return Outcome::Forward(status),
        };
        match place(request, &signed_in).await {
            Ok(Some(Place { site, standing: Some(standing) })) => {
                Outcome::Success(SiteMember { signed_in, site, standing })
            }
            Ok(_) => Outcome::Error((Status::NotFound, ())),
            Err(error) => failed(&error),
        }
    }
}

fn failed<T>(error: &StoreError) -> Outcome<T, ()> {
    tracing::error!(%error, "a membership could not be read");
    Outcome::Error((Status::ServiceUnavailable, ()))
}

async fn place(request: &Request<'_>, signed_in: &SignedIn) -> Result<Option<Place>, StoreError> {
    let (Some(server), Some(id)) = (server_of(request), named(request)) else { return Ok(None) };
    let Some(site) = server.store.site(id).await? else { return Ok(None) };
    let member = server.store.member(id, signed_in.user.id).await?;
    Ok(Some(Place { site, standing: member.map(|member| member.standing) }))
}

fn named(request: &Request<'_>) -> Option<SiteId> {
    let mut segments = request.uri().path().segments().skip_while(|segment| *segment != SITES);
    segments.nth(1)?.parse().ok()
}
