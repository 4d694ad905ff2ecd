//! Connections: the pool, whom it connects to, and what becomes of a statement that fails.
//!
//! A statement that changes something and whose outcome is unknown (the connection was lost, or the time was up) is an error:
//! it may have happened, and nothing is promised. One that only reads is asked once more on another connection. What the
//! database took back because of somebody else (SQLSTATE 40001, 40P01) did not happen, and is tried again, a bounded number of
//! times.

use std::future::Future;
use std::sync::Arc;
use std::time::{Duration, Instant};

use deadpool_postgres::{Manager, ManagerConfig, Object, Pool, PoolError, QueueMode, RecyclingMethod, Runtime};
use tokio::time::timeout;
use tokio_postgres::config::SslMode;
use tokio_postgres::error::SqlState;
use tokio_postgres::types::{ToSql, Type};
use tokio_postgres::{NoTls, Row};

use crate::store::postgres::measured::{Timed, Times};
use crate::store::postgres::opening::{Opening, Statements, Unusable, settings};
use crate::store::postgres::statement::{ATTEMPTS, Kind, Param, Statement, pause};
use crate::store::postgres::tls;
use crate::store::{Result, StoreError};

/// The pool.
pub struct Connections {
    pool: Pool,
    statements: Statements,
    patience: Duration,
    /// How long everything took.
    pub times: Arc<Times>,
}

/// What becomes of connections.
#[derive(Clone, Copy, Debug)]
pub struct PoolStatus {
    /// So many wait to be used.
    pub idle: usize,
    /// So many are in use.
    pub in_use: usize,
    /// So many requests wait for one.
    pub waiting: usize,
}

impl Connections {
    /// A pool that has no connection yet, whose statements are counted in `times`.
    ///
    /// # Errors
    /// [`Unusable`] says what is wrong with the settings.
    pub fn new(opening: &Opening, times: Arc<Times>) -> std::result::Result<Self, Unusable> {
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
            // The one that was used last knows most statements.
            .queue_mode(QueueMode::Lifo)
            .wait_timeout(wait)
            .create_timeout(wait)
            .recycle_timeout(wait)
            .runtime(Runtime::Tokio1)
            .build()
            .map_err(|error| Unusable::Url(error.to_string()))?;
        Ok(Self { pool, statements: opening.statements, patience: opening.patience(), times })
    }

    /// What a statement returns.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] if it failed, or nobody knows whether it happened.
    pub async fn rows(&self, statement: &Statement<'_>, params: &[Param<'_>]) -> Result<Vec<Row>> {
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
    pub async fn row(&self, statement: &Statement<'_>, params: &[Param<'_>]) -> Result<Option<Row>> {
        Ok(self.rows(statement, params).await?.into_iter().next())
    }

    /// Runs a statement; how many rows it changed.
    ///
    /// # Errors
    /// As [`Connections::rows`].
    pub async fn execute(&self, statement: &Statement<'_>, params: &[Param<'_>]) -> Result<u64> {
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

    /// What becomes of the connections at this moment.
    pub fn status(&self) -> PoolStatus {
        let status = self.pool.status();
        let in_use = status.size.saturating_sub(status.available);
        PoolStatus { idle: status.available, in_use, waiting: status.waiting }
    }

    /// A connection, for what needs one for itself.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] if there is none in time.
    pub async fn connection(&self) -> Result<Object> {
        let asked = Instant::now();
        let object = self.pool.get().await;
        self.times.waits.observe(asked.elapsed());
        object.map_err(|error| match error {
            PoolError::Backend(error) => unavailable(error),
            other => StoreError::Unavailable(Box::new(other)),
        })
    }

    /// Has each connection forget a text that it prepared.
    pub fn forget(&self, sql: &str, types: &[Type]) {
        self.pool.manager().statement_caches.remove(sql, types);
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
    pub async fn rows(&mut self, statement: &Statement<'_>, params: &[Param<'_>]) -> Outcome<Vec<Row>> {
        self.timed.runs(statement.kind);
        let rows = async {
            let object = self.object()?;
            Ok(match self.connections.statements {
                Statements::Prepared => {
                    object.query(&prepared(object, statement, params).await?, &values(params)).await?
                }
                Statements::Unprepared => object.query_typed(statement.sql, &typed(params)).await?,
            })
        };
        self.in_time(rows).await
    }

    /// The first row that a statement returns, if it returns any.
    ///
    /// # Errors
    /// As [`Attempt::rows`].
    pub async fn row(&mut self, statement: &Statement<'_>, params: &[Param<'_>]) -> Outcome<Option<Row>> {
        Ok(self.rows(statement, params).await?.into_iter().next())
    }

    /// Runs a statement; how many rows it changed.
    ///
    /// # Errors
    /// As [`Attempt::rows`].
    pub async fn execute(&mut self, statement: &Statement<'_>, params: &[Param<'_>]) -> Outcome<u64> {
        self.timed.runs(statement.kind);
        let changed = async {
            let object = self.object()?;
            Ok(match self.connections.statements {
                Statements::Prepared => {
                    object.execute(&prepared(object, statement, params).await?, &values(params)).await?
                }
                Statements::Unprepared => object.execute_typed(statement.sql, &typed(params)).await?,
            })
        };
        self.in_time(changed).await
    }

    async fn begin(&mut self) -> Outcome<()> {
        self.in_transaction = true;
        self.say("BEGIN").await
    }

    /// Has the change happen.
    ///
    /// # Errors
    /// [`Failure`]: whether it happened is unknown.
    pub async fn commit(&mut self) -> Outcome<()> {
        let outcome = self.say("COMMIT").await;
        self.in_transaction = outcome.is_err();
        outcome
    }

    /// Has the change not happen.
    pub async fn roll_back(&mut self) {
        self.in_transaction = self.say("ROLLBACK").await.is_err();
    }

    async fn say(&self, sql: &str) -> Outcome<()> {
        self.in_time(async { Ok(self.object()?.batch_execute(sql).await?) }).await
    }

    /// What comes of `work`, unless the database does not answer.
    async fn in_time<T>(&self, work: impl Future<Output = Outcome<T>>) -> Outcome<T> {
        timeout(self.connections.patience, work).await.unwrap_or(Err(Failure::TimeIsUp))
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

/// A statement as this connection has it, which asks for it once.
async fn prepared(
    object: &Object,
    statement: &Statement<'_>,
    params: &[Param<'_>],
) -> Outcome<tokio_postgres::Statement> {
    Ok(object.prepare_typed_cached(statement.sql, &types(params)).await?)
}

fn types(params: &[Param<'_>]) -> Vec<Type> {
    params.iter().map(Param::as_type).collect()
}

fn values<'p>(params: &'p [Param<'_>]) -> Vec<&'p (dyn ToSql + Sync)> {
    params.iter().map(Param::as_sql).collect()
}

fn typed<'p>(params: &'p [Param<'_>]) -> Vec<(&'p (dyn ToSql + Sync), Type)> {
    params.iter().map(|param| (param.as_sql(), param.as_type())).collect()
}

/// What a failure of the database means to the rest of the server.
pub fn unavailable(error: tokio_postgres::Error) -> StoreError {
    StoreError::Unavailable(Box::new(error))
}
