//! What a version of an app asks for that another did not, and whether an admin must approve it.

use std::collections::BTreeMap;

use crate::domain::manifest::{Egress, Endpoint, Privileges, Provider, Remote, ScopeRequest};

/// One difference between what is asked for and what was approved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// A scope that was not approved.
    ScopeAdded(ScopeRequest),
    /// A scope that is not asked for any more.
    ScopeRemoved(String),
    /// A scope that is now also asked for acting as a person who is away.
    ImpersonationAdded(String),
    /// A scope that is not asked for acting as a person who is away any more.
    ImpersonationRemoved(String),
    /// A scope that could be left out and cannot be any more.
    BecameRequired(String),
    /// A scope that can now be left out.
    BecameOptional(String),
    /// A scope whose purpose is told in other words, or not any more.
    PurposeReworded {
        /// The scope.
        scope: String,
        /// The words now.
        purpose: Option<String>,
    },
    /// Somewhere else that data may be sent to.
    EgressAdded(Egress),
    /// Somewhere that data is not sent to any more.
    EgressRemoved(Egress),
    /// Something more that its pages may do.
    ContentAdded(String),
    /// Something that its pages do not do any more.
    ContentRemoved(String),
    /// A back end that was not there.
    RemoteAdded(Remote),
    /// A back end that is gone.
    RemoteRemoved(Remote),
    /// A back end that is elsewhere, or is sent other tokens.
    RemoteChanged {
        /// As it was approved.
        approved: Remote,
        /// As it is asked for.
        now: Remote,
    },
    /// A module that calls a remote and was not there.
    EndpointAdded {
        /// The module.
        endpoint: Endpoint,
        /// Whether the remote is sent a token because of it.
        brings_a_token: bool,
    },
    /// A module that is gone.
    EndpointRemoved(Endpoint),
    /// A module that calls another remote or another path, or sends other tokens.
    EndpointChanged {
        /// As it was approved.
        approved: Endpoint,
        /// As it is asked for.
        now: Endpoint,
    },
    /// Another service to which people are signed in.
    ProviderAdded(Provider),
    /// A service to which nobody is signed in any more.
    ProviderRemoved(Provider),
    /// A service at which the app is another client.
    ProviderChanged {
        /// As it was approved.
        approved: Provider,
        /// As it is asked for.
        now: Provider,
    },
}

impl Change {
    /// Whether an admin must approve it. Forge asks them also where something is taken away, since the app then works
    /// in another way than the one that they approved. Words, leave to refuse, and paths of a known back end need nobody.
    pub fn is_major(&self) -> bool {
        match self {
            Change::PurposeReworded { .. } | Change::BecameOptional(_) | Change::EndpointRemoved(_) => false,
            Change::EndpointAdded { brings_a_token, .. } => *brings_a_token,
            Change::EndpointChanged { approved, now } => {
                approved.remote != now.remote
                    || approved.system_token != now.system_token
                    || approved.user_token != now.user_token
            }
            _ => true,
        }
    }
}

/// Every difference, scopes first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Changes(Vec<Change>);

impl Changes {
    /// The differences in order.
    pub fn iter(&self) -> impl Iterator<Item = &Change> {
        self.0.iter()
    }

    /// Whether both are the same.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether an admin must approve any of it.
    pub fn is_major(&self) -> bool {
        self.0.iter().any(Change::is_major)
    }
}

impl Privileges {
    /// What these ask for in another way than those that were approved.
    pub fn changes_since(&self, approved: &Privileges) -> Changes {
        let mut changes = Vec::new();
        of_scopes(&mut changes, approved, self);
        of_sets(&mut changes, &approved.egress, &self.egress, Change::EgressAdded, Change::EgressRemoved);
        of_sets(&mut changes, &approved.content, &self.content, Change::ContentAdded, Change::ContentRemoved);
        of_remotes(&mut changes, approved, self);
        of_endpoints(&mut changes, approved, self);
        of_providers(&mut changes, approved, self);
        Changes(changes)
    }
}

/// What there is of one key before and after; at least one of them is there.
fn pairs<'a, T>(before: &'a [T], after: &'a [T], key: fn(&T) -> &str) -> Vec<(Option<&'a T>, Option<&'a T>)> {
    let mut pairs: BTreeMap<&str, (Option<&T>, Option<&T>)> = BTreeMap::new();
    for one in before {
        pairs.entry(key(one)).or_default().0 = Some(one);
    }
    for one in after {
        pairs.entry(key(one)).or_default().1 = Some(one);
    }
    pairs.into_values().collect()
}

fn of_sets<T: Clone + PartialEq>(
    changes: &mut Vec<Change>,
    before: &[T],
    after: &[T],
    added: fn(T) -> Change,
    removed: fn(T) -> Change,
) {
    changes.extend(after.iter().filter(|one| !before.contains(one)).cloned().map(added));
    changes.extend(before.iter().filter(|one| !after.contains(one)).cloned().map(removed));
}

