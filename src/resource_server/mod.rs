//! The guard for APIs behind this server (RFC 6750), usable from any Rocket application.
//!
//! Attach a [`ResourceServer`] and ask for [`Bearer`] in a route. A request without a live token for that scope is
//! answered by the challenge of RFC 6750 section 3, with a body that names the layer that refused. A Connect app shows no
//! token but a JWT that signs the request, and a script may show its token in Basic credentials; to a route it is the same. A
//! route of an import source asks for [`Importer`], which lets the token of that import source in.
//!
//! An API that declares its operations and roles ([`ResourceServer::declaring`]) asks for [`Allowed`] or [`Caller`] instead: one
//! question to the authorization server answers whether the credential is live, its scopes cover the operation, and the roles of
//! whom it stands for cover the data.
//!
//! | file | what |
//! |---|---|
//! | `credential` | what a request authenticates with: a token, Basic credentials, or the JWT that signs it |
//! | `header` | the access token of a request, read strictly |
//! | `request_line` | what that JWT signs |
//! | `shown` | what every question begins with: the credential, and where it is shown |
//! | `introspection` | the authorization server's word on a token (RFC 7662) |
//! | `call` | the three layers of a call, in one question (AuthZEN) |
//! | `facts` | what introspection told, kept for a while |
//! | `refusal`, `denied` | why a request goes no further, and the challenge that says so |
//! | `bearer` | the request guard of a scope |
//! | `importer` | the request guard of import sources (RFC 9396) |
//! | `allowed` | the request guard of an operation |
//! | `caller` | the same where only the route knows what it is done to |
//! | `objects` | what objects belong to, and the authorization server told of them |
//! | `metadata` | what an API tells of itself (RFC 9728) |

mod allowed;
mod bearer;
mod call;
mod caller;
mod credential;
mod denied;
mod facts;
mod header;
mod importer;
mod introspection;
mod metadata;
mod objects;
mod refusal;
mod request_line;
mod shown;

pub use allowed::Allowed;
pub use bearer::{Bearer, RequiredScope};
pub use caller::Caller;
pub(crate) use credential::{Credential, credential, credential_in};
pub use denied::{Denial, Denied, DenyingLayer};
pub(crate) use header::{read, token};
pub use importer::{ImportAction, ImportSource, Importer};
pub use introspection::{Actor, AuthorizationDetail, HeldRole, Introspection, Site};
pub use objects::{ObjectTree, Unknown};
pub use refusal::Refusal;
pub(crate) use request_line::RequestLine;

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use reqwest::{RequestBuilder, Response as Answer, StatusCode};
use rocket::fairing::{self, Fairing, Info, Kind};
use rocket::{Build, Data, Request, Response, Rocket};

use serde::de::DeserializeOwned;

use crate::domain::access_model::{Access, AccessModel};
use crate::domain::resource::BaseUrl;
use crate::domain::secret::Secret;
use crate::domain::uri::Issuer;
use crate::resource_server::denied::Left;
use crate::resource_server::facts::Facts;

const TIME_OUT: Duration = Duration::from_secs(5);

