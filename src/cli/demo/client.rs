//! How the app speaks OAuth, over HTTP alone: discovery, PAR, PKCE, `state`, `iss`, code, refresh.

use reqwest::{Method, RequestBuilder};
use serde::Deserialize;
use url::Url;

use crate::cli::demo::wire::{Heard, Surprise, Wire, told_form};
use crate::cli::demo::world::Registered;
use crate::domain::id::InstallationId;
use crate::secrets::digest::{base64url, digest};
use crate::secrets::random;

/// Where the app has its answers sent.
pub fn redirect_uri(app_url: &str) -> String {
    format!("{app_url}/callback")
}

/// What the app needs of the metadata of RFC 8414.
#[derive(Clone, Deserialize)]
struct Metadata {
    issuer: String,
    authorization_endpoint: String,
    token_endpoint: String,
    pushed_authorization_request_endpoint: String,
}

/// The app as an OAuth client.
#[derive(Clone)]
pub struct Client {
    wire: Wire,
    metadata: Metadata,
    app: Registered,
    redirect_uri: String,
}

/// A request that was sent to a person, and what its answer must fit.
#[derive(Clone)]
pub struct Begun {
    /// Where the person is sent.
    pub url: String,
    state: String,
    verifier: String,
}

/// What a client may call an API with.
#[derive(Clone, Deserialize)]
pub struct Tokens {
    /// The access token.
    pub access_token: String,
    /// The refresh token, if access was asked for while the person is away.
    pub refresh_token: Option<String>,
    /// What they carry.
    pub scope: String,
}

impl Client {
    /// Finds out where everything is; the issuer must be the one that was asked (RFC 8414 section 3.3).
    pub async fn discover(wire: Wire, issuer: &str, app: &Registered, redirect_uri: String) -> Result<Self, Surprise> {
        let request = wire.request(Method::GET, &format!("{issuer}/.well-known/oauth-authorization-server"));
        let metadata: Metadata = read(&wire.send(request, "").await?, 200)?;
        if metadata.issuer != issuer {
            return Err(Surprise(format!("the metadata is of {}, not {issuer}", metadata.issuer)));
        }
        Ok(Self { wire, metadata, app: app.clone(), redirect_uri })
    }

    /// Pushes an authorization request (RFC 9126) with a challenge (RFC 7636).
    pub async fn begin(&self, scope: &str, resource: &str) -> Result<Begun, Surprise> {
        let (state, verifier) = (base64url(&random::salt()), base64url(&random::secret_bytes()));
        let challenge = base64url(&digest(&verifier).0);
        let fields = [
            ("response_type", "code"),
            ("redirect_uri", &self.redirect_uri),
            ("scope", scope),
            ("resource", resource),
            ("state", &state),
            ("code_challenge", &challenge),
            ("code_challenge_method", "S256"),
        ];
        #[derive(Deserialize)]
        struct Pushed {
            request_uri: String,
        }
        let heard = self.post(&self.metadata.pushed_authorization_request_endpoint, &fields).await?;
        let pushed: Pushed = read(&heard, 201)?;
        let mut url = Url::parse(&self.metadata.authorization_endpoint).map_err(|error| Surprise(error.to_string()))?;
        url.query_pairs_mut()
            .append_pair("client_id", &self.app.client_id)
            .append_pair("request_uri", &pushed.request_uri);
        Ok(Begun { url: url.into(), state, verifier })
    }

    /// The code in an answer, if the answer is to this request and of this server (RFC 9207).
    pub fn code(&self, begun: &Begun, answer: &str) -> Result<String, Surprise> {
        let of = |name: &str| {
            let mut pairs = url::form_urlencoded::parse(answer.as_bytes());
            pairs.find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
        };
        if of("state").as_deref() != Some(&begun.state) {
            return Err(Surprise("the answer is not to the request that was sent (state)".into()));
        }
        if of("iss").as_deref() != Some(&self.metadata.issuer) {
            return Err(Surprise("the answer is of another authorization server (iss)".into()));
        }
        match (of("code"), of("error")) {
            (Some(code), None) => Ok(code),
            (_, error) => Err(Surprise(error.unwrap_or_else(|| "the answer has no code".into()))),
        }
    }

    /// Redeems a code (RFC 6749 section 4.1.3).
    pub async fn redeem(&self, begun: &Begun, code: &str) -> Result<Tokens, Surprise> {
        let fields = [
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", &self.redirect_uri),
            ("code_verifier", &begun.verifier),
        ];
        read(&self.post(&self.metadata.token_endpoint, &fields).await?, 200)
    }

    /// Exchanges a refresh token (RFC 6749 section 6); what is answered is for the caller to judge.
    pub async fn refresh(&self, refresh_token: &str) -> Result<Heard, Surprise> {
        let fields = [("grant_type", "refresh_token"), ("refresh_token", refresh_token)];
        self.post(&self.metadata.token_endpoint, &fields).await
    }

    /// Asks for a token of the app itself on a site, for an API or the gateway; what is answered is for the caller to judge.
    pub async fn as_app(&self, installation: InstallationId, more: &[(&str, &str)]) -> Result<Heard, Surprise> {
        let ari = installation.ari();
        let mut fields = vec![("grant_type", "client_credentials"), ("installation", ari.as_str())];
        fields.extend_from_slice(more);
        self.post(&self.metadata.token_endpoint, &fields).await
    }

    /// Exchanges an invocation for a token that acts for its person (RFC 8693); what is answered is for the caller to judge.
    pub async fn as_user(&self, invocation: &str, resource: &str) -> Result<Heard, Surprise> {
        let fields = [
            ("grant_type", "urn:ietf:params:oauth:grant-type:token-exchange"),
            ("subject_token", invocation),
            ("subject_token_type", "urn:ietf:params:oauth:token-type:jwt"),
            ("resource", resource),
        ];
        self.post(&self.metadata.token_endpoint, &fields).await
    }

    async fn post(&self, url: &str, fields: &[(&str, &str)]) -> Result<Heard, Surprise> {
        let request =
            as_client(self.wire.request(Method::POST, url), &self.app.client_id, &self.app.secret).form(fields);
        self.wire.send(request, &told_form(fields)).await
    }
}

/// The request with credentials in a Basic header (RFC 6749 section 2.3.1); ours need no encoding.
pub fn as_client(request: RequestBuilder, id: &str, secret: &str) -> RequestBuilder {
    request.basic_auth(id, Some(secret))
}

/// The answer, if it has the status and the members that it should have.
pub fn read<T: serde::de::DeserializeOwned>(heard: &Heard, status: u16) -> Result<T, Surprise> {
    if heard.status != status {
        return Err(Surprise(format!("{status} was expected, and {} came: {}", heard.status, heard.text)));
    }
    serde_json::from_str(&heard.text).map_err(|error| Surprise(format!("the answer lacks something: {error}")))
}