fn of_scopes(changes: &mut Vec<Change>, approved: &Privileges, now: &Privileges) {
    for pair in pairs(&approved.scopes, &now.scopes, |scope| &scope.name) {
        match pair {
            (None, Some(now)) => changes.push(Change::ScopeAdded(now.clone())),
            (Some(approved), None) => changes.push(Change::ScopeRemoved(approved.name.clone())),
            (Some(approved), Some(now)) => of_scope(changes, approved, now),
            (None, None) => {}
        }
    }
}

fn of_scope(changes: &mut Vec<Change>, approved: &ScopeRequest, now: &ScopeRequest) {
    let name = || now.name.clone();
    match (approved.allow_impersonation, now.allow_impersonation) {
        (false, true) => changes.push(Change::ImpersonationAdded(name())),
        (true, false) => changes.push(Change::ImpersonationRemoved(name())),
        (true, true) | (false, false) => {}
    }
    match (approved.optional, now.optional) {
        (true, false) => changes.push(Change::BecameRequired(name())),
        (false, true) => changes.push(Change::BecameOptional(name())),
        (true, true) | (false, false) => {}
    }
    if approved.purpose != now.purpose {
        changes.push(Change::PurposeReworded { scope: name(), purpose: now.purpose.clone() });
    }
}

fn of_remotes(changes: &mut Vec<Change>, approved: &Privileges, now: &Privileges) {
    for pair in pairs(&approved.remotes, &now.remotes, |remote| &remote.key) {
        match pair {
            (None, Some(now)) => changes.push(Change::RemoteAdded(now.clone())),
            (Some(approved), None) => changes.push(Change::RemoteRemoved(approved.clone())),
            (Some(approved), Some(now)) if approved != now => {
                changes.push(Change::RemoteChanged { approved: approved.clone(), now: now.clone() });
            }
            _ => {}
        }
    }
}

fn of_endpoints(changes: &mut Vec<Change>, approved: &Privileges, now: &Privileges) {
    for pair in pairs(&approved.endpoints, &now.endpoints, |endpoint| &endpoint.key) {
        match pair {
            (None, Some(endpoint)) => changes.push(Change::EndpointAdded {
                endpoint: endpoint.clone(),
                brings_a_token: brings_a_token(endpoint, now),
            }),
            (Some(approved), None) => changes.push(Change::EndpointRemoved(approved.clone())),
            (Some(approved), Some(now)) if approved != now => {
                changes.push(Change::EndpointChanged { approved: approved.clone(), now: now.clone() });
            }
            _ => {}
        }
    }
}

/// A module of its own may ask for a token that its remote does not get otherwise.
fn brings_a_token(endpoint: &Endpoint, now: &Privileges) -> bool {
    let remote = now.remotes.iter().find(|remote| remote.key == endpoint.remote);
    let gets = |asked: Option<bool>, usual: fn(&Remote) -> bool| asked == Some(true) && !remote.is_some_and(usual);
    gets(endpoint.system_token, |remote| remote.system_token) || gets(endpoint.user_token, |remote| remote.user_token)
}

