//! What is odd about what a protected resource declares: it means something, and probably not what was meant.

use std::collections::BTreeSet;
use std::fmt;

use crate::domain::access_model::Access;
use crate::domain::operation::RequestShape;
use crate::domain::role::RoleSet;
use crate::domain::scope::{Scope, is_reserved};

/// An app and the scopes that it asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asking {
    /// What people call the app, or the file of its manifest.
    pub app: String,
    /// The scopes.
    pub scope: Scope,
}

/// Something odd. `Display` is one sentence with what to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Finding {
    /// No OAuth token opens the operation.
    OperationWithoutScope(String),
    /// Everybody who passes the other layers may.
    OperationWithoutRole(String),
    /// It takes a scope that the resource does not own, so that the model would be refused.
    ScopeNotOwned {
        /// The operation.
        operation: String,
        /// The scope.
        scope: String,
    },
    /// Nobody can hold what the operation takes, where it is asked for.
    RoleOutOfReach {
        /// The operation.
        operation: String,
        /// What it takes.
        requires: String,
    },
    /// Some path is that of both, and only the narrower is ever meant.
    Shadowed {
        /// The operation that is not meant.
        operation: String,
        /// The one that is.
        by: String,
        /// A path of both.
        path: String,
    },
    /// No operation takes the scope.
    ScopeWithoutOperation(String),
    /// An app asks for a scope that no operation takes.
    ScopeAskedForInVain {
        /// The app.
        app: String,
        /// The scope.
        scope: String,
    },
    /// Whoever holds only this role may do nothing by it.
    RoleWithoutOperation(String),
    /// Whoever holds this role may do no more than by the roles that it includes.
    RoleThatAddsNothing(String),
    /// No operation asks for the setting.
    SettingWithoutOperation(String),
}

impl Finding {
    /// The rule by its name.
    pub fn rule(&self) -> &'static str {
        match self {
            Finding::OperationWithoutScope(_) => "operation_without_scope",
            Finding::OperationWithoutRole(_) => "operation_without_role",
            Finding::ScopeNotOwned { .. } => "scope_not_owned",
            Finding::RoleOutOfReach { .. } => "role_out_of_reach",
            Finding::Shadowed { .. } => "shadowed_path",
            Finding::ScopeWithoutOperation(_) => "scope_without_operation",
            Finding::ScopeAskedForInVain { .. } => "scope_asked_for_in_vain",
            Finding::RoleWithoutOperation(_) => "role_without_operation",
            Finding::RoleThatAddsNothing(_) => "role_that_adds_nothing",
            Finding::SettingWithoutOperation(_) => "setting_without_operation",
        }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Finding::OperationWithoutScope(operation) => write!(
                f,
                "{operation} takes no scope, so that no OAuth token opens it; name one, unless it is for other credentials alone"
            ),
            Finding::OperationWithoutRole(operation) => {
                write!(f, "{operation} takes no role, so that every member of a site may; name the least role that may")
            }
            Finding::ScopeNotOwned { operation, scope } => write!(
                f,
                "{operation} takes the scope {scope}, which the resource does not own; register the scope or name another"
            ),
            Finding::RoleOutOfReach { operation, requires } => write!(
                f,
                "{operation} takes {requires}, which nobody can be given where it is asked for or above; let the role be given \
                 there, or ask for it on another type"
            ),
            Finding::Shadowed { operation, by, path } => write!(
                f,
                "{path} is a path of both {by} and {operation}, and always means the former; give one of them another path"
            ),
            Finding::ScopeWithoutOperation(scope) => write!(
                f,
                "no operation takes the scope {scope}, which the resource owns; say which one does, or remove the scope"
            ),
            Finding::ScopeAskedForInVain { app, scope } => {
                write!(f, "{app} asks for the scope {scope}, which no operation takes; leave it out of the manifest")
            }
            Finding::RoleWithoutOperation(role) => {
                write!(f, "no operation is open to whoever holds only the role {role}; ask for it, or remove it")
            }
            Finding::RoleThatAddsNothing(role) => write!(
                f,
                "whoever holds the role {role} may do no more than by the roles that it includes; ask for it, or remove it"
            ),
            Finding::SettingWithoutOperation(setting) => {
                write!(f, "no operation asks for the setting {setting}; ask for it, or remove it")
            }
        }
    }
}

