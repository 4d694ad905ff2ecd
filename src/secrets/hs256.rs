//! Connect JWTs: signed by HS256 (RFC 7515, RFC 7518 section 3.2) with the secret that an installed app and this server share.
//! Whose secret that is, and whether the claims are meant for us and of this moment, is for others to judge.

use std::borrow::Cow;
use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, Mac};
use serde::Deserialize;
use serde::de::{Deserializer, IgnoredAny, SeqAccess, Visitor};
use serde_json::{Map, Value};
use sha2::Sha256;

use crate::secrets::assertion::{seconds, some_seconds};
use crate::secrets::signing::SigningFailure;

/// No honest JWT is longer, in bytes.
pub const LONGEST: usize = 8 * 1024;

/// `{"typ":"JWT","alg":"HS256"}`, letter by letter what the libraries of apps write.
const HEADER: &str = "eyJ0eXAiOiJKV1QiLCJhbGciOiJIUzI1NiJ9";

/// Why a text is no Connect JWT.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MalformedJwt {
    /// It is longer than any honest one.
    #[error("the JWT is longer than 8,192 bytes")]
    Length,
    /// It is not in the compact form of RFC 7515 section 7.1.
    #[error("the JWT is not three parts of base64url without padding")]
    Form,
    /// Its header asks for what we do not do.
    #[error("the JWT must have a header that says HS256, and nothing critical")]
    Algorithm,
    /// It lacks a claim, or has one twice or of the wrong type.
    #[error("the JWT must be an object with iss, iat and exp, and each claim once")]
    Claims,
}

/// What a Connect JWT claims; claims with no meaning to us are left out.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct ConnectClaims {
    /// Who made it: an app by its key, a product by its client key.
    pub iss: String,
    /// When it was made, in seconds since 1970; fractions are cut off.
    #[serde(deserialize_with = "seconds")]
    pub iat: u64,
    /// When it ends.
    #[serde(deserialize_with = "seconds")]
    pub exp: u64,
    /// Before when it is not to be taken.
    #[serde(default, deserialize_with = "some_seconds")]
    pub nbf: Option<u64>,
    /// Which request it is for: the SHA-256 of the canonical one, in hexadecimal.
    pub qsh: Option<String>,
    /// Whom it is about.
    pub sub: Option<String>,
    /// For whom it was made: one or several, or nobody named.
    #[serde(default, deserialize_with = "one_or_several")]
    pub aud: Vec<String>,
    /// The site on which an app acts as a person.
    pub tnt: Option<String>,
    /// Its name, used once.
    pub jti: Option<String>,
}

/// A JWT that was read and that nobody checked: its claims say whose secret to check it with, and no more until then.
pub struct UnverifiedJwt<'t> {
    signed: &'t str,
    signature: [u8; 32],
    claims: ConnectClaims,
}

impl<'t> UnverifiedJwt<'t> {
    /// Reads the compact form. There is one spelling of each JWT: no padding, no bits that are not used.
    ///
    /// # Errors
    /// [`MalformedJwt`], by the first rule that it breaks.
    pub fn read(token: &'t str) -> Result<Self, MalformedJwt> {
        if token.len() > LONGEST {
            return Err(MalformedJwt::Length);
        }
        let (signed, signature) = token.rsplit_once('.').ok_or(MalformedJwt::Form)?;
        let (header, payload) = signed.split_once('.').ok_or(MalformedJwt::Form)?;
        let signature = decode(signature)?.try_into().map_err(|_| MalformedJwt::Form)?;
        let payload = decode(payload)?;
        if header != HEADER && !is_of_hs256(&decode(header)?) {
            return Err(MalformedJwt::Algorithm);
        }
        let claims = object(&payload).ok_or(MalformedJwt::Claims)?;
        Ok(Self { signed, signature, claims })
    }

    /// What it claims, which is proven only by [`UnverifiedJwt::is_signed_with`].
    pub fn claims(&self) -> &ConnectClaims {
        &self.claims
    }

