//! CanonicalRequest: what the `qsh` claim of a Connect JWT is the SHA-256 of, `METHOD&PATH&QUERY`.
//!
//! It is written from the raw target, as a client signs it, and not from what a router made of that: `%2F` in a path is not `/`.
//! Who reads the query decodes it, so it is decoded and encoded anew. The form says for two requests that they are the same only
//! where every reader of a query would too: `&` within a path, and `,` within a value, are encoded, so that neither is taken for
//! what joins.
//!
//! Where the implementations of apps differ from each other this is the one of the products and of Python, and
//! [`CanonicalRequest::others`] gives what JavaScript writes for the same request. From all of them it differs so: a base path
//! ends where a segment ends, so that `/wikipedia` is not `/pedia` below `/wiki`; a parameter named `__proto__` counts like any
//! other; and no parameter is one too many.

use std::borrow::Cow;

use crate::domain::percent_encoding::{decode, encoded_order, push_encoded};

/// The parameter in which the JWT itself may stand, so that it is in no canonical request.
const JWT: &str = "jwt";

/// What `url.parse` of Node escapes in the path of an absolute URL, as it does not in that of a relative one.
const ESCAPED_BY_NODE: [char; 10] = ['"', '\'', '<', '>', '^', '`', '{', '|', '}', ' '];

/// Why a text is no request target.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MalformedTarget {
    /// It is neither a path nor a URL.
    #[error("a request target begins with a slash, or with http:// or https:// and a host")]
    Form,
    /// Whatever follows `#` is never sent, so it was no target.
    #[error("a request target has no fragment")]
    Fragment,
    /// It could not stand in a request line.
    #[error("a request target has no white space and no control character")]
    Character,
}

/// The target of a request as it was sent: a path with a query (origin-form, RFC 9112 section 3.2.1), or a URL
/// (absolute-form, section 3.2.2) of which the host does not count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RequestTarget<'t> {
    path: &'t str,
    query: Option<&'t str>,
}

impl<'t> RequestTarget<'t> {
    /// Reads a target. Percent-encoding is not looked at: what is malformed there stays as it is.
    ///
    /// # Errors
    /// [`MalformedTarget`], by the first rule that it breaks.
    pub fn parse(target: &'t str) -> Result<Self, MalformedTarget> {
        if target.bytes().any(|byte| byte <= b' ' || byte == 0x7f) {
            return Err(MalformedTarget::Character);
        }
        if target.contains('#') {
            return Err(MalformedTarget::Fragment);
        }
        let target = if target.starts_with('/') { target } else { behind_host(target).ok_or(MalformedTarget::Form)? };
        Ok(match target.split_once('?') {
            Some((path, query)) => Self { path, query: Some(query) },
            None => Self { path: target, query: None },
        })
    }

    /// The path as it was sent; that of a URL may be empty.
    pub fn path(&self) -> &'t str {
        self.path
    }

    /// The query as it was sent.
    pub fn query(&self) -> Option<&'t str> {
        self.query
    }

    /// The value of every `jwt` parameter. There should be one at most: which of two a server reads is for no one to guess.
    pub fn jwts(&self) -> impl Iterator<Item = Cow<'t, str>> {
        self.pairs().filter(|(key, _)| decode(key) == JWT).map(|(_, value)| decode(value))
    }

    /// The parameters as they were sent. `;` is no separator, and nothing between two `&` is no parameter.
    fn pairs(&self) -> impl Iterator<Item = (&'t str, &'t str)> {
        let pairs = self.query.unwrap_or_default().split('&').filter(|pair| !pair.is_empty());
        pairs.map(|pair| pair.split_once('=').unwrap_or((pair, "")))
    }

    /// The path below `base`, which is removed only where it is whole segments.
    fn path_below(&self, base: &str) -> &'t str {
        let below = self.path.strip_prefix(base.trim_end_matches('/'));
        below.filter(|rest| rest.is_empty() || rest.starts_with('/')).unwrap_or(self.path)
    }
}

