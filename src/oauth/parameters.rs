//! Request parameters: each at most once, unknown ones ignored, empty ones absent (RFC 6749 section 3.1).

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserializer, MapAccess, Visitor};

use crate::oauth::error::{OAuthError, RequestFault};

/// The only parameters that may be repeated: RFC 8707 section 2, and the name that some clients have for it.
const REPEATABLE: [&str; 2] = ["resource", "audience"];

const MAX_PARAMETERS: usize = 64;

/// What a request sent, in its order. Nothing of it is trusted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Parameters<'r> {
    pairs: Vec<(Cow<'r, str>, Cow<'r, str>)>,
}

impl<'r> Parameters<'r> {
    /// Reads `application/x-www-form-urlencoded` text: a body or a query.
    ///
    /// # Errors
    /// `invalid_request` if it is not UTF-8 once decoded, or has more than 64 parameters.
    pub fn from_form(text: &'r str) -> Result<Self, OAuthError> {
        let mut pairs = Vec::with_capacity(8);
        for pair in text.split('&').filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            pairs.push((decode(name)?, decode(value)?));
            if pairs.len() > MAX_PARAMETERS {
                return Err(RequestFault::Unreadable("the request has more than 64 parameters").into());
            }
        }
        Ok(Self { pairs })
    }

    /// These parameters.
    pub fn of(pairs: impl IntoIterator<Item = (&'static str, &'r str)>) -> Self {
        let pairs = pairs.into_iter().map(|(name, value)| (Cow::Borrowed(name), Cow::Borrowed(value)));
        Self { pairs: pairs.collect() }
    }

    /// Reads a JSON object whose values are strings, or for `resource` lists of strings.
    ///
    /// # Errors
    /// `invalid_request` if it is anything else.
    pub fn from_json(text: &str) -> Result<Parameters<'static>, OAuthError> {
        let mut deserializer = serde_json::Deserializer::from_str(text);
        let unreadable = RequestFault::Unreadable("the body is not a JSON object of strings");
        let parameters = deserializer.deserialize_map(JsonObject).map_err(|_| unreadable.clone())?;
        deserializer.end().map_err(|_| unreadable)?;
        Ok(parameters)
    }

    /// The same parameters, on their own.
    pub fn into_owned(self) -> Parameters<'static> {
        let own = |text: Cow<'r, str>| Cow::Owned(text.into_owned());
        Parameters { pairs: self.pairs.into_iter().map(|(name, value)| (own(name), own(value))).collect() }
    }

    /// Refuses a request in which a parameter is repeated that may not be.
    ///
    /// # Errors
    /// `invalid_request` names the parameter.
    pub fn each_once(&self) -> Result<(), OAuthError> {
        self.each_once_but(&REPEATABLE)
    }

    /// Refuses a request in which a parameter is repeated that is not among `repeatable`.
    ///
    /// # Errors
    /// `invalid_request` names the parameter.
    pub fn each_once_but(&self, repeatable: &[&str]) -> Result<(), OAuthError> {
        for (at, (name, _)) in self.pairs.iter().enumerate() {
            if !repeatable.contains(&name.as_ref()) && self.pairs[..at].iter().any(|(earlier, _)| earlier == name) {
                return Err(RequestFault::Repeated(name.chars().take(40).collect()).into());
            }
        }
        Ok(())
    }

    /// The value of a parameter; `None` if it is absent or empty.
    ///
    /// # Errors
    /// `invalid_request` if it is there more than once.
    pub fn once(&self, name: &'static str) -> Result<Option<&str>, OAuthError> {
        let mut values = self.pairs.iter().filter(|(sent, _)| sent == name).map(|(_, value)| value.as_ref());
        let value = values.next();
        if values.next().is_some() {
            return Err(RequestFault::Repeated(name.to_owned()).into());
        }
        Ok(value.filter(|value| !value.is_empty()))
    }

    /// The value of a parameter that must be there.
    ///
    /// # Errors
    /// `invalid_request` if it is absent, empty or there more than once.
    pub fn required(&self, name: &'static str) -> Result<&str, OAuthError> {
        self.once(name)?.ok_or_else(|| RequestFault::Missing(name).into())
    }

    /// Every value of a repeatable parameter, empty ones left out.
    pub fn all(&self, name: &'static str) -> impl Iterator<Item = &str> {
        self.pairs
            .iter()
            .filter(move |(sent, value)| sent == name && !value.is_empty())
            .map(|(_, value)| value.as_ref())
    }

    /// The same parameters in their order, as the query of a URL.
    pub fn to_query(&self) -> String {
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        query.extend_pairs(&self.pairs);
        query.finish()
    }

    /// The resources that are named: `resource`, or `audience`, which older clients send.
    pub fn resources(&self) -> impl Iterator<Item = &str> {
        self.all("resource").chain(self.all("audience"))
    }
}

