//! OAuth clients: add, list, remove, rotate a secret (RFC 6749 section 2).

use std::sync::Arc;

use url::Url;

use crate::apps::credentials::{self, NewAuthentication};
use crate::apps::{RegistryError, catalogue};
use crate::authorization_server::AuthorizationServer;
use crate::domain::client::{AuthorizationRequests, Client, Credentials, GrantType, Pkce, Profile};
use crate::domain::event::Event;
use crate::domain::id::{ClientId, InstallationId};
use crate::domain::label::misleads;
use crate::domain::scope::{OFFLINE_ACCESS, READ_ME, Scope, is_own};
use crate::domain::secret::Secret;
use crate::domain::uri::RedirectUri;
use crate::secrets::random;
use crate::store::{Added, StoreError};

/// A client that is to be registered.
#[derive(Clone)]
pub struct NewClient {
    /// Its name in the protocol; one is made where none is given.
    pub id: Option<ClientId>,
    /// What people call the app.
    pub name: String,
    /// Who publishes the app.
    pub publisher: Option<String>,
    /// Where the publisher tells how it treats what it learns.
    pub policy_uri: Option<String>,
    /// The terms of use.
    pub tos_uri: Option<String>,
    /// Where answers may be sent.
    pub redirect_uris: Vec<RedirectUri>,
    /// What it may ask the token endpoint for.
    pub grant_types: Vec<GrantType>,
    /// Scopes that a person allows together or not at all.
    pub scope: Scope,
    /// Scopes that a person may leave out.
    pub optional_scope: Scope,
    /// How it will authenticate.
    pub authentication: NewAuthentication,
    /// Whether authorization requests must be pushed.
    pub authorization_requests: AuthorizationRequests,
    /// Whose habits it relies on.
    pub profile: Profile,
    /// Whether it may do without PKCE.
    pub pkce: Pkce,
}

/// Registers a client: it as it is kept, and its secret if one was made.
///
/// # Errors
/// [`RegistryError`] names the rule that the registration breaks.
pub async fn add(
    server: &AuthorizationServer,
    new: NewClient,
) -> Result<(Client, Option<Secret<String>>), RegistryError> {
    check(&new)?;
    let scopes = new.scope.union(&new.optional_scope);
    check_known(server, &scopes).await?;
    let id = match new.id {
        Some(id) => id,
        None => random::client_id().try_into().map_err(|_| RegistryError::Text("a client id"))?,
    };
    let created = server.now();
    let (credentials, secret) = new.authentication.establish(created)?;
    let client = Client {
        id,
        name: new.name,
        publisher: new.publisher,
        policy_uri: new.policy_uri,
        tos_uri: new.tos_uri,
        credentials,
        redirect_uris: new.redirect_uris,
        grant_types: new.grant_types,
        scope: new.scope.without(&new.optional_scope),
        optional_scope: new.optional_scope,
        authorization_requests: new.authorization_requests,
        created,
        profile: new.profile,
        pkce: new.pkce,
        deployment: None,
    };
    if let Added::Taken(name) = server.store.add_client(&client).await? {
        return Err(RegistryError::Taken(name));
    }
    server.record(Event::ClientAdded { client_id: client.id.clone() }).await;
    Ok((client, secret))
}

/// Every client, by name.
///
/// # Errors
/// [`StoreError`] if the store fails.
pub async fn list(server: &AuthorizationServer) -> Result<Vec<Arc<Client>>, StoreError> {
    server.store.clients().await
}

/// Gives a client a new secret that this server makes. The one before it stays good until the next rotation.
///
/// # Errors
/// [`RegistryError::Unknown`] and [`RegistryError::NoSecrets`].
pub async fn rotate_secret(server: &AuthorizationServer, id: &ClientId) -> Result<Secret<String>, RegistryError> {
    let secret = credentials::make();
    add_secret(server, id, secret.expose()).await?;
    Ok(secret)
}

