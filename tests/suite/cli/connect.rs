//! `app connect` registers a Connect app from a file or from where it serves its descriptor; `app check` says what one asks for.

use std::io::{Read, Write};
use std::net::TcpListener;

use serde_json::json;

use crate::support::operator::{Operator, Said, operator};

const DESCRIPTOR: &str = r#"{
  "key": "com.example.inventory",
  "name": "Inventory",
  "baseUrl": "https://app.example/connect",
  "authentication": { "type": "jwt" },
  "lifecycle": { "installed": "/installed", "uninstalled": "/uninstalled" },
  "scopes": ["READ", "act_as_user"],
  "venodr": { "name": "Example" }
}"#;

/// An operator who has `descriptor` in a file.
fn with_descriptor(descriptor: &str) -> Operator {
    let operator = operator();
    std::fs::write(operator.home().join("atlassian-connect.json"), descriptor).expect("a file");
    operator
}

/// Where an app on this machine serves its descriptor.
fn served() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let url = format!("http://{}/atlassian-connect.json", listener.local_addr().expect("an address"));
    std::thread::spawn(move || {
        for mut caller in listener.incoming().map_while(Result::ok) {
            let mut request = [0; 4096];
            let read = caller.read(&mut request).unwrap_or_default();
            let found = request[..read].starts_with(b"GET /atlassian-connect.json ");
            let (status, body) = if found { ("200 OK", DESCRIPTOR) } else { ("404 Not Found", "") };
            let length = body.len();
            // Who asked may be gone.
            let _ = write!(caller, "HTTP/1.1 {status}\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{body}");
        }
    });
    url
}

/// Everything that was refused, a line each.
fn faults(said: &Said) -> Vec<&str> {
    assert_eq!((said.exit, said.out.as_str()), (1, ""), "{}", said.err);
    said.err.lines().skip(1).collect()
}

#[test]
fn a_descriptor_is_registered_and_again_as_a_version() {
    let operator = with_descriptor(DESCRIPTOR);

    let first = operator.run("app connect atlassian-connect.json --publisher Example");
    let again = operator.run("app connect atlassian-connect.json --json").json();

    assert_eq!(first.exit, 0, "{}", first.err);
    assert!(first.out.starts_with("Inventory runs version 1.0 in production.\n"), "{}", first.out);
    assert!(first.out.contains("client_id      com.example.inventory"), "{}", first.out);
    assert!(!first.out.contains("secret"), "it shares a secret with each site and has no other: {}", first.out);
    assert!(
        first.err.contains("/venodr: this key is not known, and is not read; did you mean vendor?"),
        "{}",
        first.err
    );
    assert_eq!(again["version"], "1.1");
    assert_eq!(again["client_id"], "com.example.inventory");
    assert_eq!(again["waiting"], 0);
    assert!(first.out.contains(again["app"]["id"].as_str().expect("an ARI")), "{}", first.out);
    let client = &operator.run("app list --json").json()[0];
    assert_eq!((&client["client_name"], &client["publisher"]), (&json!("Inventory"), &json!("Example")));
}

#[test]
fn every_fault_of_a_descriptor_is_a_line_and_nothing_is_registered() {
    let faulty = DESCRIPTOR.replace("https://app", "http://app").replace("\"READ\"", "\"REED\"");
    let operator = with_descriptor(&faulty);

    for command in ["app connect atlassian-connect.json", "app check atlassian-connect.json"] {
        let said = operator.run(command);
        assert!(said.err.starts_with("hallmark: atlassian-connect.json has 2 faults\n"), "{}", said.err);
        let faults = faults(&said);
        assert!(faults[0].starts_with("atlassian-connect.json: /baseUrl: expected https://"), "{faults:?}");
        assert!(faults[1].starts_with("atlassian-connect.json: /scopes/0: ") && faults[1].ends_with("mean READ?"));
    }
    assert_eq!(operator.run("app list --json").json(), json!([]));
    std::fs::write(operator.home().join("bytes.json"), b"\xff").expect("a file");
    assert_eq!(faults(&operator.run("app connect bytes.json")), ["bytes.json: expected text in UTF-8"]);
    assert_eq!(operator.run("app connect nothing.json").exit, 1);
}

#[test]
fn a_descriptor_is_checked_without_a_store() {
    let operator = with_descriptor(DESCRIPTOR);

    let said = operator.run("app check atlassian-connect.json");
    let told = operator.run("app check atlassian-connect.json --json").json();

    let lines = "com.example.inventory (Inventory) at https://app.example/connect asks for:\n\
                 scope     ACT_AS_USER\nscope     READ\n\
                 told      installed at https://app.example/connect/installed\n\
                 told      uninstalled at https://app.example/connect/uninstalled\n";
    assert_eq!((said.exit, said.out.as_str()), (0, lines), "{}", said.err);
    assert!(said.err.contains("did you mean vendor?"), "{}", said.err);
    assert_eq!(told["scopes"], json!(["ACT_AS_USER", "READ"]));
    assert_eq!(told["base_url"], "https://app.example/connect");
    assert_eq!(told["lifecycle"]["installed"], "https://app.example/connect/installed");
    assert!(!operator.data().exists());
}

#[test]
fn a_descriptor_at_a_private_address_is_not_fetched_unless_that_is_set() {
    let (operator, url) = (operator(), served());

    let refused = operator.run(&format!("app connect {url}"));

    assert_eq!(refused.exit, 1, "{}", refused.out);
    let told = format!("hallmark: {url} was not fetched: 127.0.0.1 is at a private address");
    assert!(
        refused.err.starts_with(&told) && refused.err.contains("connect.allow_private_addresses"),
        "{}",
        refused.err
    );

    operator.configure("[default.connect]\nallow_private_addresses = true\n");
    let registered = operator.run(&format!("app connect {url} --json")).json();

    assert_eq!(registered["client_id"], "com.example.inventory");
    let missing = operator.run(&format!("app connect {url}x"));
    assert_eq!(missing.err, format!("hallmark: {url}x was not fetched: it answered with status 404\n"));
}

#[test]
fn a_running_server_fetches_a_descriptor_and_is_sent_the_file_of_another() {
    let (operator, url) = (with_descriptor(&DESCRIPTOR.replace("inventory", "other")), served());
    operator.configure("[default.connect]\nallow_private_addresses = true\n");
    let server = operator.serve();

    let fetched = operator.run(&format!("app connect {url} --json")).json();
    let sent = operator.run("app connect atlassian-connect.json --json").json();

    assert_eq!((&fetched["version"], &sent["version"]), (&json!("1.0"), &json!("1.0")));
    assert_eq!(sent["client_id"], "com.example.other");
    server.stop();
}
