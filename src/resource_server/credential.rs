//! What a request authenticates with: a token, a person's e-mail address and API token, or a JWT by which a Connect app signed this
//! one request.
//!
//! A JWT may stand in the query, unlike an access token, for whoever reads it in a log can send this request again, for three
//! minutes, and no other.

use rocket::Request;
use url::form_urlencoded;

use crate::resource_server::{Refusal, header};

/// The parameter, exactly so written: this is the one that the signature leaves out.
const PARAMETER: &str = "jwt";

/// What a request authenticates with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Credential<'r> {
    /// In the header, under `Bearer`: an access token, or the token of a script.
    Token(&'r str),
    /// In the header, under `Basic`: the payload (RFC 7617 section 2).
    Basic(&'r str),
    /// In the header under `JWT`, or in the query.
    Signature(&'r str),
}

impl<'r> Credential<'r> {
    /// What is shown, without how.
    pub fn text(self) -> &'r str {
        match self {
            Credential::Token(text) | Credential::Basic(text) | Credential::Signature(text) => text,
        }
    }
}

/// The one credential of a request.
pub fn credential<'r>(request: &'r Request<'_>) -> Result<Credential<'r>, Refusal> {
    let query = request.uri().query().map_or("", |query| query.as_str());
    credential_in(query, request.headers().get("Authorization").collect::<Vec<_>>().as_slice())
}

/// The one credential of a request that has this query and these `Authorization` headers.
pub fn credential_in<'r>(query: &'r str, authorization: &[&'r str]) -> Result<Credential<'r>, Refusal> {
    header::not_in_query(query)?;
    match (of_query(query)?, of_headers(authorization.iter().copied())) {
        (None, found) => found,
        (Some(signature), Err(Refusal::NoToken)) if authorization.is_empty() => Ok(signature),
        (Some(_), _) => Err(Refusal::InvalidRequest(
            "a request authenticates once: by its Authorization header or by jwt in its query",
        )),
    }
}

fn of_headers<'h>(headers: impl Iterator<Item = &'h str>) -> Result<Credential<'h>, Refusal> {
    match header::only(headers)? {
        (scheme, rest) if scheme.eq_ignore_ascii_case("bearer") => header::access_token(rest).map(Credential::Token),
        (scheme, rest) if scheme.eq_ignore_ascii_case("basic") => header::basic(rest).map(Credential::Basic),
        (scheme, rest) if scheme.eq_ignore_ascii_case("jwt") => rest
            .strip_prefix(' ')
            .filter(|jwt| is_compact(jwt))
            .map(Credential::Signature)
            .ok_or(Refusal::InvalidToken("the Authorization header is JWT, one space and the token")),
        _ => Err(Refusal::NoToken),
    }
}

fn of_query(query: &str) -> Result<Option<Credential<'_>>, Refusal> {
    let mut pairs = query.split('&').filter(|pair| is_parameter(pair));
    let Some(pair) = pairs.next() else { return Ok(None) };
    if pairs.next().is_some() {
        return Err(Refusal::InvalidRequest("the query has more than one jwt"));
    }
    pair.strip_prefix("jwt=")
        .filter(|jwt| is_compact(jwt))
        .map(|jwt| Some(Credential::Signature(jwt)))
        .ok_or(Refusal::InvalidToken("jwt in the query is the token, without an escape"))
}

/// Whether anybody who decodes a pair finds the parameter.
fn is_parameter(pair: &str) -> bool {
    form_urlencoded::parse(pair.as_bytes()).next().is_some_and(|(name, _)| name == PARAMETER)
}

/// RFC 7515 section 7.1: three parts in base64url, between dots.
fn is_compact(text: &str) -> bool {
    let is_part = |part: &str| {
        !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
    };
    text.len() <= header::MAX_BYTES && text.split('.').count() == 3 && text.split('.').all(is_part)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_jwt_is_read_from_the_header_or_the_query() {
        for header in ["JWT a.b-1.c_2", "jwt a.b-1.c_2"] {
            assert_eq!(of_headers([header].into_iter()), Ok(Credential::Signature("a.b-1.c_2")), "{header}");
        }
        assert_eq!(of_headers(["Bearer a.b.c"].into_iter()), Ok(Credential::Token("a.b.c")));
        assert_eq!(of_headers(["Basic YTpi"].into_iter()), Ok(Credential::Basic("YTpi")));
        for header in ["Basic", "Basic ", "Basic  YTpi", "Basic YTpi,", "Basic Y:b", "Basic YTpi "] {
            assert!(matches!(of_headers([header].into_iter()), Err(Refusal::InvalidToken(_))), "{header:?}");
        }
        for query in ["jwt=a.b.c", "x=1&jwt=a.b.c", "JWT=1&jwt=a.b.c&jwt2=2"] {
            assert_eq!(of_query(query), Ok(Some(Credential::Signature("a.b.c"))), "{query}");
        }
        for query in ["", "x=jwt", "JWT=a.b.c", "xjwt=a.b.c", "x;jwt=a.b.c"] {
            assert_eq!(of_query(query), Ok(None), "{query}");
        }
    }

    #[test]
    fn a_jwt_that_two_readers_could_read_differently_is_refused() {
        for header in [
            "JWT",
            "JWT ",
            "JWT  a.b.c",
            "JWT a.b",
            "JWT a.b.",
            "JWT a.b.c.d",
            "JWT a.b.c,",
            "JWT a.b.c=",
            "JWT\ta.b.c",
        ] {
            assert!(matches!(of_headers([header].into_iter()), Err(Refusal::InvalidToken(_))), "{header:?}");
        }
        for query in ["jwt", "jwt=", "jwt=a.b", "jwt=a.b.%63", "j%77t=a.b.c", "jwt=a.b.c+", "jwt=hma_token"] {
            assert!(matches!(of_query(query), Err(Refusal::InvalidToken(_))), "{query:?}");
        }
        for query in ["jwt=a.b.c&jwt=a.b.c", "jwt=a.b.c&j%77t=d.e.f", "jwt&jwt=a.b.c"] {
            assert!(matches!(of_query(query), Err(Refusal::InvalidRequest(_))), "{query:?}");
        }
    }
}
