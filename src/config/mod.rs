//! Rocket.toml to typed, checked settings: one field per table. `docs/configuration.md` lists them with their defaults.

pub mod api_tokens;
pub mod connect;
pub mod connections;
pub mod cors;
pub mod issuer;
pub mod keys;
pub mod lifetimes;
pub mod log;
pub mod operations;
pub mod passwords;
pub mod proxies;
pub mod store;
pub mod throttle;
pub mod tls;

use rocket::figment::Figment;
use rocket::figment::providers::Serialized;
use serde::Serialize;
use serde::de::DeserializeOwned;

/// Every setting of this server that is not Rocket's own.
#[derive(Clone, Debug)]
pub struct Config {
    /// `[issuer]`
    pub issuer: issuer::IssuerSettings,
    /// `[lifetimes]`
    pub lifetimes: lifetimes::Lifetimes,
    /// `[keys]`
    pub keys: keys::KeySettings,
    /// `[store]`
    pub store: store::StoreSettings,
    /// `[passwords]`
    pub passwords: passwords::PasswordSettings,
    /// `[throttle]`
    pub throttle: throttle::ThrottleSettings,
    /// `[api_tokens]`
    pub api_tokens: api_tokens::ApiTokenSettings,
    /// `[cors]`
    pub cors: cors::Cors,
    /// `[proxies]`
    pub proxies: proxies::Proxies,
    /// `[connections]`
    pub connections: connections::Connections,
    /// `[connect]`
    pub connect: connect::ConnectSettings,
    /// `[tls]`
    pub tls: Option<tls::Tls>,
    /// `[log]`
    pub log: log::LogSettings,
    /// `[operations]`
    pub operations: operations::OperationsListener,
}

/// What is wrong with the configuration, with the file and the key.
#[derive(Debug, thiserror::Error)]
#[error("configuration: {0}")]
pub struct ConfigError(String);

impl Config {
    /// Reads the tables of the selected profile; a missing table or key has its default, an unknown key is refused.
    ///
    /// # Errors
    /// [`ConfigError`] names the key and where it was set.
    pub fn read(figment: &Figment) -> Result<Self, ConfigError> {
        let config = Config {
            issuer: issuer::IssuerSettings::read(table::<issuer::Table>(figment, "issuer")?, figment)?,
            lifetimes: table(figment, "lifetimes")?,
            keys: table(figment, "keys")?,
            store: table(figment, "store")?,
            passwords: table(figment, "passwords")?,
            throttle: table(figment, "throttle")?,
            api_tokens: table(figment, "api_tokens")?,
            cors: table(figment, "cors")?,
            proxies: table(figment, "proxies")?,
            connections: table(figment, "connections")?,
            connect: table(figment, "connect")?,
            tls: tls::Tls::read(table(figment, "tls")?).map_err(ConfigError)?,
            log: table(figment, "log")?,
            operations: operations::OperationsListener::read(table(figment, "operations")?).map_err(ConfigError)?,
        };
        let checks = [
            config.lifetimes.check(),
            config.keys.check(),
            config.store.check(),
            config.api_tokens.check(),
            config.connections.check(),
            config.connect.check(),
            config.log.check(),
        ];
        checks.into_iter().collect::<Result<(), String>>().map_err(ConfigError)?;
        Ok(config)
    }
}

/// The table of that name over its defaults, so that one key of a rate can be set without the other.
fn table<T: Serialize + DeserializeOwned + Default>(figment: &Figment, name: &str) -> Result<T, ConfigError> {
    let with_defaults = figment.clone().join(Serialized::default(name, T::default()));
    with_defaults.extract_inner(name).map_err(|mut error| {
        // Figment puts the table behind the key.
        if error.path.last().is_some_and(|last| last == name) {
            error.path.rotate_right(1);
        }
        ConfigError(error.to_string())
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::time::Lifetime;
    use rocket::figment::providers::{Format, Toml};

    fn read(toml: &str) -> Result<Config, ConfigError> {
        Config::read(&Figment::from(rocket::Config::debug_default()).merge(Toml::string(toml).nested()))
    }

    #[test]
    fn nothing_configured_is_a_server_on_loopback() {
        let config = read("").expect("defaults");
        assert_eq!(config.issuer.url.as_str(), "http://127.0.0.1:8000");
        assert_eq!(config.lifetimes.access_token, Lifetime::hours(1));
    }

    #[test]
    fn an_operator_can_run_access_tokens_of_thirty_seconds() {
        let config = read("[default.lifetimes]\naccess_token = \"30s\"\nsession_idle = 60").expect("settings");
        assert_eq!(config.lifetimes.access_token, Lifetime::seconds(30));
        assert_eq!(config.lifetimes.session_idle, Lifetime::minutes(1));
    }

    #[test]
    fn one_key_of_a_rate_is_set_without_the_other() {
        let config = read("[default.throttle.sign_in_per_address]\nper_minute = 0").expect("settings");
        assert_eq!(config.throttle.sign_in_per_address.per_minute, 0);
        assert_eq!(config.throttle.sign_in_per_address.burst, 30);
        assert_eq!(config.throttle.sign_in_per_account.per_minute, 6);
    }

    #[test]
    fn a_misspelt_key_is_refused_by_name() {
        for (toml, told) in [
            ("[default.lifetimes]\nacces_token = 30", "default.lifetimes.acces_token"),
            ("[default.throttle.refusals_kept]\nburst = \"many\"", "throttle.refusals_kept.burst"),
            ("[default.lifetimes]\naccess_token = \"soon\"", "access_token"),
            ("[default.lifetimes]\naccess_token = 0", "access_token"),
            ("[default.keys]\nalgorithm = \"none\"", "algorithm"),
            ("[default.keys]\noverlap = 0", "keys.overlap"),
            ("[default.keys]\npublish_ahead = \"90d\"", "keys.publish_ahead"),
            ("[default.keys]\ncache = \"2d\"", "keys.cache"),
            ("[default.store]\nurl = \"mysql://db/hallmark\"", "store.url"),
            ("[default.store]\nurl = \"\"", "store.url"),
            ("[default.store]\nconnections = 0", "store.connections"),
            ("[default.store]\nstatement_timeout = \"500ms\"", "store.statement_timeout"),
            ("[default.store]\nconnect_timeout = 0", "store.connect_timeout"),
            ("[default.store]\npooler = \"session\"", "store.pooler"),
            ("[default.store]\nmigrate = \"never\"", "store.migrate"),
            ("[default.connect]\nproduct_type = \"\"", "connect.product_type"),
            ("[default.connect]\nallow_private_address = true", "connect.allow_private_address"),
            ("[default.log]\nfilter = \"access=loud\"", "log.filter"),
            ("[default.issuer]\nurl = \"http://id.example\"", "issuer"),
            ("[default.operations]\naddress = \"here\"", "operations.address"),
            ("[default.proxies]\ntrusted = [\"10.0.0.0/99\"]", "trusted"),
        ] {
            let error = read(toml).expect_err(toml).to_string();
            assert!(error.contains(told), "{error}");
        }
    }
}
