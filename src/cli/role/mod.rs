//! `role give | take | list | import`: who holds which role on what.
//!
//! | file | what |
//! |---|---|
//! | `naming` | how an object and a subject are named |
//! | `listing` | who holds what where, and what that comes to |
//! | `import` | many roles from a file |

mod import;
mod listing;
mod naming;

use clap::Subcommand;
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::access::roles::{self, RoleError};
use crate::authorization_server::AuthorizationServer;
use crate::cli::answer::{Answer, CommandError};
use crate::cli::realm::{Known, Within};
use crate::cli::role::import::{Batch, Import};
use crate::cli::role::naming::{On, To};
use crate::domain::event::Actor;
use crate::domain::role_binding::Held;

/// What to do with roles.
#[derive(Subcommand, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Command {
    /// Give a role on an object, and with it on everything beneath.
    Give(#[command(flatten)] Binding),
    /// Take a role; the next decision counts it no more.
    Take(#[command(flatten)] Binding),
    /// List who holds what where, and what that comes to.
    List {
        /// Where.
        #[command(flatten)]
        within: Within,
        /// Everybody who was given something there or above it; the word site means the whole site.
        #[arg(long, value_name = "TYPE:ID|site")]
        on: Option<On>,
        /// What they hold on which objects, by themselves and by groups.
        #[arg(long, value_name = "EMAIL|group:NAME|app:ID", conflicts_with = "on")]
        of: Option<To>,
    },
    /// Give the roles that a file names; all lines are checked before the first is given.
    Import(Import),
    /// Some lines of such a file.
    #[command(skip)]
    Batch(Batch),
}

/// A role, what it is held on, and by whom.
#[derive(clap::Args, Serialize, Deserialize)]
pub struct Binding {
    /// The role, by the name that its protected resource declares.
    role: String,
    /// Where.
    #[command(flatten)]
    within: Within,
    /// On what: an object, or the word site for the whole site.
    #[arg(long, value_name = "TYPE:ID|site")]
    on: On,
    /// Who: an e-mail address, group:NAME, or app:INSTALLATION with its ARI or UUID.
    #[arg(long, visible_alias = "from", value_name = "EMAIL|group:NAME|app:ID")]
    to: To,
}

impl Command {
    pub(super) async fn run(self, server: &AuthorizationServer) -> Result<Answer, CommandError> {
        match self {
            Command::Give(binding) => give(server, binding).await,
            Command::Take(binding) => take(server, binding).await,
            Command::List { within, on, of } => {
                listing::list(server, &within.known(server).await?, (on.as_ref(), of.as_ref())).await
            }
            Command::Batch(batch) => batch.run(server).await,
            // It reads a file of the caller's, and gives it in batches.
            Command::Import(_) => Err(CommandError::failed("an import is carried out batch by batch")),
        }
    }
}

async fn give(server: &AuthorizationServer, binding: Binding) -> Result<Answer, CommandError> {
    let known = binding.within.known(server).await?;
    let held = binding.held(server, &known).await?;
    let by = Actor::Operator;
    let given = roles::give(server, known.parts(), &known.site, vec![held.clone()], by).await?;
    let Binding { role, on, to, .. } = &binding;
    let text = match given {
        0 => format!("{to} holds {role} on {on} already."),
        _ => format!("Gave {role} on {on} to {to}."),
    };
    Ok(Answer::new(text, entry(&held, ("given", given > 0))))
}

async fn take(server: &AuthorizationServer, binding: Binding) -> Result<Answer, CommandError> {
    let known = binding.within.known(server).await?;
    let held = binding.held(server, &known).await?;
    let taken = roles::take(server, &known.realm, &held, Actor::Operator).await?;
    let Binding { role, on, to, .. } = &binding;
    let text = match taken {
        true => format!("Took {role} on {on} from {to}."),
        false => format!("{to} was not given {role} on {on}, so there was nothing to take."),
    };
    Ok(Answer::new(text, entry(&held, ("taken", taken))))
}

impl Binding {
    async fn held(&self, server: &AuthorizationServer, known: &Known) -> Result<Held, CommandError> {
        let (object, subject) = (self.on.object(known)?, self.to.subject(server, known).await?);
        Ok(Held { object, role: self.role.clone(), subject })
    }
}

fn entry(held: &Held, (what, done): (&str, bool)) -> serde_json::Value {
    json!({ "role": held.role, "on": held.object.to_string(), "to": held.subject, what: done })
}

impl From<RoleError> for CommandError {
    fn from(error: RoleError) -> Self {
        match error {
            RoleError::Store(error) => error.into(),
            refused => Self::failed(told(&refused)),
        }
    }
}

/// Why a role cannot be given, and what to do.
fn told(error: &RoleError) -> String {
    match error {
        RoleError::NoRole(_) | RoleError::NotThere { .. } => {
            format!("{error}; `hallmark resource access show` lists the roles of a resource")
        }
        RoleError::NoObject(_) => format!("{error}; tell of it first with `hallmark object put`"),
        RoleError::Stranger(_) | RoleError::Store(_) => error.to_string(),
    }
}