/// What follows the host of an `http` or `https` URL.
fn behind_host(url: &str) -> Option<&str> {
    let (scheme, rest) = url.split_once("://")?;
    if !scheme.eq_ignore_ascii_case("https") && !scheme.eq_ignore_ascii_case("http") {
        return None;
    }
    let (host, path) = rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len()));
    // Where the host ends must be beyond doubt, and RFC 9110 section 4.2.4 wants no user information.
    (!host.is_empty() && !host.contains(['@', '\\'])).then_some(path)
}

/// The canonical request of Connect, whose SHA-256 is the `qsh` claim.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CanonicalRequest(String);

/// The canonical request for `target`, of which the path is told below `base_path`: the path of the base URL, or nothing.
///
/// A parameter whose name is `jwt` once it is decoded is left out, as everybody does, so that `%6Awt` is too. What is no
/// percent-encoding stands for itself, and what is not UTF-8 for U+FFFD, again as everybody reads them.
pub fn canonical(method: &str, target: &RequestTarget<'_>, base_path: &str) -> CanonicalRequest {
    let path = target.path_below(base_path);
    let path = if path.is_empty() { "/" } else { path };
    let path = if path.len() > 1 { path.strip_suffix('/').unwrap_or(path) } else { path };

    let length = method.len() + path.len() + target.query.map_or(0, |query| query.len() + query.len() / 4) + 8;
    let mut text = String::with_capacity(length);
    push_without_ampersand(&mut text, method);
    text.make_ascii_uppercase();
    text.push('&');
    push_without_ampersand(&mut text, path);
    text.push('&');
    if target.query.is_some_and(|query| !query.is_empty()) {
        push_query(&mut text, target);
    }
    CanonicalRequest(text)
}

impl CanonicalRequest {
    /// Its text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What the JavaScript of apps writes for the same request where it writes something else: it sorts names before they
    /// are encoded, by their UTF-16, and what it signs as a URL has escapes in its path that are not sent. To take these too
    /// blurs nothing, since in whatever order, the same parameters are there.
    pub fn others(&self) -> impl Iterator<Item = CanonicalRequest> {
        let [method, path, query] = self.parts();
        let sorted = query.contains('%').then(|| sorted_as_javascript(query)).filter(|sorted| sorted != query);
        let as_url = path.contains(ESCAPED_BY_NODE).then(|| {
            let query = sorted.as_deref().unwrap_or(query);
            format!("{method}&{}&{query}", escaped_by_node(path))
        });
        let as_path = sorted.as_ref().map(|sorted| format!("{method}&{path}&{sorted}"));
        as_path.into_iter().chain(as_url).map(CanonicalRequest)
    }

    /// No `&` stands within method or path.
    fn parts(&self) -> [&str; 3] {
        let mut parts = self.0.splitn(3, '&');
        std::array::from_fn(|_| parts.next().unwrap_or_default())
    }
}

/// Without this `/a&b=c` would be what `/a?b=c` is.
fn push_without_ampersand(text: &mut String, part: &str) {
    for (at, piece) in part.split('&').enumerate() {
        if at > 0 {
            text.push_str("%26");
        }
        text.push_str(piece);
    }
}

fn push_query(text: &mut String, target: &RequestTarget<'_>) {
    let mut parameters = Vec::with_capacity(8);
    for (key, value) in target.pairs() {
        let key = decode(key);
        if key != JWT {
            parameters.push((key, decode(value)));
        }
    }
    parameters.sort_unstable_by(|(key, value), (other_key, other_value)| {
        encoded_order(key, other_key).then_with(|| value.cmp(other_value))
    });
    let mut before = None;
    for (key, value) in &parameters {
        if before == Some(key) {
            text.push(',');
        } else {
            if before.is_some() {
                text.push('&');
            }
            push_encoded(text, key);
            text.push('=');
        }
        push_encoded(text, value);
        before = Some(key);
    }
}

/// A canonical query, in the order of its decoded names by UTF-16, as are the values of each.
fn sorted_as_javascript(query: &str) -> String {
    let by_utf16 = |one: &Cow<'_, str>, other: &Cow<'_, str>| one.encode_utf16().cmp(other.encode_utf16());
    let mut parameters: Vec<_> = query
        .split('&')
        .map(|parameter| parameter.split_once('=').unwrap_or((parameter, "")))
        .map(|(key, values)| {
            let mut values: Vec<_> = values.split(',').map(|value| (decode(value), value)).collect();
            values.sort_by(|(one, _), (other, _)| by_utf16(one, other));
            let values: Vec<_> = values.into_iter().map(|(_, value)| value).collect();
            (decode(key), format!("{key}={}", values.join(",")))
        })
        .collect();
    parameters.sort_by(|(one, _), (other, _)| by_utf16(one, other));
    let parameters: Vec<_> = parameters.into_iter().map(|(_, parameter)| parameter).collect();
    parameters.join("&")
}

