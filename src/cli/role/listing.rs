//! `role list`: who holds what where, and what that comes to.

use serde_json::{Value, json};

use crate::access::objects::whole_site;
use crate::access::roles::{self, RoleError, ToldRoles};
use crate::access::standing::{self, Standing};
use crate::access::subjects;
use crate::authorization_server::AuthorizationServer;
use crate::cli::answer::{Answer, CommandError, table};
use crate::cli::realm::Known;
use crate::cli::role::naming::{On, To, words};
use crate::domain::protected_object::ObjectRef;
use crate::domain::role_binding::{RoleBinding, RoleSubject};

/// How somebody stands on one object.
struct Row {
    on: ObjectRef,
    /// Nobody in particular is the admins of the site.
    to: Option<RoleSubject>,
    name: String,
    given: Vec<Given>,
    comes_to: Vec<String>,
}

/// One role that they were given, perhaps above, perhaps by a group.
struct Given {
    binding: RoleBinding,
    by_group: Option<String>,
}

/// What was asked for: all on an object, all of a subject, or everything that was given.
pub async fn list(
    server: &AuthorizationServer,
    known: &Known,
    asked: (Option<&On>, Option<&To>),
) -> Result<Answer, CommandError> {
    match asked {
        (Some(on), _) => {
            let object = on.object(known)?;
            let kind = object.kind();
            if known.access.model.type_named(kind).is_none() {
                return Err(CommandError::failed(format!("there is no type of objects {kind:?}")));
            }
            Ok(answer(known, &on_object(server, known, &object).await?))
        }
        (None, Some(to)) => of_subject(server, known, to.subject(server, known).await?).await,
        (None, None) => everything(server, known).await,
    }
}

async fn on_object(server: &AuthorizationServer, known: &Known, object: &ObjectRef) -> Result<Vec<Row>, CommandError> {
    let mut rows = Vec::new();
    for Standing { subject, given, comes_to } in standing::on(server, known.parts(), &known.site, object).await? {
        let name = match subject {
            Some(subject) => words(server, subject).await?,
            None => "admins of the site".into(),
        };
        let given = given.into_iter().map(|binding| Given { binding, by_group: None }).collect();
        rows.push(Row { on: object.clone(), to: subject, name, given, comes_to });
    }
    rows.sort_by(|one, other| (one.to.is_some(), &one.name).cmp(&(other.to.is_some(), &other.name)));
    Ok(rows)
}

/// All that was given, on the object that it was given on.
async fn everything(server: &AuthorizationServer, known: &Known) -> Result<Answer, CommandError> {
    let mut rows = Vec::new();
    for kind in &known.access.model.objects {
        for (object, _) in server.store.roles_set(&known.realm, &kind.name).await? {
            let there = |row: &Row| row.given.iter().any(|given| given.binding.held.object == object);
            rows.extend(on_object(server, known, &object).await?.into_iter().filter(there));
        }
    }
    Ok(answer(known, &rows))
}

/// Where what a subject holds changes, with what it was given there.
async fn of_subject(server: &AuthorizationServer, known: &Known, subject: RoleSubject) -> Result<Answer, CommandError> {
    let mut ways = vec![(subject, None)];
    match subject {
        RoleSubject::Group(_) => return of_group(server, known, subject).await,
        RoleSubject::App(_) => {}
        RoleSubject::User(user) => {
            for group in server.store.groups_of(known.site.id, user).await? {
                let group = RoleSubject::Group(group);
                ways.push((group, Some(words(server, group).await?)));
            }
        }
    }
    let principal = subjects::principal(server, known.site.id, subject).await?;
    let principal = principal.ok_or(RoleError::Stranger(subject))?;
    let ToldRoles { entries, is_complete } = roles::told(server, known.parts(), &known.site, &principal).await?;
    let name = words(server, subject).await?;
    let mut rows = Vec::new();
    for (on, comes_to) in entries {
        let given = given_to(server, known, &on, &ways).await?;
        rows.push(Row { on, to: Some(subject), name: name.clone(), given, comes_to });
    }
    let answer = answer(known, &rows);
    Ok(if is_complete {
        answer
    } else {
        answer.warn(format!("only the first {} objects are listed", roles::MOST_TOLD))
    })
}

/// What these subjects were given on an object, each with the group that it is.
async fn given_to(
    server: &AuthorizationServer,
    known: &Known,
    object: &ObjectRef,
    ways: &[(RoleSubject, Option<String>)],
) -> Result<Vec<Given>, CommandError> {
    let mut all = Vec::new();
    for binding in server.store.roles_on(&known.realm, object).await? {
        let way = ways.iter().find(|(subject, _)| *subject == binding.held.subject);
        if let Some((_, by_group)) = way {
            all.push(Given { binding, by_group: by_group.clone() });
        }
    }
    Ok(all)
}

/// What a group was given, and what that comes to where it was.
async fn of_group(server: &AuthorizationServer, known: &Known, group: RoleSubject) -> Result<Answer, CommandError> {
    let mut rows = Vec::new();
    for (object, _) in server.store.roles_of(&known.realm, group).await? {
        rows.extend(on_object(server, known, &object).await?.into_iter().filter(|row| row.to == Some(group)));
    }
    Ok(answer(known, &rows))
}

fn answer(known: &Known, rows: &[Row]) -> Answer {
    let cells = |row: &Row| [known.words_of(&row.on), row.name.clone(), row.given_words(known), comes_to(row)];
    let table = table(["ON", "TO", "GIVEN", "COMES TO"], &rows.iter().map(cells).collect::<Vec<_>>());
    Answer::new(table, rows.iter().map(entry).collect())
}

impl Known {
    fn words_of(&self, object: &ObjectRef) -> String {
        if whole_site(&self.access, &self.site).as_ref() == Some(object) { "site".into() } else { object.to_string() }
    }
}

impl Row {
    fn given_words(&self, known: &Known) -> String {
        let words = self.given.iter().map(|Given { binding, by_group }| {
            let held = &binding.held;
            let above =
                if held.object == self.on { String::new() } else { format!(" on {}", known.words_of(&held.object)) };
            let way = by_group.as_ref().map(|group| format!(" by {group}")).unwrap_or_default();
            format!("{}{above}{way}", held.role)
        });
        words.collect::<Vec<_>>().join(", ")
    }
}

fn comes_to(row: &Row) -> String {
    if row.comes_to.is_empty() { "nothing".into() } else { row.comes_to.join(", ") }
}

fn entry(row: &Row) -> Value {
    let given = |Given { binding, by_group }: &Given| {
        json!({
            "role": binding.held.role, "on": binding.held.object.to_string(), "group": by_group,
            "by": binding.by, "at": binding.at.to_rfc3339(),
        })
    };
    json!({
        "on": row.on.to_string(), "to": row.to, "name": row.name,
        "given": row.given.iter().map(given).collect::<Value>(), "comes_to": row.comes_to,
    })
}
