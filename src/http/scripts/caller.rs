//! Who calls this server's own API with a token: the script of a person, of an import source, or an app that a person allowed.

use std::convert::Infallible;
use std::net::IpAddr;

use rocket::request::{FromRequest, Outcome, Request};

use crate::access::api_token::{self, Owned, Shown};
use crate::access::container_token::{self, LiveContainerToken};
use crate::authorization_server::AuthorizationServer;
use crate::domain::api_token::Reach;
use crate::domain::event::Event;
use crate::domain::resource::ProtectedResource;
use crate::domain::site::{Site, decides};
use crate::domain::user::User;
use crate::http::guards::address;
use crate::http::scripts::refusal::ScriptRefusal;
use crate::oauth::bearer::places;
use crate::resource_server::{Credential, Refusal, credential};
use crate::store::StoreError;
use crate::throttle::network_of;

/// What a request shows. What is wrong with it is kept as a value, so that the answer is told in the form that scripts read.
pub struct Caller<'r> {
    shown: Result<Credential<'r>, Refusal>,
    address: Option<IpAddr>,
}

#[rocket::async_trait]
impl<'r> FromRequest<'r> for Caller<'r> {
    type Error = Infallible;

    async fn from_request(request: &'r Request<'_>) -> Outcome<Self, Infallible> {
        Outcome::Success(Self { shown: credential(request), address: address::of(request) })
    }
}

/// A person who calls, and what they may with what they show.
struct Found {
    user: User,
    carries: bool,
    decides: bool,
}

impl<'r> Caller<'r> {
    /// The person who calls for a site, if what they show carries a scope of `resource` there and they decide about the site.
    ///
    /// # Errors
    /// [`ScriptRefusal`] with the layer that refuses.
    pub async fn admin_of(
        self,
        server: &AuthorizationServer,
        site: &Site,
        (resource, scope): (&ProtectedResource, &'static str),
    ) -> Result<User, ScriptRefusal> {
        let shown = self.of_a_person()?;
        let found = match (api_token::find(server, shown, Some(site.id)).await?, shown) {
            (Some(live), _) => {
                server.note_use(live.token.key, self.address);
                let carries = resource.reached_by(&live.token.reach).contains(scope);
                Some(Found { carries, decides: live.is_of_an_admin(), user: live.user })
            }
            (None, Shown::Alone(token)) => allowed(server, token, site, scope).await?,
            (None, Shown::Basic(_)) => None,
        };
        match found {
            None => Err(self.refused(server).await),
            Some(Found { carries: false, .. }) => Err(Refusal::InsufficientScope { required: scope }.into()),
            Some(Found { decides: false, .. }) => {
                Err(ScriptRefusal::Forbidden("only an admin of the site may do this"))
            }
            Some(Found { user, .. }) => Ok(user),
        }
    }

    /// The person who calls for what concerns no site, if their script is for `scope`.
    ///
    /// # Errors
    /// [`ScriptRefusal`] with the layer that refuses.
    pub async fn owner(self, server: &AuthorizationServer, scope: &'static str) -> Result<User, ScriptRefusal> {
        let Some(owned) = api_token::find_for_no_site(server, self.of_a_person()?).await? else {
            return Err(self.refused(server).await);
        };
        server.note_use(owned.token.key, self.address);
        let Owned { token, user } = owned;
        match token.reach {
            Reach::Scopes(scopes) if scopes.contains(scope) => Ok(user),
            Reach::Scopes(_) | Reach::Everything => Err(Refusal::InsufficientScope { required: scope }.into()),
        }
    }

    /// The import source whose script calls.
    ///
    /// # Errors
    /// [`ScriptRefusal`] of layer 1.
    pub async fn import_source(self, server: &AuthorizationServer) -> Result<LiveContainerToken, ScriptRefusal> {
        let Credential::Token(token) = self.shown? else { return Err(Refusal::NoToken.into()) };
        match container_token::find(server, token).await? {
            Some(live) => {
                server.note_use(live.token.key, self.address);
                Ok(live)
            }
            None => Err(self.refused(server).await),
        }
    }

    fn of_a_person(&self) -> Result<Shown<'r>, ScriptRefusal> {
        match self.shown? {
            Credential::Basic(payload) => Ok(Shown::Basic(payload)),
            Credential::Token(token) => Ok(Shown::Alone(token)),
            Credential::Signature(_) => Err(Refusal::NoToken.into()),
        }
    }

    /// That what was shown is no good. Whoever shows that too often is told to wait; what is good is answered all the same, so
    /// that nobody is locked out by whoever shares an address with them.
    async fn refused(&self, server: &AuthorizationServer) -> ScriptRefusal {
        let (address, reason) = (self.address, "unknown, expired, revoked or of somebody else".to_owned());
        server.record_refusal(Event::TokenRefused { address, reason }, address).await;
        match server.throttles.tokens_per_address.take(address.map(network_of), server.now()) {
            Err(wait) => ScriptRefusal::TooMany(wait),
            Ok(()) => Refusal::InvalidToken("the credential is unknown, has expired or was taken back").into(),
        }
    }
}

/// The person who allowed an app what its access token carries on the site.
async fn allowed(
    server: &AuthorizationServer,
    token: &str,
    site: &Site,
    scope: &str,
) -> Result<Option<Found>, StoreError> {
    let places = places(server, token).await?;
    let Some(place) = places.iter().find(|place| place.site.id == site.id) else { return Ok(None) };
    let Some(user) = place.person() else { return Ok(None) };
    let member = server.store.member(site.id, user.id).await?;
    let decides = decides(user, member.map(|member| member.standing));
    Ok(Some(Found { carries: place.effective().contains(scope), decides, user: user.clone() }))
}
