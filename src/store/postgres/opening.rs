//! Opening: how the database is reached, what its URL says, and what is told to each connection.

use std::net::IpAddr;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use tokio_postgres::Config;
use tokio_postgres::config::{Host, SslMode};

use crate::domain::secret::Secret;
use crate::store::postgres::asking::LANES;

/// How the database is reached.
#[derive(Clone)]
pub struct Opening {
    /// `postgres://user:password@host:port,host:port/database?target_session_attrs=read-write`.
    pub url: Secret<String>,
    /// A standby that questions about credentials may be asked of, if it is one that changes wait for.
    pub standby: Option<Secret<String>>,
    /// Who vouches for the database, as PEM; where none is named, whomever the machine trusts.
    pub certificate_authority: Option<PathBuf>,
    /// So many connections at most, and up to four more for introspection.
    pub connections: usize,
    /// So long is waited for a connection, and for a new one to be made.
    pub connect_timeout: Duration,
    /// So long a statement may take.
    pub statement_timeout: Duration,
    /// Whether statements are prepared, or come each by itself through a pooler that gives every transaction another connection.
    pub statements: Statements,
}

impl Opening {
    /// The same of another server.
    pub fn at(&self, url: Secret<String>) -> Self {
        Self { url, standby: None, ..self.clone() }
    }

    /// How many connections a node makes at most, with those for introspection.
    pub fn connections_in_all(&self) -> usize {
        self.connections.saturating_add(LANES)
    }

    /// How long an answer is waited for. The database ends a statement by itself; this is for one that does not answer at all.
    pub fn patience(&self) -> Duration {
        self.statement_timeout + self.connect_timeout
    }
}

/// How statements are sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Statements {
    /// Prepared once on each connection, which is this node's as long as it lasts.
    Prepared,
    /// Each with its text, for a pooler in transaction mode.
    Unprepared,
}

/// Why the database cannot be used as it is named.
#[derive(Debug, thiserror::Error)]
pub enum Unusable {
    /// The URL is none.
    #[error("`store.url` is not the URL of a PostgreSQL database: {0}")]
    Url(String),
    /// It would be reached without encryption over a network.
    #[error(
        "`store.url` names the host {0}, which would be reached without encryption: say `sslmode=require`, or \
         `sslmode=disable` if the network between is yours alone"
    )]
    InTheClear(String),
    /// Whom to trust cannot be read.
    #[error("`store.certificate_authority`: {0}")]
    Authorities(String),
}

/// Whether the URL of a database holds a password.
pub fn holds_password(url: &str) -> bool {
    Config::from_str(url).is_ok_and(|config| config.get_password().is_some())
}

/// One plan for each statement, by its indexes, whatever the database knows of the sizes of its tables by then: a plan that was made
/// while a table was empty must not read a million rows later. To plan for each value would cost more than the statement, and joins
/// are written in the order in which they are best made.
const PLANS: &str = "-c plan_cache_mode=force_generic_plan -c enable_seqscan=off -c enable_hashjoin=off \
                     -c enable_mergejoin=off -c join_collapse_limit=1 -c jit=off";

/// What the client is told.
///
/// # Errors
/// [`Unusable`] says what is wrong with the settings.
pub fn settings(opening: &Opening) -> Result<Config, Unusable> {
    let url = opening.url.expose();
    // The message of the library names no part of the URL, which may hold a password.
    let mut config = Config::from_str(url).map_err(|error| Unusable::Url(error.to_string()))?;
    if config.get_ssl_mode() == SslMode::Prefer {
        for host in config.get_hosts() {
            if let Host::Tcp(name) = host
                && !is_this_machine(name)
            {
                return Err(Unusable::InTheClear(name.clone()));
            }
        }
        config.ssl_mode(SslMode::Disable);
    }
    config.application_name("hallmark");
    if config.get_connect_timeout().is_none() {
        config.connect_timeout(opening.connect_timeout);
    }
    // A database that vanished without a word is noticed by the time a statement may take.
    config.tcp_user_timeout(opening.patience());
    // A pooler in transaction mode takes none of these: docs/postgres.md says how its role gets them.
    if opening.statements == Statements::Prepared {
        let ours = format!(
            "-c statement_timeout={} -c idle_in_transaction_session_timeout={} {PLANS}",
            opening.statement_timeout.as_millis(),
            opening.patience().as_millis(),
        );
        let options = config.get_options().map_or(ours.clone(), |theirs| format!("{ours} {theirs}"));
        config.options(options);
    }
    Ok(config)
}

fn is_this_machine(host: &str) -> bool {
    host == "localhost" || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}
