//! TLS by the front itself, with a certificate that is made here.

use std::fs;

use hallmark::config::Config;
use hallmark::front::{Front, FrontError, Settings};
use rocket::figment::Figment;
use rocket::figment::providers::{Format, Toml};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};

use crate::support::listening::{Listening, rest_of};
use crate::support::tls::{connector, write_certificate};

#[rocket::get("/")]
fn hello() -> &'static str {
    "hello"
}

/// Settings that name a new certificate for `hallmark.test`, the certificate, and the folder that holds both files.
fn with_certificate() -> (Settings, CertificateDer<'static>, TempDir) {
    let folder = tempfile::tempdir().expect("a folder");
    let certificate = write_certificate(folder.path());
    let (certificates, key) = (folder.path().join("chain.pem"), folder.path().join("key.pem"));
    let toml =
        format!("[default.tls]\ncertificates = {certificates:?}\nkey = {key:?}\n[default.connections]\nhead = 1");
    (settings(&toml), certificate, folder)
}

fn settings(toml: &str) -> Settings {
    let figment = Figment::from(rocket::Config::release_default()).merge(Toml::string(toml).nested());
    Settings::of(&Config::read(&figment).expect("settings"))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_caller_who_trusts_the_certificate_is_answered_over_tls() {
    let (settings, certificate, _folder) = with_certificate();
    let front = Listening::with(rocket::build().mount("/", rocket::routes![hello]), settings).await;
    let name = ServerName::try_from("hallmark.test").expect("a name");

    let mut stream = connector(certificate).connect(name, front.connect().await).await.expect("a handshake");
    stream.write_all(b"GET / HTTP/1.1\r\nHost: hallmark.test\r\nConnection: close\r\n\r\n").await.expect("sent");
    let mut answer = String::new();
    let _ = stream.read_to_string(&mut answer).await;

    assert!(answer.starts_with("HTTP/1.1 200") && answer.ends_with("hello"), "{answer}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_handshake_that_does_not_come_or_is_none_ends_the_connection() {
    let (settings, _certificate, _folder) = with_certificate();
    let front = Listening::with(rocket::build().mount("/", rocket::routes![hello]), settings).await;

    let mut silent = front.connect().await;
    assert_eq!(rest_of(&mut silent).await, "");
    let (status, answer) = front.say("GET / HTTP/1.1\r\nHost: hallmark.test\r\n\r\n").await;
    assert_eq!(status, 0, "{answer}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_is_no_certificate_or_key_is_named() {
    let (good, _certificate, folder) = with_certificate();
    let empty = folder.path().join("empty.pem");
    fs::write(&empty, "nothing").expect("written");
    let missing = folder.path().join("missing.pem");

    for wrong in [&empty, &missing] {
        for key in ["certificates", "key"] {
            let mut settings = good.clone();
            let tls = settings.tls.as_mut().expect("TLS");
            *(if key == "key" { &mut tls.key } else { &mut tls.certificates }) = wrong.clone();
            let refused = Front::bind(rocket::build(), ("127.0.0.1", 0), settings).await.err().expect("a refusal");
            assert!(
                matches!(&refused, FrontError::Tls(told) if told.contains(key) && told.contains(".pem")),
                "{refused}"
            );
        }
    }
}
