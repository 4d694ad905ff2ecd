//! A body in JSON that says each thing once: what two readers could read differently is refused (RFC 8259 section 4).

use std::collections::HashSet;
use std::fmt;

use rocket::data::{Data, FromData, Outcome};
use rocket::http::Status;
use rocket::request::Request;
use serde::Deserialize;
use serde::de::{DeserializeOwned, Deserializer, Error, MapAccess, SeqAccess, Visitor};

use crate::http::guards::client_request::{MAX_BODY, read};
use crate::oauth::error::{OAuthError, RequestFault};
use crate::oauth::evaluation::strictly::Object;

/// The longest body that asks for many things at once.
pub const MAX_LONG_BODY: u64 = 1024 * 1024;

/// A body of at most so many bytes, before anything about it is believed.
pub struct JsonBody<const MOST: u64 = MAX_BODY>(Result<Vec<u8>, OAuthError>);

/// A body that asks for many things at once.
pub type LongJsonBody = JsonBody<MAX_LONG_BODY>;

#[rocket::async_trait]
impl<'r, const MOST: u64> FromData<'r> for JsonBody<MOST> {
    type Error = ();

    async fn from_data(request: &'r Request<'_>, data: Data<'r>) -> Outcome<'r, Self> {
        let bytes = match read(data, MOST).await {
            Ok(bytes) if bytes.len() as u64 <= MOST => bytes,
            Ok(_) => return Outcome::Error((Status::PayloadTooLarge, ())),
            Err(_) => return Outcome::Error((Status::BadRequest, ())),
        };
        let is_json = request.content_type().is_some_and(|content_type| content_type.is_json());
        let other = RequestFault::Unreadable("the body must be application/json, and its Content-Type must say so");
        Outcome::Success(Self(if is_json { Ok(bytes) } else { Err(other.into()) }))
    }
}

impl<const MOST: u64> JsonBody<MOST> {
    /// What it says.
    ///
    /// # Errors
    /// `invalid_request` if it is no JSON, repeats a name, or says something else than a `T`.
    pub fn read<T: DeserializeOwned>(self) -> Result<T, OAuthError> {
        of(&self.0?)
    }
}

/// What a body says.
///
/// # Errors
/// `invalid_request` if it is no JSON, repeats a name, or says something else than a `T`.
pub fn of<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, OAuthError> {
    let refuse = |error: serde_json::Error| RequestFault::Meaningless(format!("the body: {error}"));
    serde_json::from_slice::<EachOnce>(bytes).map_err(refuse)?;
    let Object(read) = serde_json::from_slice(bytes).map_err(refuse)?;
    Ok(read)
}

/// Any JSON in which no object has a name twice.
struct EachOnce;

impl<'de> Deserialize<'de> for EachOnce {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(EachOnce)
    }
}

impl<'de> Visitor<'de> for EachOnce {
    type Value = EachOnce;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_bool<E>(self, _: bool) -> Result<EachOnce, E> {
        Ok(EachOnce)
    }

    fn visit_i64<E>(self, _: i64) -> Result<EachOnce, E> {
        Ok(EachOnce)
    }

    fn visit_u64<E>(self, _: u64) -> Result<EachOnce, E> {
        Ok(EachOnce)
    }

    fn visit_f64<E>(self, _: f64) -> Result<EachOnce, E> {
        Ok(EachOnce)
    }

    fn visit_str<E>(self, _: &str) -> Result<EachOnce, E> {
        Ok(EachOnce)
    }

    fn visit_unit<E>(self) -> Result<EachOnce, E> {
        Ok(EachOnce)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<EachOnce, A::Error> {
        while list.next_element::<EachOnce>()?.is_some() {}
        Ok(EachOnce)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<EachOnce, A::Error> {
        let mut names = HashSet::new();
        while let Some((name, EachOnce)) = object.next_entry::<String, EachOnce>()? {
            if let Some(twice) = names.replace(name) {
                let shown: String = twice.chars().take(40).collect();
                return Err(A::Error::custom(format_args!("{shown:?} is there more than once")));
            }
        }
        Ok(EachOnce)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_there_once_at_any_depth() {
        for good in ["1", "null", "{}", r#"{"a":{"a":[{"a":1.5},{"a":-1}]},"b":"a"}"#] {
            assert!(serde_json::from_str::<EachOnce>(good).is_ok(), "{good}");
        }
        for bad in ["", "{", "{}{}", r#"{"a":1,"a":1}"#, r#"{"a":1,"\u0061":1}"#, r#"[{"x":{"a":1,"b":2,"a":3}}]"#] {
            assert!(serde_json::from_str::<EachOnce>(bad).is_err(), "{bad}");
        }
        assert!(serde_json::from_str::<EachOnce>(&"[".repeat(100_000)).is_err());
    }
}