/// Everything odd about a model: first of its operations, in their order, then of scopes, apps, roles and settings. `owned` are
/// the scopes of the resource, where it is known which one is meant.
pub fn findings(access: &Access, owned: Option<&Scope>, asking: &[Asking]) -> Vec<Finding> {
    let mut found = operations(access, owned);
    found.extend(shadowed(access));
    let taken: BTreeSet<&str> =
        access.model.operations.iter().filter_map(|operation| operation.scope.as_deref()).collect();
    let is_vain = |scope: &&str| !taken.contains(scope) && !is_reserved(scope);
    if let Some(owned) = owned {
        found.extend(owned.iter().filter(is_vain).map(|scope| Finding::ScopeWithoutOperation(scope.into())));
    }
    for Asking { app, scope } in asking {
        // What another resource owns is none of this one's business.
        let is_meant = |scope: &&str| owned.is_none_or(|owned| owned.contains(scope));
        let vain = scope.iter().filter(is_vain).filter(is_meant);
        found.extend(vain.map(|scope| Finding::ScopeAskedForInVain { app: app.clone(), scope: scope.into() }));
    }
    found.extend(roles(access));
    let is_asked_for = |name: &String| {
        access
            .model
            .operations
            .iter()
            .any(|operation| [&operation.requires, &operation.on_site].contains(&&Some(name.clone())))
    };
    let settings = access.model.settings.iter().filter(|setting| !is_asked_for(&setting.name));
    found.extend(settings.map(|setting| Finding::SettingWithoutOperation(setting.name.clone())));
    found
}

fn operations(access: &Access, owned: Option<&Scope>) -> Vec<Finding> {
    let mut found = Vec::new();
    for (number, operation) in access.model.operations.iter().enumerate() {
        let name = || operation.name.clone();
        match (&operation.scope, owned) {
            // What is no request is asked about by name, perhaps beside one that is.
            (None, _) if operation.request.is_some() => found.push(Finding::OperationWithoutScope(name())),
            (Some(scope), Some(owned)) if !owned.contains(scope) => {
                found.push(Finding::ScopeNotOwned { operation: name(), scope: scope.clone() });
            }
            _ => {}
        }
        match &operation.requires {
            None => found.push(Finding::OperationWithoutRole(name())),
            Some(requires) if !is_in_reach(access, number) => {
                found.push(Finding::RoleOutOfReach { operation: name(), requires: requires.clone() });
            }
            Some(_) => {}
        }
    }
    found
}

/// Whether a role that suffices can be given on the type that is asked about or above it. On the whole site, whoever holds one on
/// anything may.
fn is_in_reach(access: &Access, operation: usize) -> bool {
    let Some(required) = access.required(operation) else { return true };
    let model = &access.model;
    let on = model.operations[operation].on;
    let line = model.line_of(on);
    on == 0 || required.any_of.numbers().any(|role| line.iter().any(|kind| model.given_on(*kind).contains(role)))
}

/// Pairs of operations of which some path is both, though neither is the narrower one.
fn shadowed(access: &Access) -> Vec<Finding> {
    let shapes: Vec<&RequestShape> =
        access.model.operations.iter().filter_map(|operation| operation.request.as_ref()).collect();
    let mut found = Vec::new();
    for (at, one) in shapes.iter().enumerate() {
        for other in &shapes[at + 1..] {
            let Some(path) = crossing(one, other) else { continue };
            let (by, operation) = if one.openness() < other.openness() { (one, other) } else { (other, one) };
            found.push(Finding::Shadowed { operation: operation.to_string(), by: by.to_string(), path });
        }
    }
    found
}

/// A path that has both shapes, where each of them has a parameter where the other has none.
fn crossing(one: &RequestShape, other: &RequestShape) -> Option<String> {
    if one.method != other.method {
        return None;
    }
    let (one, other) = (one.to_string(), other.to_string());
    let (one, other): (Vec<&str>, Vec<&str>) = (one.split('/').collect(), other.split('/').collect());
    if one.len() != other.len() {
        return None;
    }
    let is_open = |segment: &str| segment.starts_with('{');
    let (mut path, mut narrower, mut wider) = (Vec::new(), false, false);
    for (a, b) in one.into_iter().zip(other) {
        match (is_open(a), is_open(b)) {
            (false, false) if a != b => return None,
            (false, true) => narrower = true,
            (true, false) => wider = true,
            _ => {}
        }
        path.push(if is_open(a) { b } else { a });
    }
    (narrower && wider).then(|| path.join("/"))
}

