//! Commands while the server runs, by its socket.

use std::io::{Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;

use crate::support::operator::operator;

fn mode(path: &Path) -> u32 {
    std::fs::metadata(path).expect("a file").permissions().mode() & 0o777
}

#[test]
fn the_same_commands_reach_a_running_server() {
    let operator = operator();
    let serving = operator.serve();

    let added = operator.run("resource add --id assets --identifier https://assets.example --scope read:a:b --json");
    let person = operator.run_with("user add p@example.com --password-stdin", "correct horse\n");

    let secret = added.json()["client_secret"].as_str().expect("a secret").to_owned();
    assert_eq!(person.exit, 0, "{}", person.err);
    assert_eq!(operator.run("resource list --json").json()[0]["id"], "assets");
    let (exit, log) = serving.stop();
    assert_eq!(exit, Some(0));
    assert!(log.contains("resource_added"), "the server did it: {log}");
    assert!(!log.contains(&secret) && !log.contains("correct horse"), "{log}");
    assert_eq!(operator.run("user list --json").json()[0]["email"], "p@example.com");
}

#[test]
fn what_a_command_refuses_has_the_same_words_and_exit_code_through_the_socket() {
    let operator = operator();
    let alone = operator.run("app remove nothing");
    let serving = operator.serve();
    let told = operator.run("app remove nothing");
    assert_eq!((told.exit, &told.err), (1, &alone.err));
    drop(serving);
}

#[test]
fn the_socket_and_the_folder_are_closed_to_others() {
    let operator = operator();
    let _serving = operator.serve();
    assert_eq!(mode(&operator.data().join("control.sock")), 0o600);
    assert_eq!(mode(&operator.data()), 0o700);
}

#[test]
fn a_socket_that_was_left_behind_is_in_nobodys_way() {
    let operator = operator();
    assert_eq!(operator.run("user list").exit, 0);
    drop(UnixListener::bind(operator.data().join("control.sock")).expect("a socket"));
    assert_eq!(operator.run("user list").exit, 0);
    assert!(!operator.data().join("control.sock").exists());
    drop(UnixListener::bind(operator.data().join("control.sock")).expect("a socket"));
    let serving = operator.serve();
    assert_eq!(operator.run("user list").exit, 0);
    assert_eq!(serving.stop().0, Some(0));
    assert!(!operator.data().join("control.sock").exists());
}

#[test]
fn nonsense_at_the_socket_is_refused_and_the_server_goes_on() {
    let operator = operator();
    let _serving = operator.serve();
    let tell = |bytes: &[u8]| {
        let mut stream = UnixStream::connect(operator.data().join("control.sock")).expect("a socket");
        // The server may hang up before everything is written.
        let _ = stream.write_all(bytes);
        let mut reply = String::new();
        let _ = stream.read_to_string(&mut reply);
        reply
    };
    assert!(tell(b"{\"delete\":\"everything\"}\n").contains("does not know this command"));
    assert!(tell(b"\xff\xfe\n").is_empty());
    assert!(tell(&vec![b'x'; 300 * 1024]).is_empty());
    assert_eq!(operator.run("user list").exit, 0);
}
