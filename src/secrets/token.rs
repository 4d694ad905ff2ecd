//! The form of every token: a prefix that names its kind, then base62 in fixed width of its expiry hour (4 bytes) and a
//! secret (32 bytes), then a base62 CRC-32 of all that.
//!
//! A mistyped token is refused without touching the store, a leaked one is found by secret scanners, and the hour is the
//! key's prefix in the store, so that expiry drops a range. Every value has one spelling.

use crate::domain::secret::{Secret, TokenDigest, TokenKey};
use crate::domain::time::{Hour, Timestamp};
use crate::secrets::digest::{base64url, digest};
use crate::secrets::random;

const ALPHABET: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const PREFIX: usize = 4;
const BODY: usize = 49;
const CHECKSUM: usize = 6;

/// The length of every token, in characters.
pub const LENGTH: usize = PREFIX + BODY + CHECKSUM;

/// What a token is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenKind {
    /// An authorization code.
    Code,
    /// An access token.
    Access,
    /// A refresh token.
    Refresh,
    /// The cookie of a signed-in browser.
    Session,
    /// The cookie of a browser before and beside sign-in, to which forms and transactions are tied.
    Browser,
    /// The cookie of a browser in which a person once signed in.
    Device,
    /// A one-time link.
    Link,
    /// A pushed authorization request.
    Pushed,
    /// An authorization request that a browser brought.
    Transaction,
    /// A client secret that this server made.
    ClientSecret,
    /// An API token of a person.
    Api,
    /// The token of a container.
    Container,
}

impl TokenKind {
    /// The four characters that every token of this kind begins with.
    pub const fn prefix(self) -> &'static str {
        match self {
            TokenKind::Code => "hmc_",
            TokenKind::Access => "hma_",
            TokenKind::Refresh => "hmr_",
            TokenKind::Session => "hms_",
            TokenKind::Browser => "hmb_",
            TokenKind::Device => "hmd_",
            TokenKind::Link => "hml_",
            TokenKind::Pushed => "hmq_",
            TokenKind::Transaction => "hmx_",
            TokenKind::ClientSecret => "hmk_",
            TokenKind::Api => "hmp_",
            TokenKind::Container => "hmt_",
        }
    }
}

/// A token as its holder gets it, and the key under which the store keeps what it stands for.
pub struct Minted {
    /// The token itself.
    pub token: Secret<String>,
    /// Where its record goes.
    pub key: TokenKey,
}

/// A new random token whose record is of no use after `expires`.
pub fn mint(kind: TokenKind, expires: Timestamp) -> Minted {
    from_secret(kind, expires, random::secret_bytes())
}

/// The token with this secret, for those that are derived so that a retry finds them again.
pub fn from_secret(kind: TokenKind, expires: Timestamp, secret: [u8; 32]) -> Minted {
    spell(kind, Hour::after(expires), secret)
}

/// The token of that hour and secret.
pub(super) fn spell(kind: TokenKind, hour: Hour, secret: [u8; 32]) -> Minted {
    let mut bytes = [0; 36];
    bytes[..4].copy_from_slice(&hour.to_be_bytes());
    bytes[4..].copy_from_slice(&secret);

    let mut text = String::with_capacity(LENGTH);
    text.push_str(kind.prefix());
    push_base62(&mut text, &bytes);
    let checksum = crc32fast::hash(text.as_bytes());
    push_checksum(&mut text, checksum);
    let key = TokenKey { hour: hour.0, digest: digest(&text).into() };
    Minted { token: Secret::new(text), key }
}

/// The key of the record that `text` stands for; `None` if it is no token of this kind.
pub fn read(kind: TokenKind, text: &str) -> Option<TokenKey> {
    body(kind, text).map(|body| TokenKey { hour: body.hour().0, digest: body.digest() })
}

/// What stands in a token of this kind; `None` if `text` is none.
pub(super) fn body(kind: TokenKind, text: &str) -> Option<Body<'_>> {
    text.starts_with(kind.prefix()).then(|| read_body(text)).flatten()
}

/// The number that a token writes: its hour and its secret.
pub(super) struct Body<'a> {
    text: &'a str,
    limbs: [u64; 5],
}

impl Body<'_> {
    /// The expiry hour.
    pub fn hour(&self) -> Hour {
        Hour((self.limbs[4] & 0xffff_ffff) as u32)
    }

    /// The secret part.
    pub fn secret(&self) -> [u8; 32] {
        let mut secret = [0; 32];
        for (bytes, limb) in secret.chunks_exact_mut(8).zip(self.limbs[..4].iter().rev()) {
            bytes.copy_from_slice(&limb.to_be_bytes());
        }
        secret
    }

    /// What the whole token is known by.
    pub fn digest(&self) -> TokenDigest {
        digest(self.text).into()
    }
}

/// The kind of a token that somebody may be asked about, by its prefix alone.
pub fn kind_of(text: &str) -> Option<TokenKind> {
    const KINDS: [TokenKind; 5] =
        [TokenKind::Access, TokenKind::Refresh, TokenKind::Code, TokenKind::Api, TokenKind::Container];
    KINDS.into_iter().find(|kind| text.starts_with(kind.prefix()))
}

/// What lists and logs call a token, and `jti` in answers: part of its digest, which opens nothing.
pub fn name(key: TokenKey) -> String {
    base64url(&key.digest.0[..16])
}

/// The last characters of a token, by which whoever has it knows it again. They are of its checksum, which leaves far more of the
/// secret open than anybody could guess.
pub fn ending(token: &str) -> String {
    token.get(LENGTH - 4..).unwrap_or_default().to_owned()
}

