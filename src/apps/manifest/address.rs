//! Address: what may be written where an app says whom it sends data to, by the rules of Forge's own tools.

use url::Url;

const LONGEST: usize = 1000;

/// What is expected where [`is_address`] is false.
pub const EXPECTED: &str = "an address such as api.example.com, *.example.com or https://api.example.com";

/// Schemes by which a browser would run or open something in place of sending data.
const NO_ADDRESSES: [&str; 11] =
    ["about", "chrome", "data", "file", "javascript", "livescript", "mhtml", "mocha", "resource", "smb", "vbscript"];

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
    let Some((scheme, _)) = text.split_once(':') else { return false };
    let letters = !scheme.is_empty() && scheme.bytes().all(|byte| byte.is_ascii_alphabetic());
    letters && scheme != "wss" && !scheme.starts_with("http") && !NO_ADDRESSES.contains(&scheme)
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
        let scripts = ["java", "vb", "live"].map(|kind| format!("{kind}script:alert(1)//a.example"));
        let bad = ["", "localhost", "http://a.example", "data:a.b", "a b.example", "://a.b", "https://a.example:port"];
        for bad in bad.into_iter().chain(scripts.iter().map(String::as_str)) {
            assert!(!is_address(bad), "{bad}");
        }
        assert!(!is_somewhere("*"));
        assert!(!is_address(&format!("https://{}.example", "a".repeat(1000))));
    }
}
