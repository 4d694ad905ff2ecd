//! Apps that are declared by manifests, as their developers and operators deploy them.

use hallmark::apps::deployment::{self, DeployedVersion, NewVersion};
use hallmark::apps::manifest;
use hallmark::apps::sharing;
use hallmark::domain::app::{Distribution, Environment};
use hallmark::domain::client::Credentials;
use hallmark::domain::event::Actor;
use hallmark::domain::id::AppId;
use hallmark::domain::installation::Installation;
use hallmark::domain::resource::{Invocations, ProtectedResource};
use hallmark::domain::site::{Member, SiteStanding};
use hallmark::domain::user::User;
use hallmark::secrets::digest::digest;
use hallmark::store::Added;
use rocket::http::Header;

use crate::support::client::basic;
use crate::support::server::TestServer;

/// The app that most tests are about.
pub const APP: &str = "7c3a1f52-0d5e-4a3e-9f0c-2b6a8d1e4f10";

/// The beginning of a manifest of [`APP`] that asks for these lines below `permissions`.
pub fn manifest_with(permissions: &str) -> String {
    format!("app:\n  id: ari:cloud:ecosystem::app/{APP}\n  name: Sprint Mailer\npermissions:\n{permissions}")
}

/// A manifest of [`APP`] that asks for scopes.
pub fn manifest(scopes: &[&str]) -> String {
    let scopes: String = scopes.iter().map(|scope| format!("    - {scope}\n")).collect();
    manifest_with(&format!("  scopes:\n{scopes}"))
}

impl TestServer {
    /// Deploys a manifest to production.
    pub async fn deploy(&self, text: &str, by: Actor) -> DeployedVersion {
        let known = deployment::known_scopes(&self.core).await.expect("a store");
        let read = manifest::read(text.as_bytes(), "manifest.yml", &known);
        let new = NewVersion {
            manifest: read.unwrap_or_else(|faults| panic!("{faults:?}")).manifest,
            name: None,
            environment: Environment::Production,
            publisher: None,
            redirect_uris: vec!["https://app.example/cb".parse().expect("a URI")],
            keys: None,
            descriptor: None,
        };
        deployment::deploy(&self.core, new, by).await.unwrap_or_else(|error| panic!("{error}"))
    }

    /// Shares an app with everybody.
    pub async fn share(&self, app: AppId) {
        sharing::distribute(&self.core, app, Distribution::Shared, Actor::Operator).await.expect("an app");
    }

    /// Makes somebody a member of the one site.
    pub async fn stand(&self, user: &User, standing: SiteStanding) {
        let member = Member { site_id: self.core.site.id, user_id: user.id, standing, since: self.core.now() };
        self.core.store.put_member(&member).await.expect("a store");
    }

    /// A product whose pages call apps; how it authenticates.
    pub async fn host_product(&self) -> Header<'static> {
        let product = ProtectedResource {
            id: "desk".parse().expect("an identifier"),
            name: "Desk".into(),
            identifiers: vec!["https://desk.example".parse().expect("an identifier")],
            scope: "read:tickets".parse().expect("a scope"),
            credentials: Credentials::Secrets(Vec::new()).with_secret(digest("desk-secret"), self.core.now()),
            created: self.core.now(),
            base_url: None,
            invocations: Invocations::Allowed,
            connect: Default::default(),
            api_tokens: Default::default(),
        };
        assert_eq!(self.core.store.add_resource(&product, &[]).await.expect("a store"), Added::Done);
        basic("desk", "desk-secret")
    }

    /// The only installation on the one site.
    pub async fn installation(&self) -> Option<Installation> {
        let all = self.core.store.installations_on(self.core.site.id).await.expect("a store");
        assert!(all.len() < 2, "{all:?}");
        all.first().map(|installation| Installation::clone(installation))
    }
}