/// How an API knows where a request came from.
pub type ClientIp = fn(&Request<'_>) -> Option<IpAddr>;

/// An API behind an authorization server. Attached to a Rocket, it answers the guards and sends their challenges.
#[derive(Clone)]
pub struct ResourceServer {
    issuer: Issuer,
    id: String,
    secret: Secret<String>,
    realm: String,
    site: Option<String>,
    client_ip: Option<ClientIp>,
    url: Option<BaseUrl>,
    access: Option<Arc<Access>>,
    tree: Option<Arc<dyn ObjectTree>>,
    facts: Option<Arc<Facts>>,
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
            issuer,
            id: id.to_owned(),
            secret: Secret::new(secret.to_owned()),
            realm: realm.chars().filter(|c| matches!(c, ' ' | '!' | '#'..='[' | ']'..='~')).collect(),
            site: None,
            client_ip: None,
            url: None,
            access: None,
            tree: None,
            facts: None,
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

    /// The API that declares these operations, roles and types of objects, for [`Allowed`] and [`Caller`]. The authorization server
    /// decides by the model that it was given; this one says which operation a request is.
    #[must_use]
    pub fn declaring(self, model: AccessModel) -> Self {
        Self { access: Some(Arc::new(Access::by(model))), ..self }
    }

    /// The API that knows what its objects belong to, so that a role that is given above them counts. What the authorization server
    /// was told of it knows by itself.
    #[must_use]
    pub fn with_objects(self, tree: Arc<dyn ObjectTree>) -> Self {
        Self { tree: Some(tree), ..self }
    }

    /// The API that keeps what it was told of a credential and its roles for so long, and asks about nothing that these facts alone
    /// allow. A withdrawal of any kind is felt that much later; what the facts do not allow is asked about, so that a role that was
    /// given is felt at once. Without this nothing is kept.
    #[must_use]
    pub fn with_facts_for(self, staleness: Duration) -> Self {
        let facts = (!staleness.is_zero()).then(|| Arc::new(Facts::no_older_than(staleness)));
        Self { facts, ..self }
    }

    /// The API that is reached at that URL, which is one of its identifiers: it serves its metadata (RFC 9728), and names it in each
    /// challenge.
    #[must_use]
    pub fn at(self, url: BaseUrl) -> Self {
        Self { url: Some(url), ..self }
    }

    /// Where the API is reached, if it says so.
    pub fn url(&self) -> Option<&BaseUrl> {
        self.url.as_ref()
    }

    /// What is attached to the Rocket of a request.
    fn of<'r>(request: &'r Request<'_>) -> Result<&'r Self, Refusal> {
        request.rocket().state().ok_or_else(|| {
            tracing::error!("no ResourceServer is attached to this Rocket");
            Refusal::Unavailable
        })
    }

    fn access(&self) -> Result<&Access, Refusal> {
        self.access.as_deref().ok_or_else(|| {
            tracing::error!("this ResourceServer declares no access model");
            Refusal::Unavailable
        })
    }

    /// What the authorization server answers to a question of this API.
    async fn ask<T: DeserializeOwned>(&self, question: RequestBuilder) -> Result<T, Refusal> {
        let answer = self.send(question).await?.error_for_status().map_err(|error| self.unasked(error))?;
        answer.json().await.map_err(|error| self.unasked(error))
    }

    async fn send(&self, request: RequestBuilder) -> Result<Answer, Refusal> {
        let request = request.basic_auth(form_encoded(&self.id), Some(form_encoded(self.secret.expose())));
        let answer = request.send().await.map_err(|error| self.unasked(error))?;
        if answer.status() == StatusCode::UNAUTHORIZED {
            tracing::error!(id = %self.id, "the authorization server does not take this resource's credentials");
        }
        Ok(answer)
    }

    fn unasked(&self, error: reqwest::Error) -> Refusal {
        tracing::error!(error = %error.without_url(), id = %self.id, "the authorization server could not be asked");
        Refusal::Unavailable
    }
}

#[rocket::async_trait]
impl Fairing for ResourceServer {
    fn info(&self) -> Info {
        Info { name: "Resource server", kind: Kind::Ignite | Kind::Request | Kind::Response | Kind::Singleton }
    }

    async fn on_ignite(&self, rocket: Rocket<Build>) -> fairing::Result {
        let rocket = rocket.manage(self.clone());
        Ok(match &self.url {
            Some(url) => rocket.mount(metadata::path(url), metadata::route()),
            None => rocket,
        })
    }

    async fn on_request(&self, request: &mut Request<'_>, _: &mut Data<'_>) {
        RequestLine::of(request);
    }

    /// Whatever catcher answered a refusal, the challenge must be in the answer.
    async fn on_response<'r>(&self, request: &'r Request<'_>, response: &mut Response<'r>) {
        if let Some(denied) = Left::of(request).filter(|denied| denied.status() == response.status()) {
            let metadata = self.url.as_ref().and_then(metadata::url);
            denied.write((&self.realm, metadata.as_deref()), response);
        }
    }
}

/// RFC 6749 section 2.3.1: the id and the secret are form-encoded before they go into a Basic header.
fn form_encoded(text: &str) -> String {
    url::form_urlencoded::byte_serialize(text.as_bytes()).collect()
}
