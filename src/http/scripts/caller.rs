//! Who calls this server's own API with a token: the script of a person, of an import source, or an app that a person allowed.

use std::convert::Infallible;
use std::net::IpAddr;
use std::sync::Arc;

use rocket::request::{FromRequest, Outcome, Request};

use crate::access::api_token::{self, Owned, Shown};
use crate::access::container_token::{self, LiveContainerToken};
use crate::authorization_server::AuthorizationServer;
use crate::domain::api_token::Reach;
use crate::domain::event::{Actor, Event};
use crate::domain::resource::ProtectedResource;
use crate::domain::site::Site;
use crate::domain::user::User;
use crate::http::guards::address;
use crate::http::scripts::refusal::ScriptRefusal;
use crate::oauth::bearer::places;
use crate::oauth::evaluation::{self, ForwardedCall, Layer, OwnOperation, OwnRefusal};
use crate::resource_server::{Credential, Refusal, RequestLine, credential};
use crate::store::StoreError;
use crate::throttle::network_of;

/// What a request shows. What is wrong with it is kept as a value, so that the answer is told in the form that scripts read.
pub struct Caller<'r> {
    shown: Result<Credential<'r>, Refusal>,
    line: &'r RequestLine,
    address: Option<IpAddr>,
}

#[rocket::async_trait]
impl<'r> FromRequest<'r> for Caller<'r> {
    type Error = Infallible;

    async fn from_request(request: &'r Request<'_>) -> Outcome<Self, Infallible> {
        Outcome::Success(Self {
            shown: credential(request),
            line: RequestLine::of(request),
            address: address::of(request),
        })
    }
}

impl<'r> Caller<'r> {
    /// By whom a call is made that concerns an object of `resource` on a site, if it passes all three layers; the scope that it takes
    /// is `scope`.
    ///
    /// # Errors
    /// [`ScriptRefusal`] with the layer that refuses.
    pub async fn allowed(
        self,
        server: &AuthorizationServer,
        (site, resource): (&Site, &Arc<ProtectedResource>),
        wanted: OwnOperation<'_>,
        scope: &'static str,
    ) -> Result<Actor, ScriptRefusal> {
        let credential = match self.shown? {
            Credential::Basic(payload) => (payload, Some("basic")),
            Credential::Token(token) | Credential::Signature(token) => (token, None),
        };
        let RequestLine { method, target } = self.line;
        let call = ForwardedCall { method: method.as_str(), target, credential, client_ip: self.address };
        match evaluation::own(server, resource, site, call, wanted).await? {
            Ok(by) => Ok(by),
            Err(OwnRefusal::NotLive) if self.is_live_on(server, site).await? => {
                Err(Refusal::InsufficientScope { required: scope }.into())
            }
            Err(OwnRefusal::NotLive) => Err(self.refused(server).await),
            Err(OwnRefusal::Denied(denial)) if denial.layer == Layer::Scope => {
                let is_scope = denial.required.as_deref() == Some(scope);
                let another = Refusal::NotCovered("credentials of this kind are not for this");
                Err(if is_scope { Refusal::InsufficientScope { required: scope } } else { another }.into())
            }
            Err(OwnRefusal::Denied(denial)) => Err(ScriptRefusal::Denied(denial)),
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

    /// Whether a person's token is good for something on a site, so that what it lacks is a scope.
    async fn is_live_on(&self, server: &AuthorizationServer, site: &Site) -> Result<bool, StoreError> {
        let Ok(shown) = self.of_a_person() else { return Ok(false) };
        if let Some(live) = api_token::find(server, shown, Some(site.id)).await? {
            server.note_use(live.token.key, self.address);
            return Ok(true);
        }
        let Shown::Alone(token) = shown else { return Ok(false) };
        let places = places(server, token).await?;
        Ok(places.iter().any(|place| place.site.id == site.id && place.person().is_some()))
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
