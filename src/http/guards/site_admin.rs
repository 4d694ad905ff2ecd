//! Who decides about the site in the path, and who is a member of it. Whoever is neither learns nothing of the site.

use std::sync::Arc;

use rocket::http::Status;
use rocket::request::{FromRequest, Outcome, Request};

use crate::domain::id::SiteId;
use crate::domain::site::{Site, SiteStanding, decides};
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

/// Somebody who is signed in, before the site in the path.
struct Arrived {
    signed_in: SignedIn,
    site: Arc<Site>,
    standing: Option<SiteStanding>,
}

#[rocket::async_trait]
impl<'r> FromRequest<'r> for SiteAdmin {
    type Error = ();

    async fn from_request(request: &'r Request<'_>) -> Outcome<Self, ()> {
        arrived(request).await.and_then(|Arrived { signed_in, site, standing }| match standing {
            _ if decides(&signed_in.user, standing) => Outcome::Success(SiteAdmin { signed_in, site }),
            Some(_) => Outcome::Error((Status::Forbidden, ())),
            None => Outcome::Error((Status::NotFound, ())),
        })
    }
}

#[rocket::async_trait]
impl<'r> FromRequest<'r> for SiteMember {
    type Error = ();

    async fn from_request(request: &'r Request<'_>) -> Outcome<Self, ()> {
        arrived(request).await.and_then(|Arrived { signed_in, site, standing }| match standing {
            Some(standing) => Outcome::Success(SiteMember { signed_in, site, standing }),
            None => Outcome::Error((Status::NotFound, ())),
        })
    }
}

/// Who asks, and what they are on the site in the path; 404 if there is none.
async fn arrived(request: &Request<'_>) -> Outcome<Arrived, ()> {
    let signed_in = match SignedIn::from_request(request).await {
        Outcome::Success(signed_in) => signed_in,
        Outcome::Error(error) => return Outcome::Error(error),
        Outcome::Forward(status) => return Outcome::Forward(status),
    };
    match place(request, &signed_in).await {
        Ok(Some((site, standing))) => Outcome::Success(Arrived { signed_in, site, standing }),
        Ok(None) => Outcome::Error((Status::NotFound, ())),
        Err(error) => {
            tracing::error!(%error, "a membership could not be read");
            Outcome::Error((Status::ServiceUnavailable, ()))
        }
    }
}

type Place = (Arc<Site>, Option<SiteStanding>);

async fn place(request: &Request<'_>, signed_in: &SignedIn) -> Result<Option<Place>, StoreError> {
    let (Some(server), Some(id)) = (server_of(request), named(request)) else { return Ok(None) };
    let Some(site) = server.store.site(id).await? else { return Ok(None) };
    let member = server.store.member(id, signed_in.user.id).await?;
    Ok(Some((site, member.map(|member| member.standing))))
}

fn named(request: &Request<'_>) -> Option<SiteId> {
    let mut segments = request.uri().path().segments().skip_while(|segment| *segment != SITES);
    segments.nth(1)?.parse().ok()
}