fn escaped_by_node(path: &str) -> String {
    let mut escaped = String::with_capacity(path.len() + 8);
    for piece in path.split_inclusive(ESCAPED_BY_NODE) {
        let kept = piece.strip_suffix(ESCAPED_BY_NODE).unwrap_or(piece);
        escaped.push_str(kept);
        push_encoded(&mut escaped, &piece[kept.len()..]);
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    fn below(base: &str, method: &str, target: &str) -> String {
        canonical(method, &RequestTarget::parse(target).expect("a target"), base).0
    }

    fn get(target: &str) -> String {
        below("", "GET", target)
    }

    fn others(target: &str) -> Vec<String> {
        let target = RequestTarget::parse(target).expect("a target");
        canonical("GET", &target, "").others().map(|other| other.0).collect()
    }

    #[test]
    fn what_the_reference_writes_is_written() {
        for (target, text) in [
            ("/", "GET&/&"),
            ("/path/", "GET&/path&"),
            (
                "/rest/api/3/issue/AB-1?expand=names&fields=summary",
                "GET&/rest/api/3/issue/AB-1&expand=names&fields=summary",
            ),
            ("/x?b=2&a=1&b=1", "GET&/x&a=1&b=1,2"),
            ("/x?JWT=abc&a=1", "GET&/x&JWT=abc&a=1"),
            ("/x?a=%7E~", "GET&/x&a=~~"),
            ("/a%20b?q=1", "GET&/a%20b&q=1"),
            ("/a&b?c=d", "GET&/a%26b&c=d"),
            ("/x?q=%F0%9F%98%80", "GET&/x&q=%F0%9F%98%80"),
            ("/x?a=b=c", "GET&/x&a=b%3Dc"),
            ("/x?a=%2C", "GET&/x&a=%2C"),
            ("/x?a=a%2Fb&a=a0", "GET&/x&a=a%2Fb,a0"),
        ] {
            assert_eq!(get(target), text, "{target}");
        }
        let object = "/jsm/assets/workspace/w/v1/object/88";
        assert_eq!(below("", "DELETE", object), format!("DELETE&{object}&"));
        assert_eq!(below("/wiki", "GET", "/wiki"), "GET&/&");
        assert_eq!(below("/", "POST", "/installed"), "POST&/installed&");
    }

    #[test]
    fn a_method_counts_in_capitals_and_stays_one_part() {
        assert_eq!(below("", "pAtch", "/x"), "PATCH&/x&");
        assert_eq!(below("", "get&/x", "/y"), "GET%26/X&/y&");
    }

    #[test]
    fn a_base_path_is_removed_where_a_segment_ends() {
        for base in ["/wiki", "/wiki/"] {
            for (target, path) in [
                ("/wiki/", "/"),
                ("/wiki/a", "/a"),
                ("/wiki//a", "//a"),
                ("/wikipedia", "/wikipedia"),
                ("/WIKI/a", "/WIKI/a"),
                ("/a/wiki", "/a/wiki"),
                ("/wiki/wiki", "/wiki"),
            ] {
                assert_eq!(below(base, "GET", target), format!("GET&{path}&"), "{target} below {base}");
            }
        }
        assert_eq!(below("/wiki", "GET", "/wiki?a"), "GET&/&a=");
    }

    #[test]
    fn a_path_stays_as_it_was_sent_but_for_its_last_slash() {
        for (path, kept) in [
            ("//path", "//path"),
            ("/path//", "/path/"),
            ("//", "/"),
            ("/a%2fb%2F", "/a%2fb%2F"),
            ("/a/../b/./", "/a/../b/."),
            ("/a%zz%", "/a%zz%"),
            ("/a+b;c=d,e", "/a+b;c=d,e"),
            ("/é", "/é"),
            ("/&&", "/%26%26"),
        ] {
            assert_eq!(get(path), format!("GET&{kept}&"), "{path}");
        }
    }

    #[test]
    fn an_absolute_target_counts_from_its_path() {
        assert_eq!(get("https://hallmark.test:8443/x?a=1"), "GET&/x&a=1");
        assert_eq!(get("HTTP://[::1]?a=1"), "GET&/&a=1");
        assert_eq!(get("http://hallmark.test"), "GET&/&");
        assert_eq!(get("http://hallmark.test//x"), "GET&//x&");
    }

    #[test]
    fn what_is_no_target_is_refused() {
        for (target, fault) in [
            ("", MalformedTarget::Form),
            ("*", MalformedTarget::Form),
            ("x", MalformedTarget::Form),
            ("?a=1", MalformedTarget::Form),
            ("hallmark.test:443", MalformedTarget::Form),
            ("ftp://hallmark.test/", MalformedTarget::Form),
            ("http:///x", MalformedTarget::Form),
            ("http://x@hallmark.test/", MalformedTarget::Form),
            ("http://hallmark.test\\x/", MalformedTarget::Form),
            ("/x#a", MalformedTarget::Fragment),
            ("/x?a=1#", MalformedTarget::Fragment),
            ("/a b", MalformedTarget::Character),
            ("/a\n", MalformedTarget::Character),
            ("/?a=\u{7f}", MalformedTarget::Character),
            ("/\0", MalformedTarget::Character),
        ] {
            assert_eq!(RequestTarget::parse(target), Err(fault), "{target:?}");
        }
    }

    #[test]
    fn names_and_values_are_decoded_and_encoded_anew() {
        for (query, text) in [
            ("a", "a="),
            ("a=", "a="),
            ("=", "="),
            ("=b", "=b"),
            ("", ""),
            ("&&a=1&&", "a=1"),
            ("a=1;b=2", "a=1%3Bb%3D2"),
            ("a+b=c+d%20e%2Bf", "a%20b=c%20d%20e%2Bf"),
            ("a=!'()*", "a=%21%27%28%29%2A"),
            ("a=-._~", "a=-._~"),
            ("%61=%41", "a=A"),
            ("a=/:@?", "a=%2F%3A%40%3F"),
            ("a=%c3%a9é", "a=%C3%A9%C3%A9"),
            ("a=%00", "a=%00"),
            ("__proto__=1&constructor=2", "__proto__=1&constructor=2"),
        ] {
            assert_eq!(get(&format!("/x?{query}")), format!("GET&/x&{text}"), "{query}");
        }
    }

    #[test]
    fn what_is_malformed_is_read_as_everybody_reads_it() {
        for (query, text) in [
            ("a=%", "a=%25"),
            ("a=%4", "a=%254"),
            ("a=%zz%41", "a=%25zzA"),
            ("a=%%41", "a=%25A"),
            ("a=%2+0", "a=%252%200"),
            ("a=%FF", "a=%EF%BF%BD"),
            ("a=%F0%9F%98", "a=%EF%BF%BD"),
            ("a=%ED%A0%80", "a=%EF%BF%BD%EF%BF%BD%EF%BF%BD"),
            ("%FF=1", "%EF%BF%BD=1"),
        ] {
            assert_eq!(get(&format!("/x?{query}")), format!("GET&/x&{text}"), "{query}");
        }
    }

    #[test]
    fn names_are_sorted_as_they_are_encoded_and_values_as_they_are_meant() {
        for (query, text) in [
            ("b&B&a&A", "A=&B=&a=&b="),
            ("a-b=1&a=2&a/b=3", "a=2&a%2Fb=3&a-b=1"),
            ("~=1&%C3%A9=2&.=3&!=4", "%21=4&%C3%A9=2&.=3&~=1"),
            ("a=~&a=%2F&a=-", "a=-,%2F,~"),
            ("a=10&a=9&a=1&a=", "a=,1,10,9"),
            ("b=1&a=1&b=0", "a=1&b=0,1"),
        ] {
            assert_eq!(get(&format!("/x?{query}")), format!("GET&/x&{text}"), "{query}");
        }
    }

    #[test]
    fn no_jwt_parameter_counts_however_its_name_is_spelt() {
        for query in ["jwt=a.b.c&a=1", "a=1&%6Awt=x", "%6a%77%74&a=1&jwt=&jwt=2", "a=1&jwt"] {
            assert_eq!(get(&format!("/x?{query}")), "GET&/x&a=1", "{query}");
        }
        assert_eq!(get("/x?jwt=1"), "GET&/x&");
        assert_eq!(get("/x?Jwt=1&jwt%20=2&+jwt=3&ajwt=4"), "GET&/x&%20jwt=3&Jwt=1&ajwt=4&jwt%20=2");
    }

    #[test]
    fn every_jwt_parameter_is_found_and_decoded() {
        let jwts =
            |target: &'static str| -> Vec<_> { RequestTarget::parse(target).expect("a target").jwts().collect() };
        assert_eq!(jwts("/x?jwt=a.b.c&a=1&%6Awt=%64+e&JWT=f&jwt"), ["a.b.c", "d e", ""]);
        assert_eq!(jwts("/x?a=jwt"), [""; 0]);
        assert_eq!(jwts("/jwt=1"), [""; 0]);
    }

    #[test]
    fn requests_that_mean_different_things_are_written_differently() {
        let different = [
            "/x?a=1,2",
            "/x?a=1&a=2",
            "/x?a=1%26a%3D2",
            "/x?a=1&a%3D2",
            "/x?a,a=1&2",
            "/x&a=1&a=2",
            "/x%3Fa=1&a=2",
            "/x?a=1+2",
            "/x?a=1%2B2",
            "/x?A=1&a=2",
            "/x/?/a=1&a=2",
            "/x//?a=1&a=2",
            "//x?a=1&a=2",
            "/x?a=1&a=2&a=2",
            "/x?a=1&a=2&b",
            "/x?a=1&a=2&",
        ];
        let texts: Vec<String> = different.iter().map(|target| get(target)).collect();
        for (at, text) in texts.iter().enumerate() {
            let same: Vec<&str> = (0..at).filter(|before| texts[*before] == *text).map(|at| different[at]).collect();
            let expected: &[&str] = if different[at] == "/x?a=1&a=2&" { &["/x?a=1&a=2"] } else { &[] };
            assert_eq!(same, expected, "{}", different[at]);
        }
    }

    #[test]
    fn javascript_sorts_names_before_it_encodes_them() {
        assert_eq!(get("/x?page[size]=1&pageNumber=2"), "GET&/x&page%5Bsize%5D=1&pageNumber=2");
        assert_eq!(others("/x?page[size]=1&pageNumber=2"), ["GET&/x&pageNumber=2&page%5Bsize%5D=1"]);
        let astral = "/x?%F0%9F%98%80=1&%EF%BC%81=2&a=%F0%9F%98%80&a=%EF%BC%81";
        assert_eq!(get(astral), "GET&/x&%EF%BC%81=2&%F0%9F%98%80=1&a=%EF%BC%81,%F0%9F%98%80");
        assert_eq!(others(astral), ["GET&/x&a=%F0%9F%98%80,%EF%BC%81&%F0%9F%98%80=1&%EF%BC%81=2"]);
    }

    #[test]
    fn node_escapes_what_stands_in_the_path_of_a_url() {
        assert_eq!(others("/o'neil"), ["GET&/o%27neil&"]);
        let target = RequestTarget::parse("/o'neil").expect("a target");
        let other = canonical("it's", &target, "").others().next();
        assert_eq!(other.expect("another").as_str(), "IT'S&/o%27neil&");
        assert_eq!(others("/{a}|b?c='"), ["GET&/%7Ba%7D%7Cb&c=%27"]);
        assert_eq!(others("/it's?b[]=1&b0=2"), ["GET&/it's&b0=2&b%5B%5D=1", "GET&/it%27s&b0=2&b%5B%5D=1"]);
    }

    #[test]
    fn most_requests_are_written_in_one_way() {
        for target in ["/", "/x?a=1&b=2,3", "/a%27?q=a%20b", "/a&b?c=d"] {
            assert!(others(target).is_empty(), "{target}");
        }
    }
}
