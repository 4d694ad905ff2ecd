//! A Connect app acts as a person by an assertion that it signs with what it shares with the site.

use hallmark::accounts::people;
use hallmark::apps::connect::registration;
use hallmark::apps::installations;
use hallmark::domain::event::{Actor, Event};
use serde_json::{Value, json};

use crate::support::client::{Answer, form};
use crate::support::connect::{ConnectWorld, connect_world, descriptor, signed};
use crate::support::forge::BEARER;
use crate::support::server::NOW;

const ACTS: &str = "READ WRITE ACT_AS_USER";
const ATLASSIAN: &str = "https://oauth-2-authorization-server.services.atlassian.com";

/// The assertion of an unmodified app, with other claims.
fn assertion(world: &ConnectWorld, more: Value) -> String {
    let mut claims = json!({
        "iss": format!("urn:atlassian:connect:clientid:{}", world.installation.id),
        "sub": format!("urn:atlassian:connect:useraccountid:{}", world.person.id),
        "tnt": "https://hallmark.test", "aud": ATLASSIAN, "iat": NOW.0, "exp": NOW.0 + 60,
    });
    for (name, value) in more.as_object().expect("claims") {
        claims[name] = value.clone();
    }
    let claims = claims.as_object().expect("claims").iter().filter(|(_, value)| !value.is_null());
    signed(&claims.map(|(name, value)| (name.clone(), value.clone())).collect(), &world.secret)
}

async fn ask(world: &ConnectWorld, assertion: &str, more: &[(&str, &str)]) -> Answer {
    let mut pairs = vec![("grant_type", BEARER), ("assertion", assertion)];
    pairs.extend_from_slice(more);
    world.server.post("/oauth2/token", None, &form(&pairs)).await
}

/// A token of a new assertion with a scope.
async fn token(world: &ConnectWorld, name: &str, more: &[(&str, &str)]) -> Answer {
    ask(world, &assertion(world, json!({ "jti": name })), more).await
}

#[rocket::async_test]
async fn an_app_acts_as_a_person_for_a_quarter_of_an_hour() {
    let world = connect_world(ACTS).await;
    let answer = ask(&world, &assertion(&world, json!({})), &[]).await;
    assert_eq!(answer.status.code, 200, "{}", answer.text);
    let body = answer.json();
    assert_eq!((&body["expires_in"], &body["token_type"]), (&json!(900), &json!("Bearer")));

    let told = world.server.introspect(&answer.text_of("access_token")).await.json();
    assert_eq!(told["credential"], "connect_user");
    assert_eq!(
        (&told["sub"], &told["act"]["sub"]),
        (&json!(format!("user:{}", world.person.id)), &json!(format!("app:{}", world.installation.id)),)
    );
    assert_eq!((&told["scope"], &told["token_type"]), (&json!("read:objects write:objects"), &json!("Bearer")));
    assert_eq!(told["scopes"]["connect"], json!(["ACT_AS_USER", "READ", "WRITE"]));
    assert_eq!(told["username"], json!(world.person.email));
    assert_eq!(told["client_id"], "com.example.helper");
}

#[rocket::async_test]
async fn scopes_are_asked_for_in_capitals_with_spaces_or_plus_signs_between() {
    let world = connect_world("DELETE ACT_AS_USER").await;
    for (at, (asked, scope)) in [
        ("READ", "read:objects"),
        ("READ WRITE", "read:objects write:objects"),
        ("READ+WRITE", "read:objects write:objects"),
        ("DELETE", "delete:objects read:objects write:objects"),
        ("ACT_AS_USER", ""),
    ]
    .into_iter()
    .enumerate()
    {
        let answer = token(&world, &format!("asked-{at}"), &[("scope", asked)]).await;
        let told = world.server.introspect(&answer.text_of("access_token")).await.json();
        assert_eq!((&told["active"], &told["scope"]), (&json!(true), &json!(scope)), "{asked}");
    }
    for asked in ["ADMIN", "READ ADMIN", "ACCESS_EMAIL_ADDRESSES", "read", "read:objects", "ROOT"] {
        let answer = token(&world, "refused", &[("scope", asked)]).await;
        assert_eq!(answer.refusal(), (400, "invalid_scope".into()), "{asked}");
    }
    assert_eq!(token(&world, "refused", &[]).await.status.code, 200, "a refused scope leaves the assertion unused");
}

