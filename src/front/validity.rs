//! When a certificate begins and ends (RFC 5280 section 4.1.2.5). Who speaks TLS need not know, and the library does not tell.

use chrono::NaiveDateTime;

use crate::domain::time::Timestamp;

const SEQUENCE: u8 = 0x30;
const VERSION: u8 = 0xa0;
const UTC_TIME: u8 = 0x17;
const GENERALIZED_TIME: u8 = 0x18;

/// From when until when a certificate holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Validity {
    /// Its first moment.
    pub begins: Timestamp,
    /// Its last one.
    pub ends: Timestamp,
}

/// The validity of a certificate in DER; `None` if it is none.
pub fn validity(certificate: &[u8]) -> Option<Validity> {
    let (SEQUENCE, signed, _) = element(certificate)? else { return None };
    let (SEQUENCE, mut fields, _) = element(signed)? else { return None };
    if let (VERSION, _, rest) = element(fields)? {
        fields = rest;
    }
    // The serial number, the algorithm of the signature, the issuer.
    for _ in 0..3 {
        (_, _, fields) = element(fields)?;
    }
    let (SEQUENCE, moments, _) = element(fields)? else { return None };
    let (kind, begins, rest) = element(moments)?;
    let begins = moment(kind, begins)?;
    let (kind, ends, _) = element(rest)?;
    Some(Validity { begins, ends: moment(kind, ends)? })
}

/// The first element of some DER (X.690 section 8.1): its tag, what is in it, and what comes after it.
fn element(der: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (&tag, rest) = der.split_first()?;
    let (&length, rest) = rest.split_first()?;
    let (length, rest) = if length < 0x80 {
        (usize::from(length), rest)
    } else {
        let (digits, rest) =
            rest.split_at_checked(usize::from(length & 0x7f)).filter(|(digits, _)| digits.len() <= 4)?;
        (digits.iter().fold(0, |length, digit| length << 8 | usize::from(*digit)), rest)
    };
    let (content, rest) = rest.split_at_checked(length)?;
    Some((tag, content, rest))
}

/// A moment before 1970 is as long ago as that.
fn moment(kind: u8, text: &[u8]) -> Option<Timestamp> {
    let text = std::str::from_utf8(text).ok()?;
    let text = match kind {
        // RFC 5280 section 4.1.2.5.1: two digits of the year, of this century below 50.
        UTC_TIME if text.get(..2)? < "50" => format!("20{text}"),
        UTC_TIME => format!("19{text}"),
        GENERALIZED_TIME => text.to_owned(),
        _ => return None,
    };
    let moment = NaiveDateTime::parse_from_str(&text, "%Y%m%d%H%M%SZ").ok()?;
    Some(Timestamp(u64::try_from(moment.and_utc().timestamp()).unwrap_or(0)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn made(begins: i32, ends: i32) -> Vec<u8> {
        let mut parameters = rcgen::CertificateParams::new(["hallmark.test".to_owned()]).expect("a name");
        parameters.not_before = rcgen::date_time_ymd(begins, 1, 1);
        parameters.not_after = rcgen::date_time_ymd(ends, 1, 1);
        let key = rcgen::KeyPair::generate().expect("a key");
        parameters.self_signed(&key).expect("a certificate").der().to_vec()
    }

    #[test]
    fn a_certificate_tells_when_it_begins_and_ends_in_either_form_of_time() {
        for (begins, ends, moments) in [
            (2025, 2026, ("2025-01-01T00:00:00Z", "2026-01-01T00:00:00Z")),
            (1999, 2049, ("1999-01-01T00:00:00Z", "2049-01-01T00:00:00Z")),
            (2026, 4096, ("2026-01-01T00:00:00Z", "4096-01-01T00:00:00Z")),
        ] {
            let validity = validity(&made(begins, ends)).expect("a validity");
            assert_eq!((validity.begins.to_rfc3339().as_str(), validity.ends.to_rfc3339().as_str()), moments);
        }
    }

    #[test]
    fn what_is_no_certificate_has_no_validity() {
        let whole = made(2025, 2026);
        for end in 0..100 {
            assert_eq!(validity(&whole[..end]), None, "{end}");
        }
        assert_eq!(validity(b"-----BEGIN CERTIFICATE-----"), None);
        assert_eq!(validity(&[0x30, 0x84, 0xff, 0xff, 0xff, 0xff, 0x30]), None);
    }
}
