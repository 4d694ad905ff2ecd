//! `doctor`: reads the configuration, looks at the data folder and the server, names what is wrong and how to fix it.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::time::Duration;

use serde::Serialize;
use serde_json::{Value, json};
use url::Url;

use crate::cli::answer::{Answer, CommandError, Exit, table};
use crate::cli::arguments::{Format, Place};
use crate::cli::command::Command;
use crate::cli::open::FOLDER_MODE;
use crate::cli::settings::Settings;
use crate::cli::{control, reach};

const TIME_OUT: Duration = Duration::from_secs(5);

/// What an examination found in one place.
#[derive(Serialize)]
struct Finding {
    what: &'static str,
    state: State,
    detail: String,
    /// What to do; empty where nothing is wrong.
    fix: String,
}

#[derive(Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum State {
    Good,
    Doubtful,
    Wrong,
}

/// Examines the installation and prints what it found.
///
/// # Errors
/// [`CommandError`] if the findings cannot be printed.
pub async fn examine(place: &Place, format: Format) -> Result<Exit, CommandError> {
    let findings = match Settings::read(place) {
        Ok(settings) => findings(&settings).await,
        Err(error) => {
            let fix = "correct the key that is named; docs/configuration.md lists every key";
            vec![Finding::wrong("configuration", error.to_string(), fix)]
        }
    };
    answer(&findings).print(format)?;
    let wrong = findings.iter().any(|finding| finding.state == State::Wrong);
    Ok(if wrong { Exit::Failed } else { Exit::Done })
}

async fn findings(settings: &Settings) -> Vec<Finding> {
    let mut findings = vec![
        Finding::good("configuration", "every key is known and in range"),
        folder(&settings.config.store.folder),
        issuer(settings),
    ];
    let (store, server) = store(settings).await;
    findings.push(store);
    findings.push(match server {
        Server::Running => reachable(settings.config.issuer.url.as_str()).await,
        Server::Down => Finding::doubtful("server", "not running", "start it with `hallmark serve`"),
    });
    findings
}

fn folder(folder: &Path) -> Finding {
    let Ok(metadata) = std::fs::metadata(folder) else {
        let detail = format!("{} is not there yet", folder.display());
        return Finding::doubtful("data folder", detail, "`hallmark serve` makes it; or name another with --data");
    };
    if !metadata.is_dir() {
        let detail = format!("{} is no folder", folder.display());
        return Finding::wrong("data folder", detail, "name another with --data");
    }
    let mode = metadata.permissions().mode() & 0o777;
    if mode & !FOLDER_MODE != 0 {
        let detail = format!("{} is open to other users of this machine (mode {mode:o})", folder.display());
        return Finding::wrong("data folder", detail, format!("chmod 700 {}", folder.display()));
    }
    Finding::good("data folder", format!("{} is closed to others", folder.display()))
}

fn issuer(settings: &Settings) -> Finding {
    let issuer = &settings.config.issuer.url;
    if issuer.is_https() {
        return Finding::good("issuer", issuer.to_string());
    }
    // Without TLS the issuer is on loopback, where no proxy stands between: it must name what is listened on.
    let port: u16 = settings.figment.extract_inner("port").unwrap_or_default();
    let address: std::net::IpAddr = settings.figment.extract_inner("address").unwrap_or([127, 0, 0, 1].into());
    let named = Url::parse(issuer.as_str()).ok().and_then(|url| url.port_or_known_default());
    if named != Some(port) {
        let detail = format!("{issuer} names another port than the {port} that is listened on");
        return Finding::wrong(
            "issuer",
            detail,
            format!("set issuer.url to the address that people use, or ROCKET_PORT={}", named.unwrap_or(port)),
        );
    }
    if !address.is_loopback() {
        let detail = format!("{issuer} is for this machine only, but {address} is open to others without TLS");
        return Finding::doubtful(
            "issuer",
            detail,
            "set issuer.url to an https URL and put a TLS proxy before the server",
        );
    }
    Finding::good("issuer", format!("{issuer} (this machine only)"))
}

enum Server {
    Running,
    Down,
}

