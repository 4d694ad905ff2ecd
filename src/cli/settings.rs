//! Configuration: our defaults, then Rocket.toml, then the environment.

use std::path::Path;

use rocket::figment::Figment;
use rocket::figment::Profile;
use rocket::figment::providers::{Env, Format, Toml};

use crate::cli::answer::CommandError;
use crate::cli::arguments::Place;
use crate::cli::database;
use crate::config::Config;

/// What the binary runs with where there is no Rocket.toml beside it.
const DEFAULTS: &str = include_str!("../../Rocket.toml");

/// Prefixes of the environment: Rocket's own keys, and our tables as in `HALLMARK_LIFETIMES__ACCESS_TOKEN=30s`.
const ROCKET: &str = "ROCKET_";
const HALLMARK: &str = "HALLMARK_";

/// The variable that says what is logged, and wins over `[log]`, since it is also for commands that read no setting.
pub const LOG: &str = "HALLMARK_LOG";

const TABLES: [&str; 14] = [
    "issuer",
    "lifetimes",
    "keys",
    "store",
    "passwords",
    "throttle",
    "api_tokens",
    "cors",
    "proxies",
    "connections",
    "connect",
    "tls",
    "log",
    "operations",
];

/// The configuration, in both the forms that are needed.
pub struct Settings {
    /// For Rocket.
    pub figment: Figment,
    /// For us.
    pub config: Config,
}

impl Settings {
    /// Reads and checks every setting.
    ///
    /// # Errors
    /// [`CommandError`] names the file or variable and the key.
    pub fn read(place: &Place) -> Result<Self, CommandError> {
        check_variables()?;
        Self::of(environment(defaults().merge(file(place.config.as_deref())?)), place.data.as_deref())
    }

    /// The settings of a server for demonstration: on loopback at `port`, with its data in `folder`.
    ///
    /// # Errors
    /// [`CommandError`] names the variable and the key.
    pub fn demo(port: u16, folder: &Path) -> Result<Self, CommandError> {
        check_variables()?;
        let figment = environment(defaults())
            .merge(("address", "127.0.0.1"))
            .merge(("port", port))
            .merge(("operations.address", "off"))
            .merge(("connect.allow_private_addresses", true))
            .merge(("issuer.url", format!("http://127.0.0.1:{port}")));
        Self::of(figment, Some(folder))
    }

    /// The port that is listened at without a configuration file.
    pub fn usual_port() -> Option<u16> {
        environment(defaults()).extract_inner("port").ok()
    }

    /// Checks the settings of `figment`; `folder` is where to keep things in place of what they say.
    ///
    /// # Errors
    /// [`CommandError`] names the key.
    pub fn of(figment: Figment, folder: Option<&Path>) -> Result<Self, CommandError> {
        // Rocket reads its keys when it is built, and a file that does not parse would there be a panic.
        figment
            .extract::<rocket::Config>()
            .map_err(|error| CommandError::configuration(format!("configuration: {error}")))?;
        let mut config = Config::read(&figment).map_err(|error| CommandError::configuration(error.to_string()))?;
        database::check(&config.store)?;
        if let Some(folder) = folder {
            config.store.folder = folder.to_owned();
        }
        Ok(Self { figment, config })
    }
}

fn defaults() -> Figment {
    Figment::from(rocket::Config::default()).merge(Toml::string(DEFAULTS).nested())
}

fn environment(figment: Figment) -> Figment {
    figment
        .merge(Env::prefixed(ROCKET).ignore(&["PROFILE", "CONFIG"]).global())
        .merge(Env::prefixed(HALLMARK).ignore(&["LOG"]).split("__").global())
        .select(Profile::from_env_or("ROCKET_PROFILE", rocket::Config::DEFAULT_PROFILE))
}

fn file(named: Option<&Path>) -> Result<rocket::figment::providers::Data<Toml>, CommandError> {
    match named {
        Some(path) if !path.is_file() => {
            Err(CommandError::configuration(format!("{} is no configuration file", path.display())))
        }
        Some(path) => Ok(Toml::file_exact(path).nested()),
        None => Ok(Toml::file(Env::var_or("ROCKET_CONFIG", "Rocket.toml")).nested()),
    }
}

/// A misspelt table would otherwise be a setting that silently does nothing.
fn check_variables() -> Result<(), CommandError> {
    for (name, _) in std::env::vars_os() {
        let Some(key) = name.to_str().and_then(|name| name.strip_prefix(HALLMARK)) else { continue };
        let table = key.split("__").next().unwrap_or_default().to_lowercase();
        if key != "LOG" && !TABLES.contains(&table.as_str()) {
            return Err(CommandError::configuration(format!(
                "configuration: {HALLMARK}{key} sets nothing; the tables are {}",
                TABLES.join(", ")
            )));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_environment_sets_every_table_there_is() {
        let folder = std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/src/config")).expect("src/config");
        let names = folder.map(|entry| entry.expect("an entry").path().file_stem().expect("a name").to_owned());
        let missing: Vec<_> = names.filter(|name| name != "mod" && TABLES.iter().all(|table| name != table)).collect();
        assert!(missing.is_empty(), "{missing:?}");
    }
}
