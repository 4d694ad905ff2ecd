//! Operation: something that a protected resource does for whoever calls it, and what that takes.

use std::fmt;
use std::str::FromStr;

use crate::domain::connect::Level;

/// An operation by its name, such as `PUT /object/{id}`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Operation {
    /// Its name.
    pub name: String,
    /// The request that asks for it, where it is one.
    pub request: Option<RequestShape>,
    /// The scope that it takes; without one no OAuth token opens it.
    pub scope: Option<String>,
    /// On what type of object a role is asked for, by its number.
    pub on: usize,
    /// Which parameter of the path has the identifier of that object.
    pub id: Option<String>,
    /// The role, permission or setting that it takes; nothing if it is for whoever passes the other layers.
    pub requires: Option<String>,
    /// The same, where it is done to the whole site and not to an object of its type.
    pub on_site: Option<String>,
    /// What a Connect app must be by its own scopes; nothing if no request opens it that a Connect app signed.
    pub connect: Option<Level>,
    /// Whether the token of an import source opens it for that import source.
    pub container_token: bool,
    /// Whether its answer must leave out what the caller has no role on.
    pub filter: bool,
}

/// A method and the segments of a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestShape {
    /// The method, in capitals.
    pub method: String,
    segments: Vec<Segment>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Segment {
    Fixed(String),
    Parameter(String),
}

/// Text that is no method and path.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("an operation is a method and a path, as in: PUT /object/{{id}}")]
pub struct MalformedShape;

impl RequestShape {
    /// The parameters of a path that has this shape, in their order; `None` if it has another. Paths are compared as they are
    /// written: what needs decoding to be the same is another path.
    pub fn matches<'p>(&self, method: &str, path: &'p str) -> Option<Vec<(&str, &'p str)>> {
        let mut parameters = Vec::new();
        let mut written = path.strip_prefix('/')?.split('/');
        for segment in &self.segments {
            let text = written.next()?;
            match segment {
                Segment::Fixed(fixed) if fixed == text => {}
                Segment::Parameter(name) if is_plain(text) => parameters.push((name.as_str(), text)),
                Segment::Fixed(_) | Segment::Parameter(_) => return None,
            }
        }
        (written.next().is_none() && self.method == method).then_some(parameters)
    }

    /// The names of the parameters.
    pub fn parameters(&self) -> impl Iterator<Item = &str> {
        self.segments.iter().filter_map(|segment| match segment {
            Segment::Parameter(name) => Some(name.as_str()),
            Segment::Fixed(_) => None,
        })
    }

    /// For each segment whether it is a parameter, so that of two shapes that one path has the one with the fixed segment comes first.
    pub fn openness(&self) -> Vec<bool> {
        self.segments.iter().map(|segment| matches!(segment, Segment::Parameter(_))).collect()
    }

    /// Whether some path has both shapes and neither is the narrower one.
    pub fn is_like(&self, other: &RequestShape) -> bool {
        self.method == other.method
            && self.segments.len() == other.segments.len()
            && self.segments.iter().zip(&other.segments).all(|pair| match pair {
                (Segment::Fixed(one), Segment::Fixed(other)) => one == other,
                (Segment::Parameter(_), Segment::Parameter(_)) => true,
                _ => false,
            })
    }
}

/// Where in the paths of a protected resource its operations begin, as in `/jsm/assets/workspace/{site}/v1`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ServerPath {
    segments: Vec<Segment>,
}

/// The only parameter that such a path has.
const SITE: &str = "site";

impl ServerPath {
    /// What names the site in a path that begins so, and the rest of the path; `None` if it begins otherwise.
    pub fn strip<'p>(&self, path: &'p str) -> Option<(Vec<&'p str>, &'p str)> {
        let (mut sites, mut rest) = (Vec::new(), path);
        for segment in &self.segments {
            let after = rest.strip_prefix('/')?;
            let end = after.find('/').unwrap_or(after.len());
            let text = &after[..end];
            match segment {
                Segment::Fixed(fixed) if fixed == text => {}
                Segment::Parameter(_) if is_plain(text) => sites.push(text),
                Segment::Fixed(_) | Segment::Parameter(_) => return None,
            }
            rest = &after[end..];
        }
        Some((sites, rest))
    }
}

