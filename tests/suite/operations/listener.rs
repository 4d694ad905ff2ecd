//! The listener for operators, and `ready`, with the real server.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};

use crate::support::operator::operator;

const ANYWHERE: [(&str, &str); 1] = [("HALLMARK_OPERATIONS__ADDRESS", "127.0.0.1:0")];

fn get(address: impl Into<SocketAddr>, path: &str) -> String {
    let mut socket = TcpStream::connect(address.into()).expect("a connection");
    socket.write_all(format!("GET {path} HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n").as_bytes()).expect("sent");
    let mut answer = String::new();
    let _ = socket.read_to_string(&mut answer);
    answer
}

#[test]
fn operators_have_health_and_metrics_at_a_listener_of_their_own() {
    let operator = operator();
    let serving = operator.serve_in(&ANYWHERE);
    let (own, main) = (serving.operations(), SocketAddr::from(([127, 0, 0, 1], operator.port)));
    get(main, "/oauth/jwks");

    for path in ["/healthz", "/readyz"] {
        assert!(get(own, path).starts_with("HTTP/1.1 200"), "{path}");
        assert!(get(main, path).starts_with("HTTP/1.1 200"), "{path}");
    }
    let metrics = get(own, "/metrics");
    assert!(
        metrics.to_ascii_lowercase().contains("content-type: application/openmetrics-text; version=1.0.0"),
        "{metrics}"
    );
    assert!(
        metrics.contains(r#"hallmark_requests_total{route="/oauth/jwks",method="GET",status="2xx"} 1"#),
        "{metrics}"
    );
    assert!(metrics.contains("hallmark_connections_open 0") || metrics.contains("hallmark_connections_open 1"));
    assert!(metrics.contains("hallmark_log_lines_dropped_total 0"));
    assert!(get(main, "/metrics").starts_with("HTTP/1.1 404"), "strangers have no metrics");
    assert!(get(own, "/login").starts_with("HTTP/1.1 404"), "and nobody signs in there");
    assert_eq!(serving.stop().0, Some(0));
}

#[test]
fn an_address_that_was_named_and_is_taken_is_told_and_ends_the_server() {
    let operator = operator();
    let taken = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = taken.local_addr().expect("an address").to_string();
    let said = operator.run_in("serve", "", &[("HALLMARK_OPERATIONS__ADDRESS", &address)]);
    assert_eq!(said.exit, 1);
    assert!(said.err.contains("operations.address") && said.err.contains(&address), "{}", said.err);
}

#[test]
fn ready_tells_by_its_exit_code_whether_a_server_answers() {
    let operator = operator();
    let down = operator.run("ready");
    assert_eq!(down.exit, 1);
    assert!(down.err.contains("no server runs"), "{}", down.err);
    assert!(!operator.data().exists(), "asking makes nothing");

    let _serving = operator.serve();
    let up = operator.run("ready");
    assert_eq!((up.exit, up.out.trim()), (0, "ready"));
}
