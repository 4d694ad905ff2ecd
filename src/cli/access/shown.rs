//! What a protected resource declares, for people and for programs.

use serde_json::{Map, Value, json};

use crate::cli::answer::table;
use crate::domain::access_model::Access;
use crate::domain::id::ResourceId;
use crate::domain::operation::Operation;
use crate::domain::role::{Role, RoleSetting};

/// How much of everything there is.
pub fn counts(access: &Access) -> String {
    let model = &access.model;
    let counted = |count: usize, one: &str| format!("{count} {one}{}", if count == 1 { "" } else { "s" });
    format!(
        "{}, {} and {}",
        counted(model.objects.len(), "type of object").replace("type of objects", "types of objects"),
        counted(model.roles.len(), "role"),
        counted(model.operations.len(), "operation"),
    )
}

/// Whether the resource may ask by identifier.
pub fn asking(id: &ResourceId, access: &Access) -> String {
    match access.asks_by_id {
        true => format!("{id} may ask about people and app accounts by their identifiers."),
        false => format!("{id} asks only about whoever's credential it shows."),
    }
}

/// All of it, as tables.
pub fn text(id: &ResourceId, access: &Access) -> String {
    let model = &access.model;
    let title = |number: Option<usize>| number.map(|of| model.objects[of].name.clone()).unwrap_or_default();
    let types = model.objects.iter().map(|kind| {
        let overrides = if kind.overrides { "overrides" } else { "" };
        [kind.name.clone(), kind.title.clone(), title(kind.parent), overrides.into()]
    });
    let roles = model.roles.iter().enumerate().map(|(number, role)| {
        [role.name.clone(), role.title.clone(), role.on.join(" "), includes(access, number, role), adds(role)]
    });
    let settings = model.settings.iter().map(|setting| {
        let name = |number: usize| model.roles[number].name.clone();
        let choices: Vec<String> = setting.choices.iter().map(|number| name(*number)).collect();
        [setting.name.clone(), setting.title.clone(), name(access.choice(setting)), choices.join(" ")]
    });
    let operations = model.operations.iter().enumerate().map(|(number, operation)| {
        let Operation { name, scope, on, connect, .. } = operation;
        [
            name.clone(),
            scope.clone().unwrap_or_else(|| "none".into()),
            model.objects[*on].name.clone(),
            required(access, number, operation),
            connect.map(|level| level.name().to_owned()).unwrap_or_default(),
        ]
    });
    let mut parts = vec![
        asking(id, access),
        table(["TYPE", "TITLE", "BELONGS TO", ""], &types.collect::<Vec<_>>()),
        table(["ROLE", "TITLE", "GIVEN ON", "INCLUDES", ""], &roles.collect::<Vec<_>>()),
    ];
    if !model.settings.is_empty() {
        parts.push(table(["SETTING", "TITLE", "CHOSEN", "CHOICES"], &settings.collect::<Vec<_>>()));
    }
    if !model.operations.is_empty() {
        parts.push(table(["OPERATION", "SCOPE", "ON", "REQUIRES", "CONNECT"], &operations.collect::<Vec<_>>()));
    }
    parts.join("\n\n")
}

fn includes(access: &Access, number: usize, role: &Role) -> String {
    let names = role.includes.numbers().filter(|of| *of != number).map(|of| access.model.roles[of].name.as_str());
    names.collect::<Vec<_>>().join(" ")
}

fn adds(role: &Role) -> String {
    let admins = role.held_by_site_admins.then(|| "held by admins of the site".to_owned());
    let permissions = (!role.permissions.is_empty()).then(|| format!("permits {}", role.permissions.join(" ")));
    admins.into_iter().chain(permissions).collect::<Vec<_>>().join("; ")
}

/// What an operation takes: by name, with the role where a setting says which.
fn required(access: &Access, number: usize, operation: &Operation) -> String {
    let Some(name) = &operation.requires else { return "no role".into() };
    let least = access.required(number).map(|required| access.model.roles[required.least].name.as_str());
    match least.filter(|least| least != name) {
        Some(least) => format!("{name} ({least})"),
        None => name.clone(),
    }
}

/// The model as it is written, with what is decided about it.
pub fn entry(id: &ResourceId, access: &Access) -> Value {
    let model = &access.model;
    let choice = |setting: &RoleSetting| (setting.name.clone(), json!(model.roles[access.choice(setting)].name));
    let choices: Map<String, Value> = model.settings.iter().map(choice).collect();
    json!({ "id": id, "asks_by_id": access.asks_by_id, "choices": choices, "model": model.written() })
}
