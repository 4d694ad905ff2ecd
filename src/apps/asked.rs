//! What is asked for that was not approved, in the words in which an admin decides about it.

use std::cmp::Reverse;

use crate::apps::catalogue::{self, ScopeDescription};
use crate::authorization_server::AuthorizationServer;
use crate::domain::connect::ACT_AS_USER;
use crate::domain::manifest::{Destination, Egress, Privileges, Remote, ScopeRequest};
use crate::domain::manifest_changes::{Change, Changes};
use crate::domain::scope::{Risk, Scope, ScopeEntry, needs_interactive_consent};
use crate::store::StoreError;

/// A scope that is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AskedScope {
    /// The scope token.
    pub name: String,
    /// A few words, verb first.
    pub title: String,
    /// One plain sentence; empty if there is nothing to add.
    pub sentence: String,
    /// What is at stake.
    pub risk: Risk,
    /// The API that it gives access to, as people call it.
    pub api: String,
    /// What the developer says it is for.
    pub purpose: Option<String>,
    /// Whether an admin may leave it out.
    pub is_optional: bool,
}

/// Scopes of one API, the riskiest first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AskedAt {
    /// What people call the API.
    pub api: String,
    /// At least one.
    pub scopes: Vec<AskedScope>,
}

/// Somewhere that the app reaches, or something that its pages do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reach {
    /// What happens: "Sends data to".
    pub what: String,
    /// Where, or what, as the manifest has it.
    pub detail: String,
}

/// What is new, by what an admin looks at first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Asked {
    /// Scopes that it does not do without.
    pub required: Vec<AskedAt>,
    /// Scopes that an admin may leave out.
    pub optional: Vec<AskedScope>,
    /// Those with which it may also act for people who are away.
    pub away: Vec<AskedScope>,
    /// Where data goes, and what its pages do.
    pub reaches: Vec<Reach>,
    /// What it does not ask for any more, and what is told in other words, a sentence each.
    pub quiet: Vec<String>,
}

impl Asked {
    /// Everything that `privileges` ask for.
    ///
    /// # Errors
    /// [`StoreError`] if the store fails.
    pub async fn all(server: &AuthorizationServer, privileges: &Privileges) -> Result<Self, StoreError> {
        Self::of(server, &privileges.changes_since(&Privileges::default()), privileges).await
    }

    /// What of `privileges` is new by `changes`.
    ///
    /// # Errors
    /// [`StoreError`] if the store fails.
    pub async fn of(
        server: &AuthorizationServer,
        changes: &Changes,
        privileges: &Privileges,
    ) -> Result<Self, StoreError> {
        let entries = server.store.scope_entries(&privileges.scope()).await?;
        let mut asked = Self::default();
        let mut required = Vec::new();
        for change in changes.iter() {
            match change {
                Change::ScopeAdded(request) => {
                    let scope = described(server, request, &entries).await?;
                    // That it may act as people at all is told once.
                    let is_leave = request.name == ACT_AS_USER;
                    if request.allow_impersonation && !is_leave && !needs_interactive_consent(&request.name) {
                        asked.away.push(scope.clone());
                    }
                    if request.optional { asked.optional.push(scope) } else { required.push(scope) }
                }
                Change::BecameRequired(name) | Change::ImpersonationAdded(name) => {
                    let Some(request) = privileges.scopes.iter().find(|request| request.name == *name) else {
                        continue;
                    };
                    let scope = described(server, request, &entries).await?;
                    let is_away = matches!(change, Change::ImpersonationAdded(_));
                    if is_away { asked.away.push(scope) } else { required.push(scope) }
                }
                change => match reach(change) {
                    Some(reach) => asked.reaches.push(reach),
                    None => asked.quiet.push(sentence(change)),
                },
            }
        }
        asked.required = by_api(required);
        by_risk(&mut asked.optional);
        by_risk(&mut asked.away);
        Ok(asked)
    }

    /// Whether nothing is new that an admin would decide about.
    pub fn is_nothing(&self) -> bool {
        self.required.is_empty() && self.optional.is_empty() && self.away.is_empty() && self.reaches.is_empty()
    }
}

