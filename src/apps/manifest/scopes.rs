//! `permissions.scopes`: a list of names, or a map in which each has settings. `optional` and `purpose` are ours.

use crate::apps::forge_scopes;
use crate::apps::manifest::fault::quoted;
use crate::apps::manifest::node::{Place, Value};
use crate::apps::manifest::part::{Fields, Part};
use crate::apps::manifest::reading::Reading;
use crate::domain::manifest::ScopeRequest;
use crate::domain::scope::needs_interactive_consent;

const SETTINGS: [&str; 3] = ["allowImpersonation", "optional", "purpose"];

/// What is asked for, in the order of the file.
pub fn read(permissions: &Fields<'_>, reading: &mut Reading<'_>) -> Vec<ScopeRequest> {
    let Some(scopes) = permissions.get("scopes") else { return Vec::new() };
    match scopes.node.value {
        Value::List(_) => {
            let items = reading.list(&scopes);
            items.iter().filter_map(|item| listed(item, reading)).collect()
        }
        Value::Map(_) => {
            let entries = scopes.entries().iter();
            entries.filter_map(|entry| set(&entry.key, entry.place, scopes.below(entry), reading)).collect()
        }
        _ => {
            let found = scopes.node.value.words();
            reading.refuse(
                &scopes,
                format!("expected a list of scopes, or a map with a scope as each key, found {found}"),
            );
            Vec::new()
        }
    }
}

fn listed(item: &Part<'_>, reading: &mut Reading<'_>) -> Option<ScopeRequest> {
    if let Value::Map(_) = item.node.value {
        reading.refuse(item, "expected a scope, found a map; settings belong in a map that has scopes as its keys");
        return None;
    }
    let name = reading.text(item)?;
    check_known(name, item.place(), &item.path, reading);
    Some(ScopeRequest { name: name.to_owned(), allow_impersonation: false, optional: false, purpose: None })
}

fn set(name: &str, place: Place, settings: Part<'_>, reading: &mut Reading<'_>) -> Option<ScopeRequest> {
    check_known(name, place, &settings.path, reading);
    let settings = reading.fields(settings, &SETTINGS)?;
    let flag =
        |key, reading: &mut Reading<'_>| settings.get(key).and_then(|part| reading.boolean(&part)).unwrap_or_default();
    Some(ScopeRequest {
        name: name.to_owned(),
        // Forge accepts it for these as well, and it does nothing there either.
        allow_impersonation: flag("allowImpersonation", reading) && !needs_interactive_consent(name),
        optional: flag("optional", reading),
        purpose: settings.get("purpose").and_then(|part| purpose(&part, reading)),
    })
}

/// People read it on the consent page, so that it is a sentence and nothing that looks like the page's own words.
fn purpose(part: &Part<'_>, reading: &mut Reading<'_>) -> Option<String> {
    let is_sentence = |text: &str| {
        let misleads = |c: char| {
            c.is_control()
                || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
        };
        text.trim() == text && !text.chars().any(misleads) && (1..=200).contains(&text.chars().count())
    };
    reading.matching(part, "a sentence of 1 to 200 visible characters on one line", is_sentence).map(str::to_owned)
}

fn check_known(name: &str, place: Place, path: &str, reading: &mut Reading<'_>) {
    if forge_scopes::is_known(name) || reading.known.contains(name) {
        return;
    }
    let mut valid: Vec<&str> = forge_scopes::names().collect();
    valid.extend(reading.known.iter());
    reading.faults.add_name(place, path, format!("there is no scope {}", quoted(name)), name, valid.into_iter());
}