    /// Whether who made it knew `secret`, compared in constant time. An empty secret is known to everybody and proves nothing.
    pub fn is_signed_with(&self, secret: &[u8]) -> bool {
        mac(self.signed, secret).is_some_and(|mac| mac.verify(&self.signature.into()).is_ok())
    }

    /// The claims, once they are proven.
    pub fn into_claims(self) -> ConnectClaims {
        self.claims
    }
}

/// A JWT of `claims`, signed with `secret`.
///
/// # Errors
/// [`SigningFailure`] if the secret is empty.
pub fn sign(claims: &Map<String, Value>, secret: &[u8]) -> Result<String, SigningFailure> {
    let claims = serde_json::to_vec(claims).map_err(|_| SigningFailure)?;
    let mut token = String::with_capacity(HEADER.len() + claims.len() * 4 / 3 + 48);
    token.push_str(HEADER);
    token.push('.');
    URL_SAFE_NO_PAD.encode_string(claims, &mut token);
    let signature = mac(&token, secret).ok_or(SigningFailure)?.finalize().into_bytes();
    token.push('.');
    URL_SAFE_NO_PAD.encode_string(signature, &mut token);
    Ok(token)
}

fn mac(signed: &str, secret: &[u8]) -> Option<Hmac<Sha256>> {
    if secret.is_empty() {
        return None;
    }
    let mut mac = Hmac::new_from_slice(secret).ok()?;
    mac.update(signed.as_bytes());
    Some(mac)
}

fn decode(part: &str) -> Result<Vec<u8>, MalformedJwt> {
    URL_SAFE_NO_PAD.decode(part).map_err(|_| MalformedJwt::Form)
}

/// Whether a header says HS256 of a JWT. What else it says is not looked at, unless it says that it must be (`crit`, RFC 7515
/// section 4.1.11).
fn is_of_hs256(header: &[u8]) -> bool {
    #[derive(Deserialize)]
    struct Header<'h> {
        #[serde(borrow)]
        alg: Cow<'h, str>,
        #[serde(borrow)]
        typ: Option<Cow<'h, str>>,
        #[serde(default, deserialize_with = "is_there")]
        crit: bool,
    }
    let Some(Header { alg, typ, crit }) = object(header) else { return false };
    alg == "HS256" && !crit && typ.is_none_or(|typ| typ.eq_ignore_ascii_case("JWT"))
}

/// A JSON object. The derived readers would take an array of the fields in their order too.
fn object<'j, T: Deserialize<'j>>(json: &'j [u8]) -> Option<T> {
    let begins = json.trim_ascii_start().first();
    begins.filter(|first| **first == b'{').and_then(|_| serde_json::from_slice(json).ok())
}

fn is_there<'de, D: Deserializer<'de>>(deserializer: D) -> Result<bool, D::Error> {
    IgnoredAny::deserialize(deserializer).map(|_| true)
}

