//! `/healthz` and `/readyz` for whoever sends requests here.

use hallmark::domain::time::Lifetime;
use hallmark::store::{Belongs, Unready};
use rocket::http::Status;
use serde_json::Value;

use crate::support::faulty_store::Faults;
use crate::support::server::{TestServer, server, server_with_faults};

async fn ask(server: &TestServer, path: &str) -> (Status, Value) {
    let answer = server.local.get(path.to_owned()).dispatch().await;
    (answer.status(), answer.into_json().await.expect("JSON"))
}

/// How a server says that its store takes no writes.
fn refuses(server: &TestServer) -> Unready {
    match server.core.store.belongs_to() {
        Belongs::ToThisProcess => Unready::StoreRefusesWrites,
        Belongs::ToSeveral => Unready::SharedStoreUnavailable,
    }
}

#[rocket::async_test]
async fn a_server_that_is_well_says_so_and_no_more() {
    let server = server().await;

    for path in ["/healthz", "/readyz"] {
        let (status, told) = ask(&server, path).await;
        assert_eq!((status, told), (Status::Ok, serde_json::json!({ "status": "ok" })));
    }
}

#[rocket::async_test]
async fn a_store_that_refuses_writes_takes_the_server_out_of_service_without_a_word_to_strangers() {
    let faults = Faults::default();
    let server = server_with_faults(faults.clone()).await;
    faults.fail_verb("settled");

    assert_eq!(ask(&server, "/readyz").await.0, Status::ServiceUnavailable);
    assert_eq!(ask(&server, "/readyz").await.1, serde_json::json!({ "status": "unavailable" }));
    assert_eq!(ask(&server, "/healthz").await.0, Status::Ok, "the process is alive");
    assert_eq!(server.core.ready().await, Err(refuses(&server)));
}

#[rocket::async_test]
async fn a_store_that_servers_share_is_told_apart_from_one_that_fails_with_its_server() {
    let faults = Faults::default();
    faults.share();
    let server = server_with_faults(faults.clone()).await;
    assert_eq!(server.core.ready().await, Ok(()));
    server.core.clock.advance(Lifetime::seconds(1));

    faults.fail_verb("settled");

    let reason = server.core.ready().await.expect_err("a reason");
    assert_eq!(serde_json::to_value(reason).expect("JSON"), "shared_store_unavailable");
    assert_eq!(ask(&server, "/readyz").await.1, serde_json::json!({ "status": "unavailable" }));
    assert_eq!(ask(&server, "/healthz").await.0, Status::Ok, "nobody is to restart it");
}

#[rocket::async_test]
async fn the_store_is_asked_at_most_once_a_second() {
    let faults = Faults::default();
    let server = server_with_faults(faults.clone()).await;
    assert_eq!(server.core.ready().await, Ok(()));

    faults.fail_verb("settled");
    assert_eq!(server.core.ready().await, Ok(()), "the answer of this second");
    server.core.clock.advance(Lifetime::seconds(1));
    assert_eq!(server.core.ready().await, Err(refuses(&server)));
}

#[rocket::async_test]
async fn a_server_that_is_ending_is_not_ready() {
    let server = server().await;
    assert_eq!(ask(&server, "/readyz").await.0, Status::Ok);

    server.core.readiness.drain();
    assert_eq!(ask(&server, "/readyz").await.0, Status::ServiceUnavailable);
    assert_eq!(server.core.ready().await, Err(Unready::Draining));
}
