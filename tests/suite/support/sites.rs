//! Sites, and who is a member of them.

use std::sync::Arc;

use hallmark::domain::grant::Grant;
use hallmark::domain::id::SiteId;
use hallmark::domain::site::{Member, Site, SiteStanding};
use hallmark::domain::user::User;
use hallmark::secrets::random;
use hallmark::store::Added;

use crate::support::client::{Answer, basic, form};
use crate::support::server::TestServer;

impl TestServer {
    /// One more site, which people reach at `https://NAME.example`.
    pub async fn site(&self, name: &str) -> Arc<Site> {
        let url = Some(format!("https://{name}.example"));
        let site = Site { id: random::site_id(), name: name.into(), url, workspace_id: random::site_id() };
        assert_eq!(self.core.store.add_site(&site).await.expect("a store"), Added::Done);
        Arc::new(site)
    }

    /// Makes a person a member of a site.
    pub async fn join(&self, user: &User, site: SiteId) {
        self.join_as(user, site, SiteStanding::Member).await;
    }

    /// Makes a person a member of a site who may do this there.
    pub async fn join_as(&self, user: &User, site_id: SiteId, standing: SiteStanding) {
        let member = Member { site_id, user_id: user.id, standing, since: self.core.now() };
        self.core.store.put_member(&member).await.expect("a store");
    }

    /// Ends a membership.
    pub async fn leave(&self, user: &User, site: SiteId) {
        assert!(self.core.store.remove_member(site, user.id).await.expect("a store"));
    }

    /// Adds a site to the only thing that a person allowed.
    pub async fn allow_on(&self, user: &User, site: SiteId) {
        let (grant, _) = self.core.store.grants_of(user.id).await.expect("a store").remove(0);
        self.core.store.record_consent(&Grant { sites: vec![site], ..grant }).await.expect("a store");
    }

    /// Asks about a token as the resource `assets`, on the site of that identifier or URL.
    pub async fn introspect_on(&self, token: &str, site: &str) -> Answer {
        let credentials = Some(basic("assets", "assets-secret-of-many-characters"));
        self.post("/oauth/introspect", credentials, &form(&[("token", token), ("site", site)])).await
    }
}
