//! Signing keys and the JWTs that they sign (RFC 7515, 7517, 7519): generated, used, and checked against a key set.

use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, RsaKeyPair};
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
    let private = Secret::new(private_part(algorithm).ok_or(SigningFailure)?);
    let mut jwk = Jwk::from_encoding_key(&encoding_key(algorithm, private.expose()), jose(algorithm))
        .map_err(|_| SigningFailure)?;
    let kid = jwk.thumbprint(ThumbprintHash::SHA256).map_err(|_| SigningFailure)?;
    jwk.common.key_id = Some(kid.clone());
    jwk.common.public_key_use = Some(PublicKeyUse::Signature);
    let public = serde_json::to_string(&jwk).map_err(|_| SigningFailure)?;
    Ok(KeyPair { kid, public, private })
}

/// The private part of a new key: PKCS#8, or PKCS#1 of an RSA key (RFC 8017 appendix A.1.2), each as it is then signed with.
fn private_part(algorithm: SignatureAlgorithm) -> Option<Vec<u8>> {
    let random = SystemRandom::new();
    let document = match algorithm {
        SignatureAlgorithm::ES256 => EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random).ok()?,
        SignatureAlgorithm::EdDSA => Ed25519KeyPair::generate_pkcs8v1(&random).ok()?,
        SignatureAlgorithm::RS256 => {
            let document: Pkcs8V1Der<'_> = RsaKeyPair::generate(KeySize::Rsa2048).ok()?.as_der().ok()?;
            return within_pkcs8(document.as_ref()).map(<[u8]>::to_vec);
        }
    };
    Some(document.as_ref().to_vec())
}

/// The RSA key in a PKCS#8 document (RFC 5208 section 5): what follows two lengths of two bytes, version, algorithm and the
/// tag of an octet string.
fn within_pkcs8(document: &[u8]) -> Option<&[u8]> {
    const VERSION_AND_ALGORITHM: [u8; 18] =
        *b"\x02\x01\x00\x30\x0d\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01\x05\x00";
    let ([0x30, 0x82, _, _], rest) = document.split_first_chunk()? else { return None };
    let ([0x04, 0x82, high, low], key) = rest.strip_prefix(&VERSION_AND_ALGORITHM)?.split_first_chunk()? else {
        return None;
    };
    (key.len() == usize::from(u16::from_be_bytes([*high, *low]))).then_some(key)
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
        SignatureAlgorithm::RS256 => EncodingKey::from_rsa_der(private),
    }
}

fn jose(algorithm: SignatureAlgorithm) -> Algorithm {
    match algorithm {
        SignatureAlgorithm::ES256 => Algorithm::ES256,
        SignatureAlgorithm::EdDSA => Algorithm::EdDSA,
        SignatureAlgorithm::RS256 => Algorithm::RS256,
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
        for algorithm in [SignatureAlgorithm::ES256, SignatureAlgorithm::EdDSA, SignatureAlgorithm::RS256] {
            let (ours, other) = (generate(algorithm).expect("a key"), generate(algorithm).expect("a key"));
            let token = sign(algorithm, &ours.kid, ours.private.expose(), "JWT", &claims()).expect("a token");
            assert_eq!(verify(&token, &ours.public, jose(algorithm)), Some(claims()));
            assert_eq!(verify(&token, &other.public, jose(algorithm)), None);
            assert_ne!(ours.kid, other.kid);
        }
    }

    #[test]
    fn a_public_part_of_rsa_holds_modulus_and_exponent_alone() {
        let pair = generate(SignatureAlgorithm::RS256).expect("a key");
        let jwk: Map<String, Value> = serde_json::from_str(&pair.public).expect("a JWK");
        let mut names: Vec<&str> = jwk.keys().map(String::as_str).collect();
        names.sort_unstable();
        assert_eq!(names, ["alg", "e", "kid", "kty", "n", "use"]);
        assert_eq!(jwk["n"].as_str().map(str::len), Some(342), "2,048 bits");
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
