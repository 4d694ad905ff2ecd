//! Label: what a person calls one of their things, so that they know it again in a list.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

const MAX_CHARACTERS: usize = 64;

/// A name on one line: 1 to 64 characters, none of which hides, or turns how the others are read.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Label(String);

/// Text that is no label.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a name has 1 to 64 characters on one line")]
pub struct MalformedLabel;

impl Label {
    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for Label {
    type Error = MalformedLabel;
    fn try_from(text: String) -> Result<Self, MalformedLabel> {
        let trimmed = text.trim();
        let long = trimmed.chars().count();
        let plain = !trimmed.chars().any(misleads);
        if plain && (1..=MAX_CHARACTERS).contains(&long) { Ok(Self(trimmed.to_owned())) } else { Err(MalformedLabel) }
    }
}

/// Whether a character shows nothing by itself, and may change what its neighbours seem to say.
pub fn misleads(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

impl FromStr for Label {
    type Err = MalformedLabel;
    fn from_str(text: &str) -> Result<Self, MalformedLabel> {
        text.to_owned().try_into()
    }
}

impl From<Label> for String {
    fn from(label: Label) -> String {
        label.0
    }
}

impl fmt::Display for Label {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_label_is_a_short_line_that_shows_what_it_is() {
        assert_eq!(" Nightly export ".parse::<Label>().as_ref().map(Label::as_str), Ok("Nightly export"));
        assert!("é".repeat(64).parse::<Label>().is_ok());
        for bad in ["", "  ", "a\nb", "a\u{202e}b", "a\u{200b}", &"x".repeat(65)] {
            assert_eq!(bad.parse::<Label>(), Err(MalformedLabel), "{bad:?}");
        }
    }
}
