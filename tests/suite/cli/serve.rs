//! `serve`: one per folder, a setup link until there is an admin, an orderly end.

use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixDatagram;
use std::time::Duration;

use crate::support::operator::operator;

#[test]
fn a_second_server_on_a_folder_exits_4_and_names_the_owner() {
    let operator = operator();
    let serving = operator.serve();
    let second = operator.run("serve");
    assert_eq!(second.exit, 4);
    assert!(second.err.contains(&serving.pid().to_string()), "{}", second.err);
}

#[test]
fn a_server_that_is_asked_to_stop_exits_0() {
    let operator = operator();
    assert_eq!(operator.serve().stop().0, Some(0));
    assert_eq!(operator.serve().stop().0, Some(0));
}

#[test]
fn away_from_a_terminal_the_setup_link_goes_into_a_file_and_not_into_the_log() {
    let operator = operator();
    let serving = operator.serve();
    let path = operator.data().join("setup-link");
    let link = std::fs::read_to_string(&path).expect("a file");
    assert!(link.starts_with(&format!("http://127.0.0.1:{}/setup/", operator.port)), "{link}");
    assert_eq!(std::fs::metadata(&path).expect("a file").permissions().mode() & 0o777, 0o600);
    assert_eq!(operator.run("setup-link").exit, 0);
    assert!(!path.exists(), "a link that is void is not left about");
    let (_, log) = serving.stop();
    assert!(log.contains("setup-link") && !log.contains(link.trim()), "{log}");
}

#[test]
fn a_setup_link_is_made_until_there_is_an_admin() {
    let operator = operator();
    let first = operator.run("setup-link --json").json();
    let second = operator.run("setup-link --json").json();
    assert_ne!(first["setup_link"], second["setup_link"]);
    assert_eq!(operator.run_with("user add a@example.com --password-stdin --admin", "correct horse").exit, 0);
    assert_eq!(operator.run("setup-link").exit, 1);
    let serving = operator.serve();
    assert!(!operator.data().join("setup-link").exists());
    drop(serving);
}

#[test]
fn a_lifetime_is_set_from_the_environment() {
    let operator = operator();
    let said = operator.run_in("setup-link --json", "", &[("HALLMARK_LIFETIMES__SETUP_LINK", "45s")]);
    assert_eq!(said.json()["expires_in"], 45);
}

#[test]
fn a_port_that_is_taken_is_named_with_what_to_do() {
    let operator = operator();
    let _taken = std::net::TcpListener::bind(("127.0.0.1", operator.port)).expect("the port");
    let said = operator.run("serve");
    assert_eq!(said.exit, 1);
    assert!(said.err.contains("ROCKET_PORT") && said.err.contains(&operator.port.to_string()), "{}", said.err);
}

#[test]
fn a_service_manager_is_told_when_the_server_can_be_reached_and_when_it_ends() {
    let operator = operator();
    let path = operator.home().join("notify");
    let manager = UnixDatagram::bind(&path).expect("a socket");
    manager.set_read_timeout(Some(Duration::from_secs(10))).expect("a limit");
    let told = || {
        let mut message = [0; 64];
        let length = manager.recv(&mut message).expect("a message");
        String::from_utf8_lossy(&message[..length]).trim_end().to_owned()
    };

    let serving = operator.serve_in(&[("NOTIFY_SOCKET", path.to_str().expect("text"))]);
    assert_eq!(told(), "READY=1");
    std::net::TcpStream::connect(("127.0.0.1", operator.port)).expect("it can be reached");

    assert_eq!(serving.stop().0, Some(0));
    assert_eq!(told(), "STOPPING=1");
}
