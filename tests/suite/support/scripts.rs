//! Scripts of people and of import sources, and the resource `assets` that they call.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hallmark::accounts::api_tokens::{self, ApiTokenError, NewApiToken};
use hallmark::accounts::containers;
use hallmark::domain::api_token::Reach;
use hallmark::domain::container::Container;
use hallmark::domain::event::Actor;
use hallmark::domain::id::SiteId;
use hallmark::domain::scope::Risk;
use hallmark::domain::user::User;
use rocket::http::Header;

use crate::support::client::{Answer, basic, form};
use crate::support::oauth::{add_resource, entry, scope};
use crate::support::server::TestServer;

/// The scope of whoever runs imports.
pub const IMPORT: &str = "import:import-configuration:cmdb";

/// A token that is asked for, for 30 days.
pub fn new_token(reach: Reach, site_id: Option<SiteId>) -> NewApiToken {
    NewApiToken { label: "Nightly export".parse().expect("a label"), days: 30, reach, site_id, request: None }
}

/// A token for these scopes.
pub fn for_scopes(text: &str) -> Reach {
    Reach::Scopes(scope(text))
}

/// The payload of a Basic header.
pub fn payload(email: &str, token: &str) -> String {
    STANDARD.encode(format!("{email}:{token}"))
}

/// A Basic header, with nothing encoded beneath, as scripts send it.
pub fn basic_header(email: &str, token: &str) -> Header<'static> {
    Header::new("Authorization", format!("Basic {}", payload(email, token)))
}

impl TestServer {
    /// Registers the resource at which imports are made, `imports`.
    pub async fn with_imports(self) -> Self {
        let entries = [entry(IMPORT, "Import data", Risk::Change, "imports")];
        add_resource(&self.core, "imports", "https://imports.example", &entries).await;
        self
    }

    /// An API token of a person.
    pub async fn api_token(&self, owner: &User, scopes: &str) -> String {
        self.api_token_for(owner, for_scopes(scopes), None).await.unwrap_or_else(|error| panic!("{error}"))
    }

    /// An API token of a person for something, perhaps on one site alone.
    pub async fn api_token_for(
        &self,
        owner: &User,
        reach: Reach,
        site_id: Option<SiteId>,
    ) -> Result<String, ApiTokenError> {
        let made = api_tokens::make(&self.core, owner, new_token(reach, site_id), Actor::User(owner.id)).await?;
        Ok(made.secret.expose().clone())
    }

    /// Asks as a resource about what it was shown, with more parameters.
    pub async fn introspect_as(&self, asker: &str, token: &str, more: &[(&str, &str)]) -> Answer {
        let mut pairs = vec![("token", token)];
        pairs.extend_from_slice(more);
        let credentials = basic(asker, &format!("{asker}-secret-of-many-characters"));
        self.post("/oauth/introspect", Some(credentials), &form(&pairs)).await
    }

    /// Asks as the resource `assets` about the Basic credentials of a script.
    pub async fn introspect_basic(&self, email: &str, token: &str) -> Answer {
        self.introspect_as("assets", &payload(email, token), &[("token_type_hint", "basic")]).await
    }

    /// An import source of the default site.
    pub async fn import_source(&self, label: &str) -> Container {
        self.import_source_on(self.core.site.id, label).await
    }

    /// An import source of a site.
    pub async fn import_source_on(&self, site: SiteId, label: &str) -> Container {
        let label = label.parse().expect("a label");
        containers::add(&self.core, site, (None, label), Actor::Operator).await.expect("an import source")
    }

    /// A token of an import source, made by an operator.
    pub async fn container_token(&self, source: &Container) -> String {
        let made = containers::make_token(&self.core, source.site_id, source.id, Actor::Operator).await;
        made.expect("a token").0.expose().clone()
    }

    /// Where the token of an import source is asked for.
    pub fn token_path(&self, source: &Container) -> String {
        let workspace = self.core.site.workspace_id;
        format!("/jsm/assets/workspace/{workspace}/v1/importsource/{}/token", source.id)
    }

    /// Deletes something as a script does.
    pub async fn delete(&self, path: &str, authorization: Header<'static>) -> Answer {
        let response = self.local.delete(path.to_owned()).header(authorization).dispatch().await;
        Answer {
            status: response.status(),
            headers: Vec::new(),
            text: response.into_string().await.unwrap_or_default(),
        }
    }
}
