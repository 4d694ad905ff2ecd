//! The database that the settings name: how it is reached, what brings its schema up to date, `store migrate` and `store check`.

use serde_json::json;

use crate::cli::answer::{Answer, CommandError};
use crate::cli::doctor::{self, database};
use crate::cli::settings::Settings;
use crate::config::store::{DatabaseUrl, Migrate, Pooler, StoreSettings};
use crate::domain::secret::Secret;
use crate::store::postgres::{Migration, OpenError, Opening, PostgresStore, Statements, Unusable};

/// What `migrate` and `check` say to an installation without a database.
const NO_DATABASE: &str =
    "store.url names no database; what is kept is in the data folder, at which `hallmark doctor` looks";

/// How the database of these settings is reached; `None` where they name none.
pub fn opening(settings: &StoreSettings) -> Option<Opening> {
    let DatabaseUrl(url) = settings.url.clone()?;
    Some(opening_of(settings, url))
}

/// How the database at that URL is reached, in everything else as these settings say.
pub fn opening_of(settings: &StoreSettings, url: Secret<String>) -> Opening {
    Opening {
        url,
        standby: settings.standby.clone().map(|DatabaseUrl(url)| url),
        certificate_authority: settings.certificate_authority.clone(),
        connections: settings.connections,
        connect_timeout: settings.connect_timeout.into(),
        statement_timeout: settings.statement_timeout.into(),
        statements: match settings.pooler {
            Pooler::None => Statements::Prepared,
            Pooler::Transaction => Statements::Unprepared,
        },
    }
}

/// Whether a database can be reached as the settings say, as far as that shows without one.
///
/// # Errors
/// [`CommandError`] names the key.
pub fn check(settings: &StoreSettings) -> Result<(), CommandError> {
    opening(settings).map_or(Ok(()), |opening| Ok(PostgresStore::new(&opening).map(drop)?))
}

/// Refuses what is for the embedded store alone, where everything is kept in a database; `instead` says what to do there.
///
/// # Errors
/// [`CommandError`] with that sentence.
pub fn refuse(settings: &StoreSettings, what: &str, instead: &str) -> Result<(), CommandError> {
    if settings.url.is_none() {
        return Ok(());
    }
    Err(CommandError::failed(format!("{what} is for the embedded store, and store.url names a database: {instead}")))
}

/// Has the migrations run that a server brings with it, unless an operator does that.
///
/// # Errors
/// [`CommandError`] says what the database refused.
pub async fn bring_up(settings: &StoreSettings) -> Result<(), CommandError> {
    if settings.migrate == Migrate::ByHand {
        return Ok(());
    }
    let Some(opening) = opening(settings) else { return Ok(()) };
    for migration in run_missing(&opening).await? {
        tracing::info!(number = migration.number, name = migration.name, "the database was migrated");
    }
    Ok(())
}

/// `store migrate`.
///
/// # Errors
/// [`CommandError`] says what was refused or failed; the schema is then as it was.
pub async fn migrate(settings: &Settings) -> Result<Answer, CommandError> {
    let opening = opening(&settings.config.store).ok_or_else(|| CommandError::failed(NO_DATABASE))?;
    let ran = run_missing(&opening).await?;
    let mut lines: Vec<String> =
        ran.iter().map(|migration| format!("ran migration {} ({})", migration.number, migration.name)).collect();
    if lines.is_empty() {
        lines.push("the schema is up to date".into());
    }
    let names: Vec<_> =
        ran.iter().map(|Migration { number, name, .. }| json!({ "number": number, "name": name })).collect();
    Ok(Answer::new(lines.join("\n"), json!({ "ran": names })))
}

/// `store check`.
///
/// # Errors
/// [`CommandError`] says why the database does not answer.
pub async fn examine(settings: &Settings) -> Result<Answer, CommandError> {
    let opening = opening(&settings.config.store).ok_or_else(|| CommandError::failed(NO_DATABASE))?;
    Ok(doctor::answer(&database::findings(&opening).await?))
}

async fn run_missing(opening: &Opening) -> Result<Vec<Migration>, CommandError> {
    let store = PostgresStore::new(opening)?;
    store.require_known_version().await?;
    let ran = store.migrate().await?;
    store.close();
    Ok(ran)
}

impl From<Unusable> for CommandError {
    fn from(fault: Unusable) -> Self {
        Self::configuration(format!("configuration: {fault}"))
    }
}

impl From<OpenError> for CommandError {
    fn from(error: OpenError) -> Self {
        match error {
            OpenError::Settings(fault) => fault.into(),
            OpenError::Store(error) => error.into(),
            OpenError::Behind { .. } | OpenError::TooOld { .. } | OpenError::Copying => {
                Self::integrity(error.to_string())
            }
        }
    }
}
