//! The gateway: a call that is forwarded to a protected resource, streaming both ways. It needs no Rocket, which reads a
//! request to its end before anybody sees it. Whether a call is allowed, and with which token, others say.

use std::error::Error;
use std::future::Future;
use std::io;
use std::net::IpAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use http_body_util::{Either, Full};
use hyper::body::{Body, Bytes, Frame, Incoming, SizeHint};
use hyper::header::{AUTHORIZATION, CONNECTION, HOST, HeaderMap, HeaderName, HeaderValue};
use hyper::{Method, Request, Response, StatusCode};
use reqwest::{Client, Url, redirect};
use tokio::time::{Sleep, sleep};

use crate::domain::secret::Secret;
use crate::front::dispatch::only;

/// For whom an app calls.
pub const PROXY_AUTHORIZATION: &str = "forge-proxy-authorization";

/// How long a resource may take to be reached.
const CONNECT: Duration = Duration::from_secs(5);

/// How long a resource may say nothing.
const SILENCE: Duration = Duration::from_secs(30);

/// How long a connection to a resource is kept for the next call; shorter than what servers usually keep, so that a call is
/// rarely sent into one that is just closed.
const KEPT: Duration = Duration::from_secs(4);

/// What concerns one connection alone (RFC 9110 section 7.6.1), or a proxy on the way.
const HOP_BY_HOP: [&str; 10] = [
    "connection",
    "keep-alive",
    "proxy-authenticate",
    "proxy-authorization",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "expect",
];

/// What claims to say who calls or from where: what a resource believes of that comes from the token alone.
const IDENTITY: [&str; 18] = [
    "forge-",
    "forwarded",
    "x-forwarded",
    "x-forge-",
    "x-hallmark-",
    "x-real-ip",
    "x-client-",
    "x-cluster-",
    "x-original-",
    "x-remote-",
    "remote-",
    "x-auth",
    "x-user",
    "x-ssl-",
    "x-amzn-oidc-",
    "x-goog-",
    "true-client-ip",
    "cf-connecting-ip",
];

/// What an answer must not bring from another origin to this one's.
const FOREIGN: [&str; 5] =
    ["set-cookie", "set-cookie2", "access-control-", "strict-transport-security", "clear-site-data"];

/// What decides about calls.
#[async_trait]
pub trait Gateway: Send + Sync {
    /// Whether a path is the gateway's.
    fn serves(&self, path: &str) -> bool;

    /// Where a call goes and with which token, or what the caller is told.
    async fn admit(&self, call: Call<'_>) -> Result<Forward, Refused>;

    /// What the caller is told where the resource could not be reached, or did not answer in time.
    fn unreachable(&self, why: Unreachable) -> Refused;

    /// Tells that a call was answered.
    fn answered(&self, method: &str, status: u16, took: Duration, request_id: &str);

    /// A name for the request.
    fn request_id(&self, peer: IpAddr, given: Option<&str>) -> String;
}

/// A call, before anything about it is believed.
#[derive(Clone, Copy)]
pub struct Call<'r> {
    /// Its path, as it was sent.
    pub path: &'r str,
    /// The one `Authorization` header.
    pub authorization: Option<&'r str>,
    /// The one header that says for whom the app calls.
    pub proxy_authorization: Option<&'r str>,
}

/// A call that is forwarded.
pub struct Forward {
    /// The base URL of the resource, without a final slash.
    pub base_url: String,
    /// What follows it: empty, or a slash and more, as it was sent.
    pub path: String,
    /// The token that the resource takes.
    pub token: Arc<Secret<String>>,
}

/// What a caller is told in place of the resource's answer.
pub struct Refused {
    /// The status.
    pub status: u16,
    /// Headers by names and values.
    pub headers: Vec<(String, String)>,
    /// JSON.
    pub body: Vec<u8>,
}

/// Why there is no answer of the resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unreachable {
    /// The path would lead elsewhere than below the base URL.
    Path,
    /// It cannot be reached.
    Down,
    /// It said nothing for too long.
    Silent,
}

/// The body of any answer of the front.
pub type AnswerBody = Either<Full<Bytes>, reqwest::Body>;

/// A gateway, and what it forwards with.
pub struct Forwarder {
    gateway: Box<dyn Gateway>,
    client: Client,
}