/// Whether the store opens, or who has it, and how much is in it.
async fn store(settings: &Settings) -> (Finding, Server) {
    let folder = &settings.config.store.folder;
    let listening = tokio::net::UnixStream::connect(control::socket(folder)).await.is_ok();
    let server = if listening { Server::Running } else { Server::Down };
    if !listening && !folder.exists() {
        return (Finding::doubtful("store", "nothing is kept yet", "`hallmark serve` begins a new store"), server);
    }
    let finding = match reach::run(settings, Command::Count).await {
        Ok(answer) if listening => Finding::good("store", format!("{}, held by the running server", answer.text)),
        Ok(answer) => Finding::good("store", answer.text),
        Err(error) => {
            let fix = match error.exit {
                Exit::Locked => "stop that process, or name another folder with --data",
                Exit::Integrity => {
                    "bring a backup back with `hallmark restore --force FILE`, or run the version that wrote it"
                }
                Exit::Configuration => "correct what is named",
                Exit::Temporary => "look at the disk that holds the data folder: is it full or read-only?",
                _ => "look at the log of the server",
            };
            Finding::wrong("store", error.to_string(), fix)
        }
    };
    (finding, server)
}

/// Whether the running server is found where its issuer says, and agrees on its own name.
async fn reachable(issuer: &str) -> Finding {
    let Ok(url) = Url::parse(issuer) else { return Finding::wrong("server", issuer.to_owned(), "set issuer.url") };
    // RFC 8414 section 3.1: the well-known path goes between the host and the path of the issuer.
    let path = url.path().trim_end_matches('/');
    let metadata = format!("{}/.well-known/oauth-authorization-server{path}", url.origin().ascii_serialization());
    match named_issuer(&metadata).await {
        Ok(named) if named == issuer => Finding::good("server", format!("{metadata} answers")),
        Ok(named) => Finding::wrong(
            "server",
            format!("{metadata} is of another issuer, {named}"),
            "set issuer.url to that, or find what else answers there",
        ),
        Err(fault) => Finding::wrong(
            "server",
            format!("{metadata} does not answer: {fault}"),
            "let issuer.url be the address at which people reach this server, and look at the proxy before it",
        ),
    }
}

async fn named_issuer(metadata: &str) -> Result<String, String> {
    let client = reqwest::Client::builder().timeout(TIME_OUT).build().map_err(|error| error.to_string())?;
    let answer = client.get(metadata).send().await.map_err(|error| error.without_url().to_string())?;
    let answer = answer.error_for_status().map_err(|error| error.without_url().to_string())?;
    let metadata: Value = answer.json().await.map_err(|error| error.without_url().to_string())?;
    metadata["issuer"].as_str().map(str::to_owned).ok_or_else(|| "it names no issuer".into())
}

fn answer(findings: &[Finding]) -> Answer {
    let row = |finding: &Finding| {
        let state = match finding.state {
            State::Good => "ok",
            State::Doubtful => "note",
            State::Wrong => "WRONG",
        };
        let fix = if finding.fix.is_empty() { String::new() } else { format!(" -> {}", finding.fix) };
        [state.to_owned(), finding.what.to_owned(), format!("{}{fix}", finding.detail)]
    };
    let rows: Vec<_> = findings.iter().map(row).collect();
    let wrong = findings.iter().any(|finding| finding.state == State::Wrong);
    Answer::new(table(["", "WHAT", "FINDING"], &rows), json!({ "ok": !wrong, "findings": findings }))
}

impl Finding {
    fn good(what: &'static str, detail: impl Into<String>) -> Self {
        Self { what, state: State::Good, detail: detail.into(), fix: String::new() }
    }

    fn doubtful(what: &'static str, detail: impl Into<String>, fix: impl Into<String>) -> Self {
        Self { what, state: State::Doubtful, detail: detail.into(), fix: fix.into() }
    }

    fn wrong(what: &'static str, detail: impl Into<String>, fix: impl Into<String>) -> Self {
        Self { what, state: State::Wrong, detail: detail.into(), fix: fix.into() }
    }
}
