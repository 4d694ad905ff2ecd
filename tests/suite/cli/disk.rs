//! A disk that is nearly full, full, or damaged: what the server and its operator are told.

use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde_json::Value;

use crate::support::operator::{Operator, operator};

const SECRET: &str = "a-secret-of-more-than-22-characters";

/// More than any disk has.
const EVERYTHING: &[(&str, &str)] = &[("HALLMARK_STORE__FREE_SPACE_MIB", "1000000000000")];

/// An operator with an API and an app that gets tokens for itself.
fn installed() -> Operator {
    let operator = operator();
    for command in [
        "resource add --id api --identifier https://api.example --scope read:object --secret-stdin",
        "app add --client-id app --secret-stdin --redirect-uri https://app.example/cb --grant client_credentials --scope read:object",
        "user add a@example.com --password-stdin --admin",
    ] {
        let said = operator.run_with(command, SECRET);
        assert_eq!(said.exit, 0, "{}", said.err);
    }
    operator
}

/// What the server answered.
struct Answer {
    status: u16,
    head: String,
    body: String,
}

impl Answer {
    /// Whether it tells the caller to come back.
    fn is_for_later(&self) -> bool {
        self.status == 503 && self.head.to_ascii_lowercase().contains("\r\nretry-after:")
    }

    fn json(&self) -> Value {
        serde_json::from_str(&self.body).expect(&self.body)
    }
}

fn ask(operator: &Operator, path: &str, caller: &str, body: &str) -> Answer {
    let mut socket = TcpStream::connect(("127.0.0.1", operator.port)).expect("a server");
    let credentials = BASE64_STANDARD.encode(format!("{caller}:{SECRET}"));
    let length = body.len();
    let request = format!(
        "POST {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nAuthorization: Basic {credentials}\r\n\
         Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {length}\r\n\r\n{body}"
    );
    socket.write_all(request.as_bytes()).expect("sent");
    let mut answer = String::new();
    socket.read_to_string(&mut answer).expect("an answer");
    let (head, body) = answer.split_once("\r\n\r\n").expect("a whole answer");
    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).expect("a status");
    Answer { status, head: head.to_owned(), body: body.to_owned() }
}

fn issue(operator: &Operator) -> Answer {
    ask(operator, "/oauth/token", "app", "grant_type=client_credentials&scope=read:object")
}

fn issued(operator: &Operator) -> String {
    issue(operator).json()["access_token"].as_str().expect("a token").to_owned()
}

fn introspect(operator: &Operator, token: &str) -> Answer {
    ask(operator, "/oauth/introspect", "api", &format!("token={token}"))
}

fn revoke(operator: &Operator, token: &str) -> Answer {
    ask(operator, "/oauth/revoke", "app", &format!("token={token}"))
}

#[test]
fn on_a_disk_that_is_nearly_full_nothing_is_issued_and_introspection_and_revocation_go_on() {
    let operator = installed();
    let serving = operator.serve();
    let (kept, ended) = (issued(&operator), issued(&operator));
    drop(serving);

    let serving = operator.serve_in(EVERYTHING);

    assert!(issue(&operator).is_for_later());
    assert_eq!(introspect(&operator, &kept).json()["active"], true);
    assert_eq!(revoke(&operator, &ended).status, 200);
    assert_eq!(introspect(&operator, &ended).json()["active"], false);
    let (exit, log) = serving.stop();
    assert_eq!(exit, Some(0));
    assert_eq!(log.matches("\"message\":\"the disk is nearly full").count(), 1, "{log}");

    let _serving = operator.serve();
    assert_eq!(issue(&operator).status, 200, "once there is room it goes on");
    assert_eq!(introspect(&operator, &ended).json()["active"], false);
}

