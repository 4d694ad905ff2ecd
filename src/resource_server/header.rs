//! The token of a request, read strictly (RFC 6750 section 2.1): one header, one space, the characters of a token68.
//!
//! What a proxy and this server read differently is a way past one of them, so nothing is forgiven.

use rocket::Request;
use url::form_urlencoded;

use crate::resource_server::Refusal;

/// A longer one is none of ours.
pub const MAX_BYTES: usize = 4096;

/// The token of the request. Tokens in the query are refused and those in a body are not looked at, because both end up
/// in logs (RFC 9700 section 4.3.2).
pub fn token<'r>(request: &'r Request<'_>) -> Result<&'r str, Refusal> {
    not_in_query(request.uri().query().map_or("", |query| query.as_str()))?;
    read(request.headers().get("Authorization"))
}

/// Refuses an access token in the query of a request.
pub fn not_in_query(query: &str) -> Result<(), Refusal> {
    if form_urlencoded::parse(query.as_bytes()).any(|(name, _)| name == "access_token") {
        return Err(Refusal::InvalidRequest("an access token belongs in the Authorization header, never in the query"));
    }
    Ok(())
}

/// The access token in the `Authorization` headers of a request.
pub fn read<'h>(headers: impl Iterator<Item = &'h str>) -> Result<&'h str, Refusal> {
    match only(headers)? {
        (scheme, rest) if scheme.eq_ignore_ascii_case("bearer") => access_token(rest),
        _ => Err(Refusal::NoToken),
    }
}

/// The scheme of the one `Authorization` header of a request, and what follows it.
pub fn only<'h>(mut headers: impl Iterator<Item = &'h str>) -> Result<(&'h str, &'h str), Refusal> {
    let header = headers.next().ok_or(Refusal::NoToken)?;
    if headers.next().is_some() {
        return Err(Refusal::InvalidToken("the request has more than one Authorization header"));
    }
    let scheme_end = header.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(header.len());
    Ok(header.split_at(scheme_end))
}

/// The access token in what follows the scheme `Bearer`.
pub fn access_token(rest: &str) -> Result<&str, Refusal> {
    rest.strip_prefix(' ')
        .filter(|token| is_token68(token))
        .ok_or(Refusal::InvalidToken("the Authorization header is Bearer, one space and the token"))
}

/// The payload in what follows the scheme `Basic`.
pub fn basic(rest: &str) -> Result<&str, Refusal> {
    rest.strip_prefix(' ')
        .filter(|payload| is_token68(payload))
        .ok_or(Refusal::InvalidToken("the Authorization header is Basic, one space and the credentials"))
}

/// RFC 9110 section 11.2: letters, digits and `-._~+/`, then any number of `=`.
fn is_token68(text: &str) -> bool {
    let body = text.trim_end_matches('=');
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~' | b'+' | b'/');
    !body.is_empty() && text.len() <= MAX_BYTES && body.bytes().all(allowed)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_all(headers: &[&'static str]) -> Result<&'static str, Refusal> {
        read(headers.iter().copied())
    }

    #[test]
    fn a_token_is_read_whatever_the_case_of_the_scheme() {
        assert_eq!(read_all(&["Bearer hma_abc.DEF-1~2+3/4=="]), Ok("hma_abc.DEF-1~2+3/4=="));
        assert_eq!(read_all(&["bEARER x"]), Ok("x"));
    }

    #[test]
    fn a_request_without_bearer_credentials_is_only_asked_for_them() {
        for headers in [&[][..], &["Basic YTpi"], &["Bearerx y"], &[""], &["hma_abc"]] {
            assert_eq!(read_all(headers), Err(Refusal::NoToken), "{headers:?}");
        }
    }

    #[test]
    fn a_header_that_two_readers_could_read_differently_is_refused() {
        let forged = [
            "Bearer",
            "Bearer ",
            "Bearer  x",
            "Bearer\tx",
            "Bearer \tx",
            "Bearer x ",
            "Bearer x y",
            "Bearer x,y",
            "Bearer =",
            "Bearer x=y",
            "Bearer é",
            "Bearer \"x\"",
            "Bearer: x",
        ];
        for header in forged {
            assert!(matches!(read_all(&[header]), Err(Refusal::InvalidToken(_))), "{header:?}");
        }
        assert!(matches!(read_all(&["Bearer x", "Bearer x"]), Err(Refusal::InvalidToken(_))));
        assert!(matches!(read_all(&["Basic YTpi", "Bearer x"]), Err(Refusal::InvalidToken(_))));
    }

    #[test]
    fn a_token_has_an_end() {
        assert!(is_token68(&"x".repeat(MAX_BYTES)) && !is_token68(&"x".repeat(MAX_BYTES + 1)));
    }
}
