//! Agreement: what must hold between remotes, providers, endpoints and permissions once each is read.

use std::collections::BTreeSet;

use crate::apps::manifest::address::is_somewhere;
use crate::apps::manifest::egress::WrittenEgress;
use crate::apps::manifest::fault::quoted;
use crate::apps::manifest::modules::WrittenModules;
use crate::apps::manifest::part::Part;
use crate::apps::manifest::providers::WrittenProvider;
use crate::apps::manifest::reading::Reading;
use crate::apps::manifest::remotes::{Tokens, WrittenRemote};
use crate::domain::manifest::{Destination, ScopeRequest};

/// The scopes by which an app is sent tokens, which open nothing by themselves.
const OF_TOKENS: [&str; 2] = ["read:app-system-token", "read:app-user-token"];

/// Everything that is read, with its places.
pub struct Written<'n> {
    /// `permissions.scopes`.
    pub scopes: Vec<ScopeRequest>,
    /// `permissions.external`.
    pub egress: Vec<WrittenEgress<'n>>,
    /// `remotes`.
    pub remotes: Vec<WrittenRemote<'n>>,
    /// `providers.auth`.
    pub providers: Vec<WrittenProvider<'n>>,
    /// `modules`.
    pub modules: WrittenModules<'n>,
}

impl<'n> Written<'n> {
    /// Notes what does not agree.
    pub fn check(&self, reading: &mut Reading<'_>) {
        self.check_that_keys_differ(reading);
        self.check_regions(reading);
        self.check_scopes_of_tokens(reading);
        for written in &self.egress {
            self.check_egress(written, reading);
        }
        for provider in &self.providers {
            self.check_provider(provider, reading);
        }
        self.check_endpoints(reading);
        self.check_triggers(reading);
    }

