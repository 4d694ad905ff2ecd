//! Reading an `atlassian-connect.json`: what matters to authorization of it, or everything that is wrong with it.
//!
//! | file | what |
//! |---|---|
//! | `json` | from text to parts with their pointers |
//! | `fault` | what is wrong, where, and what was probably meant |
//! | `addresses` | `baseUrl` and `lifecycle` |

mod addresses;
mod fault;
mod json;

pub use fault::DescriptorFault;

use crate::apps::clients::check_text;
use crate::apps::connect::descriptor::fault::{MOST, Reading};
use crate::apps::connect::descriptor::json::Part;
use crate::apps::manifest::quoted;
use crate::domain::connect::{ACCESS_EMAIL_ADDRESSES, ACT_AS_USER, Descriptor};
use crate::domain::id::ClientId;
use crate::domain::scope::Scope;

/// The longest file, in bytes.
pub const MAX_BYTES: usize = 256 * 1024;

/// The longest key, in characters.
const LONGEST_KEY: usize = 64;

/// The longest name, in characters.
const LONGEST_NAME: usize = 60;

/// The keys of a descriptor that Connect knows.
const KEYS: [&str; 17] = [
    "apiMigrations",
    "apiVersion",
    "authentication",
    "baseUrl",
    "cloudAppMigration",
    "description",
    "enableLicensing",
    "key",
    "lifecycle",
    "links",
    "modules",
    "name",
    "regionBaseUrls",
    "scopes",
    "translations",
    "vendor",
    "version",
];

/// The scopes of Connect.
const SCOPES: [&str; 9] =
    [NOTHING, "READ", "WRITE", "DELETE", "PROJECT_ADMIN", "SPACE_ADMIN", "ADMIN", ACT_AS_USER, ACCESS_EMAIL_ADDRESSES];

/// The scope that asks for nothing.
const NOTHING: &str = "NONE";

/// A descriptor, and what its developer should know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReadDescriptor {
    /// What matters to authorization.
    pub descriptor: Descriptor,
    /// What is taken and yet not as whoever wrote it may think, in the order of the file.
    pub warnings: Vec<String>,
}

/// Reads a descriptor.
///
/// # Errors
/// Everything that is wrong with it, in the order of the file, at most fifty faults.
pub fn read(bytes: &[u8]) -> Result<ReadDescriptor, Vec<DescriptorFault>> {
    let node = parsed(bytes).map_err(|message| vec![DescriptorFault { pointer: String::new(), message }])?;
    let mut reading = Reading::default();
    for part in node.root().repeated_keys(MOST) {
        reading.refuse(&part, "this key is here twice, and programs differ in which one they read");
    }
    let descriptor = descriptor(node.root(), &mut reading);
    let warnings = reading.end()?;
    // Where nothing is wrong everything is there.
    descriptor.map(|descriptor| ReadDescriptor { descriptor, warnings }).ok_or_else(Vec::new)
}

/// Whether a file is meant to be a descriptor, and no manifest of Forge, which may be JSON as well.
pub fn is_meant_by(bytes: &[u8]) -> bool {
    let Ok(node) = parsed(bytes) else { return false };
    let has = |key| node.root().get(key).is_some();
    !has("app") && (has("baseUrl") || has("authentication"))
}

fn parsed(bytes: &[u8]) -> Result<json::Node, String> {
    if bytes.len() > MAX_BYTES {
        return Err(format!("the file has {} bytes; a descriptor has at most {MAX_BYTES}", bytes.len()));
    }
    let text = std::str::from_utf8(bytes).map_err(|_| "expected text in UTF-8".to_owned())?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    json::read(text).map_err(|error| format!("expected JSON: {error}"))
}

fn descriptor(root: Part<'_>, reading: &mut Reading) -> Option<Descriptor> {
    let root = reading.object(root, &KEYS)?;
    let key = key(&root, reading);
    let name = name(&root, key.as_ref(), reading);
    let base_url = addresses::base_url(&root, reading);
    authentication(&root, reading);
    let lifecycle = addresses::lifecycle(&root, base_url.as_ref(), reading);
    let scope = scope(&root, reading);
    api_migrations(&root, reading);
    Some(Descriptor { key: key?, name: name?, base_url: base_url?, lifecycle, scope })
}

