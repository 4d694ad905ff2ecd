//! Text as a part of an address.

use crate::oauth::parameters::Parameters;

/// A text as one segment of a path (RFC 3986 section 3.3), which may have a colon.
pub fn segment(text: &str) -> String {
    let query = Parameters::of([("x", text)]).to_query();
    query.strip_prefix("x=").unwrap_or_default().replace('+', "%20").replace("%3A", ":")
}

/// A path with more in its query.
pub fn with_query(path: &str, pairs: &[(&'static str, &str)]) -> String {
    let separator = if path.contains('?') { '&' } else { '?' };
    let query = Parameters::of(pairs.iter().copied().filter(|(_, value)| !value.is_empty())).to_query();
    if query.is_empty() { path.to_owned() } else { format!("{path}{separator}{query}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_does_not_end_the_segment_that_it_is() {
        assert_eq!(segment("schema:4:user"), "schema:4:user");
        assert_eq!(segment("a/b?c#d%e f+g"), "a%2Fb%3Fc%23d%25e%20f%2Bg");
        assert_eq!(with_query("/x?a=b", &[("c", "d:e&f"), ("g", "")]), "/x?a=b&c=d%3Ae%26f");
    }
}
