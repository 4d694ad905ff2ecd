//! Percent-encoding: decoded as everybody reads a query, and encoded in the one way of RFC 3986 and OAuth 1.

use std::borrow::Cow;
use std::cmp::Ordering;

/// Decodes as `application/x-www-form-urlencoded` is: what is no percent-encoding stands for itself, and what is not UTF-8 for
/// U+FFFD.
pub(super) fn decode(text: &str) -> Cow<'_, str> {
    if !text.bytes().any(|byte| matches!(byte, b'%' | b'+')) {
        return Cow::Borrowed(text);
    }
    let mut decoded = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, after @ ..] = rest {
        let (byte, after) = match (first, after) {
            (b'+', _) => (b' ', after),
            (b'%', [high, low, after @ ..]) => match (hex_value(*high), hex_value(*low)) {
                (Some(high), Some(low)) => (high << 4 | low, after),
                _ => (b'%', &rest[1..]),
            },
            _ => (*first, after),
        };
        decoded.push(byte);
        rest = after;
    }
    let text = String::from_utf8(decoded);
    Cow::Owned(text.unwrap_or_else(|malformed| String::from_utf8_lossy(malformed.as_bytes()).into_owned()))
}

fn hex_value(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        b'A'..=b'F' => Some(digit - b'A' + 10),
        _ => None,
    }
}

/// RFC 3986 section 2.3.
const fn is_unreserved(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~')
}

/// The order of two texts once each is encoded: `%`, with which an escape begins, is before all that is not escaped.
pub(super) fn encoded_order(one: &str, other: &str) -> Ordering {
    let rank = |byte: u8| (is_unreserved(byte), byte);
    one.bytes().map(rank).cmp(other.bytes().map(rank))
}

/// Appends `rest` with every character encoded that is not unreserved, in capitals.
pub(super) fn push_encoded(text: &mut String, mut rest: &str) {
    const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
    while let Some(at) = rest.bytes().position(|byte| !is_unreserved(byte)) {
        let character = rest[at..].chars().next().map_or(1, char::len_utf8);
        text.push_str(&rest[..at]);
        for byte in rest[at..at + character].bytes() {
            text.push('%');
            text.push(char::from(DIGITS[usize::from(byte >> 4)]));
            text.push(char::from(DIGITS[usize::from(byte & 15)]));
        }
        rest = &rest[at + character..];
    }
    text.push_str(rest);
}