/// `key`.
fn key(root: &Part<'_>, reading: &mut Reading) -> Option<ClientId> {
    let expected = format!("1 to {LONGEST_KEY} letters, digits, . - and _");
    let Some(part) = root.get("key") else {
        reading.miss(root, "key", &expected);
        return None;
    };
    let text = reading.text(&part)?;
    let fits = text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-_".contains(&byte));
    let key = text.parse().ok().filter(|_| fits && text.len() <= LONGEST_KEY);
    if key.is_none() {
        reading.refuse(&part, format!("expected {expected}, found {}", quoted(text)));
    }
    key
}

/// `name`; an app that has none goes by its key.
fn name(root: &Part<'_>, key: Option<&ClientId>, reading: &mut Reading) -> Option<String> {
    let Some(part) = root.get("name") else {
        return key.map(|key| key.as_str().chars().take(LONGEST_NAME).collect());
    };
    let text = reading.text(&part)?;
    if check_text("the name of an app", text).is_err() {
        let message = format!("expected 1 to {LONGEST_NAME} visible characters on one line, found {}", quoted(text));
        reading.refuse(&part, message);
        return None;
    }
    Some(text.to_owned())
}

/// `authentication`.
fn authentication(root: &Part<'_>, reading: &mut Reading) {
    let Some(part) = root.get("authentication") else {
        return reading.miss(root, "authentication", "an object with the type jwt");
    };
    let Some(part) = reading.map(part) else { return };
    let Some(part) = part.get("type") else { return reading.miss(&part, "type", "jwt") };
    match reading.text(&part) {
        Some(text) if text.eq_ignore_ascii_case("jwt") => {}
        Some(text) if text.eq_ignore_ascii_case("none") => {
            reading.refuse(&part, "expected jwt, found none, by which an app cannot be told from any other");
        }
        Some(text) => reading.no_word(&part, text, &["jwt"]),
        None => {}
    }
}

/// `scopes`, in capitals.
fn scope(root: &Part<'_>, reading: &mut Reading) -> Scope {
    let items = root.get("scopes").map(|part| reading.list(&part)).unwrap_or_default();
    let mut names = Vec::new();
    for item in items {
        let Some(text) = reading.text(&item) else { continue };
        match SCOPES.iter().find(|scope| scope.eq_ignore_ascii_case(text)) {
            Some(scope) => names.push(*scope),
            None => reading.no_word(&item, text, &SCOPES),
        }
    }
    Scope::of(names.into_iter().filter(|name| *name != NOTHING))
}

