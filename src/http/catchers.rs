//! What a caller gets where no handler answered: JSON for programs, a page for people, never Rocket's own.

use rocket::http::{Method, Status};
use rocket::request::Request;
use rocket::response::{Responder, Response, Result};
use rocket::{Catcher, catch, catchers};
use serde_json::json;

use crate::http::access::LONG_BODIES;
use crate::http::fairings::security_headers::guard;
use crate::http::guards::server_of;
use crate::http::responses::json::json;
use crate::http::responses::page::ErrorPage;
use crate::http::responses::redirect::Redirect303;

/// Where programs call, who read JSON.
const PROGRAMS: [&str; 13] = [
    "/oauth/token",
    "/me",
    "/oauth/introspect",
    "/oauth/revoke",
    "/oauth/par",
    "/oauth/jwks",
    "/.well-known",
    "/access",
    "/api",
    "/jsm",
    "/healthz",
    "/readyz",
    "/metrics",
];

/// The one catcher.
pub fn all() -> Vec<Catcher> {
    catchers![anything]
}

#[catch(default)]
fn anything(status: Status, request: &Request<'_>) -> Caught {
    let allowed = if status == Status::NotFound { methods_of(request) } else { Vec::new() };
    if allowed.is_empty() || allowed.contains(&request.method()) {
        Caught { status, allowed: Vec::new() }
    } else {
        Caught { status: Status::MethodNotAllowed, allowed }
    }
}

/// The methods that routes at this path have: Rocket answers 404 where it should say that only the method is wrong.
fn methods_of(request: &Request<'_>) -> Vec<Method> {
    let path = request.uri().path();
    let at_path = request.rocket().routes().filter(|route| {
        let pattern = route.uri.path();
        let fits = |(want, got): (&str, &str)| want.starts_with('<') || want == got;
        pattern.split('/').count() == path.as_str().split('/').count()
            && pattern.split('/').zip(path.as_str().split('/')).all(fits)
    });
    let mut methods: Vec<Method> = at_path.map(|route| route.method).collect();
    if methods.contains(&Method::Get) {
        methods.push(Method::Head);
    }
    methods.sort_by_key(|method| method.as_str());
    methods.dedup();
    methods
}

struct Caught {
    status: Status,
    allowed: Vec<Method>,
}

impl<'r> Responder<'r, 'static> for Caught {
    fn respond_to(self, request: &'r Request<'_>) -> Result<'static> {
        let path = request.uri().path().as_str();
        let mut response = if PROGRAMS.iter().any(|prefix| path.starts_with(prefix)) {
            program(self.status, path)?
        } else {
            person(self.status, request)?
        };
        guard(&mut response, server_of(request).is_some_and(|server| server.config.issuer.url.is_https()));
        if !self.allowed.is_empty() {
            let allowed: Vec<&str> = self.allowed.iter().map(|method| method.as_str()).collect();
            response.set_raw_header("Allow", allowed.join(", "));
        }
        Ok(response)
    }
}

fn program(status: Status, path: &str) -> Result<'static> {
    let (error, description) = match status.code {
        401 => ("invalid_client", "the request is not authenticated"),
        403 => ("access_denied", "this is not allowed"),
        404 => ("not_found", "there is nothing at this path"),
        405 => ("invalid_request", "this path has other methods; see the Allow header"),
        413 if LONG_BODIES.contains(&path) => ("invalid_request", "the body is longer than 1 MiB"),
        413 => ("invalid_request", "the body is longer than 32 KiB"),
        429 => ("temporarily_unavailable", "too many requests; try again later"),
        400..=499 => ("invalid_request", "the request cannot be read"),
        503 => ("temporarily_unavailable", "try again later"),
        _ => ("server_error", "something failed here; nothing was promised"),
    };
    json(status, &json!({"error": error, "error_description": description}))
}

fn person(status: Status, request: &Request<'_>) -> Result<'static> {
    if status == Status::Unauthorized {
        return sign_in(request);
    }
    let page = ErrorPage::new(status, title(status));
    let page = match status.code {
        403 => page
            .what_happened("You may not open this page, or the form you sent was not one of our own.")
            .what_to_do(&["Open the page again and repeat what you did.", "If you need access, ask an administrator."]),
        404 => page
            .what_happened("There is nothing at this address.")
            .what_to_do(&["Check the address for typing errors."]),
        405 => page.what_happened("This address does not take that kind of request."),
        413 => page.what_happened("What you sent is larger than anything we read."),
        503 => page.what_happened("We are too busy, or our records cannot be reached.").retry_after(5),
        400..=499 => page.what_happened("What your browser sent cannot be read."),
        _ => page.what_happened("Something failed on our side. It was noted under the reference below."),
    };
    page.respond_to(request)
}

fn title(status: Status) -> &'static str {
    match status.code {
        403 => "You cannot do this",
        404 => "We cannot find this page",
        405 => "This cannot be done here",
        413 => "That was too large",
        503 => "We cannot do this right now",
        400..=499 => "This request cannot be read",
        _ => "Something went wrong",
    }
}

/// Who is not signed in is asked to, and comes back to the page they wanted. A form that was sent meanwhile is lost.
fn sign_in(request: &Request<'_>) -> Result<'static> {
    let wanted = request.uri().path().as_str();
    let back = if request.method() == Method::Get && wanted.starts_with('/') { wanted } else { "/account" };
    let response: Response<'static> = Redirect303::to(format!("/login?next={back}")).respond_to(request)?;
    Ok(response)
}
