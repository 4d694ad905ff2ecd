//! Lines: what a page of the audit trail holds. It is kept compressed, since events say the same words again and again, and the
//! trail is most of what a store grows by.

use std::fmt;

use lz4_flex::block::{compress_prepend_size, decompress, uncompressed_size};
use serde::de::{Error, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::domain::event::Recorded;
use crate::store::EventPlace;

/// What compressed lines begin with; others begin with the brace of their first event.
const COMPRESSED: u8 = 0;

/// Fewer bytes are not worth it.
const WORTH: usize = 256;

/// No page gets so long: whoever says so is damaged.
const LONGEST: usize = 1 << 20;

/// Events in JSON, each on a line of its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lines(pub String);

impl Lines {
    /// Each line with its place, where the first is at `first`: the numbers of those that share a key follow on from it.
    pub fn placed(&self, first: EventPlace) -> impl Iterator<Item = (EventPlace, &str)> {
        (first.number..).zip(self.0.lines()).map(move |(number, line)| (EventPlace { number, ..first }, line))
    }

    /// Whether they are events that this program reads.
    pub fn are_events(&self) -> bool {
        self.0.lines().all(|line| serde_json::from_str::<Recorded>(line).is_ok())
    }
}

impl Serialize for Lines {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if self.0.len() < WORTH {
            return serializer.serialize_bytes(self.0.as_bytes());
        }
        let mut kept = vec![COMPRESSED];
        kept.extend(compress_prepend_size(self.0.as_bytes()));
        serializer.serialize_bytes(&kept)
    }
}

impl<'de> Deserialize<'de> for Lines {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_bytes(Kept)
    }
}

struct Kept;

impl Visitor<'_> for Kept {
    type Value = Lines;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("lines, compressed or not")
    }

    fn visit_bytes<E: Error>(self, kept: &[u8]) -> Result<Lines, E> {
        let text = match kept.split_first() {
            Some((&COMPRESSED, compressed)) => {
                let (length, block) = uncompressed_size(compressed).map_err(E::custom)?;
                if length > LONGEST {
                    return Err(E::custom("too long"));
                }
                decompress(block, length).map_err(E::custom)?
            }
            _ => kept.to_vec(),
        };
        String::from_utf8(text).map(Lines).map_err(E::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kept(lines: &str) -> Vec<u8> {
        postcard::to_stdvec(&Lines(lines.into())).expect("bytes")
    }

    fn read(bytes: &[u8]) -> Option<String> {
        postcard::from_bytes::<Lines>(bytes).ok().map(|Lines(text)| text)
    }

    #[test]
    fn lines_are_what_they_were_and_many_take_less_room() {
        let line = r#"{"at":1764000000,"event":"code_redeemed","client_id":"sprint-mailer"}"#;
        let many = [line; 20].join("\n");
        for lines in ["", line, &many] {
            assert_eq!(read(&kept(lines)).as_deref(), Some(lines));
        }
        assert!(kept(&many).len() * 4 < many.len());
    }

    #[test]
    fn what_an_earlier_format_kept_is_read() {
        assert_eq!(read(&postcard::to_stdvec("{}\n{}").expect("bytes")).as_deref(), Some("{}\n{}"));
    }

    #[test]
    fn damaged_lines_are_no_lines() {
        let good = kept(&["{\"event\":\"something that happened\"}"; 20].join("\n"));
        assert!(read(&good[..good.len() - 1]).is_none());
        for bytes in [&[COMPRESSED][..], &[COMPRESSED, 255, 255, 255, 255, 1], &[COMPRESSED, 9, 0, 0, 0], &[255, 254]] {
            assert_eq!(read(&postcard::to_stdvec(bytes).expect("bytes")), None, "{bytes:?}");
        }
    }
}
