//! Connections: the pool, whom it connects to, and what becomes of a statement that fails.
//!
//! A statement that changes something and whose outcome is unknown (the connection was lost, or the time was up) is an error:
//! it may have happened, and nothing is promised. One that only reads is asked once more on another connection. What the
//! database took back because of somebody else (SQLSTATE 40001, 40P01) did not happen, and is tried again, a bounded number of
//! times.

use std::net::IpAddr;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::{Duration, Instant};

use deadpool_postgres::{Manager, ManagerConfig, Object, Pool, PoolError, RecyclingMethod, Runtime};
use tokio::time::timeout;
use tokio_postgres::config::{Host, SslMode};
use tokio_postgres::error::SqlState;
use tokio_postgres::types::{ToSql, Type};
use tokio_postgres::{Config, NoTls, Row};

use crate::domain::secret::Secret;
use crate::store::postgres::measured::{Timed, Times};
use crate::store::postgres::statement::{ATTEMPTS, Kind, Param, Statement, pause};
use crate::store::postgres::tls;
use crate::store::{Result, StoreError};

/// How the database is reached.
#[derive(Clone)]
pub struct Opening {
    /// `postgres://user:password@host:port,host:port/database?target_session_attrs=read-write`.
    pub url: Secret<String>,
    /// A standby that questions about credentials may be asked of, if it is one that changes wait for.
    pub standby: Option<Secret<String>>,
    /// Who vouches for the database, as PEM; where none is named, whomever the machine trusts.
    pub certificate_authority: Option<PathBuf>,
    /// So many connections at most.
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

/// The pool.
pub struct Connections {
    pool: Pool,
    statements: Statements,
    patience: Duration,
    /// How long everything took.
    pub times: Times,
}

impl Connections {
    /// A pool that has no connection yet.
    ///
    /// # Errors
    /// [`Unusable`] says what is wrong with the settings.
    pub fn new(opening: &Opening) -> std::result::Result<Self, Unusable> {
        let config = settings(opening)?;
        let manager_config = ManagerConfig { recycling_method: RecyclingMethod::Fast };
        let manager = match config.get_ssl_mode() {
            SslMode::Disable => Manager::from_config(config, NoTls, manager_config),
            _ => {
                Manager::from_config(config, tls::connector(opening.certificate_authority.as_deref())?, manager_config)
            }
        };
        let wait = Some(opening.connect_timeout);
        let pool = Pool::builder(manager)
            .max_size(opening.connections)
            .wait_timeout(wait)
            .create_timeout(wait)
            .recycle_timeout(wait)
            .runtime(Runtime::Tokio1)
            .build()
            .map_err(|error| Unusable::Url(error.to_string()))?;
        Ok(Self {
            pool,
            statements: opening.statements,
            // The database ends a statement by itself; this is for one that does not answer at all.
            patience: opening.statement_timeout + opening.connect_timeout,
            times: Times::default(),
        })
    }

    /// What a statement returns.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] if it failed, or nobody knows whether it happened.
    pub async fn rows(&self, statement: &Statement, params: &[Param<'_>]) -> Result<Vec<Row>> {
        let mut tries = Tries::of(statement.kind);
        loop {
            let mut attempt = self.attempt().await?;
            match attempt.rows(statement, params).await {
                Ok(rows) => return Ok(rows),
                Err(failure) => tries.again(failure, attempt).await?,
            }
        }
    }

    /// The first row that a statement returns, if it returns any.
    ///
    /// # Errors
    /// As [`Connections::rows`].
    pub async fn row(&self, statement: &Statement, params: &[Param<'_>]) -> Result<Option<Row>> {
        Ok(self.rows(statement, params).await?.into_iter().next())
    }

    /// Runs a statement; how many rows it changed.
    ///
    /// # Errors
    /// As [`Connections::rows`].
    pub async fn execute(&self, statement: &Statement, params: &[Param<'_>]) -> Result<u64> {
        let mut tries = Tries::of(statement.kind);
        loop {
            let mut attempt = self.attempt().await?;
            match attempt.execute(statement, params).await {
                Ok(changed) => return Ok(changed),
                Err(failure) => tries.again(failure, attempt).await?,
            }
        }
    }

    /// Begins several statements that are one change: see [`transaction!`].
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] if there is no connection.
    pub async fn begin(&self) -> Result<Attempt<'_>> {
        let mut attempt = self.attempt().await?;
        attempt.begin().await?;
        Ok(attempt)
    }

    async fn attempt(&self) -> Result<Attempt<'_>> {
        let object = self.connection().await?;
        Ok(Attempt { connections: self, object: Some(object), in_transaction: false, timed: Timed::now() })
    }

    /// Text of several statements that take no parameters, such as a migration.
    ///
    /// # Errors
    /// As [`Connections::rows`].
    pub async fn script(&self, sql: &str) -> Result<()> {
        let object = self.connection().await?;
        object.batch_execute(sql).await.map_err(unavailable)
    }

