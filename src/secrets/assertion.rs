//! The signed assertions of `private_key_jwt` (RFC 7523 section 2.2, OpenID Connect Core section 9): signature and form.
//! Whether the claims are meant for us, and the `jti` new, is for `oauth::client_authentication` to judge.

use jsonwebtoken::jwk::{AlgorithmParameters, EllipticCurve, Jwk};
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode, decode_header};
use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::domain::client::PublicKey;

/// The signature algorithms that are taken, by their JOSE names.
pub const ALGORITHMS: [&str; 3] = ["ES256", "EdDSA", "RS256"];

/// The claims of an assertion whose signature is right.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct AssertionClaims {
    /// Who made it.
    pub iss: String,
    /// Whom it is about.
    pub sub: String,
    /// For whom it was made: one string or a list.
    pub aud: Audience,
    /// When it ends, in seconds since 1970; fractions are cut off.
    #[serde(deserialize_with = "seconds")]
    pub exp: u64,
    /// Before when it is not to be taken.
    #[serde(default, deserialize_with = "some_seconds")]
    pub nbf: Option<u64>,
    /// When it was made.
    #[serde(default, deserialize_with = "some_seconds")]
    pub iat: Option<u64>,
    /// Its name, used once.
    pub jti: String,
}

/// The `aud` claim.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(untagged)]
pub enum Audience {
    /// One recipient.
    One(String),
    /// Several.
    Many(Vec<String>),
}

/// Why an assertion proves nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MalformedAssertion {
    /// It is no JWT, or lacks a claim.
    #[error("the assertion is not a JWT with iss, sub, aud, exp and jti")]
    Form,
    /// Its `alg` is not one we take.
    #[error("the assertion must be signed with ES256, EdDSA or RS256")]
    Algorithm,
    /// No registered key made the signature.
    #[error("no registered key made the signature of the assertion")]
    Signature,
}

/// The claims of `assertion`, as [`verified`] finds them.
///
/// # Errors
/// [`MalformedAssertion`], by the first rule that it breaks.
pub fn verify(assertion: &str, keys: &[PublicKey]) -> Result<AssertionClaims, MalformedAssertion> {
    verified(assertion, keys)
}

/// The claims of a JWT if one of `keys` signed it. The key decides on the algorithm and the header must agree, so
/// that a public key never serves as an HMAC secret. `jku`, `x5u` and `jwk` in the header are not looked at.
///
/// # Errors
/// [`MalformedAssertion`], by the first rule that it breaks.
pub fn verified<T: DeserializeOwned>(assertion: &str, keys: &[PublicKey]) -> Result<T, MalformedAssertion> {
    let header = decode_header(assertion).map_err(|_| MalformedAssertion::Algorithm)?;
    if !matches!(header.alg, Algorithm::ES256 | Algorithm::EdDSA | Algorithm::RS256) {
        return Err(MalformedAssertion::Algorithm);
    }
    let mut validation = Validation::new(header.alg);
    validation.validate_exp = false;
    validation.validate_aud = false;
    validation.required_spec_claims.clear();

    keys.iter()
        .filter(|key| header.kid.is_none() || key.kid.is_none() || key.kid == header.kid)
        .filter_map(|key| serde_json::from_str::<Jwk>(&key.jwk).ok())
        .filter(|jwk| algorithm_of(jwk) == Some(header.alg))
        .filter_map(|jwk| DecodingKey::from_jwk(&jwk).ok())
        .find_map(|key| match decode::<serde_json::Value>(assertion, &key, &validation) {
            Ok(token) => Some(serde_json::from_value(token.claims).map_err(|_| MalformedAssertion::Form)),
            Err(_) => None,
        })
        .unwrap_or(Err(MalformedAssertion::Signature))
}

/// The `sub` that an assertion claims, before anything about it is checked: only to find the keys that it must be checked with.
pub fn unverified_subject(assertion: &str) -> Option<String> {
    #[derive(Deserialize)]
    struct Claims {
        sub: String,
    }
    jsonwebtoken::dangerous::insecure_decode_claims::<Claims>(assertion).ok().map(|claims| claims.sub)
}

/// The keys in a JSON Web Key Set, each of a type that we take.
///
/// # Errors
/// A sentence that says what is wrong with it.
pub fn read_key_set(json: &str) -> Result<Vec<PublicKey>, String> {
    #[derive(Deserialize)]
    struct KeySet {
        keys: Vec<serde_json::Value>,
    }
    let set: KeySet = serde_json::from_str(json).map_err(|error| format!("this is no JSON Web Key Set: {error}"))?;
    if set.keys.is_empty() {
        return Err("the key set holds no key".into());
    }
    set.keys
        .iter()
        .enumerate()
        .map(|(at, key)| read_key(key).map_err(|fault| format!("key {}: {fault}", at + 1)))
        .collect()
}

fn read_key(key: &serde_json::Value) -> Result<PublicKey, String> {
    if ["d", "p", "q", "k"].iter().any(|part| key.get(part).is_some()) {
        return Err("this holds a private key; register the public part alone".into());
    }
    let jwk: Jwk = Jwk::deserialize(key).map_err(|error| error.to_string())?;
    algorithm_of(&jwk).ok_or("only P-256, Ed25519 and RSA keys are taken")?;
    DecodingKey::from_jwk(&jwk).map_err(|error| error.to_string())?;
    Ok(PublicKey { kid: jwk.common.key_id, jwk: key.to_string() })
}

fn algorithm_of(jwk: &Jwk) -> Option<Algorithm> {
    match &jwk.algorithm {
        AlgorithmParameters::EllipticCurve(key) if key.curve == EllipticCurve::P256 => Some(Algorithm::ES256),
        AlgorithmParameters::OctetKeyPair(key) if key.curve == EllipticCurve::Ed25519 => Some(Algorithm::EdDSA),
        AlgorithmParameters::RSA(_) => Some(Algorithm::RS256),
        _ => None,
    }
}

/// A NumericDate (RFC 7519 section 2), without its fraction.
pub(super) fn seconds<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<u64, D::Error> {
    let number = f64::deserialize(deserializer)?;
    if number.is_finite() && (0.0..1e15).contains(&number) {
        Ok(number as u64)
    } else {
        Err(serde::de::Error::custom("no NumericDate"))
    }
}

/// The same, of a claim that may be left out.
pub(super) fn some_seconds<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<u64>, D::Error> {
    seconds(deserializer).map(Some)
}
