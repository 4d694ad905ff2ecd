//! Node: a manifest as it is written, each part with its place.

/// Where something is written, counted from one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// The line.
    pub line: usize,
    /// The column, in characters.
    pub column: usize,
}

impl Place {
    /// Where a file begins.
    pub const START: Place = Place { line: 1, column: 1 };
}

/// A part of a manifest.
#[derive(Clone, Debug)]
pub struct Node {
    /// Where it begins.
    pub place: Place,
    /// What it is.
    pub value: Value,
}

/// What a part of a manifest is, by the core schema of YAML 1.2.
#[derive(Clone, Debug)]
pub enum Value {
    /// Nothing at all, or `null`.
    Nothing,
    /// `true` or `false`.
    Boolean(bool),
    /// A number; nothing that is read here is one.
    Number,
    /// Text.
    Text(String),
    /// A list.
    List(Vec<Node>),
    /// A map, in the order of the file; no key is there twice.
    Map(Vec<Entry>),
}

/// A key with what it is for.
#[derive(Clone, Debug)]
pub struct Entry {
    /// The key.
    pub key: String,
    /// Where the key is written.
    pub place: Place,
    /// What stands there.
    pub node: Node,
}

impl Value {
    /// What a scalar without quotes is.
    pub fn of_plain(text: &str) -> Self {
        match text {
            "" | "~" | "null" | "Null" | "NULL" => Value::Nothing,
            "true" | "True" | "TRUE" => Value::Boolean(true),
            "false" | "False" | "FALSE" => Value::Boolean(false),
            _ if is_number(text) => Value::Number,
            _ => Value::Text(text.to_owned()),
        }
    }

    /// What to call it where something else is expected.
    pub fn words(&self) -> &'static str {
        match self {
            Value::Nothing => "nothing",
            Value::Boolean(_) => "a boolean",
            Value::Number => "a number",
            Value::Text(_) => "text",
            Value::List(_) => "a list",
            Value::Map(_) => "a map",
        }
    }
}

impl Node {
    /// How many nodes it is, itself among them.
    pub fn count(&self) -> usize {
        1 + self.children().map(Node::count).sum::<usize>()
    }

    /// How many levels it has, its own among them.
    pub fn depth(&self) -> usize {
        1 + self.children().map(Node::depth).max().unwrap_or_default()
    }

    fn children(&self) -> impl Iterator<Item = &Node> {
        let (items, entries) = match &self.value {
            Value::List(items) => (items.as_slice(), [].as_slice()),
            Value::Map(entries) => ([].as_slice(), entries.as_slice()),
            _ => ([].as_slice(), [].as_slice()),
        };
        items.iter().chain(entries.iter().map(|entry| &entry.node))
    }

    /// What a map has at `key`; nothing where this is no map.
    pub fn at(&self, key: &str) -> Option<&Node> {
        match &self.value {
            Value::Map(entries) => entries.iter().find(|entry| entry.key == key).map(|entry| &entry.node),
            _ => None,
        }
    }

    /// The items of a list; none where this is no list.
    pub fn items(&self) -> &[Node] {
        match &self.value {
            Value::List(items) => items,
            _ => &[],
        }
    }

    /// The text that it is.
    pub fn text(&self) -> Option<&str> {
        match &self.value {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }
}

/// The numbers of the core schema, YAML 1.2.2 section 10.3.2.
fn is_number(text: &str) -> bool {
    let all = |digits: &str, allowed: fn(&u8) -> bool| !digits.is_empty() && digits.as_bytes().iter().all(allowed);
    if let Some(octal) = text.strip_prefix("0o") {
        return all(octal, |digit| matches!(digit, b'0'..=b'7'));
    }
    if let Some(hexadecimal) = text.strip_prefix("0x") {
        return all(hexadecimal, u8::is_ascii_hexdigit);
    }
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    if matches!(unsigned, ".inf" | ".Inf" | ".INF") || matches!(text, ".nan" | ".NaN" | ".NAN") {
        return true;
    }
    let (mantissa, exponent) = match unsigned.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent.strip_prefix(['+', '-']).unwrap_or(exponent))),
        None => (unsigned, None),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits = |digits: &str| digits.bytes().all(|digit| digit.is_ascii_digit());
    let mantissa = digits(whole) && digits(fraction) && !(whole.is_empty() && fraction.is_empty());
    mantissa && exponent.is_none_or(|exponent| all(exponent, u8::is_ascii_digit))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scalar_without_quotes_is_what_the_core_schema_says() {
        for number in ["0", "-12", "+1.5", "1.", ".5", "1e3", "2.5E-7", "0o17", "0xfF", ".inf", "-.INF", ".nan"] {
            assert_eq!(Value::of_plain(number).words(), "a number", "{number}");
        }
        for text in ["", "~", "null"] {
            assert_eq!(Value::of_plain(text).words(), "nothing", "{text}");
        }
        for text in [".", "-", "+", "1e", "e3", "0o8", "0x", "1.2.3", "yes", "no", "on", "nULL", "-.nan", "1_000"] {
            assert_eq!(Value::of_plain(text).words(), "text", "{text}");
        }
        assert!(matches!(Value::of_plain("True"), Value::Boolean(true)));
    }
}