fn by_risk(scopes: &mut [AskedScope]) {
    scopes.sort_by(|a, b| b.risk.cmp(&a.risk).then_with(|| a.title.cmp(&b.title)));
}

fn by_api(mut scopes: Vec<AskedScope>) -> Vec<AskedAt> {
    by_risk(&mut scopes);
    let mut groups: Vec<AskedAt> = Vec::new();
    for scope in scopes {
        match groups.iter_mut().find(|group| group.api == scope.api) {
            Some(group) => group.scopes.push(scope),
            None => groups.push(AskedAt { api: scope.api.clone(), scopes: vec![scope] }),
        }
    }
    groups.sort_by_key(|group| Reverse(group.scopes.iter().map(|scope| scope.risk).max()));
    groups
}

/// A scope of an own resource in its operator's words, and any other in those that we have for Forge's.
async fn described(
    server: &AuthorizationServer,
    request: &ScopeRequest,
    entries: &[ScopeEntry],
) -> Result<AskedScope, StoreError> {
    let (name, purpose, is_optional) = (request.name.clone(), request.purpose.clone(), request.optional);
    if let Some(entry) = entries.iter().find(|entry| entry.name == request.name).cloned() {
        let resource = server.store.resource(&entry.resource).await?;
        let api = resource.map_or_else(|| entry.resource.to_string(), |resource| resource.name.clone());
        let ScopeEntry { title, sentence, risk, .. } = entry;
        return Ok(AskedScope { name, title, sentence, risk, api, purpose, is_optional });
    }
    if let Some(ScopeDescription { title, sentence, risk }) = catalogue::describe_connect(&request.name) {
        return Ok(AskedScope {
            name,
            title,
            sentence,
            risk,
            api: "the products of this site".into(),
            purpose,
            is_optional,
        });
    }
    let undescribed =
        || ScopeDescription { title: name.clone(), sentence: String::new(), risk: Risk::of_name(&request.name) };
    let ScopeDescription { title, sentence, risk } = catalogue::describe(&request.name).unwrap_or_else(undescribed);
    Ok(AskedScope { name, title, sentence, risk, api: "products elsewhere".into(), purpose, is_optional })
}

/// Where a change lets data go, or what it lets pages do.
fn reach(change: &Change) -> Option<Reach> {
    let reach = |what: &str, detail: String| Some(Reach { what: what.into(), detail });
    match change {
        Change::EgressAdded(egress) => reach(egress_words(egress), destination(egress)),
        Change::ContentAdded(content) => reach("Its pages may do more than usual", content.clone()),
        Change::RemoteAdded(remote) => reach(remote_words(remote), urls(remote)),
        Change::RemoteChanged { now, .. } => {
            reach(&format!("{}, where it did otherwise", remote_words(now)), urls(now))
        }
        Change::EndpointAdded { endpoint, brings_a_token: true } => {
            reach("A module sends tokens to a server of the developer", endpoint.key.clone())
        }
        Change::EndpointChanged { now, .. } if change.is_major() => {
            reach("A module calls a server of the developer in another way", now.key.clone())
        }
        Change::ProviderAdded(provider) | Change::ProviderChanged { now: provider, .. } => {
            reach("Signs people in to another service", provider.key.clone())
        }
        _ => None,
    }
}

fn egress_words(egress: &Egress) -> &'static str {
    match (egress.kind.as_str(), egress.analytics) {
        (_, true) => "Sends data for analytics to",
        ("fetch.backend" | "fetch.client", _) => "Sends data to",
        ("frames", _) => "Shows pages of",
        ("images", _) => "Loads images from",
        ("scripts", _) => "Runs scripts from",
        _ => "Loads from, and so tells about itself to",
    }
}

fn destination(egress: &Egress) -> String {
    match &egress.to {
        Destination::Address(address) => address.clone(),
        Destination::Remote(key) => format!("the server {key:?} of the developer"),
        Destination::Configured => "wherever an admin says later".into(),
    }
}

fn remote_words(remote: &Remote) -> &'static str {
    match (remote.system_token, remote.user_token) {
        (false, false) => "Calls a server of the developer",
        (true, false) => "Calls a server of the developer, and sends it tokens of the app",
        (false, true) => "Calls a server of the developer, and sends it tokens of people",
        (true, true) => "Calls a server of the developer, and sends it tokens of the app and of people",
    }
}

