//! Escapes of JSON that YAML has not: a character beyond the first plane as two halves, RFC 8259 section 7.

use std::borrow::Cow;

/// A manifest in JSON with every pair of halves as the one escape that YAML has for the character. Another text as it is,
/// since a backslash outside of double quotes is just that.
pub fn in_yaml(text: &str) -> Cow<'_, str> {
    let is_json = text.trim_start().starts_with('{');
    if !is_json || !text.contains("\\ud") && !text.contains("\\uD") {
        return Cow::Borrowed(text);
    }
    let (mut written, mut rest) = (String::with_capacity(text.len()), text);
    while let Some(at) = rest.find('\\') {
        let (before, escape) = rest.split_at(at);
        written.push_str(before);
        match pair(escape) {
            Some(character) => {
                written.push_str(&format!("\\U{:08X}", u32::from(character)));
                rest = &escape[12..];
            }
            None => {
                // What follows a backslash is no beginning of another escape.
                let escaped = escape.chars().nth(1).map_or(0, char::len_utf8);
                written.push_str(&escape[..1 + escaped]);
                rest = &escape[1 + escaped..];
            }
        }
    }
    written.push_str(rest);
    Cow::Owned(written)
}

/// The character of `\ud83d\ude00`.
fn pair(escape: &str) -> Option<char> {
    let half = |from: usize| {
        let digits = escape.get(from..from + 6)?.strip_prefix("\\u")?;
        u16::from_str_radix(digits, 16).ok().filter(|_| digits.bytes().all(|digit| digit.is_ascii_hexdigit()))
    };
    char::decode_utf16([half(0)?, half(6)?]).next()?.ok().filter(|character| character.len_utf16() == 2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_halves_become_one_escape_and_nothing_else_changes() {
        assert_eq!(in_yaml(r#"{"a": "\ud83d\ude00!"}"#), r#"{"a": "\U0001F600!"}"#);
        for same in [r#"{"a": "\\ud83d\\ude00"}"#, r#"{"a": "\ud83d"}"#, r#"a: '\ud83d\ude00'"#, r#"{"\ud83dé\"#] {
            assert_eq!(in_yaml(same), same);
        }
    }
}
