//! API tokens: made within bounds, shown by themselves or in Basic credentials, and told by introspection.

use hallmark::accounts::api_tokens::{self, ApiTokenError, NewApiToken};
use hallmark::domain::api_token::Reach;
use hallmark::domain::event::{Actor, Event};
use hallmark::domain::time::Lifetime;

use crate::support::faulty_store::Faults;
use crate::support::people::PASSWORD;
use crate::support::race::race;
use crate::support::scripts::{for_scopes, new_token, payload};
use crate::support::server::{NOW, TestServer, server, server_with, server_with_faults};

const INACTIVE: &str = "{\"active\":false}";

async fn world() -> TestServer {
    server().await.with_resources().await
}

#[rocket::async_test]
async fn a_bearer_token_of_a_script_is_told_with_its_owner() {
    let server = world().await;
    let user = server.person().await;
    let token = server.api_token(&user, "read:objects read:bills").await;

    let told = server.introspect(&token).await.json();

    assert!(token.starts_with("hmp_") && token.len() == 59);
    assert_eq!(told["active"], true);
    assert_eq!(told["sub"], format!("user:{}", user.id));
    assert_eq!(told["username"], "person@example.com");
    assert_eq!((&told["credential"], &told["token_type"]), (&"api_token".into(), &"Bearer".into()));
    assert_eq!(told["scope"], "read:objects");
    assert_eq!(told["aud"], "https://assets.example");
    assert_eq!((&told["iat"], &told["exp"]), (&NOW.0.into(), &(NOW.0 + 30 * 86_400).into()));
    assert_eq!(told["site"]["id"], server.core.site.id.to_string());
    assert_eq!(told["scopes"], serde_json::json!({ "effective": ["read:objects"] }));
    assert_eq!(told["client_id"], serde_json::Value::Null);
    let listed = api_tokens::list(&server.core, user.id).await.expect("a store");
    assert_eq!(told["jti"], listed[0].name);
}

#[rocket::async_test]
async fn basic_credentials_are_an_address_and_an_api_token() {
    let server = world().await;
    let user = server.person().await;
    let token = server.api_token(&user, "read:objects").await;

    let told = server.introspect_basic("person@example.com", &token).await.json();

    assert_eq!((&told["active"], &told["token_type"]), (&true.into(), &"Basic".into()));
    assert_eq!(told["scope"], "read:objects");
    assert_eq!(server.introspect_basic("Person@EXAMPLE.com", &token).await.json()["active"], true);
}

#[rocket::async_test]
async fn the_address_must_be_the_owners() {
    let server = world().await;
    let user = server.person().await;
    server.user("other@example.com", PASSWORD).await;
    let token = server.api_token(&user, "read:objects").await;

    for email in ["other@example.com", "nobody@example.com", "", "person", "person@example.com "] {
        let spaced = email.ends_with(' ');
        let answer = server.introspect_basic(email, &token).await;
        assert_eq!(answer.text == INACTIVE, !spaced, "{email:?}: {}", answer.text);
    }
}

#[rocket::async_test]
async fn no_password_of_an_account_is_tried() {
    let faults = Faults::default();
    let server = server_with_faults(faults.clone()).await.with_resources().await;
    server.user("bob@example.com", PASSWORD).await;
    // Any verb that finds a person or a token would show.
    for verb in ["user_by_email", "user", "api_credential", "credential"] {
        faults.fail_verb(verb);
        assert_eq!(server.introspect_basic("bob@example.com", PASSWORD).await.text, INACTIVE, "{verb}");
    }
    faults.heal();
    assert!(!server.facts().await.iter().any(|fact| matches!(fact, Event::SignInRefused { .. })));
}

#[rocket::async_test]
async fn a_mistyped_token_is_refused_without_asking_the_store() {
    let faults = Faults::default();
    let server = server_with_faults(faults.clone()).await.with_resources().await;
    let user = server.person().await;
    let token = server.api_token(&user, "read:objects").await;
    let last = if token.ends_with('0') { '1' } else { '0' };
    let mistyped = format!("{}{last}", &token[..token.len() - 1]);

    faults.fail_verb("api_credential");
    assert_eq!(server.introspect(&mistyped).await.text, INACTIVE);
    assert_eq!(server.introspect_basic("person@example.com", &mistyped).await.text, INACTIVE);
    assert_eq!(server.introspect(&token).await.status.code, 503, "the store is asked about what is spelt well");
    faults.heal();
    assert!(server.is_live(&token).await);
}

#[rocket::async_test]
async fn a_payload_is_taken_for_basic_only_with_the_hint_and_a_token_only_without() {
    let server = world().await;
    let user = server.person().await;
    let token = server.api_token(&user, "read:objects").await;
    let basic = payload("person@example.com", &token);

    assert_eq!(server.introspect(&basic).await.text, INACTIVE);
    let bare = server.introspect_as("assets", &token, &[("token_type_hint", "basic")]).await;
    assert_eq!(bare.text, INACTIVE);
}

#[rocket::async_test]
async fn a_resource_learns_only_of_its_own_scopes() {
    let server = world().await;
    let user = server.person().await;
    let token = server.api_token(&user, "read:objects").await;

    assert_eq!(server.introspect_as("billing", &token, &[]).await.text, INACTIVE);
}

#[rocket::async_test]
async fn an_expired_token_is_inactive() {
    let server = world().await;
    let user = server.person().await;
    let token = server.api_token(&user, "read:objects").await;
    server.core.clock.advance(Lifetime::seconds(30 * 86_400 - 1));
    assert!(server.is_live(&token).await);
    server.core.clock.advance(Lifetime::seconds(1));
    assert!(!server.is_live(&token).await);
}

