//! The express lane: what is asked most often, and in the plainest way, is answered without Rocket, which would take a third
//! of the time of a request. Whatever is not plain, or not good, goes to Rocket from the start, so that every
//! refusal is told in one place.

use std::net::IpAddr;

use async_trait::async_trait;
use http_body_util::Full;
use hyper::body::Bytes;
use hyper::header::{AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use hyper::{Method, Request, Response, StatusCode};

use crate::front::dispatch::only;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// What can be answered without Rocket.
#[async_trait]
pub trait Express: Send + Sync {
    /// The `Content-Type` of what is posted to this path; `None` if it does not know it.
    fn takes(&self, path: &str) -> Option<&'static str>;

    /// What every answer is headed with, by names and values.
    fn headers(&self) -> Vec<(String, String)>;

    /// The answer to what was posted; `None`, and nothing was changed, if Rocket is to answer.
    async fn answer(&self, posted: Posted<'_>) -> Option<Answer>;
}

/// What was posted by somebody who says who they are.
#[derive(Clone, Copy)]
pub struct Posted<'r> {
    /// To where.
    pub path: &'r str,
    /// The one `Authorization` header.
    pub authorization: &'r str,
    /// The body, not yet read.
    pub body: &'r str,
    /// By whom, as far as the connection tells.
    pub peer: IpAddr,
    /// The one `X-Request-Id` header.
    pub request_id: Option<&'r str>,
}

/// What is answered.
pub struct Answer {
    /// The status.
    pub status: u16,
    /// A header that this answer has beside those that every answer has.
    pub header: Option<(&'static str, &'static str)>,
    /// The body, in JSON.
    pub body: Vec<u8>,
    /// The name of the request.
    pub request_id: String,
}

/// An express lane, with its headers as hyper has them.
pub struct Lane {
    express: Box<dyn Express>,
    headers: HeaderMap,
}

impl Lane {
    /// The lane of `express`.
    pub fn new(express: Box<dyn Express>) -> Self {
        // Never freed, since a process has one lane: what is static is copied without counting who holds it.
        let headers = express.headers().into_iter().filter_map(|(name, value)| {
            HeaderValue::try_from(&value).ok().filter(|_| value.is_ascii())?;
            let name = HeaderName::try_from(name).ok()?.as_str().to_owned();
            Some((HeaderName::from_static(name.leak()), HeaderValue::from_static(value.leak())))
        });
        Self { headers: headers.collect(), express }
    }

    /// The answer to `request`; `None` if Rocket is to answer.
    pub async fn answer(&self, peer: IpAddr, request: &Request<Vec<u8>>) -> Option<Response<Full<Bytes>>> {
        let Answer { status, header, body, request_id } = self.express.answer(self.plain(peer, request)?).await?;
        let mut response = Response::new(Full::new(Bytes::from(body)));
        *response.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        *response.headers_mut() = self.headers.clone();
        let headers = response.headers_mut();
        if let Some((name, value)) = header
            && let Ok(name) = HeaderName::from_bytes(name.as_bytes())
        {
            headers.insert(name, HeaderValue::from_static(value));
        }
        // Its name is checked before it is used, so that there is no request that has none.
        if let Ok(request_id) = HeaderValue::try_from(request_id) {
            headers.insert(REQUEST_ID, request_id);
        }
        Some(response)
    }

    /// The request, if there is nothing unusual about it.
    fn plain<'r>(&self, peer: IpAddr, request: &'r Request<Vec<u8>>) -> Option<Posted<'r>> {
        let uri = request.uri();
        let path = uri.path();
        if request.method() != Method::POST || uri.query().is_some() {
            return None;
        }
        let taken = self.express.takes(path)?;
        let only = |name: &HeaderName| only(request.headers(), name);
        if !only(&CONTENT_TYPE)?.eq_ignore_ascii_case(taken) {
            return None;
        }
        let (authorization, request_id) = (only(&AUTHORIZATION)?, only(&REQUEST_ID));
        Some(Posted { path, authorization, body: std::str::from_utf8(request.body()).ok()?, peer, request_id })
    }
}