impl Forwarder {
    /// The forwarder of `gateway`; `None` if the machine has no TLS to speak to resources with.
    pub fn new(gateway: Box<dyn Gateway>) -> Option<Self> {
        // A proxy of the environment would see every token; a redirect would carry one elsewhere.
        let client = Client::builder()
            .redirect(redirect::Policy::none())
            .no_proxy()
            .connect_timeout(CONNECT)
            .read_timeout(SILENCE)
            .pool_idle_timeout(KEPT)
            .build();
        Some(Self { gateway, client: client.ok()? })
    }

    /// Whether a path is the gateway's.
    pub fn serves(&self, path: &str) -> bool {
        self.gateway.serves(path)
    }

    /// Forwards a request and gives the resource's answer, or says why not. The caller may be silent for `patience` at most
    /// while it sends.
    pub async fn forward(&self, peer: IpAddr, patience: Duration, request: Request<Incoming>) -> Response<AnswerBody> {
        let began = Instant::now();
        let method = request.method().clone();
        let id = self.gateway.request_id(peer, only(request.headers(), "x-request-id"));
        let mut response = match self.attempt(patience, request).await {
            Ok(answer) => answer,
            Err(refused) => told(refused),
        };
        if let Ok(value) = HeaderValue::try_from(&id) {
            response.headers_mut().insert("x-request-id", value);
        }
        self.gateway.answered(method.as_str(), response.status().as_u16(), began.elapsed(), &id);
        response
    }

    async fn attempt(&self, patience: Duration, request: Request<Incoming>) -> Result<Response<AnswerBody>, Refused> {
        let (head, body) = request.into_parts();
        let call = Call {
            path: head.uri.path(),
            authorization: only(&head.headers, AUTHORIZATION),
            proxy_authorization: only(&head.headers, PROXY_AUTHORIZATION),
        };
        let forward = self.gateway.admit(call).await?;
        let url = target(&forward, head.uri.query()).ok_or_else(|| self.gateway.unreachable(Unreachable::Path))?;
        if matches!(head.method, Method::CONNECT | Method::TRACE) {
            return Err(self.gateway.unreachable(Unreachable::Path));
        }
        let mut headers = cleaned(&head.headers, &IDENTITY);
        for name in [AUTHORIZATION, HOST, hyper::header::COOKIE] {
            headers.remove(name);
        }
        let mut bearer = HeaderValue::try_from(format!("Bearer {}", forward.token.expose()))
            .map_err(|_| self.gateway.unreachable(Unreachable::Down))?;
        bearer.set_sensitive(true);
        headers.insert(AUTHORIZATION, bearer);
        let mut sent = self.client.request(head.method, url).headers(headers);
        if !body.is_end_stream() {
            sent = sent.body(reqwest::Body::wrap(Attended::new(body, patience)));
        }
        match sent.send().await {
            Ok(answer) => Ok(received(answer)),
            Err(error) => {
                let why = if is_silence(&error) { Unreachable::Silent } else { Unreachable::Down };
                tracing::warn!(error = &error.without_url() as &dyn Error, "a call could not be forwarded");
                Err(self.gateway.unreachable(why))
            }
        }
    }
}

/// The URL of a call. What a URL parser would make another path of, such as dot segments, is none.
fn target(forward: &Forward, query: Option<&str>) -> Option<Url> {
    if !forward.path.is_empty() && !forward.path.starts_with('/') {
        return None;
    }
    let query = query.map(|query| format!("?{query}")).unwrap_or_default();
    let url = Url::parse(&format!("{}{}{query}", forward.base_url, forward.path)).ok()?;
    let base = Url::parse(&forward.base_url).ok()?;
    let expected = format!("{}{}", base.path().trim_end_matches('/'), forward.path);
    let same_place = url.origin() == base.origin() && url.username().is_empty() && url.fragment().is_none();
    let same_path = url.path() == expected || (forward.path.is_empty() && url.path() == base.path());
    (same_place && same_path).then_some(url)
}

/// The headers without those of one connection, those that it names as such, and those that begin as one of `more` does.
fn cleaned(headers: &HeaderMap, more: &[&str]) -> HeaderMap {
    let named: Vec<String> = headers
        .get_all(CONNECTION)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .map(|name| name.trim().to_ascii_lowercase())
        .collect();
    let is_kept = |name: &HeaderName| {
        let name = name.as_str();
        !HOP_BY_HOP.contains(&name)
            && !more.iter().any(|beginning| name.starts_with(beginning))
            && !named.iter().any(|one| one == name)
            // A name that some servers read as another: `x_forwarded_for`.
            && !name.contains('_')
    };
    headers.iter().filter(|(name, _)| is_kept(name)).map(|(name, value)| (name.clone(), value.clone())).collect()
}