#[test]
fn once_a_write_failed_every_write_is_answered_with_503_and_introspection_goes_on_and_a_restart_mends_it() {
    let operator = installed();
    // A limit on the size of files stands in for a full disk: 4 MiB in blocks of 512 bytes.
    let serving = operator.serve_within(8192, &[("HALLMARK_STORE__FREE_SPACE_MIB", "0")]);
    let mut tokens = Vec::new();
    loop {
        let answer = issue(&operator);
        if answer.status != 200 {
            assert!(answer.is_for_later(), "{}", answer.status);
            break;
        }
        tokens.push(answer.json()["access_token"].as_str().expect("a token").to_owned());
        assert!(tokens.len() < 50_000, "the limit is never met");
    }
    assert!(tokens.len() > 100);

    let sample: Vec<_> = tokens.iter().step_by(tokens.len() / 100).collect();
    let answers: Vec<_> = sample.iter().map(|token| introspect(&operator, token)).collect();
    let unanswered = answers.iter().filter(|answer| answer.status != 200).count();
    assert!(unanswered <= 1, "{unanswered} of {} introspections failed", answers.len());
    for answer in answers {
        assert!(answer.is_for_later() || answer.json()["active"] == true, "a live token is never called dead");
    }
    for token in &sample {
        assert!(revoke(&operator, token).is_for_later(), "a revocation is never falsely acknowledged");
    }
    assert!(issue(&operator).is_for_later());
    drop(serving);

    let _serving = operator.serve();
    for token in &sample {
        assert_eq!(introspect(&operator, token).json()["active"], true);
    }
    assert_eq!(revoke(&operator, sample[0]).status, 200);
    assert_eq!(introspect(&operator, sample[0]).json()["active"], false);
    assert_eq!(issue(&operator).status, 200);
}

/// What a command says of a damaged store: that it is, and what to do.
fn assert_refused(operator: &Operator, damage: &str) {
    let said = operator.run("user list");
    assert_eq!(said.exit, 5, "{damage}: {} {}", said.out, said.err);
    assert!(said.err.contains("backup") && said.err.contains("hallmark restore"), "{damage}: {}", said.err);
    assert!(!said.err.contains("panicked"), "{damage}: {}", said.err);
}

/// The files of sled, but for folders.
fn files(operator: &Operator) -> Vec<PathBuf> {
    let entries = fs::read_dir(operator.data().join("sled")).expect("a folder");
    let paths = entries.map(|entry| entry.expect("an entry").path());
    paths.filter(|path| path.is_file()).collect()
}

fn flip(path: &Path, at: u64) {
    let file = fs::File::options().read(true).write(true).open(path).expect("a file");
    let mut byte = [0];
    file.read_exact_at(&mut byte, at).expect("read");
    file.write_all_at(&[byte[0] ^ 0x20], at).expect("written");
}

#[test]
fn a_store_of_which_a_byte_is_not_what_it_was_is_refused_with_5_and_the_way_back() {
    let operator = installed();
    for path in files(&operator) {
        let length = fs::metadata(&path).expect("a file").len();
        let everywhere = (0..length).step_by((length / 30).max(1) as usize);
        let tail = (length.saturating_sub(4096)..length).step_by(512);
        for at in everywhere.chain(tail) {
            flip(&path, at);
            assert_refused(&operator, &format!("byte {at} of {} flipped", path.display()));
            flip(&path, at);
        }
    }
    assert_eq!(operator.run("user list").exit, 0, "undamaged it opens");
}

#[test]
fn a_store_whose_log_was_cut_is_refused_with_5_and_the_way_back() {
    let operator = installed();
    let log = operator.data().join("sled/db");
    let whole = fs::read(&log).expect("the log");
    for cut in [1, 2, 511, 512, 4095, 4096, 65_536, whole.len() / 2, whole.len() - 1, whole.len()] {
        fs::write(&log, &whole[..whole.len() - cut]).expect("written");
        assert_refused(&operator, &format!("{cut} bytes cut"));
    }
    fs::write(&log, &whole).expect("written");
    assert_eq!(operator.run("user list").exit, 0, "undamaged it opens");
}