fn urls(remote: &Remote) -> String {
    let mut urls: Vec<&str> = remote.base_urls.iter().map(|(_, url)| url.as_str()).collect();
    if remote.configurable {
        urls.push("or wherever an admin says later");
    }
    urls.join(" ")
}

/// A change in a sentence, as developers read it, who know the names in their manifest.
pub fn sentence(change: &Change) -> String {
    match change {
        Change::ScopeAdded(request) if request.optional => format!("Asks for {}, which may be left out.", request.name),
        Change::ScopeAdded(request) => format!("Asks for {}.", request.name),
        Change::ScopeRemoved(name) => format!("No longer asks for {name}."),
        Change::ImpersonationAdded(name) => format!("May use {name} for people who are away."),
        Change::ImpersonationRemoved(name) => format!("No longer uses {name} for people who are away."),
        Change::BecameRequired(name) => format!("{name} can no longer be left out."),
        Change::BecameOptional(name) => format!("{name} can now be left out."),
        Change::PurposeReworded { scope, purpose: Some(purpose) } => {
            format!("The purpose of {scope} is told in other words: “{purpose}”")
        }
        Change::PurposeReworded { scope, purpose: None } => format!("The purpose of {scope} is no longer told."),
        Change::EgressAdded(egress) => format!("{} {}.", egress_words(egress), destination(egress)),
        Change::EgressRemoved(egress) => format!("No longer: {} {}.", egress_words(egress), destination(egress)),
        Change::ContentAdded(content) => format!("Its pages may use {content}."),
        Change::ContentRemoved(content) => format!("Its pages no longer use {content}."),
        Change::RemoteAdded(remote) => format!("{}: {} ({}).", remote_words(remote), remote.key, urls(remote)),
        Change::RemoteRemoved(remote) => format!("The remote {} is gone.", remote.key),
        Change::RemoteChanged { now, .. } => {
            format!("The remote {} is different: {} ({}).", now.key, remote_words(now), urls(now))
        }
        Change::EndpointAdded { endpoint, .. } => {
            format!("The module {} calls the remote {}.", endpoint.key, endpoint.remote)
        }
        Change::EndpointRemoved(endpoint) => format!("The module {} is gone.", endpoint.key),
        Change::EndpointChanged { now, .. } => {
            format!("The module {} calls the remote {} in another way.", now.key, now.remote)
        }
        Change::ProviderAdded(provider) => format!("Signs people in to {}.", provider.key),
        Change::ProviderRemoved(provider) => format!("No longer signs people in to {}.", provider.key),
        Change::ProviderChanged { now, .. } => format!("Signs people in to {} as another client.", now.key),
    }
}

/// The optional scopes of `privileges` that are not to be had: of those that are new, whatever is not among `chosen`; of
/// the others, whatever was left out before.
pub fn declined(privileges: &Privileges, before: Option<(&Privileges, &Scope)>, chosen: &Scope) -> Scope {
    privileges.optional_scope().filter(|name| match before {
        Some((approved, kept)) if approved.scope().contains(name) => !kept.contains(name),
        _ => !chosen.contains(name),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(name: &str, optional: bool) -> ScopeRequest {
        ScopeRequest { name: name.into(), allow_impersonation: false, optional, purpose: None }
    }

    fn scope(text: &str) -> Scope {
        text.parse().expect("a scope")
    }

    #[test]
    fn what_is_new_is_left_out_unless_it_was_chosen_and_the_rest_stays_as_it_was() {
        let before = Privileges { scopes: vec![request("a", true), request("b", true)], ..Privileges::default() };
        let all = [("a", true), ("b", true), ("c", true), ("d", true), ("e", false)];
        let now = Privileges { scopes: all.map(|(name, optional)| request(name, optional)).into(), ..before.clone() };

        assert_eq!(declined(&now, Some((&before, &scope("a"))), &scope("b c")), scope("b d"));
        assert_eq!(declined(&now, None, &scope("a c")), scope("b d"));
    }
}