    fn remote(&self, key: &str) -> Option<&WrittenRemote<'n>> {
        self.remotes.iter().find(|written| written.remote.key == key)
    }

    /// The remote that `part` names, which must be there.
    fn named(&self, part: &Part<'_>, reading: &mut Reading<'_>) -> Option<&WrittenRemote<'n>> {
        let key = part.node.text()?;
        let found = self.remote(key);
        if found.is_none() {
            let keys = self.remotes.iter().map(|written| written.remote.key.as_str());
            let message = format!("there is no remote {}", quoted(key));
            reading.faults.add_name(part.place(), &part.path, message, key, keys);
        }
        found
    }

    /// What an admin approves is told by its key, so that each key means one thing.
    fn check_that_keys_differ(&self, reading: &mut Reading<'_>) {
        let remotes = self.remotes.iter().map(|written| ("remote", &written.part, written.remote.key.as_str()));
        let providers = self.providers.iter().map(|written| ("provider", &written.part, written.provider.key.as_str()));
        let mut seen = BTreeSet::new();
        for (what, part, key) in remotes.chain(providers) {
            if !seen.insert((what, key)) {
                reading.refuse(part, format!("another {what} has the key {}", quoted(key)));
            }
        }
    }

    /// A remote is wherever another is, or everywhere in one place that holds nothing of people tied to a region.
    fn check_regions(&self, reading: &mut Reading<'_>) {
        let with_urls = || self.remotes.iter().filter(|written| !written.remote.base_urls.is_empty());
        let regions = |written: &WrittenRemote<'n>| -> BTreeSet<String> {
            written.remote.base_urls.iter().map(|(region, _)| region.clone()).collect()
        };
        let all: BTreeSet<String> = with_urls().flat_map(regions).collect();
        for written in with_urls() {
            let own = regions(written);
            let missing: Vec<&str> = all.difference(&own).map(String::as_str).collect();
            if !missing.is_empty() && (own.len() > 1 || written.in_scope_eud) {
                let message =
                    format!("another remote has a base URL for {}, and this one has none", missing.join(", "));
                reading.refuse(&written.part, message);
            }
        }
    }

    fn check_scopes_of_tokens(&self, reading: &mut Reading<'_>) {
        let opens_anything = self.scopes.iter().any(|scope| !OF_TOKENS.contains(&scope.name.as_str()));
        if opens_anything {
            return;
        }
        let remotes = self.remotes.iter().map(|written| {
            let remote = &written.remote;
            (&written.part, remote.system_token || remote.user_token)
        });
        let asks = |tokens: Tokens| tokens.system == Some(true) || tokens.user == Some(true);
        let endpoints = self.modules.endpoints.iter().map(|written| (&written.part, asks(written.tokens)));
        if let Some((part, _)) = remotes.chain(endpoints).find(|(_, is_sent_a_token)| *is_sent_a_token) {
            let message = format!(
                "a token is sent there, so that permissions.scopes needs a scope beside {}",
                OF_TOKENS.join(" and ")
            );
            reading.refuse(part, message);
        }
    }

    fn check_egress(&self, written: &WrittenEgress<'n>, reading: &mut Reading<'_>) {
        let Destination::Remote(_) = &written.egress.to else { return };
        let part = written.part.entries().first().map(|entry| written.part.below(entry));
        let part = part.as_ref().unwrap_or(&written.part);
        let Some(remote) = self.named(part, reading) else { return };
        let base_url = remote.remote.base_urls.iter().find(|(region, _)| region == "default");
        let is_reached = match base_url.map(|(_, url)| url.as_str()) {
            None | Some("") => remote.remote.configurable,
            Some(url) => is_somewhere(url),
        };
        if !is_reached {
            reading.refuse(
                part,
                format!("the remote {} has no base URL that data may be sent to", quoted(&remote.remote.key)),
            );
        }
    }

    fn check_provider(&self, provider: &WrittenProvider<'n>, reading: &mut Reading<'_>) {
        for part in &provider.remotes {
            if let Some(remote) = self.named(part, reading) {
                if !self.is_allowed_to_reach(remote) {
                    let message = "permissions.external.fetch.backend does not say that data is sent to this remote";
                    reading.refuse(part, message);
                }
                check_place(remote, part, reading);
            }
        }
        for part in &provider.of_actions {
            if let Some(remote) = self.named(part, reading) {
                check_place(remote, part, reading);
            }
        }
        if let Some(function) = &provider.function {
            let known = &self.modules.functions;
            if let Some(key) = function.node.text().filter(|key| !known.contains(key)) {
                let message = format!("there is no function {}", quoted(key));
                reading.faults.add_name(function.place(), &function.path, message, key, known.iter().copied());
            }
        }
    }

    fn is_allowed_to_reach(&self, remote: &WrittenRemote<'n>) -> bool {
        let base_url = remote.remote.base_urls.first().filter(|_| remote.has_one_base_url).map(|(_, url)| url);
        let backend = self.egress.iter().map(|written| &written.egress).filter(|egress| egress.kind == "fetch.backend");
        let mut backend = backend.map(|egress| &egress.to);
        backend.any(|to| match to {
            Destination::Address(address) => Some(address) == base_url,
            Destination::Remote(key) => *key == remote.remote.key,
            Destination::Configured => false,
        })
    }

    fn check_endpoints(&self, reading: &mut Reading<'_>) {
        for written in &self.modules.endpoints {
            match (&written.remote, &written.service) {
                (Some(remote), _) => {
                    self.named(remote, reading);
                }
                (None, Some(service)) => {
                    let known = &self.modules.services;
                    if let Some(key) = service.node.text().filter(|key| !known.contains(key)) {
                        let message = format!("there is no service {}", quoted(key));
                        reading.faults.add_name(service.place(), &service.path, message, key, known.iter().copied());
                    }
                }
                (None, None) => {}
            }
        }
    }

    /// An event comes from nobody, so that there is no user whose token could be sent.
    fn check_triggers(&self, reading: &mut Reading<'_>) {
        for part in &self.modules.triggers {
            let Some(key) = part.node.text() else { continue };
            let Some(endpoint) = self.modules.endpoints.iter().find(|written| written.key == key) else { continue };
            if endpoint.tokens.user == Some(true) {
                reading.refuse(
                    part,
                    format!("the endpoint {} asks for a user's token, and an event has no user", quoted(key)),
                );
            }
            if !endpoint.has_route {
                reading.refuse(part, format!("the endpoint {} has no route for an event", quoted(key)));
            }
        }
    }
}

/// People are signed in at one place that the developer chose.
fn check_place(remote: &WrittenRemote<'_>, part: &Part<'_>, reading: &mut Reading<'_>) {
    if remote.remote.configurable {
        reading.refuse(part, "people are not signed in by a remote that is configurable");
    }
    if remote.remote.base_urls.len() > 1 {
        reading.refuse(part, "people are not signed in by a remote with a base URL for each region");
    }
}