fn of_providers(changes: &mut Vec<Change>, approved: &Privileges, now: &Privileges) {
    for pair in pairs(&approved.providers, &now.providers, |provider| &provider.key) {
        match pair {
            (None, Some(now)) => changes.push(Change::ProviderAdded(now.clone())),
            (Some(approved), None) => changes.push(Change::ProviderRemoved(approved.clone())),
            (Some(approved), Some(now)) if approved != now => {
                changes.push(Change::ProviderChanged { approved: approved.clone(), now: now.clone() });
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::manifest::Destination;

    fn scope(name: &str) -> ScopeRequest {
        ScopeRequest { name: name.into(), allow_impersonation: false, optional: false, purpose: None }
    }

    fn remote(base_url: &str) -> Remote {
        Remote {
            key: "backend".into(),
            base_urls: vec![("default".into(), base_url.into())],
            configurable: false,
            system_token: false,
            user_token: false,
        }
    }

    fn endpoint() -> Endpoint {
        Endpoint {
            key: "call".into(),
            remote: "backend".into(),
            path: Some("/events".into()),
            system_token: None,
            user_token: None,
        }
    }

    fn egress(address: &str) -> Egress {
        Egress {
            kind: "fetch.backend".into(),
            to: Destination::Address(address.into()),
            analytics: false,
            in_scope_eud: false,
        }
    }

    fn provider(client_id: &str) -> Provider {
        Provider { key: "google".into(), client_id: client_id.into() }
    }

    /// Something of each kind.
    fn approved() -> Privileges {
        Privileges {
            scopes: vec![scope("read:jira-work"), scope("read:me")],
            egress: vec![egress("api.example.com")],
            content: vec!["styles unsafe-inline".into()],
            remotes: vec![remote("https://a.example")],
            endpoints: vec![endpoint()],
            providers: vec![provider("one")],
        }
    }

    /// The changes that `edit` makes, and whether they are major.
    fn after(edit: impl FnOnce(&mut Privileges)) -> (Vec<Change>, bool) {
        let mut now = approved();
        edit(&mut now);
        let changes = now.changes_since(&approved());
        assert_eq!(changes.is_empty(), changes.iter().next().is_none());
        (changes.iter().cloned().collect(), changes.is_major())
    }

    #[test]
    fn a_version_that_asks_for_the_same_is_minor_and_has_no_change() {
        assert_eq!(after(|_| {}), (Vec::new(), false));
    }

    #[test]
    fn a_scope_that_is_added_swapped_or_removed_is_major() {
        let added = |name| Change::ScopeAdded(scope(name));
        let removed = |name: &str| Change::ScopeRemoved(name.into());
        assert_eq!(after(|now| now.scopes.push(scope("write:jira-work"))), (vec![added("write:jira-work")], true));
        assert_eq!(after(|now| now.scopes[1] = scope("report:x")), (vec![removed("read:me"), added("report:x")], true));
        assert_eq!(after(|now| now.scopes.truncate(1)), (vec![removed("read:me")], true));
    }

    #[test]
    fn acting_as_people_who_are_away_is_major_when_it_comes_and_when_it_goes() {
        let name = || "read:jira-work".to_owned();
        let (with, without) = (|now: &mut Privileges| now.scopes[0].allow_impersonation = true, approved());
        assert_eq!(after(with), (vec![Change::ImpersonationAdded(name())], true));
        let mut before = approved();
        with(&mut before);
        let changes = without.changes_since(&before);
        assert!(changes.is_major() && changes.iter().eq([&Change::ImpersonationRemoved(name())]));
    }

    #[test]
    fn leave_to_refuse_a_scope_is_minor_and_its_loss_is_major() {
        let with = |now: &mut Privileges| now.scopes[1].optional = true;
        assert_eq!(after(with), (vec![Change::BecameOptional("read:me".into())], false));
        let mut before = approved();
        with(&mut before);
        let changes = approved().changes_since(&before);
        assert!(changes.is_major() && changes.iter().eq([&Change::BecameRequired("read:me".into())]));
    }

    #[test]
    fn other_words_for_a_purpose_are_minor() {
        let purpose = Some("To greet you.".to_owned());
        let told = Change::PurposeReworded { scope: "read:me".into(), purpose: purpose.clone() };
        assert_eq!(after(|now| now.scopes[1].purpose = purpose), (vec![told], false));
    }

    #[test]
    fn another_destination_of_data_is_major() {
        let (added, removed) = (egress("b.example.com"), egress("api.example.com"));
        let swapped = after(|now| now.egress = vec![egress("b.example.com")]);
        assert_eq!(swapped, (vec![Change::EgressAdded(added), Change::EgressRemoved(removed)], true));
    }

    #[test]
    fn more_or_less_that_pages_may_do_is_major() {
        let more = after(|now| now.content.push("scripts unsafe-eval".into()));
        assert_eq!(more, (vec![Change::ContentAdded("scripts unsafe-eval".into())], true));
        let less = after(|now| now.content.clear());
        assert_eq!(less, (vec![Change::ContentRemoved("styles unsafe-inline".into())], true));
    }

    #[test]
    fn a_remote_that_comes_goes_moves_or_is_sent_tokens_is_major() {
        assert!(
            matches!(&after(|now| now.remotes.clear()), (changes, true) if matches!(changes[0], Change::RemoteRemoved(_)))
        );
        let moved = after(|now| now.remotes = vec![remote("https://b.example")]);
        let told = |now: Remote| vec![Change::RemoteChanged { approved: remote("https://a.example"), now }];
        assert_eq!(moved, (told(remote("https://b.example")), true));
        let trusted = || Remote { user_token: true, ..remote("https://a.example") };
        assert_eq!(after(|now| now.remotes = vec![trusted()]), (told(trusted()), true));
    }

    #[test]
    fn a_module_that_calls_a_known_remote_is_minor_unless_it_brings_a_token() {
        let other = || Endpoint { key: "other".into(), ..endpoint() };
        let (changes, major) = after(|now| now.endpoints.push(other()));
        assert_eq!((changes.len(), major), (1, false));
        let asks = || Endpoint { system_token: Some(true), ..other() };
        assert!(after(|now| now.endpoints.push(asks())).1);
        assert!(!after(|now| now.endpoints.clear()).1);
    }

    #[test]
    fn a_module_that_calls_another_remote_is_major_and_another_path_is_minor() {
        assert!(after(|now| now.endpoints[0].remote = "elsewhere".into()).1);
        assert!(after(|now| now.endpoints[0].user_token = Some(true)).1);
        assert!(!after(|now| now.endpoints[0].path = Some("/hooks".into())).1);
    }

    #[test]
    fn a_provider_that_comes_goes_or_knows_the_app_as_another_client_is_major() {
        assert!(after(|now| now.providers.clear()).1);
        assert!(after(|now| now.providers.push(Provider { key: "miro".into(), client_id: "x".into() })).1);
        let told = Change::ProviderChanged { approved: provider("one"), now: provider("two") };
        assert_eq!(after(|now| now.providers = vec![provider("two")]), (vec![told], true));
    }
}
