//! An OAuth client and a resource server, as their developers would write them: `authorize`, `redeem`, `refresh`,
//! `introspect`, `revoke`.

use rocket::http::{Header, Status};
use serde_json::Value;

use crate::support::server::TestServer;

/// RFC 7636 appendix B.
pub const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
/// RFC 7636 appendix B.
pub const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

/// What a program reads of an answer.
#[derive(Debug)]
pub struct Answer {
    pub status: Status,
    pub headers: Vec<(String, String)>,
    pub text: String,
}

impl Answer {
    /// The body as JSON; `null` if it is none.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_default()
    }

    /// A string in the body; empty if it is not there.
    pub fn text_of(&self, name: &str) -> String {
        self.json()[name].as_str().unwrap_or_default().to_owned()
    }

    /// The `error` of a refusal, with its status.
    pub fn refusal(&self) -> (u16, String) {
        (self.status.code, self.text_of("error"))
    }

    /// The first header of that name.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(header, _)| header.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }
}

/// A client with a secret, or a public one.
#[derive(Clone, Debug)]
pub struct App {
    pub id: String,
    pub secret: Option<String>,
    pub redirect_uri: String,
}

/// Form-encodes pairs.
pub fn form(pairs: &[(&str, &str)]) -> String {
    url::form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish()
}

/// A Basic header, encoded as RFC 6749 section 2.3.1 says.
pub fn basic(id: &str, secret: &str) -> Header<'static> {
    use base64::Engine;
    let encode = |text: &str| url::form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
    let pair = format!("{}:{}", encode(id), encode(secret));
    Header::new("Authorization", format!("Basic {}", base64::engine::general_purpose::STANDARD.encode(pair)))
}

impl TestServer {
    /// Posts a form as a program does.
    pub async fn post(&self, path: &str, authorization: Option<Header<'static>>, body: &str) -> Answer {
        self.post_as(path, "application/x-www-form-urlencoded", authorization, body).await
    }

    /// Posts a body of some content type as a program does.
    pub async fn post_as(
        &self,
        path: &str,
        content_type: &str,
        authorization: Option<Header<'static>>,
        body: &str,
    ) -> Answer {
        let mut request = self.local.post(path.to_owned()).header(Header::new("Content-Type", content_type.to_owned()));
        if let Some(authorization) = authorization {
            request = request.header(authorization);
        }
        let response = request.body(body).dispatch().await;
        let headers =
            response.headers().iter().map(|header| (header.name().to_string(), header.value().to_owned())).collect();
        let status = response.status();
        Answer { status, headers, text: response.into_string().await.unwrap_or_default() }
    }

    /// Asks this server's own API with an access token.
    pub async fn ask(&self, path: &str, token: &str) -> Answer {
        self.get(path, &[("Authorization", &format!("Bearer {token}"))]).await
    }

    /// Gets something as a program does.
    pub async fn get(&self, path: &str, headers: &[(&str, &str)]) -> Answer {
        let mut request = self.local.get(path.to_owned());
        for (name, value) in headers {
            request.add_header(Header::new((*name).to_owned(), (*value).to_owned()));
        }
        let response = request.dispatch().await;
        let headers =
            response.headers().iter().map(|header| (header.name().to_string(), header.value().to_owned())).collect();
        let status = response.status();
        Answer { status, headers, text: response.into_string().await.unwrap_or_default() }
    }

    /// Asks about a token as the resource `assets`.
    pub async fn introspect(&self, token: &str) -> Answer {
        let credentials = Some(basic("assets", "assets-secret-of-many-characters"));
        self.post("/oauth/introspect", credentials, &form(&[("token", token)])).await
    }

    /// Whether the resource `assets` would honour the token.
    pub async fn is_live(&self, token: &str) -> bool {
        self.introspect(token).await.json()["active"] == true
    }
}

impl App {
    /// The query of an authorization request; `more` is added or, where the value is empty, taken away.
    pub fn authorize(&self, scope: &str, more: &[(&str, &str)]) -> String {
        let mut pairs = vec![
            ("response_type", "code"),
            ("client_id", &self.id),
            ("redirect_uri", &self.redirect_uri),
            ("scope", scope),
            ("state", "state-of-the-app"),
            ("code_challenge", CHALLENGE),
            ("code_challenge_method", "S256"),
        ];
        for (name, value) in more {
            pairs.retain(|(there, _)| there != name);
            if !value.is_empty() {
                pairs.push((name, value));
            }
        }
        format!("/oauth/authorize?{}", form(&pairs))
    }

    fn credentials(&self) -> Option<Header<'static>> {
        self.secret.as_ref().map(|secret| basic(&self.id, secret))
    }

    /// Posts to an endpoint as this client.
    pub async fn post(&self, server: &TestServer, path: &str, pairs: &[(&str, &str)]) -> Answer {
        let mut pairs = pairs.to_vec();
        if self.secret.is_none() {
            pairs.push(("client_id", &self.id));
        }
        server.post(path, self.credentials(), &form(&pairs)).await
    }

    /// Redeems a code; `more` replaces parameters or, where the value is empty, takes them away.
    pub async fn redeem(&self, server: &TestServer, code: &str, more: &[(&str, &str)]) -> Answer {
        let mut pairs = vec![
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", self.redirect_uri.as_str()),
            ("code_verifier", VERIFIER),
        ];
        for (name, value) in more {
            pairs.retain(|(there, _)| there != name);
            if !value.is_empty() {
                pairs.push((name, value));
            }
        }
        self.post(server, "/oauth/token", &pairs).await
    }

    /// Exchanges a refresh token.
    pub async fn refresh(&self, server: &TestServer, token: &str, more: &[(&str, &str)]) -> Answer {
        let mut pairs = vec![("grant_type", "refresh_token"), ("refresh_token", token)];
        pairs.extend_from_slice(more);
        self.post(server, "/oauth/token", &pairs).await
    }

    /// Gets a token for itself.
    pub async fn token_for_itself(&self, server: &TestServer, more: &[(&str, &str)]) -> Answer {
        let mut pairs = vec![("grant_type", "client_credentials")];
        pairs.extend_from_slice(more);
        self.post(server, "/oauth/token", &pairs).await
    }

    /// Revokes a token.
    pub async fn revoke(&self, server: &TestServer, token: &str) -> Answer {
        self.post(server, "/oauth/revoke", &[("token", token)]).await
    }
}
