//! SealingKey: what must be used again, and so cannot be a digest, is encrypted before it is kept (AES-256-GCM-SIV, RFC 8452).
//!
//! Nonces are random and 96 bits long. Under plain GCM two equal ones would give the key of the authentication away, which
//! is why NIST SP 800-38D section 8.3 ends a key after 2^32 seals; with SIV a repeated nonce tells no more than whether
//! two plaintexts were equal, so that a key may serve as long as a store lives.

use aws_lc_rs::aead::{AES_256_GCM_SIV, Aad, NONCE_LEN, Nonce, RandomizedNonceKey};
use zeroize::Zeroize;

/// What a sealed value begins with, so that another cipher can follow this one.
const FORMAT: u8 = 1;

/// A key that seals and opens. It is wiped when it is dropped, and cannot be read back or printed.
pub struct SealingKey(RandomizedNonceKey);

impl SealingKey {
    /// The key of these bytes.
    pub fn new(mut bytes: [u8; 32]) -> Self {
        let key = RandomizedNonceKey::new(&AES_256_GCM_SIV, &bytes);
        bytes.zeroize();
        Self(key.expect("32 bytes are the length of an AES-256 key"))
    }

    /// Format, nonce, ciphertext and tag. `context` says what is sealed and for whom; it is not in the result, and only who
    /// says the same again can open it, so that a value that was moved to another record is not taken there.
    pub fn seal(&self, context: &[u8], plaintext: &[u8]) -> Vec<u8> {
        // The room for the tag is there from the start: to grow would leave a copy of the plaintext behind.
        let mut text = Vec::with_capacity(plaintext.len() + self.0.algorithm().tag_len());
        text.extend_from_slice(plaintext);
        let nonce = self.0.seal_in_place_append_tag(Aad::from(context), &mut text);
        let nonce = nonce.expect("a plaintext that fits memory is below the limit of the cipher");
        [&[FORMAT], nonce.as_ref().as_slice(), &text].concat()
    }

    /// What was sealed; `None` if it was sealed under another key or for another context, or is not as it was.
    pub fn open(&self, context: &[u8], sealed: &[u8]) -> Option<Vec<u8>> {
        let (&[FORMAT], rest) = sealed.split_first_chunk::<1>()? else { return None };
        let (nonce, text) = rest.split_first_chunk::<NONCE_LEN>()?;
        let mut text = text.to_vec();
        let length =
            self.0.open_in_place(Nonce::assume_unique_for_key(*nonce), Aad::from(context), &mut text).ok()?.len();
        text.truncate(length);
        Some(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CONTEXT: &[u8] = b"signing key 1";

    fn key(byte: u8) -> SealingKey {
        SealingKey::new([byte; 32])
    }

    #[test]
    fn what_was_sealed_opens_under_its_key_and_context_alone() {
        let sealed = key(1).seal(CONTEXT, b"private");
        assert_eq!(key(1).open(CONTEXT, &sealed).as_deref(), Some(b"private".as_slice()));
        assert_eq!(key(2).open(CONTEXT, &sealed), None);
        assert_eq!(key(1).open(b"signing key 2", &sealed), None);
    }

    #[test]
    fn nothing_sealed_can_be_changed_in_any_bit_or_cut() {
        let sealed = key(1).seal(CONTEXT, b"private");
        for bit in 0..sealed.len() * 8 {
            let mut changed = sealed.clone();
            changed[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(key(1).open(CONTEXT, &changed), None, "bit {bit}");
        }
        for length in 0..sealed.len() {
            assert_eq!(key(1).open(CONTEXT, &sealed[..length]), None, "{length} bytes");
        }
    }

    #[test]
    fn the_same_text_is_never_sealed_alike_and_never_stands_in_the_seal() {
        let (one, other) = (key(1).seal(CONTEXT, b"private"), key(1).seal(CONTEXT, b"private"));
        assert_ne!(one, other);
        assert_eq!(one.len(), 1 + NONCE_LEN + b"private".len() + 16);
        assert!(!one.windows(b"private".len()).any(|part| part == b"private"));
    }

    #[test]
    fn nothing_is_a_text_too() {
        let sealed = key(1).seal(b"", b"");
        assert_eq!(key(1).open(b"", &sealed), Some(Vec::new()));
    }

    // RFC 8452 appendix C.2: the first case with additional data and a plaintext of 8 bytes.
    #[test]
    fn the_cipher_is_that_of_the_rfc() {
        let hex = |text: &str| -> Vec<u8> {
            let digits: Vec<u8> = text.chars().filter_map(|c| c.to_digit(16)).map(|d| d as u8).collect();
            digits.chunks(2).map(|pair| pair[0] << 4 | pair[1]).collect()
        };
        let mut bytes = [0; 32];
        bytes[0] = 1;
        let nonce = hex("030000000000000000000000");
        let sealed = hex("c2ef328e5c71c83b 843122130f7364b7 61e0b97427e3df28");
        let sealed = [&[FORMAT], nonce.as_slice(), &sealed].concat();
        assert_eq!(SealingKey::new(bytes).open(b"", &sealed), Some(hex("0100000000000000")));
    }
}
