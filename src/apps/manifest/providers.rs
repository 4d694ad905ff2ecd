//! `providers.auth`: other services to which an app signs people in.

use crate::apps::manifest::node::Value;
use crate::apps::manifest::part::{Fields, Part};
use crate::apps::manifest::reading::{Reading, is_key};
use crate::domain::manifest::Provider;

const LONGEST: usize = 1000;
const ANY_LENGTH: usize = usize::MAX;

const CUSTOM: [&str; 9] = ["actions", "bearerMethod", "clientId", "key", "name", "pkce", "remotes", "scopes", "type"];
const PREDEFINED: [&str; 8] = ["bearerMethod", "clientId", "integration", "key", "name", "pkce", "remotes", "scopes"];
const INTEGRATIONS: [&str; 5] = ["adobe", "azuredevops", "dropbox", "google", "miro"];
const BEARER_METHODS: [&str; 3] = ["authorization-header", "form-encoded", "uri-query"];
const ACTIONS: [&str; 5] = ["authorization", "exchange", "refreshToken", "retrieveProfile", "revokeToken"];

/// A provider with what it refers to.
pub struct WrittenProvider<'n> {
    /// Where it is written.
    pub part: Part<'n>,
    /// What it says.
    pub provider: Provider,
    /// The remotes that may be called with its token.
    pub remotes: Vec<Part<'n>>,
    /// The remotes that its actions call.
    pub of_actions: Vec<Part<'n>>,
    /// The function that retrieves a profile.
    pub function: Option<Part<'n>>,
}

/// Every provider that is whole, in the order of the file.
pub fn read<'n>(root: &Fields<'n>, reading: &mut Reading<'_>) -> Vec<WrittenProvider<'n>> {
    let Some(providers) = root.get("providers").and_then(|part| reading.fields(part, &["auth"])) else {
        return Vec::new();
    };
    let items = providers.required(reading, "auth").map(|part| reading.list(&part)).unwrap_or_default();
    items.into_iter().filter_map(|item| provider(item, reading)).collect()
}

fn provider<'n>(item: Part<'n>, reading: &mut Reading<'_>) -> Option<WrittenProvider<'n>> {
    let is_predefined = item.node.at("integration").is_some();
    let fields = reading.fields(item.clone(), if is_predefined { &PREDEFINED } else { &CUSTOM })?;
    let key = fields.required(reading, "key").and_then(|part| reading.key(&part, ANY_LENGTH));
    let client_id = fields.required(reading, "clientId").and_then(|part| reading.text_up_to(&part, LONGEST));
    if let Some(part) = fields.required(reading, "name") {
        reading.text_up_to(&part, LONGEST);
    }
    if let Some(part) = fields.required(reading, "bearerMethod") {
        check_bearer_method(part, reading);
    }
    if let Some(part) = fields.get("pkce")
        && reading.boolean(&part) == Some(false)
    {
        reading.refuse(&part, "expected true, since PKCE is left out by leaving the key out");
    }
    let scopes = fields.get("scopes").map(|part| reading.list(&part)).unwrap_or_default();
    for scope in scopes {
        reading.matching(&scope, "a scope without spaces", |scope| {
            !scope.is_empty() && !scope.contains(|c: char| c.is_whitespace() || c == '\u{feff}')
        });
    }
    let remotes = if is_predefined { fields.required(reading, "remotes") } else { fields.get("remotes") };
    let remotes = remotes.map(|part| reading.list(&part)).unwrap_or_default();
    for remote in &remotes {
        reading.key(remote, ANY_LENGTH);
    }
    let (of_actions, function) = if is_predefined {
        reading.one_of(&fields.get("integration")?, &INTEGRATIONS);
        (Vec::new(), None)
    } else {
        if let Some(part) = fields.required(reading, "type") {
            reading.one_of(&part, &["oauth2"]);
        }
        fields.required(reading, "actions").map(|part| actions(part, reading)).unwrap_or_default()
    };
    let provider = Provider { key: key?.to_owned(), client_id: client_id?.to_owned() };
    Some(WrittenProvider { part: item, provider, remotes, of_actions, function })
}

/// How a token is sent.
fn check_bearer_method(part: Part<'_>, reading: &mut Reading<'_>) {
    let Value::Map(_) = part.node.value else {
        reading.one_of(&part, &BEARER_METHODS);
        return;
    };
    let Some(fields) = reading.fields(part, &["parameter", "prefix", "type"]) else { return };
    if let Some(part) = fields.required(reading, "type") {
        reading.one_of(&part, &BEARER_METHODS);
    }
    if let Some(part) = fields.get("prefix") {
        reading.text_up_to(&part, LONGEST);
    }
    if let Some(part) = fields.get("parameter") {
        reading.text(&part);
    }
}

