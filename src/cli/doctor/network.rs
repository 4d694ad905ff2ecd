//! How people and operators reach the server: its issuer, its certificate, its listeners, its connections.

use std::fs;
use std::net::IpAddr;
use std::path::Path;
use std::time::Duration;

use serde_json::Value;
use url::Url;

use crate::authorization_server::Clock;
use crate::cli::doctor::finding::Finding;
use crate::cli::doctor::store::Server;
use crate::cli::settings::Settings;
use crate::config::Config;
use crate::config::operations::OperationsListener;
use crate::domain::time::Lifetime;
use crate::front::{self, Validity};

const ISSUER: &str = "issuer";
const CERTIFICATE: &str = "certificate";
const CONNECTIONS: &str = "connections";
const OPERATIONS: &str = "operators' listener";
const SERVER: &str = "server";

const TIME_OUT: Duration = Duration::from_secs(5);

/// Descriptors that are no connections: the store's, the listeners', the log's.
const BESIDE: u64 = 100;

/// How long before its end a certificate should have been renewed.
fn renewal() -> Lifetime {
    Lifetime::days(14)
}

/// Whether the issuer can be where people reach the server.
pub fn issuer(settings: &Settings) -> Finding {
    let config = &settings.config;
    let issuer = &config.issuer.url;
    let address: IpAddr = settings.figment.extract_inner("address").unwrap_or([127, 0, 0, 1].into());
    if issuer.is_https() {
        if config.tls.is_none() && config.proxies.trusted.is_empty() {
            let detail = format!("{issuer} needs a TLS proxy, and none is trusted: everybody has the proxy's address");
            return Finding::doubtful(ISSUER, detail, "name the proxy's network in proxies.trusted, or set [tls]");
        }
        return Finding::good(ISSUER, issuer.to_string());
    }
    if config.tls.is_some() {
        let detail = format!("{issuer} is not https, and the server speaks TLS");
        return Finding::wrong(ISSUER, detail, "set issuer.url to the https URL that people use, or leave [tls] out");
    }
    // Without TLS the issuer is on loopback, where no proxy stands between: it must name what is listened on.
    let port: u16 = settings.figment.extract_inner("port").unwrap_or_default();
    let named = Url::parse(issuer.as_str()).ok().and_then(|url| url.port_or_known_default());
    if named != Some(port) {
        let detail = format!("{issuer} names another port than the {port} that is listened on");
        let fix = format!("set issuer.url to the address that people use, or ROCKET_PORT={}", named.unwrap_or(port));
        return Finding::wrong(ISSUER, detail, fix);
    }
    if !address.is_loopback() {
        let detail = format!("{issuer} is for this machine only, but {address} is open to others without TLS");
        let fix = "set issuer.url to an https URL and put a TLS proxy before the server";
        return Finding::doubtful(ISSUER, detail, fix);
    }
    Finding::good(ISSUER, format!("{issuer} (this machine only)"))
}

/// Whether the certificate can be used, now and for a while; nothing where the server speaks no TLS.
pub fn certificate(config: &Config) -> Option<Finding> {
    let tls = config.tls.as_ref()?;
    let path = tls.certificates.display();
    let now = Clock::System.now();
    let Validity { begins, ends } = match front::validity(tls) {
        Ok(validity) => validity,
        Err(fault) => return Some(Finding::wrong(CERTIFICATE, fault, "correct the file that is named")),
    };
    let until = format!("{path} holds until {}", ends.to_rfc3339());
    Some(if ends.has_passed(now) {
        let detail = format!("{path} ended at {}: no caller trusts it", ends.to_rfc3339());
        Finding::wrong(CERTIFICATE, detail, "renew it, then run `hallmark reload`")
    } else if begins > now {
        let detail = format!("{path} begins only at {}: no caller trusts it yet", begins.to_rfc3339());
        Finding::wrong(CERTIFICATE, detail, "set the clock of this machine, or have another certificate issued")
    } else if ends.remaining(now) < renewal() {
        Finding::doubtful(CERTIFICATE, until, "renew it, then run `hallmark reload`")
    } else {
        Finding::good(CERTIFICATE, until)
    })
}