/// Gives a client a new secret that somebody chose. The one before it stays good until the next rotation.
///
/// # Errors
/// [`RegistryError::Unknown`], [`RegistryError::NoSecrets`] and [`RegistryError::Secret`].
pub async fn add_secret(server: &AuthorizationServer, id: &ClientId, secret: &str) -> Result<(), RegistryError> {
    let digest = credentials::digest_of(secret)?;
    let client = server.store.client(id).await?.ok_or_else(|| RegistryError::Unknown(id.clone()))?;
    if !matches!(client.credentials, Credentials::Secrets(_)) {
        return Err(RegistryError::NoSecrets(id.clone()));
    }
    let kept = server.store.add_client_secret(id, digest, server.now()).await?;
    kept.ok_or_else(|| RegistryError::Unknown(id.clone()))?;
    server.record(Event::ClientSecretAdded { client_id: id.clone() }).await;
    Ok(())
}

/// Removes a client; everything issued to it is over at once.
///
/// # Errors
/// [`RegistryError::Unknown`].
pub async fn remove(server: &AuthorizationServer, id: &ClientId) -> Result<(), RegistryError> {
    if !server.store.remove_client(id).await? {
        return Err(RegistryError::Unknown(id.clone()));
    }
    server.record(Event::ClientRemoved { client_id: id.clone() }).await;
    Ok(())
}

/// Whether the name is one that a client or a resource may have.
pub(super) fn check_id(id: Option<&ClientId>) -> Result<(), RegistryError> {
    match id.filter(|id| id.is_reserved()) {
        Some(id) => Err(RegistryError::Taken(id.to_string())),
        None => Ok(()),
    }
}

/// Whether the name is one that an app may choose: accounts of installed apps are named by UUIDs.
pub(super) fn check_chosen(id: &ClientId) -> Result<(), RegistryError> {
    let account = id.as_str().parse::<InstallationId>();
    if account.is_ok_and(|account| account.to_string() == id.as_str()) {
        return Err(RegistryError::NameOfAnAccount(id.clone()));
    }
    check_id(Some(id))
}

fn check(new: &NewClient) -> Result<(), RegistryError> {
    new.id.as_ref().map_or(Ok(()), check_chosen)?;
    check_text("the name of an app", &new.name)?;
    new.publisher.iter().try_for_each(|publisher| check_text("the publisher of an app", publisher))?;
    new.policy_uri.iter().try_for_each(|uri| check_link("policy_uri", uri))?;
    new.tos_uri.iter().try_for_each(|uri| check_link("tos_uri", uri))?;
    let may = |grant_type| new.grant_types.contains(&grant_type);
    if new.grant_types.is_empty() {
        return Err(RegistryError::NoGrantType);
    }
    if may(GrantType::AuthorizationCode) && new.redirect_uris.is_empty() {
        return Err(RegistryError::NoRedirectUri);
    }
    if may(GrantType::RefreshToken) && !may(GrantType::AuthorizationCode) {
        return Err(RegistryError::RefreshAlone);
    }
    if may(GrantType::TokenExchange) || may(GrantType::JwtBearer) {
        return Err(RegistryError::OfDeployedApps);
    }
    if may(GrantType::ClientCredentials) && matches!(new.authentication, NewAuthentication::Public) {
        return Err(RegistryError::PublicClientCredentials);
    }
    let confidential = !matches!(new.authentication, NewAuthentication::Public);
    if new.pkce == Pkce::Exempt && !Pkce::may_be_exempt(new.profile, confidential) {
        return Err(RegistryError::PkceExemption);
    }
    if new.scope.union(&new.optional_scope).carried().is_empty() {
        return Err(RegistryError::NoScope);
    }
    Ok(())
}

/// Whether every scope is in the catalogue; what belongs to this server always is.
async fn check_known(server: &AuthorizationServer, scope: &Scope) -> Result<(), RegistryError> {
    let known = server.store.scope_entries(scope).await?;
    let unknown = scope.iter().find(|token| !is_own(token) && known.iter().all(|entry| entry.name != **token));
    let Some(unknown) = unknown else { return Ok(()) };
    let mut names = vec![OFFLINE_ACCESS.to_owned(), READ_ME.to_owned()];
    for resource in server.store.resources().await? {
        names.extend(server.store.scopes_of(&resource.id).await?.into_iter().map(|entry| entry.name));
    }
    let nearest = catalogue::nearest(unknown, names.iter().map(String::as_str));
    Err(RegistryError::UnknownScope { name: unknown.to_owned(), nearest })
}

