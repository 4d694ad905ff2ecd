//! One request: hyper's to Rocket's, and Rocket's answer back.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use http_body_util::{BodyExt, Either, Full};
use hyper::body::{Body, Bytes, Incoming};
use hyper::header::{AUTHORIZATION, AsHeaderName, CONTENT_LENGTH, COOKIE, HeaderMap, HeaderName, HeaderValue};
use hyper::http::request::Parts;
use hyper::{Request, Response};
use rocket::http::uri::Origin;
use rocket::http::{Cookie, Header, Method};
use rocket::local::asynchronous::{Client, LocalRequest, LocalResponse};
use tokio::sync::Semaphore;
use tokio::time::timeout;

use crate::front::connection::Shared;
use crate::front::gateway::AnswerBody;

/// So much of a body is read: more than any endpoint takes, so that the endpoint refuses it in its own words.
const MAX_BODY: usize = 64 * 1024;

/// The same of a body at one of [`LongBodies`].
const MAX_LONG_BODY: usize = 2 * 1024 * 1024;

/// So many long bodies are read at once; others wait, as long as they may.
const LONG_AT_ONCE: usize = 32;

/// The paths at which longer bodies are taken of whoever says who they are. Kept in the state of a Rocket.
pub struct LongBodies {
    paths: &'static [&'static str],
    room: Semaphore,
}

impl LongBodies {
    /// Those at these paths.
    pub fn at(paths: &'static [&'static str]) -> Self {
        Self { paths, room: Semaphore::new(LONG_AT_ONCE) }
    }

    /// Where there is room for the body of a request, if it may be a long one.
    fn room<'l>(rocket: &'l Client, head: &Parts) -> Option<&'l Semaphore> {
        let long = rocket.rocket().state::<Self>()?;
        let may_be = long.paths.contains(&head.uri.path()) && head.headers.contains_key(AUTHORIZATION);
        may_be.then_some(&long.room)
    }
}

/// Where a request goes whose method or target Rocket cannot have: no path is spelt so, and the catcher answers 400.
const UNREADABLE: char = '\u{0}';

/// The answer to a request.
///
/// # Errors
/// An error ends the connection without an answer: the body did not come, or not in time.
pub async fn dispatch(
    shared: &Shared,
    peer: SocketAddr,
    patience: Duration,
    request: Request<Incoming>,
) -> io::Result<Response<AnswerBody>> {
    if let Some(gateway) = shared.gateway.as_ref().filter(|gateway| gateway.serves(request.uri().path())) {
        return Ok(Box::pin(gateway.forward(peer.ip(), patience, request)).await);
    }
    let (head, body) = request.into_parts();
    let body = if body.is_end_stream() {
        Vec::new()
    } else {
        timeout(patience, read(body, LongBodies::room(&shared.rocket, &head)))
            .await
            .map_err(|_| io::Error::from(io::ErrorKind::TimedOut))??
    };
    let request = Request::from_parts(head, body);
    if let Some(lane) = &shared.express
        && let Some(answer) = lane.answer(peer.ip(), &request).await
    {
        return Ok(answer.map(Either::Left));
    }
    // In a place of its own: a connection has room for the future of a request from its beginning, and Rocket's is large.
    Ok(Box::pin(rockets(&shared.rocket, peer, request)).await.map(Either::Left))
}

/// Rocket's answer to a request.
async fn rockets(rocket: &Client, peer: SocketAddr, request: Request<Vec<u8>>) -> Response<Full<Bytes>> {
    let (head, body) = request.into_parts();
    let local = match (method(&head.method), head.uri.path_and_query()) {
        // What hyper let pass is taken as it is, as Rocket's own listener does: its parser refuses characters such as
        // `|` and `{`, which browsers leave as they are in a query.
        (Some(method), Some(target)) => rocket.req(method, Origin::new(target.path(), target.query())),
        _ => rocket.req(Method::Get, format!("{}{UNREADABLE}", head.uri.path())),
    };
    let local = with_headers(local.remote(peer), &head.headers).body(body);
    let response = local.dispatch().await;
    // An answer to HEAD tells the length of the body that it leaves out; of every other hyper tells it.
    let length = response.body().preset_size().filter(|_| head.method == hyper::Method::HEAD);
    let mut answer = answer(response).await;
    if let Some(length) = length {
        answer.headers_mut().insert(CONTENT_LENGTH, HeaderValue::from(length));
    }
    answer
}