/// Percent-decoding with `+` as space; borrowed where there is nothing to decode.
fn decode(text: &str) -> Result<Cow<'_, str>, OAuthError> {
    let unreadable = || RequestFault::Unreadable("the parameters are not UTF-8 in form encoding").into();
    if !text.bytes().any(|byte| matches!(byte, b'%' | b'+')) {
        return Ok(Cow::Borrowed(text));
    }
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        match byte {
            b'+' => bytes.push(b' '),
            b'%' => {
                let mut digit = || rest.next().and_then(|digit| char::from(digit).to_digit(16));
                let (Some(high), Some(low)) = (digit(), digit()) else { return Err(unreadable()) };
                bytes.push((high * 16 + low) as u8);
            }
            plain => bytes.push(plain),
        }
    }
    String::from_utf8(bytes).map(Cow::Owned).map_err(|_| unreadable())
}

/// Percent-decodes one part of a Basic header (RFC 6749 section 2.3.1, appendix B).
///
/// # Errors
/// `invalid_request` if it is not UTF-8 in form encoding.
pub fn decode_form_text(text: &str) -> Result<String, OAuthError> {
    decode(text).map(Cow::into_owned)
}

/// Keeps repeated names, which a map would silently fold into one.
struct JsonObject;

impl<'de> Visitor<'de> for JsonObject {
    type Value = Parameters<'static>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object of strings")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        #[derive(serde::Deserialize)]
        #[serde(untagged)]
        enum Value {
            One(String),
            Many(Vec<String>),
            Absent(()),
        }
        let mut pairs: Vec<(Cow<'static, str>, Cow<'static, str>)> = Vec::new();
        while let Some((name, value)) = map.next_entry::<String, Value>()? {
            let values = match value {
                Value::One(value) => vec![value],
                Value::Many(values) if REPEATABLE.contains(&name.as_str()) => values,
                Value::Many(_) => return Err(serde::de::Error::custom("a list")),
                Value::Absent(()) => Vec::new(),
            };
            pairs.extend(values.into_iter().map(|value| (Cow::Owned(name.clone()), Cow::Owned(value))));
            if pairs.len() > MAX_PARAMETERS {
                return Err(serde::de::Error::custom("too many parameters"));
            }
        }
        Ok(Parameters { pairs })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_parameter_is_absent_and_an_unknown_one_ignored() {
        let parameters = Parameters::from_form("scope=&nonsense=1&state=a%20b+c").expect("a form");
        assert!(matches!(parameters.once("scope"), Ok(None)));
        assert!(matches!(parameters.once("state"), Ok(Some("a b c"))));
        assert!(parameters.each_once().is_ok());
    }

    #[test]
    fn a_repeated_parameter_is_refused_but_for_resource() {
        for twice in ["state=a&state=a", "x=&x=", "client_id=a&client_id=b"] {
            let parameters = Parameters::from_form(twice).expect("a form");
            assert!(parameters.each_once().is_err(), "{twice}");
        }
        let parameters = Parameters::from_form("resource=a&resource=b&audience=c").expect("a form");
        assert!(parameters.each_once().is_ok());
        assert_eq!(parameters.resources().collect::<Vec<_>>(), ["a", "b", "c"]);
    }

    #[test]
    fn what_is_not_utf_8_is_refused() {
        for bad in ["a=%ff", "a=%", "a=%4", "a=%zz", "%c3=1"] {
            assert!(Parameters::from_form(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn json_is_an_object_of_strings_in_which_nothing_is_repeated() {
        let parameters =
            Parameters::from_json(r#"{"grant_type":"x","resource":["a","b"],"scope":null}"#).expect("JSON");
        assert!(matches!(parameters.once("grant_type"), Ok(Some("x"))));
        assert_eq!(parameters.resources().count(), 2);
        let twice = Parameters::from_json(r#"{"code":"a","code":"b"}"#).expect("JSON");
        assert!(twice.each_once().is_err());
        for bad in ["", "[]", "{\"a\":1}", "{\"a\":[\"b\"]}", "{}{}", "{\"a\":{}}"] {
            assert!(Parameters::from_json(bad).is_err(), "{bad}");
        }
    }
}
