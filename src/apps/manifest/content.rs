//! What pages of an app may do beyond the usual: `permissions.content`, `permissions.sandbox`, `permissions.enforcement`.

use crate::apps::manifest::part::Fields;
use crate::apps::manifest::reading::Reading;

const LONGEST_SCRIPT: usize = 128;

/// Each as key and value: `scripts unsafe-inline`.
pub fn read(permissions: &Fields<'_>, reading: &mut Reading<'_>) -> Vec<String> {
    let mut all = Vec::new();
    if let Some(content) = permissions.get("content").and_then(|part| reading.fields(part, &["scripts", "styles"])) {
        let scripts = content.get("scripts").map(|part| reading.list(&part)).unwrap_or_default();
        let expected = "unsafe-eval, unsafe-hashes, unsafe-inline, blob: or a hash such as sha256-… in Base64";
        let script = |script: &str| is_script(script) && script.chars().count() <= LONGEST_SCRIPT;
        let scripts = scripts.iter().filter_map(|part| reading.matching(part, expected, script));
        all.extend(scripts.map(|script| format!("scripts {script}")));
        let styles = content.get("styles").map(|part| reading.list(&part)).unwrap_or_default();
        let styles = styles.iter().filter_map(|part| reading.one_of(part, &["unsafe-inline"]));
        all.extend(styles.map(|style| format!("styles {style}")));
    }
    let sandbox = permissions.get("sandbox").map(|part| reading.list(&part)).unwrap_or_default();
    let leave = ["allow-storage-access-by-user-activation"];
    let sandbox = sandbox.iter().filter_map(|part| reading.one_of(part, &leave));
    all.extend(sandbox.map(|leave| format!("sandbox {leave}")));
    let enforcement = permissions.get("enforcement").and_then(|part| reading.one_of(&part, &["app-managed"]));
    all.extend(enforcement.map(|enforcement| format!("enforcement {enforcement}")));
    all
}

fn is_script(script: &str) -> bool {
    let hash = |algorithm: &str, length: usize| {
        let digits = script.strip_prefix(algorithm).unwrap_or_default();
        let base64 = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'=' | b'+' | b'/');
        digits.len() == length && digits.bytes().all(base64)
    };
    matches!(script, "unsafe-eval" | "unsafe-hashes" | "unsafe-inline" | "blob:")
        || hash("sha256-", 44)
        || hash("sha384-", 64)
        || hash("sha512-", 88)
}
