//! RegistryError: why a registration was refused, in the words of whoever asked for it.

use crate::domain::client::GrantType;
use crate::domain::id::ClientId;
use crate::store::StoreError;

/// Why nothing was registered or changed.
#[derive(Debug, thiserror::Error)]
pub enum RegistryError {
    /// A client or a protected resource already has the name, the identifier or the scope.
    #[error("{0:?} is taken; choose another, or remove what has it")]
    Taken(String),
    /// Accounts of installed apps are named so, and a client must not pass for one.
    #[error("\"{0}\" is the form of an account of an installed app; choose another client id")]
    NameOfAnAccount(ClientId),
    /// No client or resource has the name.
    #[error("nothing is registered as \"{0}\"")]
    Unknown(ClientId),
    /// No protected resource owns the scope.
    #[error("no protected resource owns the scope {name:?}{}", suggestion(.nearest))]
    UnknownScope {
        /// What was asked for.
        name: String,
        /// The known scope that is spelt most like it.
        nearest: Option<String>,
    },
    /// A text is no single scope token, or names what belongs to this server.
    #[error("{0:?} cannot be the scope of a protected resource")]
    ScopeName(String),
    /// A level was given to a scope of another resource.
    #[error("the resource does not own the scope {0:?}")]
    NotOwn(String),
    /// A name or title that a page could not show as it is.
    #[error("{0} is 1 to 60 characters on one line")]
    Text(&'static str),
    /// A link that a page could not show.
    #[error("{0} is an absolute https URL")]
    Link(&'static str),
    /// The authorization code grant has nowhere to send its answer.
    #[error("an app with the grant type authorization_code needs a redirection URI")]
    NoRedirectUri,
    /// The app could not ask for anything.
    #[error("an app needs a grant type: authorization_code, refresh_token or client_credentials")]
    NoGrantType,
    /// The app could not be given anything.
    #[error("an app needs a scope that it may be given")]
    NoScope,
    /// There is nothing to refresh.
    #[error("the grant type refresh_token needs authorization_code beside it")]
    RefreshAlone,
    /// A client that cannot keep a secret cannot act as itself (RFC 6749 section 4.4).
    #[error("a public app cannot have the grant type {}", GrantType::ClientCredentials)]
    PublicClientCredentials,
    /// Only what was installed on a site acts for its people.
    #[error("token-exchange and jwt-bearer are for apps that are deployed from a manifest: `hallmark app deploy`")]
    OfDeployedApps,
    /// PKCE is all that protects the codes of a public client, and a client that follows the RFCs can send a challenge.
    #[error(
        "only a confidential app with the profile atlassian can do without PKCE: any other is able to send a challenge, or has no secret that would protect its codes"
    )]
    PkceExemption,
    /// An API must prove who it is before it learns about tokens (RFC 7662 section 2.1).
    #[error("a protected resource needs a secret or a key set")]
    PublicResource,
    /// Nothing names the resource in a request.
    #[error("a protected resource needs an identifier, such as https://api.example.com")]
    NoIdentifier,
    /// Requests could not ask for anything of the resource.
    #[error("a protected resource needs a scope that it owns")]
    NoOwnScope,
    /// A secret that is empty, too long or not on one line.
    #[error("a secret is 1 to 512 visible characters on one line")]
    Secret,
    /// It authenticates by keys, or not at all.
    #[error("\"{0}\" has no secrets to rotate: it is public or authenticates with its keys")]
    NoSecrets(ClientId),
    /// The key set cannot be used.
    #[error("key set: {0}")]
    KeySet(String),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

fn suggestion(nearest: &Option<String>) -> String {
    match nearest {
        Some(nearest) => format!("; did you mean {nearest:?}?"),
        None => "; add the resource that owns it first".into(),
    }
}