/// The number in a token whose length, alphabet, spelling and checksum are right.
fn read_body(text: &str) -> Option<Body<'_>> {
    let bytes: &[u8; LENGTH] = text.as_bytes().try_into().ok()?;
    let (signed, checksum) = bytes.split_at(PREFIX + BODY);
    let mut expected = String::with_capacity(CHECKSUM);
    push_checksum(&mut expected, crc32fast::hash(signed));
    if expected.as_bytes() != checksum {
        return None;
    }
    Some(Body { text, limbs: read_base62(&signed[PREFIX..])? })
}

// 36 bytes are nine 32-bit digits, kept as five 64-bit limbs of which the highest holds only 32 bits: the hour.

/// Writes the 288-bit number as 49 base62 digits, by repeated division.
fn push_base62(text: &mut String, bytes: &[u8; 36]) {
    let mut limbs: [u32; 9] = std::array::from_fn(|i| {
        u32::from_be_bytes([bytes[4 * i], bytes[4 * i + 1], bytes[4 * i + 2], bytes[4 * i + 3]])
    });
    let mut digits = [0u8; BODY];
    // 62^5 fits 32 bits, so each pass over the limbs yields five digits.
    const CHUNK: u64 = 62u64.pow(5);
    let mut at = BODY;
    while at > 0 {
        let mut remainder = 0u64;
        for limb in &mut limbs {
            let value = (remainder << 32) | u64::from(*limb);
            *limb = (value / CHUNK) as u32;
            remainder = value % CHUNK;
        }
        for _ in 0..5.min(at) {
            at -= 1;
            digits[at] = ALPHABET[(remainder % 62) as usize];
            remainder /= 62;
        }
    }
    text.extend(digits.iter().map(|digit| char::from(*digit)));
}

/// The number that these base62 digits write, as limbs from least to most significant; `None` for a foreign character or
/// a number of more than 288 bits.
fn read_base62(digits: &[u8]) -> Option<[u64; 5]> {
    let mut limbs = [0u64; 5];
    for chunk in digits.chunks(10) {
        let mut addend = 0u64;
        for digit in chunk {
            addend = addend * 62 + u64::from(value_of(*digit)?);
        }
        let factor = u128::from(62u64.pow(chunk.len() as u32));
        let mut carry = u128::from(addend);
        for limb in &mut limbs {
            let product = u128::from(*limb) * factor + carry;
            *limb = product as u64;
            carry = product >> 64;
        }
        if carry != 0 {
            return None;
        }
    }
    (limbs[4] <= u64::from(u32::MAX)).then_some(limbs)
}

fn push_checksum(text: &mut String, mut checksum: u32) {
    let mut digits = [0u8; CHECKSUM];
    for digit in digits.iter_mut().rev() {
        *digit = ALPHABET[(checksum % 62) as usize];
        checksum /= 62;
    }
    text.extend(digits.iter().map(|digit| char::from(*digit)));
}

fn value_of(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'A'..=b'Z' => Some(digit - b'A' + 10),
        b'a'..=b'z' => Some(digit - b'a' + 36),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample() -> String {
        from_secret(TokenKind::Access, Timestamp(1_764_000_000), [7; 32]).token.expose().clone()
    }

    #[test]
    fn a_token_reads_back_as_the_key_it_was_minted_with() {
        for secret in [[0; 32], [255; 32], random::secret_bytes()] {
            for expires in [0, 1, 1_764_000_000, u64::MAX] {
                let minted = from_secret(TokenKind::Refresh, Timestamp(expires), secret);
                assert_eq!(minted.token.expose().len(), LENGTH);
                assert_eq!(read(TokenKind::Refresh, minted.token.expose()), Some(minted.key));
                let secret_again = body(TokenKind::Refresh, minted.token.expose()).map(|body| body.secret());
                assert_eq!(secret_again, Some(secret));
                assert_eq!(minted.key.hour, Hour::after(Timestamp(expires)).0);
            }
        }
    }

    #[test]
    fn a_mistyped_token_is_refused_whichever_character_is_wrong() {
        let token = sample();
        for at in 0..token.len() {
            let mut other = token.clone().into_bytes();
            other[at] = if other[at] == b'a' { b'b' } else { b'a' };
            let other = String::from_utf8(other).expect("ASCII");
            assert_eq!(read(TokenKind::Access, &other), None, "{other}");
        }
        for other in [&token[1..], &format!("{token}0"), "", "hma_", &token.to_uppercase(), &token.replace('_', "-")] {
            assert_eq!(read(TokenKind::Access, other), None, "{other}");
        }
    }

    #[test]
    fn a_token_of_one_kind_is_none_of_another() {
        assert_eq!(read(TokenKind::Refresh, &sample()), None);
        assert_eq!(kind_of(&sample()), Some(TokenKind::Access));
    }

    #[test]
    fn a_number_of_more_than_288_bits_is_no_spelling_of_a_smaller_one() {
        let mut text = format!("hma_{}", "z".repeat(BODY));
        let checksum = crc32fast::hash(text.as_bytes());
        push_checksum(&mut text, checksum);
        assert_eq!(read(TokenKind::Access, &text), None);
    }

    #[test]
    fn non_ascii_text_is_refused_and_not_cut_apart() {
        assert_eq!(read(TokenKind::Access, &format!("hma_{}", "é".repeat(27))), None);
        assert_eq!(read(TokenKind::Access, &"é".repeat(40)), None);
    }
}
