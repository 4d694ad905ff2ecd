//! Roles that are given and taken, by page and by script: what was answered is so, whichever call of the store failed.

use hallmark::domain::role_binding::RoleSubject;
use rocket::http::{Header, Method};
use serde_json::json;

use crate::support::access::{AccessWorld, access_world_with_faults, object};
use crate::support::faulty_store::{Fault, Faults};

/// Whether the person of the world holds the role.
async fn is_held(world: &AccessWorld) -> bool {
    let given = world.server.core.store.roles_on(&world.realm(), &object("schema:4")).await.expect("a store");
    given.iter().any(|binding| binding.held.subject == RoleSubject::User(world.person.id))
}

#[rocket::async_test]
async fn a_script_is_told_that_a_role_is_held_or_not_only_once_that_is_so() {
    let faults = Faults::default();
    let world = access_world_with_faults(faults.clone()).await;
    let admin = world.site_admin("admin@example.com").await;
    let token = world.server.api_token(&admin, "read:cmdb-schema:jira write:cmdb-schema:jira").await;
    let person = world.person.id.to_string();
    let path = format!("/jsm/assets/workspace/{}/v1/config/role/schema:4:user", world.site.workspace_id);
    let given = json!({ "categorisedActors": { "atlassian-user-role-actor": [person] } });
    let taken = json!({ "categorisedActors": {} });

    for (body, wanted) in [(&given, true), (&taken, false)] {
        for fault in Fault::ALL {
            for calls in 0.. {
                let subject = RoleSubject::User(world.person.id);
                match (wanted, is_held(&world).await) {
                    (true, true) => world.take("user", "schema:4", subject).await,
                    (false, false) => world.give("user", "schema:4", subject).await,
                    _ => {}
                }
                faults.fail_after(calls, fault);
                let headers = [
                    Header::new("Authorization", format!("Bearer {token}")),
                    Header::new("Content-Type", "application/json"),
                ];
                let answer = world.server.send(Method::Put, &path, headers, &body.to_string()).await;
                let Some(failed) = faults.heal() else {
                    assert!(calls > 3 && answer.status.code == 200, "{}", answer.text);
                    break;
                };
                match answer.status.code {
                    200 => assert_eq!(is_held(&world).await, wanted, "{fault:?} of {failed} at {calls}"),
                    503 => assert_eq!(answer.header("Retry-After"), Some("5")),
                    _ => panic!("{fault:?} of {failed} at {calls}: {}", answer.text),
                }
            }
        }
    }
}

#[rocket::async_test]
async fn an_admin_is_told_that_a_role_was_given_only_once_it_was() {
    let faults = Faults::default();
    let world = access_world_with_faults(faults.clone()).await;
    let admin = world.site_admin("admin@example.com").await;
    let mut browser = world.server.signed_in(&admin).await;
    let csrf = browser.open("/logout").await.field("csrf");
    let subject = RoleSubject::User(world.person.id);
    let named = subject.to_string();
    let fields = [("csrf", csrf.as_str()), ("object", "schema:4"), ("role", "user"), ("subject", &named)];

    for fault in Fault::ALL {
        for calls in 0.. {
            faults.fail_after(calls, fault);
            let path = format!("/admin/sites/{}/roles/assets/give", world.site.id);
            let answer = browser.submit(&path, &fields).await;
            let Some(failed) = faults.heal() else {
                assert!(calls > 3 && answer.status.code == 303, "{}", answer.html);
                break;
            };
            match answer.status.code {
                303 => assert!(is_held(&world).await, "{fault:?} of {failed} at {calls}"),
                503 => assert_eq!(answer.header("Retry-After"), Some("5")),
                _ => panic!("{fault:?} of {failed} at {calls}: {}", answer.html),
            }
            if is_held(&world).await {
                world.take("user", "schema:4", subject).await;
            }
        }
    }
}