fn one_or_several<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    struct OneOrSeveral;
    impl<'de> Visitor<'de> for OneOrSeveral {
        type Value = Vec<String>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("one recipient or a list of them")
        }

        fn visit_str<E>(self, one: &str) -> Result<Self::Value, E> {
            Ok(vec![one.to_owned()])
        }

        fn visit_seq<A: SeqAccess<'de>>(self, mut several: A) -> Result<Self::Value, A::Error> {
            let mut recipients = Vec::new();
            while let Some(recipient) = several.next_element()? {
                recipients.push(recipient);
            }
            Ok(recipients)
        }
    }
    deserializer.deserialize_any(OneOrSeveral)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const SECRET: &[u8] = b"a secret that an app and this server share";

    const CLAIMS: &str = r#"{"iss":"printer","iat":1700000000,"exp":1700000180}"#;

    fn encode(text: &str) -> String {
        URL_SAFE_NO_PAD.encode(text)
    }

    /// What whoever knows the secret may make of any header and claims.
    fn signed(header: &str, claims: &str) -> String {
        let signed = format!("{}.{}", encode(header), encode(claims));
        let signature = mac(&signed, SECRET).expect("a key").finalize().into_bytes();
        format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))
    }

    fn fault(token: &str) -> Option<MalformedJwt> {
        UnverifiedJwt::read(token).err()
    }

    fn claims(claims: &str) -> Option<ConnectClaims> {
        UnverifiedJwt::read(&signed(r#"{"alg":"HS256"}"#, claims)).ok().map(UnverifiedJwt::into_claims)
    }

    // RFC 7515 appendix A.1, whose payload has no `iat`, so that it is the signature alone that can be compared.
    #[test]
    fn the_signature_is_that_of_the_rfc() {
        let key = "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow";
        let signed = "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6\
                      Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ";
        let signature = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
        let key = decode(key).expect("a key");
        let mac = mac(signed, &key).expect("a key").finalize().into_bytes();
        assert_eq!(URL_SAFE_NO_PAD.encode(mac), signature);
        assert!(is_of_hs256(&decode(&signed[..signed.find('.').expect("a dot")]).expect("a header")));
        assert_eq!(fault(&format!("{signed}.{signature}")), Some(MalformedJwt::Claims), "there is no iat");
    }

    // By atlassian-jwt 2.0.3: encodeSymmetric({iss: 'printer', iat: 1700000000, exp: 1700000180, qsh: 'context-qsh'}, 'gotcha').
    #[test]
    fn what_the_library_of_apps_signs_is_read() {
        let token = "eyJ0eXAiOiJKV1QiLCJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJwcmludGVyIiwiaWF0IjoxNzAwMDAwMDAwLCJleHAiOjE3MDAwMDAxODAsInFzaCI6ImNvbnRleHQtcXNoIn0\
                     .cvsKDFlXzo_O2ziQMur8elll4MLEPcJxDqlaPaBH4BI";
        let jwt = UnverifiedJwt::read(token).expect("a JWT");
        assert!(jwt.is_signed_with(b"gotcha") && !jwt.is_signed_with(b"gotchb"));
        assert_eq!(jwt.claims().qsh.as_deref(), Some("context-qsh"));
        let claims = json!({"iss": "printer", "iat": 1_700_000_000, "exp": 1_700_000_180, "qsh": "context-qsh"});
        let same = sign(claims.as_object().expect("an object"), b"gotcha").expect("a token");
        assert_eq!(UnverifiedJwt::read(&same).expect("a JWT").into_claims(), jwt.into_claims());
    }

    #[test]
    fn what_is_signed_is_proven_by_the_secret_alone() {
        let claims = json!({"iss": "printer", "iat": 1, "exp": 2, "aud": ["a", "b"], "context": {"user": null}});
        let token = sign(claims.as_object().expect("an object"), SECRET).expect("a token");
        let jwt = UnverifiedJwt::read(&token).expect("a JWT");
        assert!(jwt.is_signed_with(SECRET));
        for other in [b"".as_slice(), b"another", &SECRET[1..], &[SECRET, b"!"].concat()] {
            assert!(!jwt.is_signed_with(other), "{other:?}");
        }
        assert_eq!(jwt.claims().aud, ["a", "b"]);
    }

    #[test]
    fn an_empty_secret_signs_and_proves_nothing() {
        assert!(sign(&Map::new(), b"").is_err());
        let signed = format!("{}.{}", encode(r#"{"alg":"HS256"}"#), encode(CLAIMS));
        let mut mac = Hmac::<Sha256>::new_from_slice(b"").expect("a key");
        mac.update(signed.as_bytes());
        let token = format!("{signed}.{}", URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes()));
        assert!(!UnverifiedJwt::read(&token).expect("a JWT").is_signed_with(b""));
    }

    #[test]
    fn no_letter_of_a_token_can_be_changed() {
        let token = signed(r#"{"alg":"HS256","typ":"JWT"}"#, CLAIMS);
        for at in 0..token.len() {
            for letter in "Aw_-.=".chars().filter(|letter| !token[at..].starts_with(*letter)) {
                let mut changed = token.clone();
                changed.replace_range(at..=at, &letter.to_string());
                let taken = UnverifiedJwt::read(&changed).is_ok_and(|jwt| jwt.is_signed_with(SECRET));
                assert!(!taken, "{letter} at {at}");
            }
        }
    }

    #[test]
    fn a_header_says_hs256_in_these_ways() {
        for header in [
            r#"{"alg":"HS256"}"#,
            r#"{"typ":"JWT","alg":"HS256"}"#,
            r#"{"alg":"HS256","typ":"jwt"}"#,
            r#" { "alg" : "HS256", "kid": "7", "jku": "https://attacker.test/" } "#,
            r#"{"\u0061lg":"HS\u003256"}"#,
        ] {
            assert_eq!(fault(&signed(header, CLAIMS)), None, "{header}");
        }
    }

    #[test]
    fn any_other_header_is_refused() {
        for header in [
            "",
            "{}",
            "null",
            "[]",
            r#"["HS256"]"#,
            r#"["HS256",null,false]"#,
            r#""HS256""#,
            r#"{"alg":"none"}"#,
            r#"{"alg":"None"}"#,
            r#"{"alg":""}"#,
            r#"{"alg":null}"#,
            r#"{"alg":["HS256"]}"#,
            r#"{"alg":{"HS256":1}}"#,
            r#"{"alg":"hs256"}"#,
            r#"{"alg":"HS256 "}"#,
            r#"{"alg":"HS384"}"#,
            r#"{"alg":"HS512"}"#,
            r#"{"alg":"RS256"}"#,
            r#"{"alg":"ES256"}"#,
            r#"{"Alg":"HS256"}"#,
            r#"{"typ":"JWT"}"#,
            r#"{"alg":"HS256","alg":"HS256"}"#,
            r#"{"alg":"none","alg":"HS256"}"#,
            r#"{"alg":"HS256","\u0061lg":"none"}"#,
            r#"{"alg":"HS256","typ":"at+jwt"}"#,
            r#"{"alg":"HS256","typ":7}"#,
            r#"{"alg":"HS256","crit":["exp"],"exp":1}"#,
            r#"{"alg":"HS256","crit":[]}"#,
            r#"{"alg":"HS256","crit":null}"#,
            r#"{"alg":"HS256","crit":["b64"],"b64":false}"#,
            r#"{"alg":"HS256"}{}"#,
            r#"{"alg":"HS256""#,
        ] {
            assert_eq!(fault(&signed(header, CLAIMS)), Some(MalformedJwt::Algorithm), "{header}");
        }
    }

    #[test]
    fn a_token_has_one_spelling() {
        let token = signed(r#"{"alg":"HS256"}"#, CLAIMS);
        let parts: Vec<&str> = token.split('.').collect();
        let [header, payload, signature] = parts[..] else { panic!("three parts") };
        assert_eq!(fault(&token), None);
        for malformed in [
            String::new(),
            "..".into(),
            ".".into(),
            header.into(),
            format!("{header}.{payload}"),
            format!("{header}.{payload}."),
            format!("{token}."),
            format!(".{token}"),
            format!("{token}.{signature}"),
            format!("{header}..{payload}.{signature}"),
            format!("{token}="),
            format!("{header}.{payload}==.{signature}"),
            format!("{header}={payload}.{signature}"),
            format!(" {token}"),
            format!("{token}\n"),
            format!("{header}.{payload}.{}", &signature[..42]),
            format!("{header}.{payload}.{signature}A"),
            format!("{header}.{payload}.{}", signature.repeat(2)),
            format!("{header}.{payload}+/.{signature}"),
            format!("{header}.{payload}é.{signature}"),
        ] {
            assert_eq!(fault(&malformed), Some(MalformedJwt::Form), "{malformed}");
        }
    }

    // 32 bytes leave two bits of the last letter unused, which must be zero.
    #[test]
    fn bits_that_nothing_uses_are_not_set() {
        let token = signed(r#"{"alg":"HS256"}"#, CLAIMS);
        let (rest, last) = token.split_at(token.len() - 1);
        let letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
        let at = letters.find(last).expect("a letter");
        assert_eq!(at % 4, 0);
        for set in 1..4 {
            let other = format!("{rest}{}", &letters[at + set..=at + set]);
            assert_eq!(fault(&other), Some(MalformedJwt::Form));
        }
    }

    #[test]
    fn a_token_that_is_too_long_is_not_read() {
        let filled = |length: usize| signed(r#"{"alg":"HS256"}"#, &CLAIMS.replace('}', &format!("{:length$}}}", "")));
        let fits = (0..LONGEST * 3 / 4).rev().map(filled).find(|token| token.len() <= LONGEST).expect("one fits");
        assert!(LONGEST - fits.len() < 2);
        assert_eq!(fault(&fits), None);
        assert_eq!(fault(&filled(LONGEST)), Some(MalformedJwt::Length));
        assert_eq!(fault(&".".repeat(LONGEST + 1)), Some(MalformedJwt::Length));
    }

    #[test]
    fn each_claim_is_there_once_and_of_its_type() {
        for malformed in [
            "",
            "{}",
            "null",
            r#"["printer",1,2,null,null,null,[],null,null]"#,
            r#"{"iss":"a","iat":1}"#,
            r#"{"iss":"a","exp":1}"#,
            r#"{"iat":1,"exp":1}"#,
            r#"{"iss":7,"iat":1,"exp":1}"#,
            r#"{"iss":null,"iat":1,"exp":1}"#,
            r#"{"iss":["a"],"iat":1,"exp":1}"#,
            r#"{"iss":"a","iat":"1","exp":1}"#,
            r#"{"iss":"a","iat":1,"exp":-1}"#,
            r#"{"iss":"a","iat":1,"exp":1e99}"#,
            r#"{"iss":"a","iat":1,"exp":true}"#,
            r#"{"iss":"a","iss":"b","iat":1,"exp":1}"#,
            r#"{"iss":"a","\u0069ss":"b","iat":1,"exp":1}"#,
            r#"{"iss":"a","iat":1,"exp":1,"exp":9}"#,
            r#"{"iss":"a","iat":1,"exp":1,"qsh":"x","qsh":"y"}"#,
            r#"{"iss":"a","iat":1,"exp":1,"aud":"x","aud":[]}"#,
            r#"{"iss":"a","iat":1,"exp":1,"qsh":7}"#,
            r#"{"iss":"a","iat":1,"exp":1,"sub":{}}"#,
            r#"{"iss":"a","iat":1,"exp":1,"aud":7}"#,
            r#"{"iss":"a","iat":1,"exp":1,"aud":[7]}"#,
            r#"{"iss":"a","iat":1,"exp":1,"nbf":"now"}"#,
            r#"{"iss":"a","iat":1,"exp":1} {}"#,
            r#"{"iss":"a","iat":1,"exp":1"#,
        ] {
            assert_eq!(claims(malformed), None, "{malformed}");
        }
    }

    #[test]
    fn what_is_claimed_is_read() {
        let read = claims(
            r#"{"context":{"user":{"iss":"x"}},"iss":"printer","iat":1.9,"exp":2e3,"nbf":0.5,"qsh":"q","sub":"s",
                "aud":"a","tnt":"t","jti":"j"}"#,
        );
        let some = |text: &str| Some(text.to_owned());
        let expected = ConnectClaims {
            iss: "printer".into(),
            iat: 1,
            exp: 2_000,
            nbf: Some(0),
            qsh: some("q"),
            sub: some("s"),
            aud: vec!["a".into()],
            tnt: some("t"),
            jti: some("j"),
        };
        assert_eq!(read, Some(expected));
        let least = claims(r#"{"iss":"printer","iat":1,"exp":2,"sub":null,"aud":[]}"#).expect("claims");
        assert!(least.qsh.is_none() && least.sub.is_none() && least.aud.is_empty() && least.nbf.is_none());
    }
}
