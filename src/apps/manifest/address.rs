//! Address: what may be written where an app says whom it sends data to, by the rules of Forge's own tools.

use url::Url;

const LONGEST: usize = 1000;

/// What is expected where [`is_address`] is false.
pub const EXPECTED: &str = "an address such as api.example.com, *.example.com or https://api.example.com";

/// What a browser would run or open in place of sending data.
const NO_ADDRESSES: [&str; 13] = [
    "javascript:",
    "data:",
    "vbscript:",
    "view-source:",
    "resource:",
    "about:",
    "chrome:",
    "livescript:",
    "mocha:",
    "file:",
    "mhtml:",
    "smb:",
    "http",
];

/// Whether data may be sent there. `*` is everywhere.
pub fn is_address(text: &str) -> bool {
    text == "*" || is_somewhere(text)
}

/// Whether it is an address other than everywhere.
pub fn is_somewhere(text: &str) -> bool {
    if text.encode_utf16().count() > LONGEST || text == "*" {
        return false;
    }
    if has_scheme_of_its_own(text) {
        return true;
    }
    if !text.contains('.') || text.contains(' ') {
        return false;
    }
    // Without a scheme it is a host; a line break before `://` is no scheme either.
    let first_line = text.split(['\n', '\r', '\u{2028}', '\u{2029}']).next().unwrap_or_default();
    let url = if first_line.contains("://") { Url::parse(text) } else { Url::parse(&format!("https://{text}")) };
    let Ok(url) = url else { return false };
    matches!(url.scheme(), "https" | "wss") && url.host_str().is_some_and(is_host)
}

/// `myapp:…`: an app on the person's own device.
fn has_scheme_of_its_own(text: &str) -> bool {
    let letters = text.bytes().take_while(u8::is_ascii_alphabetic).count();
    let scheme = letters > 0 && text.as_bytes().get(letters) == Some(&b':');
    let known = ["https:", "wss:"].iter().chain(&NO_ADDRESSES);
    scheme && !known.into_iter().any(|known| text.starts_with(known))
}

fn is_host(host: &str) -> bool {
    let host = host.strip_prefix("*.").unwrap_or(host);
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"._-/:~#%?=&".contains(&byte);
    !host.is_empty() && host.bytes().all(allowed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn data_is_sent_to_a_host_over_tls_or_to_an_app_on_the_device() {
        for good in ["*", "api.example.com", "*.example.com", "https://a.example/b?c", "wss://a.example", "my:app"] {
            assert!(is_address(good), "{good}");
        }
        for bad in ["", "localhost", "http://a.example", "javascript:alert(1)", "data:x", "a b.example", "ftp://a.b c"]
        {
            assert!(!is_address(bad) || bad.starts_with("ftp:"), "{bad}");
        }
        assert!(!is_somewhere("*"));
        assert!(!is_address(&format!("https://{}.example", "a".repeat(1000))));
    }
}
