//! `reload` and SIGHUP: what changes while the server serves, and that nothing does where anything is wrong.

use std::io::{Read, Write};
use std::net::TcpStream;

use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};

use crate::support::operator::{Operator, operator};
use crate::support::tls::{connector, write_certificate};

const TLS: &str = "[default.tls]\ncertificates = \"chain.pem\"\nkey = \"key.pem\"\n";

/// What the server answers to a request for `path`, with more headers.
fn ask(operator: &Operator, path: &str, headers: &str) -> String {
    let mut stream = TcpStream::connect(("127.0.0.1", operator.port)).expect("a connection");
    write!(stream, "GET {path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n{headers}\r\n").expect("sent");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("an answer");
    answer
}

/// Whether a caller who trusts `certificate` and no other comes to a handshake.
async fn shows(operator: &Operator, certificate: &CertificateDer<'static>) -> bool {
    let stream = tokio::net::TcpStream::connect(("127.0.0.1", operator.port)).await.expect("a connection");
    let name = ServerName::try_from("hallmark.test").expect("a name");
    connector(certificate.clone()).connect(name, stream).await.is_ok()
}

#[test]
fn another_log_filter_holds_from_the_next_line_on() {
    let operator = operator();
    operator.configure("[default.log]\nfilter = \"info,access=off\"\n");
    let serving = operator.serve();
    ask(&operator, "/before", "");

    operator.configure("[default.log]\nfilter = \"info\"\n");
    let said = operator.run("reload");

    assert_eq!(
        (said.exit, said.out.trim_end()),
        (0, "log.filter: \"info\" in place of \"info,access=off\""),
        "{}",
        said.err
    );
    let lines = |log: &str| log.lines().filter(|line| line.contains("\"target\":\"access\"")).count();
    ask(&operator, "/after", "");
    assert_eq!(lines(&serving.log_with("\"target\":\"access\"")), 1, "what came before was not logged");

    operator.configure("[default.log]\nfilter = \"warn\"\n");
    assert_eq!(operator.run("reload").exit, 0);
    ask(&operator, "/quiet", "");
    assert_eq!(lines(&serving.stop().1), 1);
}

