//! What is registered before the story begins: people, the API, another site, the app and where it is installed.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::access::models;
use crate::accounts::people::{self, Joining, NewUser};
use crate::apps::catalogue::WrittenScope;
use crate::apps::credentials::NewAuthentication;
use crate::apps::deployment::{self, NewVersion};
use crate::apps::resources::{self, NewResource};
use crate::apps::{installations, manifest, sharing};
use crate::authorization_server::AuthorizationServer;
use crate::cli::answer::CommandError;
use crate::cli::demo::world::{API_ID, Person, Place, Registered};
use crate::domain::access_model::AccessModel;
use crate::domain::app::Environment;
use crate::domain::connect::ConnectPolicy;
use crate::domain::event::Actor;
use crate::domain::id::ResourceId;
use crate::domain::resource::{ApiTokenPolicy, Invocations};
use crate::domain::scope::Scope;
use crate::domain::site::{Member, Site};
use crate::domain::user::Standing;
use crate::secrets::digest::base64url;
use crate::secrets::password::Password;
use crate::secrets::random;

/// The site that the server begins with.
pub fn demo_site() -> Site {
    Site {
        id: random::site_id(),
        name: "Acme".into(),
        url: Some("https://acme.example".into()),
        workspace_id: random::site_id(),
    }
}

/// Somebody with an account on the first site.
pub async fn add_person(
    server: &AuthorizationServer,
    email: &str,
    name: &str,
    standing: Standing,
) -> Result<Person, CommandError> {
    let password = base64url(&random::secret_bytes()[..12]);
    let parsed = Password::parse(password.clone()).map_err(|error| CommandError::failed(error.to_string()))?;
    let new =
        NewUser { email: email.parse().map_err(unlikely)?, name: name.into(), standing, sites: Joining::DefaultSite };
    let user = people::add(server, new, Some(parsed), Actor::Operator).await?;
    Ok(Person { id: user.id, email: email.into(), password })
}

/// The API with the model that comes with this server, and its secret.
pub async fn add_api(server: &AuthorizationServer, api_url: &str, model: AccessModel) -> Result<String, CommandError> {
    let id: ResourceId = API_ID.parse().map_err(unlikely)?;
    let scopes: BTreeSet<&str> = model.operations.iter().filter_map(|operation| operation.scope.as_deref()).collect();
    let new = NewResource {
        name: "Assets".into(),
        identifiers: vec![api_url.parse().map_err(unlikely)?],
        scopes: scopes.into_iter().map(|name| WrittenScope::from_argument(name).entry(&id)).collect(),
        authentication: NewAuthentication::Secret(None),
        base_url: Some(api_url.parse().map_err(unlikely)?),
        // Its pages call the app.
        invocations: Invocations::Allowed,
        connect: ConnectPolicy::default(),
        api_tokens: ApiTokenPolicy::default(),
        id: id.clone(),
    };
    let (_, secret) = resources::add(server, new).await?;
    models::set(server, &id, model, Actor::Operator).await.map_err(unlikely)?;
    Ok(secret.map(|secret| secret.expose().clone()).unwrap_or_default())
}

/// Another site, with the same people.
pub async fn add_site(server: &AuthorizationServer, people: &[&Person]) -> Result<Arc<Site>, CommandError> {
    let site = Site {
        id: random::site_id(),
        name: "Globex".into(),
        url: Some("https://globex.example".into()),
        workspace_id: random::site_id(),
    };
    server.store.add_site(&site).await?;
    for person in people {
        let joined = server.store.member(server.site.id, person.id).await?;
        let member = joined.ok_or_else(|| unlikely("somebody is on no site"))?;
        server.store.put_member(&Member { site_id: site.id, ..member }).await?;
    }
    Ok(Arc::new(site))
}

/// Deploys a manifest as an operator would; the admin may deploy the next one in the console.
pub async fn deploy(
    server: &AuthorizationServer,
    text: &str,
    redirect_uri: &str,
    admin: &Person,
) -> Result<Registered, CommandError> {
    let known = deployment::known_scopes(server).await?;
    let read = manifest::read(text.as_bytes(), "manifest.yml", &known);
    let read =
        read.map_err(|faults| unlikely(faults.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")))?;
    let new = NewVersion {
        manifest: read.manifest,
        name: None,
        environment: Environment::Production,
        publisher: Some("Example Labs".into()),
        redirect_uris: vec![redirect_uri.parse().map_err(unlikely)?],
        keys: None,
        descriptor: None,
    };
    let deployed = deployment::deploy(server, new, Actor::Operator).await?;
    sharing::add_contributor(server, deployed.app.id, admin.id, Actor::Operator).await?;
    Ok(Registered {
        client_id: deployed.client_id.to_string(),
        secret: deployed.secret.map(|secret| secret.expose().clone()).unwrap_or_default(),
        deployment: deployed.deployment,
    })
}

/// Installs the app on a site.
pub async fn install(
    server: &AuthorizationServer,
    site: Arc<Site>,
    app: &Registered,
    admin: &Person,
) -> Result<Place, CommandError> {
    let by = Actor::User(admin.id);
    let installed = installations::install(server, (site.id, app.deployment), &Scope::default(), by).await?;
    Ok(Place { site, installation: installed.id })
}

/// What this folder writes is well formed; if it ever is not, that is told like any failure.
pub fn unlikely(fault: impl std::fmt::Display) -> CommandError {
    CommandError::failed(format!("the demo is wrong: {fault}"))
}
