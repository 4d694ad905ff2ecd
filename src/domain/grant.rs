//! Grant: what a person allowed a client; everything issued hangs from it, so that withdrawing it is one write.

use serde::{Deserialize, Serialize};

use crate::domain::authorization_request::AuthorizationRequest;
use crate::domain::client::Client;
use crate::domain::id::{ClientId, GrantId, SiteId, UserId};
use crate::domain::scope::Scope;
use crate::domain::time::{Lifetime, Timestamp};
use crate::domain::uri::Destination;

/// What one person allowed one client. There is at most one for the two; a withdrawn one is removed, and its name is never used again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Grant {
    /// Its name.
    pub id: GrantId,
    /// Who allowed it.
    pub user_id: UserId,
    /// Who was allowed.
    pub client_id: ClientId,
    /// Where.
    pub sites: Vec<SiteId>,
    /// What was allowed so far.
    pub scope: Scope,
    /// What was asked for and left out.
    pub declined: Scope,
    /// The publisher that the person was told.
    pub publisher: Option<String>,
    /// The places that the person was told they are sent to.
    pub destinations: Vec<Destination>,
    /// When it began.
    pub created: Timestamp,
    /// When the person last answered.
    pub consented: Timestamp,
}

impl Grant {
    /// Whether this consent answers `request` without asking again: nothing new is asked for, by the same publisher, to
    /// the same place, within the time that it is `remembered`, and from a client whose place no other app can take
    /// (RFC 8252 section 8.6).
    pub fn answers(
        &self,
        request: &AuthorizationRequest,
        client: &Client,
        remembered: Lifetime,
        now: Timestamp,
    ) -> bool {
        client.may_be_remembered(&request.redirect_uri)
            && !request.prompt.consent
            && self.new_scope(request).is_empty()
            && self.publisher == client.publisher
            && self.knows(&request.redirect_uri.destination())
            && !(self.consented + remembered).has_passed(now)
    }

    /// What `request` asks for that the person never answered.
    pub fn new_scope(&self, request: &AuthorizationRequest) -> Scope {
        request.scope.without(&self.scope.union(&self.declined))
    }

    /// The grant after what was allowed on `site` was taken back; nothing of it is good once it names no site.
    pub fn without_site(mut self, site: SiteId) -> Grant {
        self.sites.retain(|allowed| *allowed != site);
        self
    }

    fn knows(&self, destination: &Destination) -> bool {
        self.destinations.contains(destination)
    }

    /// The grant after the person answered once more: what was allowed before stays, what was allowed now is added.
    pub fn extended(mut self, answer: &Grant) -> Grant {
        self.scope = self.scope.union(&answer.scope);
        self.declined = self.declined.union(&answer.declined).without(&self.scope);
        for site in &answer.sites {
            if !self.sites.contains(site) {
                self.sites.push(*site);
            }
        }
        for destination in &answer.destinations {
            if !self.knows(destination) {
                self.destinations.push(destination.clone());
            }
        }
        self.publisher.clone_from(&answer.publisher);
        self.consented = answer.consented;
        self
    }
}