#[rocket::async_test]
async fn a_token_survives_a_restart_and_a_revoked_one_does_not_come_back() {
    let server = world().await;
    let user = server.person().await;
    let (kept, revoked) =
        (server.api_token(&user, "read:objects").await, server.api_token(&user, "read:objects").await);
    let name = server.introspect(&revoked).await.text_of("jti");
    let ended = api_tokens::revoke(&server.core, user.id, &name, Actor::User(user.id)).await.expect("a store");
    assert!(ended.is_some());

    let server = server.restarted().await;

    assert!(server.is_live(&kept).await && !server.is_live(&revoked).await);
}

#[rocket::async_test]
async fn what_cannot_be_asked_for_is_refused_in_words() {
    let server = server_with("[default.api_tokens]\nlongest = \"60d\"\n").await.with_resources().await;
    let user = server.person().await;
    let elsewhere = server.site("elsewhere").await;
    let ask = |new: NewApiToken| {
        let (server, user) = (&server, &user);
        async move {
            match api_tokens::make(&server.core, user, new, Actor::User(user.id)).await {
                Ok(_) => "made".to_owned(),
                Err(error) => error.to_string(),
            }
        }
    };
    let good = || new_token(for_scopes("read:objects"), None);

    assert_eq!(ask(NewApiToken { days: 60, ..good() }).await, "made");
    for days in [0, 61, 365, u64::MAX] {
        assert_eq!(ask(NewApiToken { days, ..good() }).await, "an API token lives from 1 to 60 days", "{days}");
    }
    assert!(ask(new_token(for_scopes(""), None)).await.contains("at least one"));
    for unknown in ["read:nothing", "offline_access", "read:me"] {
        assert!(ask(new_token(for_scopes(unknown), None)).await.contains(unknown), "{unknown}");
    }
    assert!(ask(new_token(for_scopes("manage:api-token"), None)).await.contains("admins"));
    assert!(ask(new_token(Reach::Everything, None)).await.contains("not allowed"));
    assert!(ask(new_token(for_scopes("read:objects"), Some(elsewhere.id))).await.contains("no member"));
}

#[rocket::async_test]
async fn a_token_for_everything_is_good_where_a_resource_was_opened_to_it_alone() {
    let server = server_with("[default.api_tokens]\neverything = true\n").await.with_resources().await;
    let user = server.person().await;
    let token = server.api_token_for(&user, Reach::Everything, None).await.expect("a token");
    assert!(!server.is_live(&token).await);

    let policy = hallmark::domain::resource::ApiTokenPolicy::Everything;
    let id = "assets".parse().expect("an id");
    hallmark::apps::resources::set_api_tokens(&server.core, &id, policy).await.expect("a resource");

    assert_eq!(server.introspect(&token).await.text_of("scope"), "delete:objects read:objects write:objects");
    assert_eq!(server.introspect_as("billing", &token, &[]).await.text, INACTIVE);
}

#[rocket::async_test]
async fn sixty_four_at_once_never_have_more_than_a_person_may() {
    let server = server_with("[default.api_tokens]\nper_person = 5\n").await.with_resources().await;
    let user = server.person().await;

    let outcomes = race(64, |_| {
        let (core, user) = (server.core.clone(), user.clone());
        async move {
            let new = new_token(for_scopes("read:objects"), None);
            api_tokens::make(&core, &user, new, Actor::User(user.id)).await.map(drop)
        }
    })
    .await;

    assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), 5);
    assert!(outcomes.iter().all(|outcome| matches!(outcome, Ok(()) | Err(ApiTokenError::TooMany(5)))));
    assert_eq!(api_tokens::list(&server.core, user.id).await.expect("a store").len(), 5);
}

#[rocket::async_test]
async fn a_use_is_known_with_where_it_came_from_if_that_was_said() {
    let server = world().await;
    let user = server.person().await;
    let token = server.api_token(&user, "read:objects").await;
    let last_use = async || api_tokens::list(&server.core, user.id).await.expect("a store")[0].last_use;
    assert_eq!(last_use().await, None);

    server.introspect(&token).await;
    assert_eq!(last_use().await.map(|used| (used.at, used.from)), Some((NOW, None)));

    server.core.clock.advance(Lifetime::hours(1));
    server.introspect_as("assets", &token, &[("client_ip", "192.0.2.7")]).await;
    server.core.settle_uses().await;
    let used = last_use().await.expect("a use");
    assert_eq!((used.at, used.from), (NOW + Lifetime::hours(1), Some([192, 0, 2, 7].into())));

    server.introspect_as("assets", &token, &[("client_ip", "nonsense")]).await;
    assert_eq!(last_use().await.expect("a use").from, None);
    let server = server.restarted().await;
    let kept = api_tokens::list(&server.core, user.id).await.expect("a store")[0].last_use.expect("a use");
    assert_eq!(kept.from, Some([192, 0, 2, 7].into()), "what was not written down is what a stop costs");
}

#[rocket::async_test]
async fn the_owner_is_told_of_a_token_that_was_made() {
    let server = world().await;
    let user = server.person().await;
    server.api_token(&user, "read:objects").await;

    let told = hallmark::accounts::activity::list(&server.core, user.id).await.expect("a store");

    let made = told.iter().any(|fact| {
        matches!(&fact.event, Event::ApiTokenMade { label, scope, .. }
            if label == "Nightly export" && scope.as_deref() == Some("read:objects"))
    });
    assert!(made, "{told:?}");
}
