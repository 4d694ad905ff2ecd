//! The signing keys.

use hallmark::access::keys;
use hallmark::domain::event::Actor;
use hallmark::domain::time::Lifetime;
use serde_json::Map;

use crate::support::faults::at_every_call_of_a_new_server;

#[rocket::async_test]
async fn a_key_is_called_retired_only_once_another_signs_and_one_always_does() {
    at_every_call_of_a_new_server(async |attempt| {
        let core = &attempt.server.core;
        let ring = keys::advance(core).await.expect("a key");
        let retired = ring.signing().expect("a key").kid.clone();

        let outcome = attempt.under_fault(keys::retire(core, &retired, Actor::Operator)).await;

        let ring = core.store.key_ring().await.expect("a store");
        let is_followed = ring.signing().expect("a key").kid != retired;
        assert!(is_followed || outcome.is_err());
        assert_eq!(ring.keys().len(), if is_followed { 2 } else { 1 }, "never half a step");
        assert!(keys::sign(core, "JWT", Map::new(), Lifetime::minutes(5)).await.is_ok());
    })
    .await;
}
