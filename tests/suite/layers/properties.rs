//! Whatever was given to whom: more never opens less, and the one answer is what introspection and local checks come to.

use hallmark::access::models::ASSETS;
use hallmark::domain::access_model::{Access, AccessModel};
use hallmark::domain::connect::{ConnectMode, Level};
use hallmark::domain::decision::{OnObject, Reaches, roles_held, suffices};
use hallmark::domain::protected_object::ObjectRef;
use hallmark::domain::role::RoleSet;
use hallmark::domain::role_binding::RoleSubject;
use hallmark::domain::scope::Scope;
use hallmark::domain::told_roles::{ToldRole, suffices_as_told};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::world::{Caller, Side, connect, forge, object, plain};
use crate::support::client::{basic, form};

/// A model whose roles are not ordered: each has permissions of its own, and every type overrides.
const PERMISSIONS: &str = r#"{
  "objects": [
    { "type": "site" }, { "type": "space", "parent": "site", "overrides": true },
    { "type": "page", "parent": "space", "overrides": true }, { "type": "comment", "parent": "page" }
  ],
  "roles": [
    { "role": "reader", "on": ["site", "space", "page"], "permissions": ["read"] },
    { "role": "writer", "on": ["space", "page"], "permissions": ["write"] },
    { "role": "moderator", "on": ["site", "space"], "includes": ["reader"], "permissions": ["hide"] },
    { "role": "owner", "on": ["site", "page"], "includes": ["moderator", "writer"], "held_by_site_admins": true }
  ],
  "operations": [
    { "operation": "GET /pages/{id}", "scope": "read:pages", "on": "page", "id": "id", "requires": "read" },
    { "operation": "PUT /pages/{id}", "scope": "write:pages", "on": "page", "id": "id", "requires": "write" },
    { "operation": "POST /comments/{id}/hidden", "scope": "write:pages", "on": "comment", "id": "id", "requires": "hide" },
    { "operation": "DELETE /spaces/{id}", "scope": "delete:pages", "on": "space", "id": "id", "requires": "owner" },
    { "operation": "GET /pages", "scope": "read:pages", "on": "site", "requires": "read", "filter": true }
  ]
}"#;

fn models() -> [Access; 2] {
    [ASSETS, PERMISSIONS].map(|model| Access::by(AccessModel::read(model).expect("a model")))
}

/// What is given on each object of a line: to the one who calls, and to others.
type Given = Vec<(u32, u32)>;

fn roles(access: &Access, kind: usize, bits: u32) -> RoleSet {
    let given = access.model.given_on(kind);
    given.numbers().filter(|number| bits & (1 << number) != 0).collect()
}

/// Whether an operation is allowed at the end of its line by what is given there.
fn is_allowed(access: &Access, operation: usize, given: &Given, is_site_admin: bool) -> bool {
    let line = access.model.line_of(access.model.operations[operation].on);
    let known: Vec<Option<OnObject>> = line
        .iter()
        .zip(given)
        .map(|(kind, (own, others))| {
            let held = roles(access, *kind, *own);
            Some(OnObject { held, set: held | roles(access, *kind, *others) })
        })
        .collect();
    suffices(roles_held(access, &line, &known, is_site_admin), access.required(operation))
}

proptest! {
    #[test]
    fn a_role_more_never_closes_what_was_open(
        model in 0..2_usize,
        operation in 0..67_usize,
        given in proptest::collection::vec((0..32_u32, 0..32_u32), 5),
        (at, role) in (0..5_usize, 0..5_u32),
        is_site_admin in any::<bool>(),
    ) {
        let access = &models()[model];
        let operation = operation % access.model.operations.len();
        let mut more = given.clone();
        more[at].0 |= 1 << role;
        prop_assert!(
            !is_allowed(access, operation, &given, is_site_admin) || is_allowed(access, operation, &more, is_site_admin)
        );
        prop_assert!(!is_allowed(access, operation, &given, false) || is_allowed(access, operation, &given, true));
    }

    #[test]
    fn what_is_given_to_another_closes_at_most_what_the_override_says(
        model in 0..2_usize,
        operation in 0..67_usize,
        given in proptest::collection::vec((0..32_u32, 0..32_u32), 5),
        (at, role) in (0..5_usize, 0..5_u32),
    ) {
        let access = &models()[model];
        let operation = operation % access.model.operations.len();
        let mut after = given.clone();
        after[at].1 |= 1 << role;
        let closed = is_allowed(access, operation, &given, false) && !is_allowed(access, operation, &after, false);
        let line = access.model.line_of(access.model.operations[operation].on);
        let overrides = line.get(at).is_some_and(|kind| {
            access.model.objects[*kind].overrides && access.model.given_on(*kind).contains(role as usize)
        });
        prop_assert!(!closed || overrides && given[at].0 & (1 << role) == 0);
    }

    #[test]
    fn a_scope_more_never_closes_what_was_open(
        operation in 0..67_usize,
        carried in proptest::collection::btree_set(0..20_usize, 0..20),
        added in 0..20_usize,
    ) {
        let access = &models()[0];
        let mut names: Vec<&str> = access.model.operations.iter().filter_map(|of| of.scope.as_deref()).collect();
        names.sort_unstable();
        names.dedup();
        let operation = &access.model.operations[operation];
        let of = |numbers: &mut dyn Iterator<Item = &usize>| Scope::of(numbers.map(|number| names[number % names.len()]));
        let (few, many) = (of(&mut carried.iter()), of(&mut carried.iter().chain([&added])));
        for kind in [Reaches::Token, Reaches::ApiToken, Reaches::Everything] {
            prop_assert!(kind(few.clone()).cover(operation, None).is_err() || kind(many.clone()).cover(operation, None).is_ok());
        }
    }
}