#[rocket::async_test]
async fn a_token_is_good_where_connect_apps_are_or_where_it_was_asked_for() {
    let world = connect_world(ACTS).await;
    let everywhere = token(&world, "one", &[]).await.text_of("access_token");
    let named = token(&world, "two", &[("resource", "https://billing.example")]).await.text_of("access_token");
    let live = async |id: &str, token: &str| world.ask(id, &[("token", token)]).await.json()["active"] == true;

    assert!(live("assets", &everywhere).await && live("billing", &everywhere).await);
    assert!(!live("assets", &named).await && live("billing", &named).await);
    assert_eq!(token(&world, "three", &[("resource", "https://nobody.example")]).await.refusal().1, "invalid_target");
    for (path, token) in [("/me", &everywhere), ("/v1/installations", &everywhere), ("/gateway/assets/x", &everywhere)]
    {
        let answer = world.server.ask(path, token).await;
        assert!([401, 403, 404].contains(&answer.status.code), "{path}: {}", answer.status);
    }
}

#[rocket::async_test]
async fn every_rule_has_its_own_refusal_and_its_reason_in_the_audit_trail() {
    let world = connect_world(ACTS).await;
    let other = world.server.user("other@example.com", "correct horse battery").await;
    world.server.leave(&other, world.site.id).await;
    let stranger = hallmark::secrets::random::user_id();
    let user = |id: &dyn std::fmt::Display| format!("urn:atlassian:connect:useraccountid:{id}");
    let refused = [
        (json!({ "iss": "com.example.helper" }), "oauthClientId"),
        (json!({ "iss": format!("urn:atlassian:connect:clientid:{stranger}") }), "oauthClientId"),
        (json!({ "exp": NOW.0, "iat": NOW.0 - 10 }), "exp has passed"),
        (json!({ "exp": NOW.0 + 61 }), "60 seconds"),
        (json!({ "exp": NOW.0 + 3600 }), "60 seconds"),
        (json!({ "iat": NOW.0 + 61, "exp": NOW.0 + 70 }), "lies ahead"),
        (json!({ "aud": "https://elsewhere.example" }), "aud"),
        (json!({ "aud": null }), "aud"),
        (json!({ "aud": [ATLASSIAN, "https://elsewhere.example"] }), "aud"),
        (json!({ "tnt": "https://other.example" }), "tnt"),
        (json!({ "tnt": null }), "tnt"),
        (json!({ "sub": format!("urn:atlassian:connect:userkey:{}", world.person.id) }), "user keys"),
        (json!({ "sub": world.person.id.to_string() }), "useraccountid"),
        (json!({ "sub": null }), "useraccountid"),
        (json!({ "sub": user(&stranger) }), "not a member"),
        (json!({ "sub": user(&other.id) }), "not a member"),
    ];
    for (claims, told) in refused {
        let answer = ask(&world, &assertion(&world, claims.clone()), &[]).await;
        assert_eq!(answer.refusal(), (400, "invalid_grant".into()), "{claims}");
        assert!(answer.text_of("error_description").contains(told), "{claims}: {}", answer.text);
        let is_told = |fact: &Event| matches!(fact, Event::ActAsUserRefused { reason, .. } if reason.contains(told));
        assert!(world.server.facts().await.iter().any(is_told), "{claims}");
    }
    for taken in ["https://auth.atlassian.io", "https://hallmark.test", "https://hallmark.test/oauth2/token"] {
        assert_eq!(ask(&world, &assertion(&world, json!({ "aud": taken })), &[]).await.status.code, 200, "{taken}");
    }
}

#[rocket::async_test]
async fn an_assertion_is_used_once_by_its_name_or_as_a_whole() {
    let world = connect_world(ACTS).await;
    let replayed = async |assertion: &str| {
        let answer = ask(&world, assertion, &[]).await;
        answer.refusal() == (400, "invalid_grant".into()) && answer.text_of("error_description").contains("used before")
    };

    let nameless = assertion(&world, json!({}));
    assert_eq!(ask(&world, &nameless, &[]).await.status.code, 200);
    assert!(replayed(&nameless).await);
    assert_eq!(token(&world, "one", &[]).await.status.code, 200);
    assert!(replayed(&assertion(&world, json!({ "jti": "one", "exp": NOW.0 + 59 }))).await);
}