/// The remotes that the actions call, and the function that retrieves a profile.
fn actions<'n>(part: Part<'n>, reading: &mut Reading<'_>) -> (Vec<Part<'n>>, Option<Part<'n>>) {
    let Some(actions) = reading.fields(part, &ACTIONS) else { return (Vec::new(), None) };
    let mut remotes = Vec::new();
    for name in ["authorization", "exchange", "retrieveProfile"] {
        actions.required(reading, name);
    }
    for name in ACTIONS {
        if let Some(part) = actions.get(name) {
            remotes.extend(action(name, part, reading));
        }
    }
    let function = actions.get("retrieveProfile").and_then(|part| Fields::of(part).get("function"));
    (remotes, function)
}

/// The remote that an action calls.
fn action<'n>(name: &str, part: Part<'n>, reading: &mut Reading<'_>) -> Option<Part<'n>> {
    let has_function = part.node.at("function").is_some();
    let keys: &[&str] = match name {
        "authorization" => &["additionalConsentParameters", "path", "queryParameters", "remote"],
        "exchange" | "refreshToken" => &["overrides", "path", "remote", "resolvers", "useBasicAuth"],
        "retrieveProfile" if has_function => &["function", "overrides", "path", "remote"],
        "retrieveProfile" => &["method", "oidc", "overrides", "path", "queryParameters", "remote", "resolvers"],
        _ => &["overrides", "path", "queryParameters", "remote"],
    };
    let fields = reading.fields(part, keys)?;
    let remote = fields.required(reading, "remote");
    if let Some(remote) = &remote {
        reading.key(remote, ANY_LENGTH);
    }
    if let Some(path) = fields.required(reading, "path") {
        reading.text_up_to(&path, LONGEST);
    }
    match name {
        "authorization" => check_consent_parameters(&fields, reading),
        "exchange" | "refreshToken" => {
            check_texts(&fields, "resolvers", &["accessToken", "accessTokenExpires", "refreshToken"], &[], reading);
            if let Some(part) = fields.get("useBasicAuth") {
                reading.boolean(&part);
            }
        }
        "retrieveProfile" => check_profile(&fields, reading),
        _ => {}
    }
    check_pairs(fields.get("queryParameters"), reading);
    if let Some(overrides) = fields.get("overrides").and_then(|part| reading.fields(part, &["body", "headers"])) {
        check_pairs(overrides.get("headers"), reading);
        check_pairs(overrides.get("body"), reading);
    }
    remote
}

fn check_profile(fields: &Fields<'_>, reading: &mut Reading<'_>) {
    if let Some(function) = fields.get("function") {
        reading.key(&function, ANY_LENGTH);
        return;
    }
    fields.required(reading, "resolvers");
    check_texts(fields, "resolvers", &["avatarUrl", "displayName", "id"], &["displayName", "id"], reading);
    let oidc = fields.get("oidc").and_then(|part| reading.fields(part, &["mode"]));
    if let Some(mode) = oidc.and_then(|oidc| oidc.get("mode")) {
        reading.one_of(&mode, &["fallback"]);
    }
    if let Some(method) = fields.get("method") {
        reading.one_of(&method, &["GET", "POST", "PUT"]);
    }
}

/// A map of texts.
fn check_texts(fields: &Fields<'_>, key: &str, keys: &[&str], required: &[&str], reading: &mut Reading<'_>) {
    let Some(texts) = fields.get(key).and_then(|part| reading.fields(part, keys)) else { return };
    for key in required {
        texts.required(reading, key);
    }
    for part in keys.iter().filter_map(|key| texts.get(key)) {
        reading.text_up_to(&part, LONGEST);
    }
}

/// A map from names to texts.
fn check_pairs(part: Option<Part<'_>>, reading: &mut Reading<'_>) {
    let Some(pairs) = part.and_then(|part| reading.map(part)) else { return };
    for entry in pairs.part().entries() {
        let part = pairs.part().below(entry);
        if !is_key(&entry.key) {
            reading.faults.add(entry.place, &part.path, "expected a name of letters, digits, - and _");
        }
        reading.text(&part);
    }
}

/// What is asked of people on the way: a text, or the name of a variable.
fn check_consent_parameters(fields: &Fields<'_>, reading: &mut Reading<'_>) {
    let parameters = fields.get("additionalConsentParameters").and_then(|part| reading.map(part));
    let Some(parameters) = parameters else { return };
    for entry in parameters.part().entries() {
        let part = parameters.part().below(entry);
        match part.node.value {
            Value::Map(_) => {
                let variable = reading.fields(part, &["var"]).and_then(|fields| fields.required(reading, "var"));
                if let Some(variable) = variable {
                    reading.text(&variable);
                }
            }
            _ => {
                reading.text(&part);
            }
        }
    }
}
