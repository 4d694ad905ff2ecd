//! `permissions.external`: whom an app sends data to.

use crate::apps::manifest::address::{self, is_address};
use crate::apps::manifest::fault::quoted;
use crate::apps::manifest::node::Value;
use crate::apps::manifest::part::{Fields, Part};
use crate::apps::manifest::reading::Reading;
use crate::domain::manifest::{Destination, Egress};

const LONGEST: usize = 1000;
const KINDS: [&str; 7] = ["fonts", "frames", "images", "media", "navigation", "scripts", "styles"];
const KEYS: [&str; 9] =
    ["configurable", "fetch", "fonts", "frames", "images", "media", "navigation", "scripts", "styles"];

/// An egress with its place.
pub struct WrittenEgress<'n> {
    /// Where it is written.
    pub part: Part<'n>,
    /// What it says.
    pub egress: Egress,
}

/// Every egress, in the order of the file.
pub fn read<'n>(permissions: &Fields<'n>, reading: &mut Reading<'_>) -> Vec<WrittenEgress<'n>> {
    let mut all = Vec::new();
    let external = permissions.get("external").and_then(|part| reading.fields(part, &KEYS));
    let Some(external) = external else { return all };
    for kind in KINDS {
        let items = external.get(kind).map(|part| reading.list(&part)).unwrap_or_default();
        all.extend(items.into_iter().filter_map(|item| one(kind, item, Remotes::Refused, reading)));
    }
    if let Some(fetch) = external.get("fetch").and_then(|part| reading.fields(part, &["backend", "client"])) {
        for (key, kind) in [("backend", "fetch.backend"), ("client", "fetch.client")] {
            let items = fetch.get(key).map(|part| reading.list(&part)).unwrap_or_default();
            all.extend(items.into_iter().filter_map(|item| one(kind, item, Remotes::Allowed, reading)));
        }
    }
    all.extend(external.get("configurable").and_then(|part| configurable(part, reading)));
    all
}

/// Whether a remote may stand in place of an address.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Remotes {
    Allowed,
    Refused,
}

fn one<'n>(kind: &str, item: Part<'n>, remotes: Remotes, reading: &mut Reading<'_>) -> Option<WrittenEgress<'n>> {
    let egress = |to, analytics, in_scope_eud| Egress { kind: kind.into(), to, analytics, in_scope_eud };
    let egress = match item.node.value {
        Value::Text(_) => egress(Destination::Address(address(&item, reading)?), false, false),
        Value::Map(_) if remotes == Remotes::Allowed && item.node.at("remote").is_some() => {
            let fields = reading.fields(item.clone(), &["remote"])?;
            let remote = fields.get("remote").and_then(|part| reading.text_up_to(&part, LONGEST))?;
            egress(Destination::Remote(remote.to_owned()), false, false)
        }
        Value::Map(_) => {
            let fields = reading.fields(item.clone(), &["address", "category", "inScopeEUD"])?;
            let category = fields.get("category").and_then(|part| reading.one_of(&part, &["analytics"]));
            let in_scope_eud = fields.get("inScopeEUD").and_then(|part| reading.boolean(&part));
            let address = fields.required(reading, "address").and_then(|part| address(&part, reading))?;
            egress(Destination::Address(address), category.is_some(), in_scope_eud.unwrap_or_default())
        }
        _ => {
            let found = item.node.value.words();
            reading.refuse(&item, format!("expected an address, or a map with the key address, found {found}"));
            return None;
        }
    };
    Some(WrittenEgress { part: item, egress })
}

fn address(part: &Part<'_>, reading: &mut Reading<'_>) -> Option<String> {
    let address = reading.text_up_to(part, LONGEST)?;
    if !is_address(address) {
        reading.refuse(part, format!("expected {}, found {}", address::EXPECTED, quoted(address)));
        return None;
    }
    Some(address.to_owned())
}

fn configurable<'n>(part: Part<'n>, reading: &mut Reading<'_>) -> Option<WrittenEgress<'n>> {
    let fields = reading.fields(part.clone(), &["enabled"])?;
    let enabled = fields.required(reading, "enabled").and_then(|part| reading.boolean(&part))?;
    let egress =
        Egress { kind: "configurable".into(), to: Destination::Configured, analytics: false, in_scope_eud: false };
    enabled.then_some(WrittenEgress { part, egress })
}
