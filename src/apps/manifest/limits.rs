//! Limits: what a manifest, or another document that is read the same way, may hold before anything of it is understood.

use crate::apps::manifest::fault::Faults;
use crate::apps::manifest::node::Place;

/// The longest file, in bytes. The manifests of large apps have a tenth of it.
pub const MAX_BYTES: usize = 256 * 1024;

/// What a document of some kind may hold.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// What it is called.
    pub document: &'static str,
    /// The key that it cannot be without.
    pub key: &'static str,
    /// The longest file, in bytes.
    pub bytes: usize,
    /// How deep lists and maps may lie within each other.
    pub depth: usize,
    /// How many parts it may have once every alias stands for what it names.
    pub nodes: usize,
}

/// A manifest. Ten levels of display conditions, the most that Forge allows, take a depth of 26.
pub const MANIFEST: Limits = Limits { document: "a manifest", key: "app", bytes: MAX_BYTES, depth: 32, nodes: 65_536 };

/// A description of an API. Those of large products have two megabytes and forty levels.
pub const OPENAPI: Limits =
    Limits { document: "an OpenAPI document", key: "openapi", bytes: 8 * 1024 * 1024, depth: 64, nodes: 1_048_576 };

/// How often one anchor may be named by an alias; as many as the YAML library of Forge's own tools allows.
pub const MAX_ALIASES: usize = 100;

/// The text of a file that is not too long and holds nothing that people do not see.
pub fn text_of<'a>(bytes: &'a [u8], limits: &Limits, faults: &mut Faults) -> Option<&'a str> {
    if bytes.len() > limits.bytes {
        let message = format!("the file has {} bytes; {} has at most {}", bytes.len(), limits.document, limits.bytes);
        faults.add(Place::START, "", message);
        return None;
    }
    let text = match std::str::from_utf8(bytes) {
        Ok(text) => text,
        Err(error) => {
            let before = bytes.get(..error.valid_up_to()).unwrap_or_default();
            let place = end_of(std::str::from_utf8(before).unwrap_or_default());
            faults.add(place, "", "expected text in UTF-8");
            return None;
        }
    };
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    if let Some((at, control)) = text.char_indices().find(|(_, character)| !is_allowed(*character)) {
        let message =
            format!("{} holds no control characters, and here is U+{:04X}", limits.document, u32::from(control));
        faults.add(end_of(text.get(..at).unwrap_or_default()), "", message);
        return None;
    }
    Some(text)
}

/// The printable characters of YAML 1.2.2 section 5.1, without the mark of byte order.
fn is_allowed(character: char) -> bool {
    match character {
        '\t' | '\n' | '\r' | '\u{85}' => true,
        '\u{feff}' | '\u{fffe}' | '\u{ffff}' => false,
        other => !other.is_control(),
    }
}

/// The place just after `text`.
fn end_of(text: &str) -> Place {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let last = text.rsplit('\n').next().unwrap_or_default();
    Place { line: text.matches('\n').count() + 1, column: last.chars().count() + 1 }
}