/// What introspection tells a caller's roles and scopes are, and what an API works out from that by the model alone.
struct Local {
    told: Vec<ToldRole>,
    answer: Value,
}

impl Local {
    async fn of(side: &Side, caller: &Caller) -> Self {
        let context = caller.context.as_object().expect("a context");
        let mut pairs: Vec<(&str, &str)> =
            context.iter().filter_map(|(name, value)| Some((name.as_str(), value.as_str()?))).collect();
        pairs.push(("roles", "true"));
        let asker = basic("cmdb", "cmdb-secret-of-many-characters");
        let answer = side.server.post("/oauth/introspect", Some(asker), &form(&pairs)).await.json();
        let mut told: Vec<ToldRole> = Vec::new();
        for entry in answer["roles"].as_array().into_iter().flatten() {
            let on = object(entry["object"].as_str().expect("an object"));
            let roles = entry["role"].as_str().map(str::to_owned);
            match told.iter_mut().find(|(known, _)| *known == on) {
                Some((_, known)) => known.extend(roles),
                None => told.push((on, roles.into_iter().collect())),
            }
        }
        Self { told, answer }
    }

    /// The layer that refuses, or none.
    fn refusing(&self, side: &Side, operation: usize, line: &[Option<ObjectRef>]) -> Option<u64> {
        let access = &side.access;
        let known = &access.model.operations[operation];
        if self.answer["active"] != true {
            return Some(1);
        }
        let scope = self.answer["scope"].as_str().unwrap_or_default();
        let credential = self.answer["credential"].as_str().unwrap_or_default();
        let carries = known.scope.as_ref().is_some_and(|required| scope.split(' ').any(|scope| scope == required));
        let covered = match credential {
            "connect_app" => {
                let level = self.answer["scopes"]["connect"].as_array().into_iter().flatten().filter_map(Value::as_str);
                Level::highest(level) >= known.connect
            }
            "container_token" => {
                let own = self.answer["authorization_details"][0]["import_source"].as_str().expect("an import source");
                return (!known.container_token || line.last() != Some(&Some(object(&format!("import_source:{own}")))))
                    .then_some(2);
            }
            _ => carries,
        };
        if !covered {
            return Some(2);
        }
        let kinds = access.model.line_of(known.on);
        (!suffices_as_told(access, &self.told, (&kinds, line), access.required(operation))).then_some(3)
    }
}

/// The line down to the object of each type.
fn line(side: &Side, operation: usize) -> Vec<Option<ObjectRef>> {
    let access = &side.access;
    let object_of = |kind: &usize| {
        let name = &access.model.objects[*kind].name;
        Some(match name.as_str() {
            "workspace" => object(&format!("workspace:{}", side.server.core.site.workspace_id)),
            "schema" => object("schema:4"),
            "object_type" => object("object_type:12"),
            "object" => object("object:88"),
            _ => object(&format!("import_source:{}", side.resource("importsource")["id"].as_str().expect("an id"))),
        })
    };
    access.model.line_of(access.model.operations[operation].on).iter().map(object_of).collect()
}

/// The question that leads to that line.
fn question(side: &Side, operation: usize) -> Value {
    let known = &side.access.model.operations[operation];
    let kind = match side.access.model.objects[known.on].name.as_str() {
        "object_type" => "objecttype",
        "import_source" => "importsource",
        other => other,
    };
    json!({ "action": { "name": known.name }, "resource": side.resource(kind) })
}

/// The callers whose credential tells all of what it may be used for; a token for everything does not tell that it is one.
fn tells(caller: &Caller) -> bool {
    !matches!(caller.name, "person_by_name" | "app_by_name" | "api_token_for_everything")
}

const GIVEN: [&str; 8] =
    ["nothing", "viewer", "user", "developer", "developer_by_group", "manager", "admin", "site_admin"];
const ON_THE_TYPE: [&str; 7] = [
    "nothing",
    "another_is_user",
    "another_is_developer",
    "another_is_manager",
    "is_user",
    "is_developer",
    "is_manager",
];

#[rocket::async_test]
async fn the_one_answer_is_what_introspection_and_local_checks_come_to() {
    let write = connect("WRITE ACT_AS_USER", ("connect_app", Some("connect_user")), ConnectMode::Strict).await;
    let mut compared = 0;
    for mut side in [plain().await, forge().await, write] {
        for caller in (0..side.callers.len()).collect::<Vec<_>>() {
            if !tells(&side.callers[caller]) {
                continue;
            }
            let holder = side.callers[caller].holder;
            let is_person = matches!(holder, Some(RoleSubject::User(_)));
            for given in GIVEN.iter().filter(|given| is_person || !["developer_by_group", "site_admin"].contains(given))
            {
                for on_the_type in ON_THE_TYPE {
                    side.give(holder.unwrap_or(RoleSubject::User(side.person.id)), given, on_the_type).await;
                    let operations = 0..side.access.model.operations.len();
                    let questions = operations.clone().map(|operation| question(&side, operation)).collect();
                    let answers = side.ask(&side.callers[caller], questions).await;
                    let local = Local::of(&side, &side.callers[caller]).await;
                    for (operation, answer) in operations.zip(&answers) {
                        let expected = local.refusing(&side, operation, &line(&side, operation));
                        let name = &side.access.model.operations[operation].name;
                        let what = format!("{}, {given}, {on_the_type}: {name}: {answer}", side.callers[caller].name);
                        assert_eq!(answer["context"]["layer"].as_u64(), expected, "{what}");
                        compared += 1;
                    }
                }
            }
        }
    }
    assert!(compared > 20_000, "{compared}");
}
