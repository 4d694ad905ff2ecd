//! `reload`: the configuration of the running server is read again, and what can change while it serves is applied. Where
//! anything is wrong with it, nothing is.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::sync::Arc;

use rocket::figment::Figment;
use serde_json::{Value, json};
use tokio::sync::Mutex;

use crate::authorization_server::AuthorizationServer;
use crate::cli::answer::{Answer, CommandError};
use crate::cli::arguments::Place;
use crate::cli::logs;
use crate::cli::settings::{LOG, Settings};
use crate::domain::event::{Actor, Event};
use crate::front::{self, Adjuster, Renewed};

/// The tables that change while the server serves. `[tls]` does besides, unless it was added or taken away.
const LIVE: [&str; 5] = ["log", "throttle", "cors", "proxies", "connections"];

/// Every setting by its key, such as `lifetimes.access_token`.
type Keys = BTreeMap<String, Value>;

/// Where a running server is told of its new configuration.
pub struct Reload {
    /// Where the configuration is.
    pub place: Place,
    /// What reads it.
    pub server: Arc<AuthorizationServer>,
    /// What connections are served by.
    pub front: Adjuster,
    /// What is logged.
    pub log: logs::Filter,
    /// The settings that it runs with.
    pub running: Mutex<Keys>,
}

impl Reload {
    /// Reads the configuration and applies what can be, all or nothing; the log tells the same as the answer.
    ///
    /// # Errors
    /// [`CommandError`] names the key that is wrong.
    pub async fn run(&self) -> Result<Answer, CommandError> {
        let told = self.apply().await;
        match &told {
            Ok(answer) => tracing::info!(told = %answer.json, "the configuration was read again"),
            Err(error) => tracing::error!(%error, "the configuration was read again, and nothing of it was applied"),
        }
        told
    }

    async fn apply(&self) -> Result<Answer, CommandError> {
        let mut running = self.running.lock().await;
        let unchanged = |error: CommandError| CommandError {
            message: format!("{}; nothing was applied and the server goes on as before", error.message),
            ..error
        };
        let settings = Settings::read(&self.place).map_err(unchanged)?;
        let config = &settings.config;
        AuthorizationServer::check(config).map_err(CommandError::from).map_err(unchanged)?;
        let prepared =
            self.front.prepare(front::Settings::of(config)).map_err(CommandError::from).map_err(unchanged)?;

        // Nothing fails from here on.
        let tls = if config.tls.is_some() == self.front.speaks_tls() { Some("tls") } else { None };
        self.server.adopt(config);
        let renewed = self.front.adopt(prepared);
        let chosen = logs::chosen();
        if chosen.is_none() {
            self.log.set(&config.log.filter);
        }

        let new = keys(&settings.figment);
        let (applied, waiting): (Vec<_>, Vec<_>) = changes(&running, &new).into_iter().partition(|change| {
            let table = change.key.split('.').next().unwrap_or_default();
            LIVE.iter().chain(&tls).any(|live| *live == table)
        });
        for Change { key, new, .. } in &applied {
            match new {
                Some(value) => running.insert(key.clone(), value.clone()),
                None => running.remove(key),
            };
        }
        if !applied.is_empty() {
            // By their names alone: what they are set to may be nobody's business.
            let settings = applied.iter().map(|change| change.key.clone()).collect();
            self.server.record(Event::ConfigurationReloaded { settings, by: Actor::Operator }).await;
        }
        let answer = answer(&applied, &waiting, renewed);
        let overruled = chosen.is_some() && applied.iter().any(|change| change.key.starts_with("log."));
        Ok(if overruled { answer.warn(format!("{LOG} is set, and wins over log.filter")) } else { answer })
    }
}

/// Every setting that `figment` has, by its key.
pub fn keys(figment: &Figment) -> Keys {
    fn gather(keys: &mut Keys, path: String, value: Value) {
        match value {
            Value::Object(table) => {
                for (key, value) in table {
                    gather(keys, if path.is_empty() { key } else { format!("{path}.{key}") }, value);
                }
            }
            value => drop(keys.insert(path, value)),
        }
    }
    let mut keys = Keys::new();
    gather(&mut keys, String::new(), figment.extract().unwrap_or_default());
    keys
}

/// A setting that is another than before; one that is not set has its default.
struct Change {
    key: String,
    old: Option<Value>,
    new: Option<Value>,
}

fn changes(old: &Keys, new: &Keys) -> Vec<Change> {
    let all: BTreeSet<&String> = old.keys().chain(new.keys()).collect();
    let changed = all.into_iter().filter(|key| old.get(*key) != new.get(*key));
    changed.map(|key| Change { key: key.clone(), old: old.get(key).cloned(), new: new.get(key).cloned() }).collect()
}

fn answer(applied: &[Change], waiting: &[Change], renewed: Renewed) -> Answer {
    let told = |value: &Option<Value>| value.as_ref().map_or_else(|| "its default".into(), Value::to_string);
    let mut text = String::new();
    for Change { key, old, new } in applied {
        let _ = writeln!(text, "{key}: {} in place of {}", told(new), told(old));
    }
    if renewed == Renewed::Certificate {
        let _ = writeln!(text, "the certificate is another one, which every later connection sees");
    }
    for Change { key, .. } in waiting {
        let _ = writeln!(text, "{key} has changed, which needs a restart");
    }
    if text.is_empty() {
        text.push_str("nothing has changed");
    }
    let entry = |change: &Change| json!({ "key": change.key, "old": change.old, "new": change.new });
    let json = json!({
        "applied": applied.iter().map(entry).collect::<Vec<_>>(),
        "certificate_renewed": renewed == Renewed::Certificate,
        "needs_restart": waiting.iter().map(|change| &change.key).collect::<Vec<_>>(),
    });
    Answer::new(text, json)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rocket::figment::providers::{Format, Toml};

    #[test]
    fn what_changed_is_told_by_its_key_and_a_list_is_one_value() {
        let keys = |toml| keys(&Figment::from(Toml::string(toml)));
        let old = keys("port = 1\n[proxies]\ntrusted = [\"10.0.0.0/8\"]\n[throttle.refusals_kept]\nburst = 1");
        let new = keys("port = 1\n[proxies]\ntrusted = []\n[lifetimes]\naccess_token = \"30s\"");
        let changed: Vec<_> = changes(&old, &new).into_iter().map(|Change { key, old, new }| (key, old, new)).collect();
        assert_eq!(
            changed,
            [
                ("lifetimes.access_token".into(), None, Some(json!("30s"))),
                ("proxies.trusted".into(), Some(json!(["10.0.0.0/8"])), Some(json!([]))),
                ("throttle.refusals_kept.burst".into(), Some(json!(1)), None),
            ]
        );
    }
}
