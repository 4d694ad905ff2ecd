//! Place: what a side of a copy is called on the command line, where no password belongs.

use std::fmt;
use std::path::{Path, PathBuf};

use crate::cli::answer::CommandError;
use crate::cli::{database, inputs};
use crate::config::store::StoreSettings;
use crate::domain::secret::Secret;
use crate::store::postgres::{Opening, holds_password};

/// For the database that the settings name.
const CONFIGURED: &str = "configured";

/// So many connections a copy needs at least: for what it reads, for what it writes, and for a new partition.
const CONNECTIONS: usize = 4;

/// A side of a copy.
pub enum Place {
    /// A data folder.
    Folder(PathBuf),
    /// A database.
    Database(Box<Opening>),
}

impl Place {
    /// The place that an option and the file in place of it name.
    ///
    /// # Errors
    /// [`CommandError`] if they name none, or hold a password for everybody to see.
    pub fn named(
        option: &str,
        value: Option<&str>,
        file: Option<&Path>,
        settings: &StoreSettings,
    ) -> Result<Self, CommandError> {
        if let Some(file) = file {
            let url = inputs::file(file)?;
            if !is_url(url.trim()) {
                return Err(CommandError::failed(format!("{} does not begin with postgres://", file.display())));
            }
            return Ok(Self::database(database::opening_of(settings, Secret::new(url.trim().to_owned()))));
        }
        let value = value.ok_or_else(|| CommandError::usage(format!("name a place with {option}")))?;
        if value == CONFIGURED {
            let configured = database::opening(settings).ok_or_else(|| {
                CommandError::configuration(format!("{option} configured: store.url names no database"))
            })?;
            return Ok(Self::database(configured));
        }
        if !is_url(value) {
            return Ok(Self::Folder(value.into()));
        }
        if holds_password(value) {
            return Err(CommandError::usage(format!(
                "everybody on this machine sees a password on the command line: put the URL into a file and name that with \
                 {option}-url-file, or set HALLMARK_STORE__URL and say {option} configured"
            )));
        }
        Ok(Self::database(database::opening_of(settings, Secret::new(value.to_owned()))))
    }

    fn database(opening: Opening) -> Self {
        // What is read must be all there is, so that no standby is asked.
        let connections = opening.connections.max(CONNECTIONS);
        Self::Database(Box::new(Opening { connections, standby: None, ..opening }))
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Folder(folder) => folder.display().fmt(f),
            // Its URL may hold a password.
            Self::Database(_) => f.write_str("the database"),
        }
    }
}

fn is_url(text: &str) -> bool {
    ["postgres://", "postgresql://"].iter().any(|scheme| text.starts_with(scheme))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(value: &str) -> Result<Place, CommandError> {
        Place::named("--to", Some(value), None, &StoreSettings::default())
    }

    #[test]
    fn a_place_is_a_folder_or_a_database() {
        assert!(matches!(named("/var/lib/hallmark"), Ok(Place::Folder(_))));
        assert!(matches!(named("postgres://hallmark@db/hallmark?sslmode=require"), Ok(Place::Database(_))));
        assert!(named(CONFIGURED).is_err_and(|refused| refused.message.contains("store.url names no database")));
    }

    #[test]
    fn no_password_is_taken_from_the_command_line() {
        for url in ["postgres://hallmark:sesame@db/hallmark", "postgres://db/hallmark?user=hallmark&password=sesame"] {
            let refused = named(url).err().expect("refused");
            assert!(refused.message.contains("--to-url-file") && !refused.message.contains("sesame"), "{refused}");
        }
    }
}