    /// How many connections there are, how many of them are idle, and how many wait for one.
    pub fn status(&self) -> (usize, usize, usize) {
        let status = self.pool.status();
        (status.size, status.available, status.waiting)
    }

    /// A connection, for what needs one for itself.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] if there is none in time.
    pub async fn connection(&self) -> Result<Object> {
        let asked = Instant::now();
        let object = self.pool.get().await;
        self.times.waits.observe(asked.elapsed());
        object.map_err(|error: PoolError| StoreError::Unavailable(Box::new(error)))
    }

    /// The pool, for what reads for longer than its caller.
    pub fn pool(&self) -> Pool {
        self.pool.clone()
    }

    /// Lets go of every connection that is not in use; those in use are closed when they come back.
    pub fn close(&self) {
        self.pool.close();
    }
}

/// Several statements as one change, which happens wholly or not at all, and are tried again together.
///
/// `$work` is given the transaction by the name `$tx`, answers an [`Outcome`], may run several times, and changes nothing but
/// the database.
macro_rules! transaction {
    ($connections:expr, $tx:ident => $work:expr) => {{
        let mut tries =
            $crate::store::postgres::connections::Tries::of($crate::store::postgres::statement::Kind::Writes);
        loop {
            let mut $tx = $connections.begin().await?;
            let outcome: $crate::store::postgres::connections::Outcome<_> = async { $work }.await;
            let outcome = match outcome {
                Ok(value) => $tx.commit().await.map(|()| value),
                Err(failure) => {
                    $tx.roll_back().await;
                    Err(failure)
                }
            };
            match outcome {
                Ok(value) => break value,
                Err(failure) => tries.again(failure, $tx).await?,
            }
        }
    }};
}
pub(super) use transaction;

/// How often something was tried.
pub struct Tries {
    kind: Kind,
    made: u32,
}

impl Tries {
    /// None yet.
    pub fn of(kind: Kind) -> Self {
        Self { kind, made: 0 }
    }

    /// Returns if it is to be tried again, after a while.
    ///
    /// # Errors
    /// [`StoreError`] if it is not.
    pub async fn again(&mut self, failure: Failure, mut attempt: Attempt<'_>) -> Result<()> {
        self.made += 1;
        match failure.means() {
            Means::TakenBack if self.made < ATTEMPTS => {
                drop(attempt);
                tokio::time::sleep(pause(self.made)).await;
                Ok(())
            }
            Means::Lost => {
                attempt.give_up();
                if self.kind == Kind::Writes || self.made > 1 { Err(failure.into()) } else { Ok(()) }
            }
            Means::TakenBack | Means::Refused => Err(failure.into()),
        }
    }
}

/// What became of a part of an attempt.
pub type Outcome<T> = std::result::Result<T, Failure>;

/// Why an attempt failed.
#[derive(Debug)]
pub enum Failure {
    /// The database, or the way there.
    Database(tokio_postgres::Error),
    /// It took too long.
    TimeIsUp,
    /// What was read is not what was written, or the like: nothing that another attempt mends.
    Store(StoreError),
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl From<tokio_postgres::Error> for Failure {
    fn from(error: tokio_postgres::Error) -> Self {
        Self::Database(error)
    }
}

impl From<Failure> for StoreError {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Database(error) => unavailable(error),
            Failure::TimeIsUp => StoreError::Unavailable("the database did not answer in time".into()),
            Failure::Store(error) => error,
        }
    }
}

/// What a failure means for whoever may try again.
enum Means {
    /// It did not happen, and may if it is tried again.
    TakenBack,
    /// Nobody knows.
    Lost,
    /// It did not happen, and will not.
    Refused,
}

impl Failure {
    fn means(&self) -> Means {
        let error = match self {
            Self::Database(error) => error,
            Self::TimeIsUp => return Means::Lost,
            Self::Store(_) => return Means::Refused,
        };
        match error.code() {
            Some(code) if *code == SqlState::T_R_SERIALIZATION_FAILURE || *code == SqlState::T_R_DEADLOCK_DETECTED => {
                Means::TakenBack
            }
            // The server ends (57P01 to 57P03), or is no primary any more: this connection is of no use.
            Some(code) if code.code().starts_with("57P") || *code == SqlState::READ_ONLY_SQL_TRANSACTION => Means::Lost,
            Some(_) => Means::Refused,
            None => Means::Lost,
        }
    }
}

/// One attempt on one connection.
pub struct Attempt<'c> {
    connections: &'c Connections,
    /// `None` once it was given up.
    object: Option<Object>,
    in_transaction: bool,
    timed: Timed,
}

