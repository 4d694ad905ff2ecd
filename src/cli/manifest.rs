//! What a manifest asks for, as an answer; or everything that is wrong with it, one line each.

use std::fmt::Display;
use std::fs::File;
use std::io::Read;
use std::path::Path;

use serde_json::{Value, json};

use crate::apps::catalogue;
use crate::apps::connect::descriptor;
use crate::apps::manifest::{self, MAX_BYTES, ReadManifest, UnknownKey};
use crate::cli::answer::{Answer, CommandError};
use crate::cli::connect;
use crate::domain::manifest::{Destination, Egress, Manifest, Remote, ScopeRequest};
use crate::domain::scope::Scope;

/// `app check`: a manifest or a descriptor. Only the scopes of Forge and Connect are known, since no store is opened.
pub fn check(path: &Path) -> Result<Answer, CommandError> {
    let file = path.display().to_string();
    let bytes = bytes(path).map_err(|error| CommandError::failed(format!("{file} cannot be read: {error}")))?;
    if descriptor::is_meant_by(&bytes) {
        return connect::check(&file, &bytes);
    }
    let read = manifest::read(&bytes, &file, &Scope::default()).map_err(|faults| refused(&file, &faults))?;
    let answer = Answer::new(text(&read.manifest), entry(&read));
    Ok(read.unknown_keys.iter().fold(answer, |answer, key| answer.warn(unread(&file, key))))
}

/// One byte more than a manifest may have tells that there are more.
pub fn bytes(path: &Path) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    File::open(path)?.take(MAX_BYTES as u64 + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Every fault on a line of its own, as editors and other programs find it.
pub fn refused(file: &str, faults: &[impl Display]) -> CommandError {
    let lines: Vec<String> = faults.iter().map(ToString::to_string).collect();
    let count = if lines.len() == 1 { "1 fault".to_owned() } else { format!("{} faults", lines.len()) };
    CommandError::failed(format!("{file} has {count}\n{}", lines.join("\n")))
}

/// What to say of a key that is not read.
pub fn unread(file: &str, key: &UnknownKey) -> String {
    let nearest = key.nearest.as_ref().map(|nearest| format!("; did you mean {nearest}?")).unwrap_or_default();
    format!("{file}:{}:{}: {}: this key is not known, and is not read{nearest}", key.line, key.column, key.path)
}

fn text(manifest: &Manifest) -> String {
    let asked = &manifest.privileges;
    let name = manifest.name.as_deref().unwrap_or("an app without a name");
    let mut lines = vec![format!("{} ({name}) asks for:", manifest.app_id.ari())];
    lines.extend(asked.scopes.iter().map(|scope| format!("scope     {}", scope_words(scope))));
    lines.extend(asked.egress.iter().map(|egress| format!("egress    {} {}", egress.kind, destination(egress))));
    lines.extend(asked.content.iter().map(|content| format!("content   {content}")));
    lines.extend(asked.remotes.iter().map(|remote| format!("remote    {}", remote_words(remote))));
    lines
        .extend(asked.endpoints.iter().map(|endpoint| format!("endpoint  {} calls {}", endpoint.key, endpoint.remote)));
    lines
        .extend(asked.providers.iter().map(|provider| format!("provider  {} as {}", provider.key, provider.client_id)));
    if lines.len() == 1 {
        lines.push("nothing".into());
    }
    lines.join("\n")
}

fn scope_words(scope: &ScopeRequest) -> String {
    let title = catalogue::describe(&scope.name).map(|described| format!(" ({})", described.title)).unwrap_or_default();
    let away = if scope.allow_impersonation { ", also for people who are away" } else { "" };
    let optional = if scope.optional { ", optional" } else { "" };
    format!("{}{title}{away}{optional}", scope.name)
}

fn destination(egress: &Egress) -> String {
    match &egress.to {
        Destination::Address(address) => address.clone(),
        Destination::Remote(key) => format!("remote {key}"),
        Destination::Configured => "wherever an admin says".into(),
    }
}

fn remote_words(remote: &Remote) -> String {
    let urls: Vec<&str> = remote.base_urls.iter().map(|(_, url)| url.as_str()).collect();
    let configurable = if remote.configurable { " (configurable)" } else { "" };
    let tokens = match (remote.system_token, remote.user_token) {
        (false, false) => "",
        (true, false) => ", is sent tokens of the app",
        (false, true) => ", is sent tokens of users",
        (true, true) => ", is sent tokens of the app and of users",
    };
    format!("{} {}{configurable}{tokens}", remote.key, urls.join(" "))
}

fn entry(read: &ReadManifest) -> Value {
    let asked = &read.manifest.privileges;
    let unknown = |key: &UnknownKey| json!({ "path": key.path, "line": key.line, "column": key.column });
    json!({
        "app_id": read.manifest.app_id.ari(), "name": read.manifest.name,
        "scopes": asked.scopes.iter().map(|scope| json!({
            "name": scope.name, "allow_impersonation": scope.allow_impersonation,
            "optional": scope.optional, "purpose": scope.purpose,
        })).collect::<Value>(),
        "egress": asked.egress.iter().map(|egress| json!({
            "kind": egress.kind, "to": destination(egress),
            "analytics": egress.analytics, "in_scope_eud": egress.in_scope_eud,
        })).collect::<Value>(),
        "content": asked.content,
        "remotes": asked.remotes.iter().map(|remote| json!({
            "key": remote.key, "configurable": remote.configurable,
            "base_urls": remote.base_urls.iter().cloned().collect::<std::collections::BTreeMap<_, _>>(),
            "system_token": remote.system_token, "user_token": remote.user_token,
        })).collect::<Value>(),
        "endpoints": asked.endpoints, "providers": asked.providers,
        "unknown_keys": read.unknown_keys.iter().map(unknown).collect::<Value>(),
    })
}