/// Roles that open nothing, or nothing more than what they include.
fn roles(access: &Access) -> Vec<Finding> {
    let model = &access.model;
    let opened = |roles: RoleSet| -> BTreeSet<usize> {
        let opens = |number: &usize| {
            let required = [access.required(*number), access.required_on(*number, 0)];
            required.into_iter().flatten().any(|required| required.any_of.meets(roles))
        };
        (0..model.operations.len()).filter(opens).collect()
    };
    let mut found = Vec::new();
    for (number, role) in model.roles.iter().enumerate() {
        let opens = opened(RoleSet::of(number));
        let included = role.includes.without(RoleSet::of(number));
        if opens.is_empty() {
            found.push(Finding::RoleWithoutOperation(role.name.clone()));
        } else if !included.is_empty() && opens == opened(included) {
            found.push(Finding::RoleThatAddsNothing(role.name.clone()));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::domain::access_model::AccessModel;

    fn access(roles: Value, operations: Value) -> Access {
        let model = json!({
            "objects": [{ "type": "site" }, { "type": "page", "parent": "site" }, { "type": "note", "parent": "page" }],
            "roles": roles, "operations": operations,
            "settings": [{ "setting": "publish", "roles": ["reader"] }],
        });
        Access::by(AccessModel::read(&model.to_string()).expect("a model"))
    }

    fn reader() -> Value {
        json!([{ "role": "reader", "on": ["page"] }])
    }

    fn read_page() -> Value {
        json!({ "operation": "GET /page/{id}", "scope": "read:page", "on": "page", "id": "id", "requires": "publish" })
    }

    fn with(more: Value) -> Value {
        json!([read_page(), more])
    }

    fn scope(text: &str) -> Scope {
        text.parse().expect("a scope")
    }

    fn found(roles: Value, operations: Value) -> Vec<Finding> {
        findings(&access(roles, operations), None, &[])
    }

    #[test]
    fn nothing_is_found_where_nothing_is_odd() {
        assert_eq!(findings(&access(reader(), json!([read_page()])), Some(&scope("read:page")), &[]), []);
    }

    #[test]
    fn an_operation_without_scope_is_found_unless_it_is_no_request() {
        let more = |operation: &str| with(json!({ "operation": operation, "on": "page", "requires": "reader" }));
        assert_eq!(found(reader(), more("GET /x")), [Finding::OperationWithoutScope("GET /x".into())]);
        assert_eq!(found(reader(), more("page.read")), []);
    }

    #[test]
    fn an_operation_without_role_is_found() {
        let more = json!({ "operation": "GET /x", "scope": "read:page", "on": "page" });
        assert_eq!(found(reader(), with(more)), [Finding::OperationWithoutRole("GET /x".into())]);
    }

    #[test]
    fn scopes_are_found_that_are_not_owned_that_nothing_takes_and_that_are_asked_for_in_vain() {
        let access = access(reader(), json!([read_page()]));
        let not_owned = Finding::ScopeNotOwned { operation: "GET /page/{id}".into(), scope: "read:page".into() };
        assert_eq!(
            findings(&access, Some(&scope("write:page")), &[]),
            [not_owned, Finding::ScopeWithoutOperation("write:page".into())],
        );
        let asking = Asking { app: "Mirror".into(), scope: scope("offline_access read:other read:page write:page") };
        let vain = |scope: &str| Finding::ScopeAskedForInVain { app: "Mirror".into(), scope: scope.into() };
        let owned = scope("read:page write:page");
        let told = findings(&access, Some(&owned), std::slice::from_ref(&asking));
        assert_eq!(told, [Finding::ScopeWithoutOperation("write:page".into()), vain("write:page")]);
        assert_eq!(findings(&access, None, &[asking]), [vain("read:other"), vain("write:page")]);
    }

    #[test]
    fn a_role_that_cannot_be_given_where_it_is_asked_for_is_found() {
        let roles = json!([{ "role": "reader", "on": ["note"] }]);
        let told = found(roles, json!([read_page()]));
        let finding = Finding::RoleOutOfReach { operation: "GET /page/{id}".into(), requires: "publish".into() };
        assert_eq!(told, [finding]);
    }

    #[test]
    fn a_path_of_two_operations_is_found_unless_one_is_the_narrower() {
        let more =
            |path: &str| with(json!({ "operation": path, "scope": "read:page", "on": "page", "requires": "reader" }));
        assert_eq!(found(reader(), more("GET /page/new")), []);
        let crossed = json!([
            { "operation": "GET /page/{id}/text", "scope": "read:page", "on": "page", "requires": "publish" },
            { "operation": "GET /page/new/{kind}", "scope": "read:page", "on": "page", "requires": "reader" },
        ]);
        let finding = Finding::Shadowed {
            operation: "GET /page/{id}/text".into(),
            by: "GET /page/new/{kind}".into(),
            path: "GET /page/new/text".into(),
        };
        assert_eq!(found(reader(), crossed), [finding]);
    }

    #[test]
    fn roles_and_settings_that_open_nothing_more_are_found() {
        let roles = json!([
            { "role": "guest", "on": ["page"] },
            { "role": "reader", "on": ["page"], "includes": ["guest"] },
            { "role": "critic", "on": ["page"], "includes": ["reader"] },
        ]);
        assert_eq!(
            found(roles, json!([read_page()])),
            [Finding::RoleWithoutOperation("guest".into()), Finding::RoleThatAddsNothing("critic".into())],
        );
        let operation = json!([{ "operation": "GET /x", "scope": "read:page", "on": "page", "requires": "reader" }]);
        assert_eq!(found(reader(), operation), [Finding::SettingWithoutOperation("publish".into())]);
    }

    #[test]
    fn every_finding_is_one_sentence_that_says_what_to_do() {
        let text = |finding: &Finding| finding.to_string();
        for finding in [
            Finding::OperationWithoutScope("GET /x".into()),
            Finding::ScopeWithoutOperation("read:x".into()),
            Finding::RoleWithoutOperation("x".into()),
        ] {
            assert!(text(&finding).contains("; ") && !text(&finding).contains('\n'), "{finding}");
        }
    }
}