/// Whether there are descriptors for as many connections as are let in.
pub fn connections(config: &Config, server: Server) -> Option<Finding> {
    let total = config.connections.total as u64;
    let of_server = if server == Server::Running { limit_of_server(&config.store.folder) } else { None };
    let limit = of_server.or_else(front::most_descriptors)?;
    let detail = format!("{total} at once, and {limit} descriptors");
    if limit >= total.saturating_add(BESIDE) {
        return Some(Finding::good(CONNECTIONS, detail));
    }
    let fix = format!(
        "raise the limit (LimitNOFILE= or `ulimit -n`) to {} or more, or lower connections.total to {}",
        total.saturating_add(BESIDE),
        limit.saturating_sub(BESIDE)
    );
    Some(Finding::doubtful(CONNECTIONS, detail, fix))
}

/// How many descriptors the process that has the folder may have, which need not be as many as this one.
fn limit_of_server(folder: &Path) -> Option<u64> {
    let pid: u32 = fs::read_to_string(folder.join("pid")).ok()?.trim().parse().ok()?;
    let limits = fs::read_to_string(format!("/proc/{pid}/limits")).ok()?;
    let line = limits.lines().find(|line| line.starts_with("Max open files"))?;
    line.split_whitespace().nth(4)?.parse().ok()
}

/// Whether metrics are for operators alone.
pub fn operations(listener: OperationsListener) -> Finding {
    let Some(address) = listener.address() else { return Finding::good(OPERATIONS, "off") };
    let fix = "set operations.address to one that only operators reach, such as 127.0.0.1:9090";
    match reach_of(address.ip()) {
        Reach::Machine => Finding::good(OPERATIONS, format!("{address} (this machine only)")),
        Reach::Network => Finding::good(OPERATIONS, format!("{address} (a private network)")),
        Reach::Every => Finding::doubtful(OPERATIONS, format!("{address} is every address of this machine"), fix),
        Reach::World => Finding::wrong(OPERATIONS, format!("{address} is a public address"), fix),
    }
}

/// Who reaches an address.
#[derive(Debug, PartialEq, Eq)]
enum Reach {
    Machine,
    Network,
    Every,
    World,
}

fn reach_of(address: IpAddr) -> Reach {
    match address.to_canonical() {
        address if address.is_loopback() => Reach::Machine,
        address if address.is_unspecified() => Reach::Every,
        IpAddr::V4(address) if address.is_private() || address.is_link_local() => Reach::Network,
        IpAddr::V6(address) if address.is_unique_local() || address.is_unicast_link_local() => Reach::Network,
        _ => Reach::World,
    }
}

/// Whether the running server is found where its issuer says, and agrees on its own name.
pub async fn reachable(issuer: &str) -> Finding {
    let Ok(url) = Url::parse(issuer) else { return Finding::wrong(SERVER, issuer.to_owned(), "set issuer.url") };
    // RFC 8414 section 3.1: the well-known path goes between the host and the path of the issuer.
    let path = url.path().trim_end_matches('/');
    let metadata = format!("{}/.well-known/oauth-authorization-server{path}", url.origin().ascii_serialization());
    match named_issuer(&metadata).await {
        Ok(named) if named == issuer => Finding::good(SERVER, format!("{metadata} answers")),
        Ok(named) => Finding::wrong(
            SERVER,
            format!("{metadata} is of another issuer, {named}"),
            "set issuer.url to that, or find what else answers there",
        ),
        Err(fault) => Finding::wrong(
            SERVER,
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_reached_by_this_machine_a_network_or_the_world() {
        for (address, reach) in [
            ("127.0.0.1", Reach::Machine),
            ("::1", Reach::Machine),
            ("::ffff:127.0.0.1", Reach::Machine),
            ("10.1.2.3", Reach::Network),
            ("fd00::1", Reach::Network),
            ("fe80::1", Reach::Network),
            ("0.0.0.0", Reach::Every),
            ("::", Reach::Every),
            ("203.0.113.1", Reach::World),
            ("2001:db8::1", Reach::World),
        ] {
            assert_eq!(reach_of(address.parse().expect("an address")), reach, "{address}");
        }
    }
}
