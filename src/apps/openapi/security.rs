//! `security`: which one scope an operation takes (OpenAPI 3.1 sections 4.8.27 and 4.8.30).

use std::collections::{BTreeMap, BTreeSet};

use crate::apps::manifest::fault::quoted;
use crate::apps::manifest::part::{Fields, Part};
use crate::apps::manifest::reading::Reading;

/// Whether a security scheme is one of OAuth, by its name. The others are forms of credentials that this server knows by itself.
pub struct Schemes {
    are_oauth: BTreeMap<String, bool>,
}

impl Schemes {
    /// Those of `components.securitySchemes`.
    pub fn of(root: &Fields<'_>, reading: &mut Reading<'_>) -> Self {
        let components = root.get("components").and_then(|part| reading.map(part));
        let schemes = components.and_then(|components| components.get("securitySchemes"));
        let schemes = schemes.and_then(|part| reading.map(part));
        let mut are_oauth = BTreeMap::new();
        for entry in schemes.iter().flat_map(|schemes| schemes.part().entries()) {
            let part = Part::new(&entry.node, Part::path_below("components.securitySchemes", &entry.key));
            let Some(fields) = reading.map(part) else { continue };
            if is_reference(&fields, reading) {
                continue;
            }
            let kind = fields.required(reading, "type").and_then(|kind| reading.text(&kind).map(str::to_owned));
            are_oauth.insert(entry.key.clone(), matches!(kind.as_deref(), Some("oauth2" | "openIdConnect")));
        }
        Self { are_oauth }
    }

    /// The one scope that requirements come to; nothing if no OAuth token is meant to open the operation.
    pub fn scope(&self, security: &Part<'_>, reading: &mut Reading<'_>) -> Option<String> {
        let mut scopes: BTreeSet<String> = BTreeSet::new();
        for requirement in reading.list(security) {
            let Some(fields) = reading.map(requirement) else { continue };
            if fields.part().entries().is_empty() {
                reading
                    .refuse(fields.part(), "an empty requirement lets anybody in, which no decision allows; remove it");
            }
            for entry in fields.part().entries() {
                let part = fields.part().below(entry);
                match self.are_oauth.get(&entry.key) {
                    Some(true) => scopes.extend(named(&part, reading)),
                    Some(false) => {}
                    None => {
                        let message = format!("there is no security scheme {}", quoted(&entry.key));
                        let known = self.are_oauth.keys().map(String::as_str);
                        reading.faults.add_name(entry.place, &part.path, message, &entry.key, known);
                    }
                }
            }
        }
        if scopes.len() > 1 {
            let all = scopes.iter().map(|scope| quoted(scope)).collect::<Vec<_>>().join(", ");
            let message = format!("an operation takes one scope, whatever the alternatives; found {all}");
            reading.refuse(security, message);
        }
        scopes.pop_first()
    }
}

/// The scopes that an OAuth scheme is required with.
fn named(part: &Part<'_>, reading: &mut Reading<'_>) -> Vec<String> {
    let items = reading.list(part);
    if items.is_empty() {
        reading.refuse(part, "an operation takes one scope, and this names none");
    }
    items.iter().filter_map(|item| reading.text(item).map(str::to_owned)).collect()
}

/// Whether something stands elsewhere, which is a fault.
pub fn is_reference(fields: &Fields<'_>, reading: &mut Reading<'_>) -> bool {
    let reference = fields.get("$ref");
    if let Some(reference) = &reference {
        reading.refuse(reference, "references are not followed here; write what it refers to in its place");
    }
    reference.is_some()
}