/// `apiMigrations`, of which nothing is kept: what they are about is done in the newer way.
fn api_migrations(root: &Part<'_>, reading: &mut Reading) {
    let migrations = root.get("apiMigrations").and_then(|part| reading.map(part));
    let Some(migrations) = migrations else { return };
    for key in ["signed-install", "context-qsh"] {
        let Some(part) = migrations.get(key) else { continue };
        if reading.boolean(&part) == Some(false) && key == "signed-install" {
            reading.warn(&part, "installations are signed with RS256 all the same");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn usual() -> Value {
        json!({
            "key": "com.example.inventory",
            "name": "Inventory",
            "baseUrl": "https://app.example/connect",
            "authentication": { "type": "jwt" },
            "lifecycle": { "installed": "/installed", "uninstalled": "https://app.example/gone?why=1" },
            "scopes": ["read", "ACT_AS_USER", "none"],
        })
    }

    /// The usual descriptor with `value` at `pointer`.
    fn with(pointer: &str, value: Value) -> Value {
        let (parent, key) = pointer.rsplit_once('/').expect("a pointer");
        let mut descriptor = usual();
        descriptor.pointer_mut(parent).expect("a part")[key] = value;
        descriptor
    }

    fn without(pointer: &str) -> Value {
        let (parent, key) = pointer.rsplit_once('/').expect("a pointer");
        let mut descriptor = usual();
        descriptor.pointer_mut(parent).and_then(Value::as_object_mut).expect("a part").remove(key);
        descriptor
    }

    fn read_json(descriptor: &Value) -> Result<ReadDescriptor, Vec<DescriptorFault>> {
        read(descriptor.to_string().as_bytes())
    }

    fn faults_of(text: &str) -> Vec<String> {
        read(text.as_bytes()).expect_err(text).iter().map(DescriptorFault::to_string).collect()
    }

    /// The only fault, which must begin with `told`.
    fn assert_refused(descriptor: &Value, told: &str) {
        let faults = faults_of(&descriptor.to_string());
        assert!(faults.len() == 1 && faults[0].starts_with(told), "{told}: {faults:?}");
    }

    #[test]
    fn a_descriptor_is_read_with_its_addresses_whole_and_its_scopes_in_capitals() {
        let ReadDescriptor { descriptor, warnings } = read_json(&usual()).expect("a descriptor");

        assert_eq!(warnings, Vec::<String>::new());
        assert_eq!((descriptor.key.as_str(), descriptor.name.as_str()), ("com.example.inventory", "Inventory"));
        assert_eq!(descriptor.base_url.as_str(), "https://app.example/connect");
        assert_eq!(descriptor.lifecycle.installed.as_deref(), Some("https://app.example/connect/installed"));
        assert_eq!(descriptor.lifecycle.uninstalled.as_deref(), Some("https://app.example/gone?why=1"));
        assert_eq!((descriptor.lifecycle.enabled, descriptor.lifecycle.disabled), (None, None));
        assert_eq!(descriptor.scope.as_str(), "ACT_AS_USER READ");
    }

    #[test]
    fn what_libraries_write_into_descriptors_is_taken() {
        let mut descriptor = usual();
        for (key, value) in [
            ("description", json!("All servers")),
            ("vendor", json!({ "name": "Example", "url": "https://example.com" })),
            ("links", json!({ "self": "https://app.example/connect/atlassian-connect.json" })),
            ("apiVersion", json!(1)),
            ("apiMigrations", json!({ "signed-install": true, "context-qsh": true, "gdpr": true })),
            ("enableLicensing", json!(true)),
            ("modules", json!({ "webhooks": [{ "event": "jira:issue_created", "url": "/issue" }] })),
            ("translations", json!({ "paths": { "en-US": "/en.json" } })),
            ("regionBaseUrls", json!({ "EU": "https://eu.app.example" })),
            ("cloudAppMigration", json!({})),
            ("version", json!("1.0")),
        ] {
            descriptor[key] = value;
        }
        assert_eq!(read_json(&descriptor).expect("a descriptor").warnings, Vec::<String>::new());
    }

    #[test]
    fn an_app_without_a_name_goes_by_its_key_and_one_without_scopes_asks_for_nothing() {
        assert_eq!(read_json(&without("/name")).expect("a descriptor").descriptor.name, "com.example.inventory");
        assert!(read_json(&without("/scopes")).expect("a descriptor").descriptor.scope.is_empty());
        assert!(read_json(&with("/scopes", json!(["NONE"]))).expect("a descriptor").descriptor.scope.is_empty());
    }

    #[test]
    fn a_mark_of_byte_order_and_a_final_slash_are_dropped() {
        let text = format!("\u{feff}{}", with("/baseUrl", json!("https://app.example/")));
        let descriptor = read(text.as_bytes()).expect("a descriptor").descriptor;
        assert_eq!(descriptor.base_url.as_str(), "https://app.example");
        assert_eq!(descriptor.lifecycle.installed.as_deref(), Some("https://app.example/installed"));
    }

    #[test]
    fn what_is_no_json_object_is_refused_as_a_whole() {
        for (text, told) in [
            ("", "expected JSON: EOF while parsing"),
            ("{\"key\": }", "expected JSON: expected value at line 1 column 9"),
            ("{} {}", "expected JSON: trailing characters"),
            ("[]", "expected an object, found a list"),
            ("null", "expected an object, found null"),
        ] {
            let faults = faults_of(text);
            assert!(faults.len() == 1 && faults[0].starts_with(told), "{text}: {faults:?}");
        }
        assert_eq!(read(b"\"\xff\"").expect_err("no text")[0].message, "expected text in UTF-8");
        let nested = faults_of(&"[".repeat(200_000));
        assert!(nested[0].starts_with("expected JSON: recursion limit exceeded"), "{nested:?}");
        let long = read(&vec![b' '; MAX_BYTES + 1]).expect_err("a long file");
        assert_eq!(long[0].message, "the file has 262145 bytes; a descriptor has at most 262144");
    }

    #[test]
    fn a_key_that_is_there_twice_is_refused_wherever_it_is() {
        let text =
            usual().to_string().replacen('{', "{\"modules\": {\"a\": [{\"b\": 1, \"b\": 1}]}, \"key\": \"x\",", 1);
        let told = "this key is here twice, and programs differ in which one they read";
        assert_eq!(faults_of(&text), [format!("/modules/a/0/b: {told}"), format!("/key: {told}")]);
    }

    #[test]
    fn the_key_is_a_name_of_letters_digits_and_three_signs() {
        let expected = "/key: expected 1 to 64 letters, digits, . - and _";
        assert_refused(&without("/key"), expected);
        for bad in ["", "a b", "a/b", "a:b", "é", "a\n", &"x".repeat(65)] {
            assert_refused(&with("/key", json!(bad)), &format!("{expected}, found"));
        }
        assert_refused(&with("/key", json!(1)), "/key: expected text, found a number");
        assert!(read_json(&with("/key", json!("x".repeat(64)))).is_ok());
    }

    #[test]
    fn the_name_is_one_line_that_people_can_read() {
        for bad in ["", " a", "a\nb", "a\u{202e}b", "\u{200b}", &"x".repeat(61)] {
            assert_refused(&with("/name", json!(bad)), "/name: expected 1 to 60 visible characters on one line, found");
        }
        assert_refused(&with("/name", json!(null)), "/name: expected text, found null");
    }

    #[test]
    fn the_base_url_is_where_a_secret_can_be_sent() {
        for (bad, told) in [
            ("app.example", "expected an https:// URL, found \"app.example\""),
            ("ftp://app.example", "expected an https:// URL"),
            ("https://", "expected an https:// URL"),
            ("http://app.example", "expected https://, since the secret"),
            ("http://10.0.0.1", "expected https://, since the secret"),
            ("http://localhost.example", "expected https://, since the secret"),
            ("https://app.example@evil.example", "expected a URL without user information"),
            ("https://app.example/#x", "expected a URL without a fragment"),
            ("https://app.example/?x", "expected a URL without a query"),
            (
                "https://APP.example",
                "expected a URL as it is read, found \"https://APP.example\", which is read as \"https://app.example\"",
            ),
            ("https://app.example:443", "expected a URL as it is read"),
            ("https://app.example/a/../b", "expected a URL as it is read"),
            ("https://app.example/%2e%2e/b", "expected a URL as it is read"),
            ("https:\\\\app.example", "expected a URL as it is read"),
            ("https://app.example//", "expected a URL as it is read"),
            ("https://app.exa\tmple", "expected a URL as it is read"),
        ] {
            let mut descriptor = with("/baseUrl", json!(bad));
            descriptor["lifecycle"] = json!({ "installed": "/installed" });
            assert_refused(&descriptor, &format!("/baseUrl: {told}"));
        }
        assert_refused(&without("/baseUrl"), "/baseUrl: expected the https:// URL at which the app is");
        for good in
            ["http://localhost:3000", "http://127.0.0.1:3000/app", "http://[::1]:3000", "https://app.example:8443"]
        {
            let mut descriptor = with("/baseUrl", json!(good));
            descriptor["lifecycle"] = json!({ "installed": "/installed" });
            assert!(read_json(&descriptor).is_ok(), "{good}");
        }
    }

    #[test]
    fn the_type_of_authentication_is_jwt() {
        for good in ["jwt", "JWT"] {
            assert!(read_json(&with("/authentication/type", json!(good))).is_ok(), "{good}");
        }
        assert_refused(&without("/authentication"), "/authentication: expected an object with the type jwt");
        assert_refused(&without("/authentication/type"), "/authentication/type: expected jwt");
        assert_refused(
            &with("/authentication/type", json!("none")),
            "/authentication/type: expected jwt, found none, by which an app cannot be told from any other",
        );
        assert_refused(
            &with("/authentication/type", json!("oauth")),
            "/authentication/type: expected jwt, found \"oauth\"",
        );
        assert_refused(&with("/authentication", json!("jwt")), "/authentication: expected an object, found text");
    }

    #[test]
    fn an_app_is_told_at_its_own_origin_by_a_path_that_is_read_in_one_way() {
        for (bad, told) in [
            ("installed", "expected a path such as /installed, or a URL below baseUrl, found \"installed\""),
            ("", "expected a path such as /installed"),
            ("//evil.example/x", "expected a path such as /installed"),
            ("javascript:alert(1)", "expected a path such as /installed"),
            ("https://evil.example/x", "expected the host and port of baseUrl"),
            ("http://app.example/x", "expected the host and port of baseUrl"),
            ("https://app.example:8443/x", "expected the host and port of baseUrl"),
            ("https://x@app.example/x", "expected a URL without user information"),
            ("/x#y", "expected a URL without a fragment"),
            ("/../x", "expected a URL as it is read, found \"/../x\", which is read as \"https://app.example/x\""),
            ("/%2E%2e/x", "expected a URL as it is read"),
            ("/a/./x", "expected a URL as it is read"),
            ("/\\evil.example", "expected a URL as it is read"),
            ("/a b", "expected a URL as it is read"),
            ("/a\n", "expected a URL as it is read"),
        ] {
            assert_refused(&with("/lifecycle/enabled", json!(bad)), &format!("/lifecycle/enabled: {told}"));
        }
        let long = with("/lifecycle/enabled", json!(format!("/{}", "x".repeat(2048))));
        assert_refused(&long, "/lifecycle/enabled: expected a URL of at most 2048 characters");
        assert_refused(&with("/lifecycle/enabled", json!(null)), "/lifecycle/enabled: expected text, found null");
    }

    #[test]
    fn an_app_is_told_the_secret_that_it_signs_with() {
        assert_refused(&without("/lifecycle"), "/lifecycle: expected an object with installed");
        assert_refused(&without("/lifecycle/installed"), "/lifecycle/installed: expected the path");
        assert_refused(&with("/lifecycle", json!([])), "/lifecycle: expected an object, found a list");
    }

    #[test]
    fn a_scope_that_connect_does_not_know_is_refused_with_the_one_that_was_probably_meant() {
        assert_refused(
            &with("/scopes", json!(["READ", "wriet"])),
            "/scopes/1: expected NONE, READ, WRITE, DELETE, PROJECT_ADMIN, SPACE_ADMIN, ADMIN, ACT_AS_USER, \
             ACCESS_EMAIL_ADDRESSES, found \"wriet\"; did you mean WRITE?",
        );
        assert_refused(&with("/scopes", json!(["read:jira-work"])), "/scopes/0: expected NONE, READ");
        assert_refused(&with("/scopes", json!([1])), "/scopes/0: expected text, found a number");
        assert_refused(&with("/scopes", json!("READ")), "/scopes: expected a list, found text");
    }

    #[test]
    fn migrations_are_true_or_false() {
        assert_refused(&with("/apiMigrations", json!([])), "/apiMigrations: expected an object, found a list");
        for key in ["signed-install", "context-qsh"] {
            let told = format!("/apiMigrations/{key}: expected true or false, found text");
            assert_refused(&with("/apiMigrations", json!({ key: "true" })), &told);
        }
    }

    #[test]
    fn who_wants_unsigned_installations_is_warned_and_so_is_who_misspells_a_key() {
        let mut descriptor = with("/apiMigrations", json!({ "signed-install": false, "context-qsh": false }));
        descriptor["scope"] = json!([]);
        descriptor["lifecycle"]["unistalled"] = json!("/gone");
        let mut warnings = read_json(&descriptor).expect("a descriptor").warnings;
        warnings.sort();
        assert_eq!(
            warnings,
            [
                "/apiMigrations/signed-install: installations are signed with RS256 all the same",
                "/lifecycle/unistalled: this key is not known, and is not read; did you mean uninstalled?",
                "/scope: this key is not known, and is not read; did you mean scopes?",
            ]
        );
    }

    #[test]
    fn all_faults_are_told_in_the_order_of_the_file() {
        let text =
            r#"{"scopes": ["ALL"], "lifecycle": {"installed": "x", "enabled": "/../x"}, "baseUrl": 1, "name": ""}"#;
        let pointers: Vec<String> =
            read(text.as_bytes()).expect_err("faults").into_iter().map(|fault| fault.pointer).collect();
        assert_eq!(pointers, ["/key", "/authentication", "/scopes/0", "/lifecycle/enabled", "/baseUrl", "/name"]);
    }

    #[test]
    fn at_most_fifty_faults_are_told_and_a_long_pointer_in_short() {
        let many = with("/scopes", json!(vec!["no scope"; 10_000]));
        assert_eq!(faults_of(&many.to_string()).len(), 50);
        let twice = format!("{{\"{}\": {{{}\"\": 1}}}}", "k".repeat(100_000), "\"\": 1,".repeat(20_000));
        let faults = read(twice.as_bytes()).expect_err("faults");
        assert!(faults.len() == 50 && faults.iter().all(|fault| fault.pointer.chars().count() <= 201));
    }

    #[test]
    fn a_descriptor_is_told_from_a_manifest() {
        for meant in ["{\"baseUrl\": 1}", "\u{feff}{\"authentication\": {}}"] {
            assert!(is_meant_by(meant.as_bytes()), "{meant}");
        }
        for other in ["{\"app\": {}, \"baseUrl\": 1}", "{}", "baseUrl: 1", "[]", ""] {
            assert!(!is_meant_by(other.as_bytes()), "{other}");
        }
    }
}