#[test]
fn the_variable_for_the_log_wins_and_the_answer_says_so() {
    let operator = operator();
    let _serving = operator.serve_in(&[("HALLMARK_LOG", "info,audit=off")]);
    operator.configure("[default.log]\nfilter = \"warn\"\n");
    let said = operator.run("reload");
    assert_eq!(said.exit, 0);
    assert!(said.err.contains("HALLMARK_LOG is set"), "{}", said.err);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_renewed_certificate_is_what_the_next_handshake_sees() {
    let operator = operator();
    operator.configure(TLS);
    let first = write_certificate(operator.home());
    let serving = operator.serve();
    assert!(shows(&operator, &first).await);

    let second = write_certificate(operator.home());
    assert!(shows(&operator, &first).await, "nobody told the server yet");
    let told = operator.run("reload --json").json();
    assert_eq!((&told["certificate_renewed"], &told["applied"]), (&true.into(), &serde_json::json!([])));
    assert!(shows(&operator, &second).await && !shows(&operator, &first).await);

    let third = write_certificate(operator.home());
    serving.signal("HUP");
    serving.log_with("\\\"certificate_renewed\\\":true");
    while !shows(&operator, &third).await {
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    assert_eq!(operator.run("reload").out.trim_end(), "nothing has changed");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_that_cannot_be_used_changes_nothing() {
    let operator = operator();
    operator.configure(TLS);
    let certificate = write_certificate(operator.home());
    let serving = operator.serve();

    std::fs::write(operator.home().join("key.pem"), "half a file").expect("a file");
    operator.configure(&format!("{TLS}[default.log]\nfilter = \"off\"\n"));
    let said = operator.run("reload");

    assert_eq!(said.exit, 3);
    assert!(said.err.contains("tls.key = key.pem") && said.err.contains("nothing was applied"), "{}", said.err);
    assert!(shows(&operator, &certificate).await);
    serving.log_with("nothing of it was applied");
}

#[test]
fn a_key_that_is_wrong_is_named_and_nothing_is_applied_by_command_or_by_signal() {
    let operator = operator();
    let serving = operator.serve();
    let cors = "[default.cors]\norigins = [\"https://a.example\"]\n";
    for (wrong, key) in [
        ("[default.lifetimes]\nacces_token = 30", "lifetimes.acces_token"),
        ("[default.log]\nfilter = \"access=loud\"", "log.filter"),
        ("[default.connections]\ntotal = 0", "connections.total"),
        ("[default.passwords]\nparallelism = 0", "passwords"),
        ("[default.tls]\nkey = \"key.pem\"", "tls.certificates"),
        ("[default", "TOML"),
    ] {
        operator.configure(&format!("{cors}{wrong}\n"));
        let said = operator.run("reload");
        assert_eq!(said.exit, 3, "{wrong}: {}", said.err);
        assert!(said.err.contains(key) && said.err.contains("nothing was applied"), "{}", said.err);
    }
    operator.configure("[default.store]\nfolder = 1\n");
    serving.signal("HUP");
    let log = serving.log_with("store.folder");
    assert!(log.contains("acces_token") && log.contains("nothing of it was applied"), "{log}");

    let answer = ask(&operator, "/.well-known/oauth-authorization-server", "Origin: https://a.example\r\n");
    assert!(answer.starts_with("HTTP/1.1 200") && !answer.contains("access-control-allow-origin"), "{answer}");
    assert_eq!(serving.stop().0, Some(0));
}

#[test]
fn whom_the_server_trusts_changes_by_command_and_by_signal() {
    let operator = operator();
    let serving = operator.serve();
    let path = "/.well-known/oauth-authorization-server";
    let allowed =
        |origin: &str| ask(&operator, path, &format!("Origin: {origin}\r\n")).contains("access-control-allow");
    let named = || ask(&operator, path, "X-Request-Id: from-the-proxy\r\n").contains("from-the-proxy");
    assert!(!allowed("https://a.example") && !named());

    operator.configure(
        "[default.cors]\norigins = [\"https://a.example\"]\n[default.proxies]\ntrusted = [\"127.0.0.0/8\"]\n",
    );
    let told = operator.run("reload --json").json();

    assert_eq!(
        (&told["applied"][0]["key"], &told["applied"][1]["key"]),
        (&"cors.origins".into(), &"proxies.trusted".into())
    );
    assert!(allowed("https://a.example") && named());

    operator.configure("");
    serving.signal("HUP");
    serving.log_with("\\\"new\\\":null");
    assert!(!allowed("https://a.example") && !named());
    let (exit, log) = serving.stop();
    assert_eq!(exit, Some(0), "a server that was told to reload still ends as it should: {log}");
}

#[test]
fn what_needs_a_restart_is_named_each_time_and_the_rest_is_applied() {
    let operator = operator();
    let _serving = operator.serve();
    operator
        .configure("[default]\nworkers = 3\n[default.issuer]\nname = \"Other\"\n[default.connections]\ntotal = 7\n");

    let first = operator.run("reload");
    let second = operator.run("reload --json").json();

    assert_eq!(first.exit, 0, "{}", first.err);
    let told: Vec<&str> = first.out.lines().collect();
    assert_eq!(
        told,
        [
            "connections.total: 7 in place of its default",
            "issuer.name has changed, which needs a restart",
            "workers has changed, which needs a restart"
        ]
    );
    assert_eq!(second["applied"], serde_json::json!([]));
    assert_eq!(second["needs_restart"], serde_json::json!(["issuer.name", "workers"]));
}

#[test]
fn tls_begins_and_ends_with_a_restart_alone() {
    let operator = operator();
    let _serving = operator.serve();
    write_certificate(operator.home());
    operator.configure(TLS);
    let told = operator.run("reload --json").json();
    assert_eq!(told["needs_restart"], serde_json::json!(["tls.certificates", "tls.key"]));
    assert!(ask(&operator, "/healthz", "").starts_with("HTTP/1.1 200"));
}

#[test]
fn without_a_server_there_is_nothing_to_reload() {
    let said = operator().run("reload");
    assert_eq!(said.exit, 1);
    assert!(said.err.contains("no server runs"), "{}", said.err);
}
