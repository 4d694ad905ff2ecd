//! What is kept in place of a secret: SHA-256, and HMAC-SHA-256 for what is derived from one.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, Mac};
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq;

use crate::domain::canonical_request::CanonicalRequest;
use crate::domain::secret::Digest;

/// SHA-256 of `secret`. Fast on purpose: what is hashed has 256 random bits, so a slow hash would protect nothing.
pub fn digest(secret: &str) -> Digest {
    Digest(Sha256::digest(secret.as_bytes()).into())
}

/// What something is called that is found by a secret of at least 96 random bits: half of its SHA-256.
pub fn name(secret: &[u8]) -> [u8; 16] {
    let digest: [u8; 32] = Sha256::digest(secret).into();
    std::array::from_fn(|at| digest[at])
}

/// HMAC-SHA-256 under `key` of the parts, each preceded by its length so that no two lists of parts collide.
pub fn derive(key: &str, parts: &[&[u8]]) -> [u8; 32] {
    // HMAC takes a key of any length, so this cannot fail; an empty mac would only fail to match.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(key.as_bytes()) else { return [0; 32] };
    for part in parts {
        mac.update(&(part.len() as u64).to_be_bytes());
        mac.update(part);
    }
    mac.finalize().into_bytes().into()
}

/// Whether `qsh` is that of the request in one of the ways to write it: SHA-256 in hexadecimal with small letters. Nothing is
/// allocated where it is so at once.
pub fn matches_qsh(canonical: &CanonicalRequest, qsh: &str) -> bool {
    let is_of = |request: &CanonicalRequest| bool::from(hex_digest(request.as_str()).ct_eq(qsh.as_bytes()));
    is_of(canonical) || canonical.others().any(|other| is_of(&other))
}

/// The `qsh` of a request.
pub fn qsh(canonical: &CanonicalRequest) -> String {
    hex_digest(canonical.as_str()).iter().map(|digit| char::from(*digit)).collect()
}

fn hex_digest(text: &str) -> [u8; 64] {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digest = Sha256::digest(text.as_bytes());
    std::array::from_fn(|at| DIGITS[usize::from(digest[at / 2] >> if at % 2 == 0 { 4 } else { 0 } & 15)])
}

/// BASE64URL without padding, as JOSE and PKCE write bytes.
pub fn base64url(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// The bytes that [`base64url`] wrote as `text`; none if it wrote no such text.
pub fn from_base64url(text: &str) -> Option<Vec<u8>> {
    URL_SAFE_NO_PAD.decode(text).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::canonical_request::{RequestTarget, canonical};

    fn is_qsh(qsh: &str, method: &str, target: &str, base: &str) -> bool {
        matches_qsh(&canonical(method, &RequestTarget::parse(target).expect("a target"), base), qsh)
    }

    // By the reference implementation in JavaScript.
    const ANCHORS: [(&str, &str, &str, &str); 15] = [
        ("c88caad15a1c1a900b8ac08aa9686f4e8184539bea1deda36e2f649430df3239", "GET", "/", ""),
        ("799be84a7fa35570087163c0cd9af3abff7ac05c2c12ba0bb1d7eebc984b3ac2", "GET", "/path/", ""),
        (
            "9ef5e7bc841482938ac357881b07d3f59f77691c46160a6aa1db51ffb71c3a58",
            "GET",
            "/rest/api/3/issue/AB-1?expand=names&fields=summary",
            "",
        ),
        (
            "073db1f2089f530bb2b428b56e34afe074f26b91e69d8cd4e117634862e58229",
            "DELETE",
            "/jsm/assets/workspace/w/v1/object/88",
            "",
        ),
        ("52191600e62d755ee726e7427b94e94f723fac32c414a290a219ca899804162c", "GET", "/x?b=2&a=1&b=1", ""),
        ("d505e56f53d8b00abb50cae8201b9d3987ddf011f8ed852cd117ae63248e65ab", "GET", "/x?JWT=abc&a=1", ""),
        ("7e7518b3c2397511386398a8494ae884fc6928f79c38b850059d0253069043db", "GET", "/x?a=%7E~", ""),
        ("72cf4ab934e94fabff35a490aa481b55894066c1a346197e65e66badeb659c5d", "GET", "/a%20b?q=1", ""),
        ("aa41de7fb349cef67acebcf83cb0079c5c2490f38221b3f3f19319b9bceb007e", "GET", "/a&b?c=d", ""),
        ("b775c3ef24499d254d8c79c6c89a938dd1484ddfcc9adbddd3ee7c4c08bf45c2", "GET", "/x?q=%F0%9F%98%80", ""),
        ("538ab2841c0f46e80517972386be0ce9f4b1c578d966f194d1899e8b9931ba05", "GET", "/x?a=b=c", ""),
        ("78d052124923f970b78685480bd97c212a0aeec21a39a4422759d1bf943e447a", "GET", "/x?a=%2C", ""),
        ("3aae90d5ece5c6c7c8f227ac30e36b7d0fb7842af1b1c438886c07303721cff5", "GET", "/x?a=a%2Fb&a=a0", ""),
        ("c88caad15a1c1a900b8ac08aa9686f4e8184539bea1deda36e2f649430df3239", "GET", "/wiki", "/wiki"),
        ("4a2e1de8ca74e6cafe8862d332fa3ac7a8e51e692bc6d798ea4dfedc14948bf4", "POST", "/installed", "/"),
    ];

    #[test]
    fn a_qsh_is_that_of_the_reference() {
        for (qsh, method, target, base) in ANCHORS {
            assert!(is_qsh(qsh, method, target, base), "{method} {target}");
        }
    }

    #[test]
    fn a_qsh_is_of_no_other_request() {
        for (qsh, method, target, base) in ANCHORS {
            assert!(!is_qsh(qsh, "PUT", target, base), "PUT {target}");
            assert!(!is_qsh(qsh, method, &format!("{target}/y"), base), "{method} {target}/y");
            assert!(!is_qsh(&qsh.to_uppercase(), method, target, base));
            assert!(!is_qsh(&qsh[..63], method, target, base));
            assert!(!is_qsh(&format!("{qsh}0"), method, target, base));
        }
        assert!(!is_qsh("", "GET", "/", ""));
        assert!(!is_qsh("context-qsh", "GET", "/", ""));
    }

    // Of `GET&/it%27s&b0=2&b%5B%5D=1`, `GET&/it's&b0=2&b%5B%5D=1` and `GET&/it's&b%5B%5D=1&b0=2`.
    #[test]
    fn each_way_to_write_a_request_has_a_qsh() {
        for qsh in [
            "5b5577ea888350bc09efdfbdd072349e79af3e5d6ca2ea238303fba65ef79421",
            "05e21890cb7f6309169d3fe2bd39b7be9ff137c4c76ae81e56a6bbf22f98ff33",
            "0d8dff91c751696113b3029dbb845c6f6819fbf15bfb845472be68c1631f0390",
        ] {
            assert!(is_qsh(qsh, "GET", "/it's?b[]=1&b0=2", ""), "{qsh}");
        }
    }
}
