//! The guard for APIs behind this server (RFC 6750), usable from any Rocket application.
//!
//! Attach a [`ResourceServer`] and ask for [`Bearer`] in a route. A request without a live token for that scope is
//! answered by the challenge of RFC 6750 section 3, with a body that names the layer that refused. A Connect app shows no
//! token but a JWT that signs the request, and a script may show its token in Basic credentials; to a route it is the same. A
//! route of an import source asks for [`Importer`], which lets the token of that import source in.
//!
//! | file | what |
//! |---|---|
//! | `credential` | what a request authenticates with: a token, Basic credentials, or the JWT that signs it |
//! | `header` | the access token of a request, read strictly |
//! | `request_line` | what that JWT signs |
//! | `introspection` | the authorization server's word on a token (RFC 7662) |
//! | `refusal` | why a request goes no further, and the challenge that says so |
//! | `bearer` | the request guard |
//! | `importer` | the request guard of import sources (RFC 9396) |

mod bearer;
mod credential;
mod header;
mod importer;
mod introspection;
mod refusal;
mod request_line;

pub use bearer::{Bearer, RequiredScope};
pub(crate) use credential::{Credential, credential};
pub(crate) use header::{read, token};
pub use importer::{ImportAction, ImportSource, Importer};
pub use introspection::{Actor, AuthorizationDetail, Introspection, Site};
pub use refusal::Refusal;
pub(crate) use request_line::RequestLine;

use std::net::IpAddr;
use std::time::Duration;

use rocket::fairing::{self, Fairing, Info, Kind};
use rocket::{Build, Data, Request, Response, Rocket};

use crate::domain::secret::Secret;
use crate::domain::uri::Issuer;
use crate::resource_server::refusal::Refused;

const TIME_OUT: Duration = Duration::from_secs(5);

/// How an API knows where a request came from.
pub type ClientIp = fn(&Request<'_>) -> Option<IpAddr>;

/// An API behind an authorization server. Attached to a Rocket, it answers the guards and sends their challenges.
#[derive(Clone)]
pub struct ResourceServer {
    issuer: String,
    introspection_endpoint: String,
    id: String,
    secret: Secret<String>,
    realm: String,
    site: Option<String>,
    client_ip: Option<ClientIp>,
    http: reqwest::Client,
}

/// Why there is no resource server.
#[derive(Debug, thiserror::Error)]
pub enum SetUpError {
    /// The issuer is not the identifier of an authorization server.
    #[error("issuer: {0}")]
    Issuer(#[from] crate::domain::uri::MalformedIssuer),
    /// HTTP requests cannot be made.
    #[error("no HTTP client: {0}")]
    Http(#[from] reqwest::Error),
}

impl ResourceServer {
    /// The API that is registered as `id` with that secret. `realm` is what the challenge calls it.
    ///
    /// # Errors
    /// [`SetUpError`] if the issuer is none, or HTTP requests cannot be made.
    pub fn new(issuer: &str, id: &str, secret: &str, realm: &str) -> Result<Self, SetUpError> {
        let issuer: Issuer = issuer.parse()?;
        // A redirect would carry our secret elsewhere, and a proxy from the environment would see it.
        let http = reqwest::Client::builder()
            .timeout(TIME_OUT)
            .connect_timeout(TIME_OUT)
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .build()?;
        Ok(Self {
            introspection_endpoint: issuer.url("/oauth/introspect"),
            issuer: issuer.into(),
            id: id.to_owned(),
            secret: Secret::new(secret.to_owned()),
            realm: realm.chars().filter(|c| matches!(c, ' ' | '!' | '#'..='[' | ']'..='~')).collect(),
            site: None,
            client_ip: None,
            http,
        })
    }

    /// The API of one site, which is named by its identifier or address: whatever is shown must be good there.
    #[must_use]
    pub fn on_site(self, site: &str) -> Self {
        Self { site: Some(site.to_owned()), ..self }
    }

    /// The API that says with each question where the request came from, so that the owner of a token sees from where it was
    /// last used. Only the API knows how it is reached: where nothing stands before it that is
    /// `|request| request.remote().map(|peer| peer.ip())`; behind a proxy it is what the proxy says in a header of its own, which
    /// must not be believed of anybody else, or a thief chooses what the owner sees. Without this nothing is said.
    #[must_use]
    pub fn telling_client_ip(self, of: ClientIp) -> Self {
        Self { client_ip: Some(of), ..self }
    }
}

#[rocket::async_trait]
impl Fairing for ResourceServer {
    fn info(&self) -> Info {
        Info { name: "Resource server", kind: Kind::Ignite | Kind::Request | Kind::Response | Kind::Singleton }
    }

    async fn on_ignite(&self, rocket: Rocket<Build>) -> fairing::Result {
        Ok(rocket.manage(self.clone()))
    }

    async fn on_request(&self, request: &mut Request<'_>, _: &mut Data<'_>) {
        RequestLine::of(request);
    }

    /// Whatever catcher answered a refusal, the challenge must be in the answer.
    async fn on_response<'r>(&self, request: &'r Request<'_>, response: &mut Response<'r>) {
        if let Some(refusal) = Refused::of(request).filter(|refusal| refusal.status() == response.status()) {
            refusal.write(&self.realm, response);
        }
    }
}
