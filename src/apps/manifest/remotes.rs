//! `remotes`: back ends of the app's own, and which tokens they are sent.

use crate::apps::manifest::node::Value;
use crate::apps::manifest::part::{Fields, Part};
use crate::apps::manifest::reading::Reading;
use crate::domain::manifest::Remote;

/// The longest key of a remote.
const LONGEST_KEY: usize = 23;

const KEYS: [&str; 6] = ["auth", "baseUrl", "configurable", "key", "operations", "storage"];

/// The regions that may have a base URL of their own.
const REGIONS: [&str; 12] = ["default", "EU", "US", "AU", "DE", "SG", "CA", "IN", "KR", "JP", "GB", "CH"];

/// A remote with its place, and what only the rules between remotes ask for.
pub struct WrittenRemote<'n> {
    /// Where it is written.
    pub part: Part<'n>,
    /// What it says.
    pub remote: Remote,
    /// Whether its one base URL is written without a region.
    pub has_one_base_url: bool,
    /// `storage.inScopeEUD`.
    pub in_scope_eud: bool,
}

/// Which tokens `auth` says are sent; nothing where it does not say.
#[derive(Clone, Copy, Default)]
pub struct Tokens {
    /// `appSystemToken.enabled`.
    pub system: Option<bool>,
    /// `appUserToken.enabled`.
    pub user: Option<bool>,
}

/// Every remote that has a key, in the order of the file.
pub fn read<'n>(root: &Fields<'n>, reading: &mut Reading<'_>) -> Vec<WrittenRemote<'n>> {
    let items = root.get("remotes").map(|part| reading.list(&part)).unwrap_or_default();
    items.into_iter().filter_map(|item| remote(item, reading)).collect()
}

fn remote<'n>(item: Part<'n>, reading: &mut Reading<'_>) -> Option<WrittenRemote<'n>> {
    let fields = reading.fields(item.clone(), &KEYS)?;
    let key = fields.required(reading, "key");
    if let Some(part) = &key {
        reading.key(part, LONGEST_KEY);
    }
    let base_url = fields.get("baseUrl");
    let base_urls = base_url.as_ref().map(|part| base_urls(part, reading)).unwrap_or_default();
    let configurable = fields.get("configurable");
    if base_url.is_none() && configurable.is_none() {
        reading.refuse(&item, "the key \"baseUrl\" is missing");
    }
    if let Some(part) = &configurable {
        check_configurable(part.clone(), reading);
    }
    let operations = fields.get("operations").map(|part| reading.filled_list(&part)).unwrap_or_default();
    for operation in operations {
        reading.one_of(&operation, &["storage", "other", "compute", "fetch"]);
    }
    let storage = fields.get("storage").and_then(|part| reading.fields(part, &["inScopeEUD"]));
    let in_scope_eud = storage.and_then(|storage| storage.required(reading, "inScopeEUD"));
    let in_scope_eud = in_scope_eud.and_then(|part| reading.boolean(&part)).unwrap_or_default();
    let tokens = fields.get("auth").map(|part| tokens(part, Others::Refused, reading)).unwrap_or_default();
    let remote = Remote {
        // Also one that is no good, so that what names it is not told that it is missing.
        key: key?.node.text()?.to_owned(),
        base_urls,
        configurable: configurable.is_some(),
        system_token: tokens.system.unwrap_or_default(),
        user_token: tokens.user.unwrap_or_default(),
    };
    let has_one_base_url = base_url.is_some_and(|part| matches!(part.node.value, Value::Text(_)));
    Some(WrittenRemote { part: item, remote, has_one_base_url, in_scope_eud })
}

fn base_urls(part: &Part<'_>, reading: &mut Reading<'_>) -> Vec<(String, String)> {
    if let Value::Text(_) = part.node.value {
        let url = reading.text(part);
        return url.map(|url| ("default".to_owned(), url.to_owned())).into_iter().collect();
    }
    let Value::Map(_) = part.node.value else {
        let found = part.node.value.words();
        reading.refuse(part, format!("expected a URL, or a map with the key default, found {found}"));
        return Vec::new();
    };
    let Some(fields) = reading.fields(part.clone(), &REGIONS) else { return Vec::new() };
    fields.required(reading, "default");
    let mut urls = Vec::new();
    for region in REGIONS {
        let url = fields.get(region).and_then(|part| reading.matching(&part, "a URL", |url| !url.is_empty()));
        urls.extend(url.map(|url| (region.to_owned(), url.to_owned())));
    }
    urls.sort();
    urls
}

fn check_configurable(part: Part<'_>, reading: &mut Reading<'_>) {
    let Some(fields) = reading.fields(part, &["description", "name", "supportedPatterns"]) else { return };
    for key in ["description", "name"] {
        if let Some(part) = fields.required(reading, key) {
            reading.text(&part);
        }
    }
    let patterns = fields.get("supportedPatterns").map(|part| reading.filled_list(&part)).unwrap_or_default();
    for pattern in patterns {
        reading.text(&pattern);
    }
}

/// Whether there may be other keys than those that are read.
#[derive(Clone, Copy)]
pub enum Others {
    /// They are noted.
    Noted,
    /// They are faults.
    Refused,
}

/// `auth` of a remote or an endpoint.
pub fn tokens(part: Part<'_>, others: Others, reading: &mut Reading<'_>) -> Tokens {
    let fields = |part, keys: &[&str], reading: &mut Reading<'_>| match others {
        Others::Noted => reading.open_fields(part, keys),
        Others::Refused => reading.fields(part, keys),
    };
    let Some(auth) = fields(part, &["appSystemToken", "appUserToken"], reading) else { return Tokens::default() };
    let mut enabled = |key| {
        let token = fields(auth.get(key)?, &["enabled"], reading)?;
        token.required(reading, "enabled").and_then(|part| reading.boolean(&part))
    };
    Tokens { system: enabled("appSystemToken"), user: enabled("appUserToken") }
}