impl Attempt<'_> {
    /// What a statement returns.
    ///
    /// # Errors
    /// [`Failure`] says what to do about it.
    pub async fn rows(&mut self, statement: &Statement, params: &[Param<'_>]) -> Outcome<Vec<Row>> {
        self.timed.runs(statement.kind);
        let patience = self.connections.patience;
        let rows = async {
            let object = self.object()?;
            match self.connections.statements {
                Statements::Prepared => {
                    let types: Vec<Type> = params.iter().map(Param::as_type).collect();
                    let prepared = object.prepare_typed_cached(statement.sql, &types).await?;
                    let params: Vec<&(dyn ToSql + Sync)> = params.iter().map(Param::as_sql).collect();
                    Ok(object.query(&prepared, &params).await?)
                }
                Statements::Unprepared => {
                    let params: Vec<_> = params.iter().map(|param| (param.as_sql(), param.as_type())).collect();
                    Ok(object.query_typed(statement.sql, &params).await?)
                }
            }
        };
        timeout(patience, rows).await.unwrap_or(Err(Failure::TimeIsUp))
    }

    /// The first row that a statement returns, if it returns any.
    ///
    /// # Errors
    /// As [`Attempt::rows`].
    pub async fn row(&mut self, statement: &Statement, params: &[Param<'_>]) -> Outcome<Option<Row>> {
        Ok(self.rows(statement, params).await?.into_iter().next())
    }

    /// Runs a statement; how many rows it changed.
    ///
    /// # Errors
    /// As [`Attempt::rows`].
    pub async fn execute(&mut self, statement: &Statement, params: &[Param<'_>]) -> Outcome<u64> {
        self.timed.runs(statement.kind);
        let patience = self.connections.patience;
        let changed = async {
            let object = self.object()?;
            match self.connections.statements {
                Statements::Prepared => {
                    let types: Vec<Type> = params.iter().map(Param::as_type).collect();
                    let prepared = object.prepare_typed_cached(statement.sql, &types).await?;
                    let params: Vec<&(dyn ToSql + Sync)> = params.iter().map(Param::as_sql).collect();
                    Ok(object.execute(&prepared, &params).await?)
                }
                Statements::Unprepared => {
                    let params: Vec<_> = params.iter().map(|param| (param.as_sql(), param.as_type())).collect();
                    Ok(object.execute_typed(statement.sql, &params).await?)
                }
            }
        };
        timeout(patience, changed).await.unwrap_or(Err(Failure::TimeIsUp))
    }

    async fn begin(&mut self) -> Outcome<()> {
        self.in_transaction = true;
        Ok(self.object()?.batch_execute("BEGIN").await?)
    }

    /// Has the change happen.
    ///
    /// # Errors
    /// [`Failure`]: whether it happened is unknown.
    pub async fn commit(&mut self) -> Outcome<()> {
        let patience = self.connections.patience;
        let commit = async { Ok(self.object()?.batch_execute("COMMIT").await?) };
        let outcome = timeout(patience, commit).await.unwrap_or(Err(Failure::TimeIsUp));
        self.in_transaction = outcome.is_err();
        outcome
    }

    /// Has the change not happen.
    pub async fn roll_back(&mut self) {
        let patience = self.connections.patience;
        let rolled_back = match self.object() {
            Ok(object) => {
                timeout(patience, object.batch_execute("ROLLBACK")).await.is_ok_and(|outcome| outcome.is_ok())
            }
            Err(_) => return,
        };
        self.in_transaction = !rolled_back;
    }

    /// Never uses this connection again: something may still be under way on it.
    fn give_up(&mut self) {
        if let Some(object) = self.object.take() {
            drop(Object::take(object));
        }
    }

    fn object(&self) -> Outcome<&Object> {
        self.object.as_ref().ok_or(Failure::TimeIsUp)
    }
}

// Whoever is abandoned in the middle of a transaction leaves a connection that nobody may use.
impl Drop for Attempt<'_> {
    fn drop(&mut self) {
        self.connections.times.observe(&self.timed);
        if self.in_transaction {
            self.give_up();
        }
    }
}

/// What a failure of the database means to the rest of the server.
pub fn unavailable(error: tokio_postgres::Error) -> StoreError {
    StoreError::Unavailable(Box::new(error))
}

/// One plan for each statement, by its indexes, whatever the database knows of the sizes of its tables by then: a plan that was made
/// while a table was empty must not read a million rows later. To plan for each value would cost more than the statement, and joins
/// are written in the order in which they are best made.
const PLANS: &str = "-c plan_cache_mode=force_generic_plan -c enable_seqscan=off -c enable_hashjoin=off \
                     -c enable_mergejoin=off -c join_collapse_limit=1 -c jit=off";

fn settings(opening: &Opening) -> std::result::Result<Config, Unusable> {
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
    config.tcp_user_timeout(opening.statement_timeout + opening.connect_timeout);
    // A pooler in transaction mode takes none of these: docs/postgres.md says how its role gets them.
    if opening.statements == Statements::Prepared {
        let ours = format!(
            "-c statement_timeout={} -c idle_in_transaction_session_timeout={} {PLANS}",
            opening.statement_timeout.as_millis(),
            (opening.statement_timeout + opening.connect_timeout).as_millis(),
        );
        let options = config.get_options().map_or(ours.clone(), |theirs| format!("{ours} {theirs}"));
        config.options(options);
    }
    Ok(config)
}

fn is_this_machine(host: &str) -> bool {
    host == "localhost" || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}