impl FromStr for ServerPath {
    type Err = MalformedShape;
    fn from_str(text: &str) -> Result<Self, MalformedShape> {
        if text.is_empty() {
            return Ok(Self::default());
        }
        let RequestShape { segments, .. } = format!("GET {text}").parse()?;
        let names_sites =
            |segment: &Segment| matches!(segment, Segment::Fixed(_)) || *segment == Segment::Parameter(SITE.into());
        if segments.iter().all(names_sites) { Ok(Self { segments }) } else { Err(MalformedShape) }
    }
}

/// Whether a segment can be an identifier: nothing in it is decoded, empty, or leads elsewhere.
fn is_plain(segment: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'~' | b':' | b'@');
    !segment.is_empty() && segment != "." && segment != ".." && segment.bytes().all(allowed)
}

impl FromStr for RequestShape {
    type Err = MalformedShape;
    fn from_str(text: &str) -> Result<Self, MalformedShape> {
        let (method, path) = text.split_once(' ').ok_or(MalformedShape)?;
        let is_method = !method.is_empty() && method.bytes().all(|byte| byte.is_ascii_uppercase());
        let path = path.strip_prefix('/').filter(|_| is_method).ok_or(MalformedShape)?;
        let segments = path.split('/').map(|segment| match segment.strip_prefix('{') {
            Some(rest) => match rest.strip_suffix('}') {
                Some(name) if is_plain(name) => Ok(Segment::Parameter(name.into())),
                _ => Err(MalformedShape),
            },
            None if is_plain(segment) => Ok(Segment::Fixed(segment.into())),
            None => Err(MalformedShape),
        });
        Ok(Self { method: method.into(), segments: segments.collect::<Result<_, _>>()? })
    }
}

impl fmt::Display for RequestShape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ", self.method)?;
        self.segments.iter().try_for_each(|segment| match segment {
            Segment::Fixed(text) => write!(f, "/{text}"),
            Segment::Parameter(name) => write!(f, "/{{{name}}}"),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shape(text: &str) -> RequestShape {
        text.parse().expect("a shape")
    }

    #[test]
    fn a_path_has_a_shape_segment_by_segment_as_it_is_written() {
        let object = shape("GET /object/{id}/attributes");
        assert_eq!(object.matches("GET", "/object/88/attributes"), Some(vec![("id", "88")]));
        for (method, path) in [
            ("PUT", "/object/88/attributes"),
            ("GET", "/object/88"),
            ("GET", "/object/88/attributes/"),
            ("GET", "//object/88/attributes"),
            ("GET", "/object//attributes"),
            ("GET", "/object/../attributes"),
            ("GET", "/object/8%38/attributes"),
            ("GET", "/object/88;x/attributes"),
            ("GET", "object/88/attributes"),
        ] {
            assert_eq!(object.matches(method, path), None, "{method} {path}");
        }
    }

    #[test]
    fn a_shape_reads_what_it_writes() {
        for good in ["GET /object/{id}", "POST /importsource/{importSourceId}/executions/{executionId}/history/failed"]
        {
            assert_eq!(shape(good).to_string(), good);
        }
        for bad in ["", "GET", "get /x", "GET x", "GET /{", "GET /{}", "GET /a//b", "GET /../b", "GET /a b"] {
            assert_eq!(bad.parse::<RequestShape>(), Err(MalformedShape), "{bad:?}");
        }
    }

    #[test]
    fn a_server_path_tells_the_site() {
        let server: ServerPath = "/ex/jira/{site}/jsm/assets/workspace/{site}/v1".parse().expect("a path");
        let path = "/ex/jira/c1/jsm/assets/workspace/w1/v1/object/88";
        assert_eq!(server.strip(path), Some((vec!["c1", "w1"], "/object/88")));
        assert_eq!(server.strip("/ex/jira/c1/jsm/assets/workspace/w1/v2/object/88"), None);
        assert_eq!(ServerPath::default().strip("/object/88"), Some((vec![], "/object/88")));
        assert!("/x/{id}".parse::<ServerPath>().is_err());
    }

    #[test]
    fn two_shapes_are_alike_if_neither_is_the_narrower() {
        assert!(shape("GET /icon/{id}").is_like(&shape("GET /icon/{name}")));
        assert!(!shape("GET /icon/{id}").is_like(&shape("GET /icon/global")));
    }
}
