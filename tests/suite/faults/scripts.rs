//! Scripts: what was answered is so, whichever call of the store failed.

use hallmark::accounts::api_tokens;
use hallmark::domain::container::Container;
use hallmark::domain::site::SiteStanding;
use hallmark::domain::time::Lifetime;
use hallmark::domain::user::User;
use rocket::http::Header;

use crate::support::client::{Answer, form};
use crate::support::faults::{Attempt, at_every_call};
use crate::support::oauth::{add_resource, entry};
use crate::support::people::PASSWORD;
use crate::support::scripts::{IMPORT, basic_header, for_scopes};

const INFO: &str = "/jsm/assets/v1/imports/info";

/// Whether a script was told to try again later.
fn unavailable(attempt: &Attempt<'_>, answer: &Answer) -> bool {
    if answer.status.code < 500 {
        return false;
    }
    assert!(attempt.failed.get().is_some(), "{}", answer.text);
    assert_eq!(answer.status.code, 503, "{}", answer.text);
    true
}

/// An import source and a site admin with a script that may make its token.
async fn importing(attempt: &Attempt<'_>) -> (Container, Header<'static>) {
    let server = attempt.server;
    let id = "imports".parse().expect("an id");
    if server.core.store.resource(&id).await.expect("a store").is_none() {
        let scope = entry(IMPORT, "Import data", hallmark::domain::scope::Risk::Change, "imports");
        add_resource(&server.core, "imports", "https://imports.example", &[scope]).await;
    }
    let admin = attempt.person().await;
    server.join_as(&admin, server.core.site.id, SiteStanding::Admin).await;
    let token = server.api_token(&admin, IMPORT).await;
    (server.import_source("Hosts").await, basic_header(admin.email.as_str(), &token))
}

#[rocket::async_test]
async fn a_token_that_was_told_is_live_and_one_that_was_not_can_be_revoked() {
    at_every_call(async |attempt| {
        let (server, owner) = (attempt.server, attempt.person().await);

        let made = attempt.under_fault(server.api_token_for(&owner, for_scopes("read:objects"), None)).await;

        match made {
            Ok(token) => assert!(server.is_live(&token).await),
            Err(error) => assert!(attempt.failed.get().is_some(), "{error}"),
        }
        let ended = api_tokens::revoke_all(&server.core, owner.id, hallmark::domain::event::Actor::Operator).await;
        assert!(ended.expect("a store") <= 1);
        assert!(server.core.store.api_tokens_of(owner.id).await.expect("a store").is_empty());
        assert!(server.is_live(&server.api_token(&owner, "read:objects").await).await);
    })
    .await;
}

#[rocket::async_test]
async fn a_revocation_is_said_only_once_it_is_so() {
    at_every_call(async |attempt| {
        let server = attempt.server;
        let (admin, owner) = (server.admin(&attempt.email("admin"), PASSWORD).await, attempt.person().await);
        let manager = basic_header(admin.email.as_str(), &server.api_token(&admin, "manage:api-token").await);
        let token = server.api_token(&owner, "read:objects").await;
        let name = server.introspect(&token).await.text_of("jti");
        let path = format!("/users/{}/manage/api-tokens/{name}", owner.id);

        let answer = attempt.under_fault(server.delete(&path, manager.clone())).await;

        if unavailable(attempt, &answer) {
            let again = server.delete(&path, manager).await;
            assert!([204, 404].contains(&again.status.code), "{}", again.text);
        } else {
            assert_eq!(answer.status.code, 204, "{}", answer.text);
        }
        assert!(!server.is_live(&token).await);
    })
    .await;
}

#[rocket::async_test]
async fn a_container_has_at_most_one_live_token_whatever_failed() {
    at_every_call(async |attempt| {
        let server = attempt.server;
        let (source, admin) = importing(attempt).await;
        let former = server.container_token(&source).await;
        let path = server.token_path(&source);

        let answer = attempt.under_fault(server.post(&path, Some(admin.clone()), "")).await;

        let former_is_live = server.ask(INFO, &former).await.status.code == 200;
        if unavailable(attempt, &answer) {
            let again = server.post(&path, Some(admin), "").await;
            assert_eq!(server.ask(INFO, &again.text_of("token")).await.status.code, 200);
        } else {
            assert!(!former_is_live, "{}", answer.text);
            assert_eq!(server.ask(INFO, &answer.text_of("token")).await.status.code, 200);
        }
        assert_eq!(server.ask(INFO, &former).await.status.code, 401);
    })
    .await;
}

#[rocket::async_test]
async fn a_reported_token_is_over_once_that_was_said() {
    at_every_call(async |attempt| {
        let server = attempt.server;
        // Reports of one place are slowed down.
        server.core.clock.advance(Lifetime::minutes(1));
        let owner: User = attempt.person().await;
        let token = server.api_token(&owner, "read:objects").await;
        let body = form(&[("token", &token)]);

        let answer = attempt.under_fault(server.post("/tokens/leaked", None, &body)).await;

        if unavailable(attempt, &answer) {
            assert_eq!(server.post("/tokens/leaked", None, &body).await.status.code, 202);
        } else {
            assert_eq!(answer.status.code, 202);
        }
        assert!(!server.is_live(&token).await);
    })
    .await;
}

#[rocket::async_test]
async fn a_live_token_is_told_as_live_or_not_at_all() {
    at_every_call(async |attempt| {
        let server = attempt.server;
        let owner = attempt.person().await;
        let token = server.api_token(&owner, "read:objects").await;

        let answer = attempt.under_fault(server.introspect_basic(owner.email.as_str(), &token)).await;

        assert!(attempt.unavailable(&answer) || answer.json()["active"] == true, "{}", answer.text);
    })
    .await;
}
