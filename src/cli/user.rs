//! `user add | invite | reset-link | list | suspend | resume`: people.

use clap::{Args, Subcommand};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::accounts::people::{self, Joining, NewUser, PeopleError};
use crate::authorization_server::AuthorizationServer;
use crate::cli::answer::{Answer, CommandError, table};
use crate::cli::{inputs, site};
use crate::domain::event::Actor;
use crate::domain::user::{Email, Standing, User, UserState};
use crate::secrets::password::Password;

/// What to do with people.
#[derive(Subcommand, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Command {
    /// Add a person whose password is on standard input.
    Add {
        /// Who.
        #[command(flatten)]
        person: Person,
        /// Read the password from standard input; without this, use `user invite`.
        #[arg(long, required = true)]
        password_stdin: bool,
        /// What standard input held.
        #[arg(skip)]
        password: Option<String>,
    },
    /// Add a person who chooses a password by a one-time link.
    Invite {
        /// Who.
        #[command(flatten)]
        person: Person,
    },
    /// Make a one-time link by which a person chooses a new password.
    ResetLink {
        /// Who.
        email: Email,
    },
    /// List people.
    List,
    /// Keep a person from signing in; everything issued for them is over until they are resumed.
    Suspend {
        /// Who.
        email: Email,
    },
    /// Let a suspended person sign in again.
    Resume {
        /// Who.
        email: Email,
    },
}

/// A person who is to be added.
#[derive(Args, Serialize, Deserialize)]
pub struct Person {
    /// The address they will sign in with.
    email: Email,
    /// What they are called.
    #[arg(long, default_value = "")]
    name: String,
    /// Let them manage other people's accounts, and the sites that they are added to.
    #[arg(long)]
    admin: bool,
    /// Make them a member of this site in place of the default one, by its identifier or URL; may be repeated.
    #[arg(long = "site", value_name = "ID|URL")]
    #[serde(default)]
    sites: Vec<String>,
    /// Make them a member of no site.
    #[arg(long, conflicts_with = "sites")]
    #[serde(default)]
    no_site: bool,
}

impl Command {
    pub(super) fn read_inputs(&mut self) -> Result<(), CommandError> {
        if let Command::Add { password, .. } = self {
            *password = Some(inputs::secret_from_stdin("password")?);
        }
        Ok(())
    }

    pub(super) async fn run(self, server: &AuthorizationServer) -> Result<Answer, CommandError> {
        match self {
            Command::Add { person, password, .. } => {
                let password = Password::parse(password.unwrap_or_default())
                    .map_err(|error| CommandError::failed(error.to_string()))?;
                let new = new_user(server, person).await?;
                let user = people::add(server, new, Some(password), Actor::Operator).await?;
                Ok(Answer::new(format!("Added {}.", user.email), entry(&user)))
            }
            Command::Invite { person } => invite(server, new_user(server, person).await?).await,
            Command::ResetLink { email } => reset_link(server, &email).await,
            Command::List => list(server).await,
            Command::Suspend { email } => {
                let user = people::suspend(server, known(server, &email).await?.id, Actor::Operator).await?;
                Ok(Answer::new(format!("Suspended {email}; nothing issued for them is live."), entry(&user)))
            }
            Command::Resume { email } => {
                let user = people::resume(server, known(server, &email).await?.id, Actor::Operator).await?;
                Ok(Answer::new(format!("{email} can sign in again."), entry(&user)))
            }
        }
    }
}

async fn new_user(server: &AuthorizationServer, person: Person) -> Result<NewUser, CommandError> {
    let standing = if person.admin { Standing::Admin } else { Standing::Member };
    let mut sites = Vec::new();
    for name in &person.sites {
        sites.push(site::known(server, name).await?.id);
    }
    let sites = if sites.is_empty() && !person.no_site { Joining::DefaultSite } else { Joining::These(sites) };
    Ok(NewUser { email: person.email, name: person.name, standing, sites })
}

impl From<PeopleError> for CommandError {
    fn from(error: PeopleError) -> Self {
        match error {
            PeopleError::Store(error) => error.into(),
            PeopleError::Password(busy) => Self::temporary(busy.to_string()),
            refused => Self::failed(refused.to_string()),
        }
    }
}

async fn invite(server: &AuthorizationServer, new: NewUser) -> Result<Answer, CommandError> {
    let (user, link) = people::invite(server, new, Actor::Operator).await?;
    let lasts = server.config.lifetimes.invite_link;
    let text = format!("{link}\nHand this link to {}. Valid for {lasts}, one use.", user.email);
    let mut json = entry(&user);
    json["invite_link"] = json!(link);
    json["expires_in"] = json!(lasts.as_secs());
    Ok(Answer::new(text, json))
}

async fn reset_link(server: &AuthorizationServer, email: &Email) -> Result<Answer, CommandError> {
    let user = known(server, email).await?;
    let link = people::reset_link(server, user.id, Actor::Operator).await?;
    let lifetimes = &server.config.lifetimes;
    // Somebody who never chose a password is invited once more.
    let lasts = if user.password.is_some() { lifetimes.reset_link } else { lifetimes.invite_link };
    let text = format!("{link}\nHand this link to {email}. Valid for {lasts}, one use.");
    Ok(Answer::new(text, json!({ "email": email, "reset_link": link, "expires_in": lasts.as_secs() })))
}

async fn list(server: &AuthorizationServer) -> Result<Answer, CommandError> {
    let users = people::list(server).await?;
    let row = |user: &User| [user.email.to_string(), user.name.clone(), standing(user).into(), state(user).into()];
    let rows: Vec<_> = users.iter().map(row).collect();
    let text = table(["EMAIL", "NAME", "STANDING", "STATE"], &rows);
    Ok(Answer::new(text, users.iter().map(entry).collect()))
}

pub(super) async fn known(server: &AuthorizationServer, email: &Email) -> Result<User, CommandError> {
    let unknown = || CommandError::failed(format!("nobody signs in as {email}; `hallmark user list` lists people"));
    people::find(server, email).await?.ok_or_else(unknown)
}

fn entry(user: &User) -> Value {
    json!({
        "id": user.id.to_string(), "email": user.email, "name": user.name, "standing": user.standing,
        "state": user.state, "has_password": user.password.is_some(), "created": user.created.to_rfc3339(),
    })
}

fn standing(user: &User) -> &'static str {
    match user.standing {
        Standing::Admin => "admin",
        Standing::Member => "member",
    }
}

fn state(user: &User) -> &'static str {
    match user.state {
        UserState::Suspended => "suspended",
        UserState::Active if user.password.is_none() => "invited",
        UserState::Active => "active",
    }
}
