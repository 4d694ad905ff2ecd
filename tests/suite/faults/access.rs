//! Decisions, and objects that are told of: what was answered is so, whichever call of the store failed.

use hallmark::domain::role_binding::RoleSubject;
use rocket::http::{Header, Method};
use serde_json::json;

use crate::support::access::{READ, access_world_with_faults, object, question};
use crate::support::client::{Answer, basic};
use crate::support::faulty_store::{Fault, Faults};

/// Whether the asker was told to try again later.
fn unavailable(answer: &Answer) -> bool {
    if answer.status.code < 500 {
        return false;
    }
    assert_eq!(answer.refusal(), (503, "server_error".into()), "{}", answer.text);
    assert_eq!((answer.header("Retry-After"), answer.header("Cache-Control")), (Some("5"), Some("no-store")));
    true
}

#[rocket::async_test]
async fn nothing_is_allowed_that_could_not_be_found_out() {
    let faults = Faults::default();
    let world = access_world_with_faults(faults.clone()).await;
    world.give("user", "schema:4", RoleSubject::User(world.person.id)).await;
    let token = world.token(&world.person, READ).await;
    let one = question(&token, "GET /object/{id}", "object:88");
    let refused = question(&token, "GET /object/{id}", "object:200");
    let mut several = one.clone();
    several["evaluations"] = json!([{}, { "resource": { "type": "object", "id": "200" } }]);
    let mut search = one.clone();
    search["resource"] = json!({ "type": "object" });

    for (path, body) in
        [("evaluation", &one), ("evaluation", &refused), ("evaluations", &several), ("search/resource", &search)]
    {
        let ask = async || {
            world.server.send_json(Method::Post, &format!("/access/v1/{path}"), "assets", &body.to_string()).await
        };
        let is_like = |answer: &Answer, healthy: &Answer| {
            let without = |answer: &Answer| {
                let mut told = answer.json();
                [("/context", "trace"), ("/evaluations/1/context", "trace")].iter().for_each(|(place, name)| {
                    told.pointer_mut(place).and_then(|of| of.as_object_mut()).map(|of| of.remove(*name));
                });
                told
            };
            without(answer) == without(healthy)
        };
        let healthy = ask().await;
        for fault in Fault::ALL {
            for calls in 0.. {
                faults.fail_after(calls, fault);
                let answer = ask().await;
                let Some(failed) = faults.heal() else {
                    assert!(calls > 2, "{path}: no call was made to fail");
                    break;
                };
                // Only what is noted beside a decision may be lost without anybody knowing.
                let is_told = unavailable(&answer) || is_like(&answer, &healthy);
                assert!(is_told, "{path}, {fault:?} of {failed} at {calls}: {}", answer.text);
            }
        }
    }
}

#[rocket::async_test]
async fn an_object_is_said_to_be_known_or_gone_only_once_it_is() {
    let faults = Faults::default();
    let world = access_world_with_faults(faults.clone()).await;
    let site = world.site.id.to_string();
    let told = json!({ "site": site, "objects": [{ "type": "schema", "id": "6", "label": "Ships" }] }).to_string();
    let is_known =
        async || world.server.core.store.object(&world.realm(), &object("schema:6")).await.expect("a store").is_some();

    for fault in Fault::ALL {
        for calls in 0.. {
            faults.fail_after(calls, fault);
            let put = world.server.send_json(Method::Put, "/access/v1/objects", "assets", &told).await;
            let failed = faults.heal();
            assert!(unavailable(&put) || put.status.code == 204 && is_known().await, "{}", put.text);
            world.tell("schema:6", None).await;

            faults.fail_after(calls, fault);
            let path = format!("/access/v1/objects/schema/6?site={site}");
            let removed = world.server.send_json(Method::Delete, &path, "assets", "").await;
            let failed = failed.or(faults.heal());
            assert!(unavailable(&removed) || removed.status.code == 204 && !is_known().await, "{}", removed.text);
            if failed.is_none() {
                assert!(calls > 1, "no call was made to fail");
                break;
            }
        }
    }
}

#[rocket::async_test]
async fn no_call_is_forwarded_that_could_not_be_judged() {
    let faults = Faults::default();
    let world = access_world_with_faults(faults.clone()).await;
    world.give("user", "schema:4", RoleSubject::User(world.person.id)).await;
    let token = world.token(&world.person, READ).await;
    let gateway = basic("assets", "assets-secret-of-many-characters").value().to_owned();
    let ask = async |id: &str| {
        let target = format!("/jsm/assets/workspace/{}/v1/object/{id}", world.site.workspace_id);
        let headers = [
            ("X-Hallmark-Authorization", gateway.clone()),
            ("X-Original-Method", "GET".into()),
            ("X-Original-URI", target),
            ("Authorization", format!("Bearer {token}")),
        ];
        let headers = headers.map(|(name, value)| Header::new(name, value));
        world.server.send(Method::Get, "/access/v1/forward-auth", headers, "").await
    };

    for (id, healthy) in [("88", 200), ("200", 403)] {
        assert_eq!(ask(id).await.status.code, healthy);
        for fault in Fault::ALL {
            for calls in 0.. {
                faults.fail_after(calls, fault);
                let answer = ask(id).await;
                if faults.heal().is_none() {
                    assert!(calls > 2, "no call was made to fail");
                    break;
                }
                assert!(unavailable(&answer) || answer.status.code == healthy, "{calls}: {}", answer.text);
            }
        }
    }
}
