//! Signing keys and the JWTs that they sign (RFC 7515, 7517, 7519): generated, used, and checked against a key set.

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair};
use jsonwebtoken::jwk::{Jwk, PublicKeyUse, ThumbprintHash};
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use serde_json::{Map, Value};

use crate::domain::secret::Secret;
use crate::domain::signing_key::SignatureAlgorithm;

/// A key pair that nobody keeps yet.
pub struct KeyPair {
    /// Its name, the thumbprint of its public part (RFC 7638), so that no other key ever has it.
    pub kid: String,
    /// The public part, a JSON Web Key as text.
    pub public: String,
    /// The private part, in PKCS#8.
    pub private: Secret<Vec<u8>>,
}

/// Why a key pair was not made, or nothing signed. It says nothing about the key.
#[derive(Debug, thiserror::Error)]
#[error("the cryptographic library refused a signing key")]
pub struct SigningFailure;

/// A new key pair.
///
/// # Errors
/// [`SigningFailure`] if the library fails.
pub fn generate(algorithm: SignatureAlgorithm) -> Result<KeyPair, SigningFailure> {
    let random = SystemRandom::new();
    let document = match algorithm {
        SignatureAlgorithm::ES256 => EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random),
        SignatureAlgorithm::EdDSA => Ed25519KeyPair::generate_pkcs8v1(&random),
    };
    let private = Secret::new(document.map_err(|_| SigningFailure)?.as_ref().to_vec());
    let mut jwk = Jwk::from_encoding_key(&encoding_key(algorithm, private.expose()), jose(algorithm))
        .map_err(|_| SigningFailure)?;
    let kid = jwk.thumbprint(ThumbprintHash::SHA256).map_err(|_| SigningFailure)?;
    jwk.common.key_id = Some(kid.clone());
    jwk.common.public_key_use = Some(PublicKeyUse::Signature);
    let public = serde_json::to_string(&jwk).map_err(|_| SigningFailure)?;
    Ok(KeyPair { kid, public, private })
}

/// A JWT of `claims`, whose header names the key and says by `kind` what the JWT is (RFC 8725 section 3.11).
///
/// # Errors
/// [`SigningFailure`] if `private` is no key of that algorithm.
pub fn sign(
    algorithm: SignatureAlgorithm,
    kid: &str,
    private: &[u8],
    kind: &str,
    claims: &Map<String, Value>,
) -> Result<String, SigningFailure> {
    let mut header = Header::new(jose(algorithm));
    header.kid = Some(kid.to_owned());
    header.typ = Some(kind.to_owned());
    encode(&header, claims, &encoding_key(algorithm, private)).map_err(|_| SigningFailure)
}

fn encoding_key(algorithm: SignatureAlgorithm, private: &[u8]) -> EncodingKey {
    match algorithm {
        SignatureAlgorithm::ES256 => EncodingKey::from_ec_der(private),
        SignatureAlgorithm::EdDSA => EncodingKey::from_ed_der(private),
    }
}

fn jose(algorithm: SignatureAlgorithm) -> Algorithm {
    match algorithm {
        SignatureAlgorithm::ES256 => Algorithm::ES256,
        SignatureAlgorithm::EdDSA => Algorithm::EdDSA,
    }
}

#[cfg(test)]
mod tests {
    use jsonwebtoken::{DecodingKey, Validation, decode};

    use super::*;

    fn claims() -> Map<String, Value> {
        Map::from_iter([("sub".to_owned(), "somebody".into())])
    }

    fn verify(token: &str, public: &str, algorithm: Algorithm) -> Option<Map<String, Value>> {
        let jwk: Jwk = serde_json::from_str(public).expect("a JWK");
        let mut validation = Validation::new(algorithm);
        validation.validate_exp = false;
        validation.required_spec_claims.clear();
        decode(token, &DecodingKey::from_jwk(&jwk).expect("a key"), &validation).ok().map(|token| token.claims)
    }

    #[test]
    fn what_a_key_signs_its_public_part_verifies_and_no_other() {
        for algorithm in [SignatureAlgorithm::ES256, SignatureAlgorithm::EdDSA] {
            let (ours, other) = (generate(algorithm).expect("a key"), generate(algorithm).expect("a key"));
            let token = sign(algorithm, &ours.kid, ours.private.expose(), "JWT", &claims()).expect("a token");
            assert_eq!(verify(&token, &ours.public, jose(algorithm)), Some(claims()));
            assert_eq!(verify(&token, &other.public, jose(algorithm)), None);
            assert_ne!(ours.kid, other.kid);
        }
    }

    #[test]
    fn a_public_part_holds_nothing_private() {
        for algorithm in [SignatureAlgorithm::ES256, SignatureAlgorithm::EdDSA] {
            let pair = generate(algorithm).expect("a key");
            let jwk: Map<String, Value> = serde_json::from_str(&pair.public).expect("a JWK");
            let mut names: Vec<&str> = jwk.keys().map(String::as_str).filter(|name| *name != "y").collect();
            names.sort_unstable();
            assert_eq!(names, ["alg", "crv", "kid", "kty", "use", "x"]);
            assert_eq!(jwk["alg"], algorithm.as_str());
        }
    }
}