#[rocket::async_test]
async fn only_the_secret_of_the_installation_proves_an_assertion() {
    let world = connect_world(ACTS).await;
    let good = assertion(&world, json!({}));
    let [header, payload, _] = good.split('.').collect::<Vec<_>>()[..] else { panic!("a JWT") };
    let none = hallmark::secrets::digest::base64url(br#"{"alg":"none"}"#);
    let guessed = ConnectWorld { secret: "guess".into(), ..connect_world(ACTS).await };
    for forged in [
        format!("{none}.{payload}."),
        format!("{header}.{payload}."),
        assertion(&guessed, json!({ "iss": format!("urn:atlassian:connect:clientid:{}", world.installation.id) })),
    ] {
        assert_eq!(ask(&world, &forged, &[]).await.refusal(), (400, "invalid_grant".into()));
    }
    for (name, value) in [("grant_type", "client_credentials"), ("grant_type", "")] {
        let answer = world.server.post("/oauth2/token", None, &form(&[(name, value), ("assertion", &good)])).await;
        assert_eq!(answer.status.code, 400);
    }
    let twice = format!("grant_type={BEARER}&assertion={good}&assertion={good}");
    assert_eq!(world.server.post("/oauth2/token", None, &twice).await.refusal().1, "invalid_request");
    assert_eq!(ask(&world, &good, &[]).await.status.code, 200);
}

#[rocket::async_test]
async fn an_app_without_the_scope_acts_as_nobody() {
    let world = connect_world("ADMIN").await;
    let answer = ask(&world, &assertion(&world, json!({})), &[]).await;
    assert_eq!(answer.refusal(), (400, "invalid_grant".into()));
    assert!(answer.text_of("error_description").contains("ACT_AS_USER"));
}

#[rocket::async_test]
async fn whatever_ends_the_app_or_its_person_ends_the_token() {
    let ends = ["suspend", "uninstall", "leave", "suspend person", "new version"];
    for end in ends {
        let world = connect_world(ACTS).await;
        let token = token(&world, "one", &[]).await.text_of("access_token");
        let (core, id, operator) = (&world.server.core, world.installation.id, Actor::Operator);
        assert!(world.server.is_live(&token).await);
        match end {
            "suspend" => drop(installations::suspend(core, id, operator).await.expect("suspended")),
            "uninstall" => drop(installations::uninstall(core, id, operator).await.expect("uninstalled")),
            "leave" => world.server.leave(&world.person, world.site.id).await,
            "suspend person" => drop(people::suspend(core, world.person.id, operator).await.expect("suspended")),
            _ => {
                let less = descriptor(&world.listener.base_url, "READ");
                registration::register(core, less, None, operator).await.expect("registered");
                let told = world.server.introspect(&token).await.json();
                assert_eq!((&told["active"], &told["scope"]), (&json!(true), &json!("")), "it acts as nobody any more");
                continue;
            }
        }
        assert!(!world.server.is_live(&token).await, "{end}");
        let again = ask(&world, &assertion(&world, json!({ "jti": "two" })), &[]).await;
        assert_eq!(again.refusal(), (400, "invalid_grant".into()), "{end}");
        if end == "suspend" {
            installations::resume(core, id, operator).await.expect("resumed");
            assert!(world.server.is_live(&token).await, "unmodified apps keep a token until it expires");
        }
    }
}

#[rocket::async_test]
async fn a_rotated_secret_ends_no_token_and_signs_the_next_assertion() {
    let world = connect_world(ACTS).await;
    let token = token(&world, "one", &[]).await.text_of("access_token");
    world.listener.told();
    installations::rotate_secret(&world.server.core, world.installation.id, Actor::Operator).await.expect("rotated");

    assert!(world.server.is_live(&token).await);
    assert_eq!(ask(&world, &assertion(&world, json!({ "jti": "two" })), &[]).await.refusal().1, "invalid_grant");
    let secret = world.listener.last().body["sharedSecret"].as_str().expect("a secret").to_owned();
    let world = ConnectWorld { secret, ..world };
    assert_eq!(ask(&world, &assertion(&world, json!({ "jti": "three" })), &[]).await.status.code, 200);
}
