//! Signing keys and the JWTs that they sign (RFC 7515, 7517, 7519): generated, used, and checked against a key set.

use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der, PublicKeyX509Der};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{KeySize, PublicKeyComponents};
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, RsaKeyPair};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use jsonwebtoken::jwk::{AlgorithmParameters, Jwk, PublicKeyUse, ThumbprintHash};
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use serde_json::{Map, Value};

use crate::domain::secret::Secret;
use crate::domain::signing_key::SignatureAlgorithm;
use crate::secrets::digest::from_base64url;

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

/// The public part of an RSA key in PEM (RFC 7468 section 13), as apps ask for it that check a signed `installed`; `None` for
/// any other key.
pub fn public_pem(jwk: &str) -> Option<String> {
    let AlgorithmParameters::RSA(key) = serde_json::from_str::<Jwk>(jwk).ok()?.algorithm else { return None };
    let components = PublicKeyComponents { n: from_base64url(&key.n)?, e: from_base64url(&key.e)? };
    let document: PublicKeyX509Der<'_> = components.as_der().ok()?;
    let text = STANDARD.encode(document.as_ref());
    let mut pem = String::from("-----BEGIN PUBLIC KEY-----\n");
    // Base64 is ASCII, so every place is one where a character begins.
    for at in (0..text.len()).step_by(64) {
        pem.push_str(&text[at..text.len().min(at + 64)]);
        pem.push('\n');
    }
    pem.push_str("-----END PUBLIC KEY-----\n");
    Some(pem)
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
    #[test]
    fn the_public_part_of_an_rsa_key_in_pem_verifies_what_it_signs() {
        let (ours, other) =
            (generate(SignatureAlgorithm::RS256).expect("a key"), generate(SignatureAlgorithm::RS256).expect("a key"));
        let token =
            sign(SignatureAlgorithm::RS256, &ours.kid, ours.private.expose(), "JWT", &claims()).expect("a token");
        let mut validation = Validation::new(Algorithm::RS256);
        validation.validate_exp = false;
        validation.required_spec_claims.clear();
        for (pair, verifies) in [(ours, true), (other, false)] {
            let pem = public_pem(&pair.public).expect("a PEM");
            let key = DecodingKey::from_rsa_pem(pem.as_bytes()).expect("a key");
            assert_eq!(decode::<Map<String, Value>>(&token, &key, &validation).is_ok(), verifies);
        }
    }

    #[test]
    fn a_pem_has_lines_of_64_columns() {
        let pair = generate(SignatureAlgorithm::RS256).expect("a key");
        let pem = public_pem(&pair.public).expect("a PEM");
        let lines: Vec<&str> = pem.lines().collect();
        assert_eq!((lines[0], lines[lines.len() - 1]), ("-----BEGIN PUBLIC KEY-----", "-----END PUBLIC KEY-----"));
        assert!(lines[1..lines.len() - 2].iter().all(|line| line.len() == 64));
        assert!(pem.ends_with("-----\n"));
    }

    // By openssl rsa -pubout, of the key of RFC 7515 appendix A.2.1.
    #[test]
    fn a_pem_is_that_of_openssl() {
        let jwk = r#"{"kty":"RSA","n":"ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ","e":"AQAB"}"#;
        let pem = "\
-----BEGIN PUBLIC KEY-----
MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAofgWCuLjybRlzo0tZWJj
NiuSfb4p4fAkd/wWJcyQoTbji9k0l8W26mPddxHmfHQp+Vaw+4qPCJrcS2mJPMEz
P1Pt0Bm4d4QlL+yRT+SFd2lZS+pCgNMsD1W/YpRPEwOWvG6b32690r2jZ47soMZo
9wGzjb/7OMg0LOL+bSf63kpaSHSXndS5z5rexMdbBYUsLA9e+KXBdQOS+UTo7WTB
EMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6/I5IhlJH7aGhyxX
FvUK+DWNmoudF8NAco9/h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXp
oQIDAQAB
-----END PUBLIC KEY-----
";
        assert_eq!(public_pem(jwk).as_deref(), Some(pem));
    }

    #[test]
    fn only_an_rsa_key_has_a_pem() {
        for algorithm in [SignatureAlgorithm::ES256, SignatureAlgorithm::EdDSA] {
            assert_eq!(public_pem(&generate(algorithm).expect("a key").public), None);
        }
        for malformed in ["", "{}", r#"{"kty":"RSA","n":"","e":""}"#, r#"{"kty":"RSA","n":"!","e":"AQAB"}"#] {
            assert_eq!(public_pem(malformed), None, "{malformed}");
        }
    }
}