/// The body, or what of it is more than anybody takes.
async fn read(mut body: Incoming, long: Option<&Semaphore>) -> io::Result<Vec<u8>> {
    let (mut most, mut place) = (MAX_BODY, None);
    let expected = body.size_hint().exact().and_then(|size| usize::try_from(size).ok()).unwrap_or(0);
    let mut bytes = Vec::with_capacity(expected.min(MAX_BODY));
    while let Some(frame) = body.frame().await {
        let Ok(data) = frame.map_err(io::Error::other)?.into_data() else { continue };
        if let Some(room) = long.filter(|_| place.is_none() && data.len() >= MAX_BODY - bytes.len()) {
            place = room.acquire().await.ok();
            most = MAX_LONG_BODY;
        }
        bytes.extend_from_slice(&data[..data.len().min(most - bytes.len())]);
        if bytes.len() == most {
            break;
        }
    }
    Ok(bytes)
}

/// The value of a header that is there once.
pub fn only(headers: &HeaderMap, name: impl AsHeaderName) -> Option<&str> {
    let mut values = headers.get_all(name).iter();
    values.next().filter(|_| values.next().is_none())?.to_str().ok()
}

fn method(method: &hyper::Method) -> Option<Method> {
    Some(match *method {
        hyper::Method::GET => Method::Get,
        hyper::Method::POST => Method::Post,
        hyper::Method::HEAD => Method::Head,
        hyper::Method::OPTIONS => Method::Options,
        hyper::Method::PUT => Method::Put,
        hyper::Method::DELETE => Method::Delete,
        hyper::Method::PATCH => Method::Patch,
        hyper::Method::TRACE => Method::Trace,
        // CONNECT asks for a tunnel, which nobody here digs, and others mean nothing here.
        _ => return None,
    })
}

/// The request with the headers that are text, which is what Rocket knows, and each cookie that can be read.
fn with_headers<'c>(mut local: LocalRequest<'c>, headers: &HeaderMap) -> LocalRequest<'c> {
    for (name, value) in headers {
        let Ok(value) = std::str::from_utf8(value.as_bytes()) else { continue };
        if name == COOKIE {
            let cookies = value.split(';').filter_map(|cookie| Cookie::parse_encoded(cookie.trim().to_owned()).ok());
            local = cookies.fold(local, |local, cookie| local.cookie(cookie));
        } else {
            local = local.header(Header::new(name.as_str().to_owned(), value.to_owned()));
        }
    }
    local
}

async fn answer(response: LocalResponse<'_>) -> Response<Full<Bytes>> {
    let status = response.status().code;
    let mut headers = HeaderMap::with_capacity(16);
    for header in response.headers().iter() {
        let name = HeaderName::from_bytes(header.name.as_str().as_bytes());
        // Nothing that came from outside gets into a header, but what is no header must not end the answer.
        if let (Ok(name), Ok(value)) = (name, HeaderValue::from_str(&header.value)) {
            headers.append(name, value);
        }
    }
    let body = response.into_bytes().await.unwrap_or_default();
    let mut answer = Response::new(Full::new(Bytes::from(body)));
    *answer.status_mut() = hyper::StatusCode::from_u16(status).unwrap_or(hyper::StatusCode::INTERNAL_SERVER_ERROR);
    *answer.headers_mut() = headers;
    answer
}