/// People read names on the consent page, where a control or direction character could make them say something else.
pub(super) fn check_text(what: &'static str, text: &str) -> Result<(), RegistryError> {
    let visible = text.trim() == text && !text.chars().any(misleads);
    if visible && (1..=60).contains(&text.chars().count()) { Ok(()) } else { Err(RegistryError::Text(what)) }
}

/// A page makes this a link, so it must not be a script.
fn check_link(what: &'static str, uri: &str) -> Result<(), RegistryError> {
    let https = Url::parse(uri).is_ok_and(|url| url.scheme() == "https");
    if https && uri.len() <= 2048 && uri.bytes().all(|byte| byte.is_ascii_graphic()) {
        Ok(())
    } else {
        Err(RegistryError::Link(what))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn new_client() -> NewClient {
        NewClient {
            id: None,
            name: "Sprint Mailer".into(),
            publisher: None,
            policy_uri: None,
            tos_uri: None,
            redirect_uris: vec!["https://mailer.example/cb".parse().expect("a URI")],
            grant_types: vec![GrantType::AuthorizationCode],
            scope: "read:a:b".parse().expect("a scope"),
            optional_scope: Scope::default(),
            authentication: NewAuthentication::Secret(None),
            authorization_requests: AuthorizationRequests::Any,
            profile: Profile::default(),
            pkce: Pkce::default(),
        }
    }

    fn refusal(change: impl FnOnce(&mut NewClient)) -> String {
        let mut new = new_client();
        change(&mut new);
        check(&new).map_or_else(|error| error.to_string(), |()| "accepted".into())
    }

    #[test]
    fn a_client_that_could_never_work_is_refused() {
        use GrantType::{AuthorizationCode, ClientCredentials, RefreshToken};
        assert_eq!(refusal(|_| ()), "accepted");
        let uuid = "5b4c1d2e-0c1a-4d0e-9a57-0d3f6a1b2c3d";
        assert!(refusal(|new| new.id = uuid.parse().ok()).contains("account"), "it could pass for an installed app");
        assert!(refusal(|new| new.redirect_uris.clear()).contains("redirection URI"));
        assert!(refusal(|new| new.grant_types.clear()).contains("grant type"));
        assert!(refusal(|new| new.grant_types = vec![RefreshToken]).contains("beside it"));
        assert!(refusal(|new| new.scope = "offline_access".parse().expect("a scope")).contains("scope"));
        let public = |new: &mut NewClient| {
            new.grant_types = vec![AuthorizationCode, ClientCredentials];
            new.authentication = NewAuthentication::Public;
        };
        assert!(refusal(public).contains("public"));
    }

    #[test]
    fn only_a_confidential_client_with_the_atlassian_profile_is_exempt_from_pkce() {
        let exempt = |profile, authentication| {
            refusal(|new| (new.pkce, new.profile, new.authentication) = (Pkce::Exempt, profile, authentication))
        };
        assert_eq!(exempt(Profile::Atlassian, NewAuthentication::Secret(None)), "accepted");
        assert!(exempt(Profile::Rfc, NewAuthentication::Secret(None)).contains("PKCE"));
        assert!(exempt(Profile::Atlassian, NewAuthentication::Public).contains("PKCE"));
    }

    #[test]
    fn what_people_read_is_one_honest_line() {
        for bad in ["", " ", "a\nb", "evil\u{202e}elpmaxe", "zero\u{200b}width", &"x".repeat(61)] {
            assert!(check_text("a name", bad).is_err(), "{bad:?}");
        }
        for bad in ["javascript:alert(1)", "http://a.example", "/terms", "https://a.example/ b"] {
            assert!(refusal(|new| new.tos_uri = Some(bad.into())).contains("tos_uri"), "{bad:?}");
        }
    }
}