/// The resource's answer, as it leaves here: it moves no cookie, no policy and no page of this origin.
fn received(answer: reqwest::Response) -> Response<AnswerBody> {
    let (head, body) = Response::<reqwest::Body>::from(answer).into_parts();
    let mut response = Response::new(Either::Right(body));
    *response.status_mut() = head.status;
    *response.headers_mut() = cleaned(&head.headers, &FOREIGN);
    let headers = response.headers_mut();
    headers.insert("x-content-type-options", HeaderValue::from_static("nosniff"));
    headers.insert("content-security-policy", HeaderValue::from_static("sandbox; default-src 'none'"));
    headers.insert("cross-origin-resource-policy", HeaderValue::from_static("same-origin"));
    response
}

fn told(refused: Refused) -> Response<AnswerBody> {
    let mut response = Response::new(Either::Left(Full::new(Bytes::from(refused.body))));
    *response.status_mut() = StatusCode::from_u16(refused.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    for (name, value) in refused.headers {
        if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::try_from(value)) {
            response.headers_mut().insert(name, value);
        }
    }
    response
}

fn is_silence(error: &reqwest::Error) -> bool {
    error.is_timeout() && !error.is_connect()
}

/// A body whose sender may be silent for a while at most.
struct Attended {
    body: Incoming,
    patience: Duration,
    silence: Pin<Box<Sleep>>,
}

impl Attended {
    fn new(body: Incoming, patience: Duration) -> Self {
        Self { body, patience, silence: Box::pin(sleep(patience)) }
    }
}

impl Body for Attended {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        let this = self.get_mut();
        if let Poll::Ready(frame) = Pin::new(&mut this.body).poll_frame(context) {
            this.silence.as_mut().reset(tokio::time::Instant::now() + this.patience);
            return Poll::Ready(frame.map(|frame| frame.map_err(io::Error::other)));
        }
        this.silence.as_mut().poll(context).map(|()| Some(Err(io::ErrorKind::TimedOut.into())))
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn to(base_url: &str, path: &str) -> Option<String> {
        let forward =
            Forward { base_url: base_url.into(), path: path.into(), token: Arc::new(Secret::new(String::new())) };
        target(&forward, Some("q=1")).map(String::from)
    }

    #[test]
    fn a_call_goes_below_the_base_url_and_nowhere_else() {
        assert_eq!(to("https://a.example", "/object/1").as_deref(), Some("https://a.example/object/1?q=1"));
        assert_eq!(to("https://a.example/v1", "/object/1").as_deref(), Some("https://a.example/v1/object/1?q=1"));
        assert_eq!(to("https://a.example/v1", "").as_deref(), Some("https://a.example/v1?q=1"));
        assert_eq!(to("https://a.example/v1", "/a%2Fb//c").as_deref(), Some("https://a.example/v1/a%2Fb//c?q=1"));
        for path in [
            "/../admin",
            "/a/../../admin",
            "/%2e%2e/admin",
            "/.%2E/admin",
            "/a\\..\\b",
            "@evil.example/",
            ":1@evil",
            "/./a",
            "/a b",
            ".evil.example/x",
        ] {
            assert_eq!(to("https://a.example/v1", path), None, "{path}");
        }
        assert_eq!(to("https://a.example", ".evil.example/x"), None);
        assert_eq!(to("https://a.example", "@evil.example/x"), None);
    }

    #[test]
    fn what_concerns_the_connection_or_claims_an_identity_stays_here() {
        let mut headers = HeaderMap::new();
        let said = [
            ("connection", "close, X-Secret"),
            ("x-secret", "1"),
            ("te", "trailers"),
            ("upgrade", "h2c"),
            ("x-forwarded-for", "1.2.3.4"),
            ("forwarded", "for=x"),
            ("x-forge-oauth-user", "t"),
            ("x_forwarded_for", "1"),
            ("forge-proxy-authorization", "Forge as=app"),
            ("x-remote-user", "admin"),
            ("accept", "application/json"),
            ("content-type", "text/plain"),
            ("x-custom", "kept"),
        ];
        for (name, value) in said {
            headers.append(HeaderName::from_static(name), HeaderValue::from_static(value));
        }
        let mut kept: Vec<String> = cleaned(&headers, &IDENTITY).keys().map(|name| name.to_string()).collect();
        kept.sort_unstable();
        assert_eq!(kept, ["accept", "content-type", "x-custom"]);
    }
}
