//! `modules`: the endpoints among them, and what they are tied to. Other modules have nothing to do with authorization.

use std::collections::BTreeSet;

use crate::apps::manifest::fault::quoted;
use crate::apps::manifest::node::Node;
use crate::apps::manifest::part::{Fields, Part};
use crate::apps::manifest::reading::{Reading, is_key};
use crate::apps::manifest::remotes::{self, Others, Tokens};
use crate::domain::manifest::Endpoint;

const LONGEST_REMOTE: usize = 255;
const LONGEST_SERVICE: usize = 25;

/// What is read of `modules`, and of `services`, which endpoints may call too.
#[derive(Default)]
pub struct WrittenModules<'n> {
    /// `modules.endpoint`.
    pub endpoints: Vec<WrittenEndpoint<'n>>,
    /// The endpoint of each of `modules.trigger` that has one.
    pub triggers: Vec<Part<'n>>,
    /// The keys of `modules.function`.
    pub functions: BTreeSet<&'n str>,
    /// The keys of `services`.
    pub services: BTreeSet<&'n str>,
}

/// An endpoint with what it refers to.
pub struct WrittenEndpoint<'n> {
    /// Where it is written.
    pub part: Part<'n>,
    /// Its key.
    pub key: &'n str,
    /// The remote that it calls.
    pub remote: Option<Part<'n>>,
    /// The service that it calls, where it calls no remote.
    pub service: Option<Part<'n>>,
    /// The tokens that it asks for.
    pub tokens: Tokens,
    /// Whether it says which path.
    pub has_route: bool,
    /// What it says, if it calls a remote; a service runs beside the app, and nothing is sent anywhere.
    pub endpoint: Option<Endpoint>,
}

/// What is read of `modules`.
pub fn read<'n>(root: &Fields<'n>, reading: &mut Reading<'_>) -> WrittenModules<'n> {
    let modules = root.get("modules").and_then(|part| reading.map(part));
    let connect = root.get("connectModules").and_then(|part| reading.map(part));
    check_keys([&modules, &connect].into_iter().flatten(), reading);
    let services = root.get("services").map(|part| keys(part.node)).unwrap_or_default();
    let Some(modules) = modules else { return WrittenModules { services, ..WrittenModules::default() } };
    let items = modules.get("endpoint").map(|part| reading.filled_list(&part)).unwrap_or_default();
    let endpoints = items.into_iter().filter_map(|item| endpoint(item, reading)).collect();
    let triggers = modules.get("trigger").map(triggers).unwrap_or_default();
    let functions = modules.get("function").map(|part| keys(part.node)).unwrap_or_default();
    WrittenModules { endpoints, triggers, functions, services }
}

fn endpoint<'n>(item: Part<'n>, reading: &mut Reading<'_>) -> Option<WrittenEndpoint<'n>> {
    let fields = reading.open_fields(item.clone(), &["auth", "key", "remote", "route", "service"])?;
    let key = fields.required(reading, "key").and_then(|part| reading.key(&part, usize::MAX));
    let remote = fields.get("remote");
    let service = fields.get("service");
    match (&remote, &service) {
        (None, None) => reading.refuse(&item, "the key \"remote\" is missing"),
        (Some(remote), service) => {
            reading.key(remote, LONGEST_REMOTE);
            if service.as_ref().and_then(|part| part.node.text()).is_some_and(is_service) {
                reading.refuse(&item, "an endpoint calls a remote or a service, and here are both");
            }
        }
        (None, Some(service)) => {
            reading.matching(service, "the key of a service", is_service);
        }
    }
    if let Some(part) = fields.get("unlicensedAccess") {
        reading.refuse(&part, "an endpoint does not say who may do without a license");
    }
    let route = fields.get("route");
    let path = route.clone().and_then(|part| reading.open_fields(part, &["path"]));
    let path = path.and_then(|route| route.required(reading, "path")).and_then(|part| reading.text(&part));
    let tokens = fields.get("auth").map(|part| remotes::tokens(part, Others::Noted, reading)).unwrap_or_default();
    let key = key?;
    let endpoint = remote.as_ref().and_then(|remote| remote.node.text()).map(|remote| Endpoint {
        key: key.to_owned(),
        remote: remote.to_owned(),
        path: path.map(str::to_owned),
        system_token: tokens.system,
        user_token: tokens.user,
    });
    Some(WrittenEndpoint { part: item, key, remote, service, tokens, has_route: route.is_some(), endpoint })
}

fn is_service(key: &str) -> bool {
    let ends_well = !key.ends_with('-') && key.starts_with(|c: char| c.is_ascii_lowercase());
    ends_well
        && is_key(key)
        && key.len() <= LONGEST_SERVICE
        && !key.contains(|c: char| c.is_ascii_uppercase() || c == '_')
}

fn triggers(part: Part<'_>) -> Vec<Part<'_>> {
    let numbered = part.node.items().iter().enumerate();
    let endpoint = |(at, item): (usize, _)| Fields::of(Part::new(item, format!("{}[{at}]", part.path))).get("endpoint");
    numbered.filter_map(endpoint).collect()
}

fn keys(list: &Node) -> BTreeSet<&str> {
    list.items().iter().filter_map(|item| item.at("key")?.text()).collect()
}

/// Modules of every kind are called by keys of one kind.
fn check_keys<'f, 'n: 'f>(kinds: impl Iterator<Item = &'f Fields<'n>>, reading: &mut Reading<'_>) {
    let mut seen = BTreeSet::new();
    for kind in kinds.flat_map(|modules| modules.part().entries().iter().map(|entry| modules.part().below(entry))) {
        for (at, item) in kind.node.items().iter().enumerate() {
            let Some(key) = item.at("key") else { continue };
            let Some(text) = key.text() else { continue };
            if !seen.insert(text) {
                let path = format!("{}[{at}].key", kind.path);
                reading.faults.add(key.place, &path, format!("another module has the key {}", quoted(text)));
            }
        }
    }
}
