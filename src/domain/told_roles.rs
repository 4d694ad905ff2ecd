//! Told roles: what a protected resource that keeps the `roles` of an introspection for a while makes of them, so that it comes to
//! the decision that this server would have come to (layer 3).

use crate::domain::access_model::{Access, Requirement};
use crate::domain::decision::suffices;
use crate::domain::protected_object::ObjectRef;
use crate::domain::role::RoleSet;

/// An object where what somebody holds changes, and the greatest roles that they hold there, perhaps none.
pub type ToldRole = (ObjectRef, Vec<String>);

/// The roles that are held at the end of a line of objects, the first of which is the whole site, by what was told. Of an object
/// that is not known (`None`) only its type is.
///
/// Of several objects of the line the entry of the nearest counts. Where a type overrides and the object is not known, every role
/// that is given on such objects may be set there, and is not brought from above.
pub fn roles_told(access: &Access, told: &[ToldRole], kinds: &[usize], line: &[Option<ObjectRef>]) -> RoleSet {
    let model = &access.model;
    let mut held = RoleSet::NONE;
    for (kind, object) in kinds.iter().zip(line) {
        match object {
            Some(object) => {
                if let Some((_, roles)) = told.iter().find(|(on, _)| on == object) {
                    held = model.with_included(model.roles_named(roles));
                }
            }
            None if model.objects[*kind].overrides => held = held.without(model.given_on(*kind)),
            None => {}
        }
    }
    held
}

/// Whether what was told is enough at the end of a line of objects. On the whole site, a role that cannot be given there is held by
/// whoever holds it on anything.
pub fn suffices_as_told(
    access: &Access,
    told: &[ToldRole],
    (kinds, line): (&[usize], &[Option<ObjectRef>]),
    required: Option<Requirement>,
) -> bool {
    let Some(required) = required else { return true };
    let is_held_anywhere = || {
        let on_something = |(_, roles): &ToldRole| access.model.roles_named(roles).meets(required.any_of);
        kinds.len() == 1 && access.is_held_anywhere(required) && told.iter().any(on_something)
    };
    suffices(roles_told(access, told, kinds, line), Some(required)) || is_held_anywhere()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::access_model::AccessModel;

    const MODEL: &str = r#"{
      "objects": [
        { "type": "workspace" }, { "type": "schema", "parent": "workspace" },
        { "type": "object_type", "parent": "schema", "overrides": true }, { "type": "object", "parent": "object_type" }
      ],
      "roles": [
        { "role": "user", "on": ["schema", "object_type"] },
        { "role": "developer", "on": ["schema", "object_type"], "includes": ["user"] },
        { "role": "admin", "on": ["workspace"], "includes": ["developer"] }
      ],
      "operations": [
        { "operation": "list", "on": "workspace", "requires": "user" },
        { "operation": "set up", "on": "workspace", "requires": "admin" },
        { "operation": "change", "on": "object", "requires": "developer" }
      ]
    }"#;

    fn access() -> Access {
        Access::by(AccessModel::read(&MODEL.replace("set up", "set.up")).expect("a model"))
    }

    fn told(entries: &[(&str, &[&str])]) -> Vec<ToldRole> {
        let entry = |(object, roles): &(&str, &[&str])| {
            (object.parse().expect("an object"), roles.iter().map(|role| (*role).to_owned()).collect())
        };
        entries.iter().map(entry).collect()
    }

    fn may(operation: &str, line: &[&str], entries: &[(&str, &[&str])]) -> bool {
        let access = access();
        let (number, operation) = access.operation(operation).expect("an operation");
        let line: Vec<Option<ObjectRef>> = line.iter().map(|object| object.parse().ok()).collect();
        let kinds = access.model.line_of(operation.on);
        suffices_as_told(&access, &told(entries), (&kinds, &line), access.required(number))
    }

    const LINE: [&str; 4] = ["workspace:1", "schema:4", "object_type:12", "object:88"];

    #[test]
    fn the_entry_of_the_nearest_object_counts() {
        assert!(may("change", &LINE, &[("schema:4", &["developer"])]));
        assert!(may("change", &LINE, &[("workspace:1", &["admin"])]));
        assert!(!may("change", &LINE, &[("schema:4", &["developer"]), ("object_type:12", &["user"])]));
        assert!(!may("change", &LINE, &[("workspace:1", &["admin"]), ("schema:4", &[])]));
        assert!(may("change", &LINE, &[("schema:4", &["user"]), ("object_type:12", &["developer"])]));
        assert!(!may("change", &LINE, &[("schema:5", &["developer"])]));
        assert!(!may("change", &LINE, &[]));
    }

    #[test]
    fn what_may_be_overridden_on_an_object_that_is_not_known_is_not_brought_there() {
        let unknown = ["workspace:1", "schema:4", "", "object:88"];
        assert!(!may("change", &unknown, &[("schema:4", &["developer"])]));
        assert!(may("change", &unknown, &[("workspace:1", &["admin"])]), "admin is not given on such objects");
    }

    #[test]
    fn on_the_whole_site_a_role_that_is_given_beneath_is_held_by_whoever_holds_it_on_anything() {
        let site = ["workspace:1"];
        assert!(may("list", &site, &[("schema:9", &["developer"])]));
        assert!(!may("list", &site, &[("schema:9", &[])]));
        assert!(
            !may("set.up", &site, &[("schema:9", &["admin"])]),
            "what is given on the whole site is held there alone"
        );
    }
}
