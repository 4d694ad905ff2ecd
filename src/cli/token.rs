//! `token create | list | revoke | revoke-all`: API tokens of people, for operators.

use clap::{Args, Subcommand};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::accounts::api_tokens::{self, ApiTokenError, ListedApiToken, MadeApiToken, NewApiToken};
use crate::authorization_server::AuthorizationServer;
use crate::cli::answer::{Answer, CommandError, table};
use crate::cli::{site, user};
use crate::domain::api_token::{ApiToken, Reach, TokenUse};
use crate::domain::event::Actor;
use crate::domain::label::Label;
use crate::domain::scope::Scope;
use crate::domain::user::Email;
use crate::secrets::token::TokenKind;

/// What to do with API tokens.
#[derive(Subcommand, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Command {
    /// Make an API token of a person, which is printed once.
    Create(NewToken),
    /// List API tokens, the newest first.
    List {
        /// Of this person alone.
        #[arg(long)]
        user: Option<Email>,
    },
    /// End an API token of a person.
    Revoke {
        /// Whose.
        email: Email,
        /// Its id, as `token list` has it.
        #[arg(allow_hyphen_values = true)]
        id: String,
    },
    /// End every API token of a person.
    RevokeAll {
        /// Whose.
        email: Email,
    },
}

/// A token that is to be made.
#[derive(Args, Serialize, Deserialize)]
pub struct NewToken {
    /// Whose.
    email: Email,
    /// What it is to be called.
    #[arg(long)]
    label: Label,
    /// For how many days; without this, for as many as are offered first.
    #[arg(long, value_name = "COUNT")]
    days: Option<u64>,
    /// A scope that it is for; may be repeated.
    #[arg(long = "scope", value_name = "NAME", required_unless_present = "everything")]
    scopes: Vec<String>,
    /// It is for all that the person may do, where the configuration allows that.
    #[arg(long, conflicts_with = "scopes")]
    everything: bool,
    /// The one site that it is good on, by its identifier or URL; without this, on every site of the person.
    #[arg(long)]
    site: Option<String>,
}

impl Command {
    pub(super) async fn run(self, server: &AuthorizationServer) -> Result<Answer, CommandError> {
        match self {
            Command::Create(new) => create(server, new).await,
            Command::List { user } => list(server, user).await,
            Command::Revoke { email, id } => {
                let owner = user::known(server, &email).await?;
                let Some(token) = api_tokens::revoke(server, owner.id, &id, Actor::Operator).await? else {
                    let advice = format!("`hallmark token list --user {email}` lists what they have");
                    return Err(CommandError::failed(format!("{email} has no API token {id}; {advice}")));
                };
                let text = format!("{} of {email} is over.", token.label);
                Ok(Answer::new(text, json!({ "id": id, "email": email, "revoked": true })))
            }
            Command::RevokeAll { email } => {
                let owner = user::known(server, &email).await?;
                let count = api_tokens::revoke_all(server, owner.id, Actor::Operator).await?;
                let text = format!("{count} API tokens of {email} are over.");
                Ok(Answer::new(text, json!({ "email": email, "revoked": count })))
            }
        }
    }
}

impl From<ApiTokenError> for CommandError {
    fn from(error: ApiTokenError) -> Self {
        match error {
            ApiTokenError::Store(error) => error.into(),
            refused => Self::failed(refused.to_string()),
        }
    }
}

async fn create(server: &AuthorizationServer, new: NewToken) -> Result<Answer, CommandError> {
    let owner = user::known(server, &new.email).await?;
    let site_id = match &new.site {
        Some(name) => Some(site::known(server, name).await?.id),
        None => None,
    };
    let reach = if new.everything {
        Reach::Everything
    } else {
        let scope: Result<Scope, _> = new.scopes.join(" ").parse();
        Reach::Scopes(scope.map_err(|error| CommandError::failed(error.to_string()))?)
    };
    let days = new.days.unwrap_or_else(|| api_tokens::offered(server));
    let asked = NewApiToken { label: new.label, days, reach, site_id, request: None };
    let MadeApiToken { secret, token } = api_tokens::make(server, &owner, asked, Actor::Operator).await?;
    let id = crate::secrets::token::name(token.key);
    let text = format!(
        "{}\nThis token of {} is printed once. It is good until {}; scripts send it as\n  curl -u {}:TOKEN …",
        secret.expose(),
        owner.email,
        token.expires.to_words(),
        owner.email,
    );
    Ok(Answer::new(
        text,
        json!({ "id": id, "email": owner.email, "token": secret.expose(), "expires": token.expires.to_rfc3339() }),
    ))
}

async fn list(server: &AuthorizationServer, of: Option<Email>) -> Result<Answer, CommandError> {
    let tokens = match &of {
        Some(email) => api_tokens::list(server, user::known(server, email).await?.id).await?,
        None => api_tokens::list_all(server).await?,
    };
    let (mut rows, mut entries) = (Vec::new(), Vec::new());
    for listed in &tokens {
        let owner = server.store.user(listed.token.user_id).await?;
        let email = owner.map_or_else(|| "(nobody)".to_owned(), |owner| owner.email.to_string());
        let site = listed.site.as_ref().map_or_else(|| "every site".to_owned(), |site| site.name.clone());
        rows.push([
            listed.name.clone(),
            email.clone(),
            listed.token.label.to_string(),
            format!("{}…{}", TokenKind::Api.prefix(), listed.token.ending),
            reach(&listed.token),
            site,
            if listed.is_live { listed.token.expires.to_words() } else { "expired".into() },
            used(listed.last_use),
        ]);
        entries.push(entry(listed, &email));
    }
    let text = table(["ID", "EMAIL", "LABEL", "TOKEN", "FOR", "SITE", "EXPIRES", "LAST USED"], &rows);
    Ok(Answer::new(text, Value::Array(entries)))
}

/// When and from where a token was last used, in words.
pub(super) fn used(last: Option<TokenUse>) -> String {
    match last {
        None => "never".into(),
        Some(TokenUse { at, from: None }) => at.to_words(),
        Some(TokenUse { at, from: Some(address) }) => format!("{} from {address}", at.to_words()),
    }
}

fn reach(token: &ApiToken) -> String {
    match &token.reach {
        Reach::Scopes(scope) => scope.to_string(),
        Reach::Everything => "everything".into(),
    }
}

fn entry(listed: &ListedApiToken, email: &str) -> Value {
    let ListedApiToken { token, name, last_use, is_live, .. } = listed;
    let scopes = match &token.reach {
        Reach::Scopes(scope) => json!(scope.iter().collect::<Vec<_>>()),
        Reach::Everything => Value::Null,
    };
    json!({
        "id": name, "email": email, "label": token.label, "ending": token.ending, "scopes": scopes,
        "site_id": token.site_id, "created": token.created.to_rfc3339(), "expires": token.expires.to_rfc3339(),
        "live": is_live, "last_used": last_use.map(|used| used.at.to_rfc3339()),
        "last_used_from": last_use.and_then(|used| used.from),
    })
}
