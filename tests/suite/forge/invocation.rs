//! Invocations: what a product sends along when it calls an app, and what a verifier that knows only the key set makes of it.

use hallmark::domain::id::UserId;
use hallmark::domain::time::Lifetime;
use jsonwebtoken::jwk::JwkSet;
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode, decode_header};
use serde_json::{Value, json};

use crate::support::client::{basic, form};
use crate::support::forge::{APP, World, world};

/// The claims of a token, by the rules of a Forge remote: RS256, the issuer, the app as audience, the key set.
async fn verified(world: &World, token: &str) -> Option<Value> {
    let set: JwkSet =
        world.server.local.get("/.well-known/jwks.json").dispatch().await.into_json().await.expect("a key set");
    let header = decode_header(token).expect("a header");
    let mut validation = Validation::new(Algorithm::RS256);
    validation.set_audience(&[APP.ari()]);
    validation.set_issuer(&["forge/invocation-token"]);
    validation.validate_exp = false;
    let key = DecodingKey::from_jwk(set.find(header.kid.as_deref()?)?).expect("a key");
    decode::<Value>(token, &key, &validation).ok().map(|token| token.claims)
}

#[rocket::async_test]
async fn an_invocation_token_says_who_calls_what_where_and_for_whom() {
    let world = world().await;

    let answer = world.invoke_for_person().await;

    assert_eq!(answer.status.code, 200, "{}", answer.text);
    let claims = verified(&world, &answer.text_of("invocation_token")).await.expect("verified");
    let (installation, site, now) = (&world.installed[0], &world.sites[0], world.server.core.now().0);
    assert_eq!(claims["principal"], world.person.id.to_string());
    assert_eq!(claims["jti"], answer.text_of("invocation_id"));
    assert_eq!((&claims["iat"], &claims["nbf"], &claims["exp"]), (&json!(now), &json!(now), &json!(now + 25)));
    assert_eq!(claims["app"]["installationId"], installation.id.ari());
    assert_eq!(claims["app"]["environment"]["type"], "PRODUCTION");
    assert_eq!(claims["app"]["module"]["key"], "hook");
    assert_eq!(claims["app"]["version"], "1.0");
    assert_eq!(claims["context"]["cloudId"], site.id.to_string());
    assert_eq!(claims["context"]["workspaceId"], site.workspace_id.to_string());
    assert_eq!(answer.text_of("endpoint"), "https://back.example/api/hook");
    assert_eq!(answer.json()["expires_in"], 25);
}

#[rocket::async_test]
async fn without_a_person_nobody_is_the_principal() {
    let world = world().await;
    let answer = world.invoke(&[]).await;
    let claims = verified(&world, &answer.text_of("invocation_token")).await.expect("verified");
    assert!(claims.get("principal").is_none());
    assert!(answer.json()["headers"].get("x-forge-oauth-user").is_none());
}

#[rocket::async_test]
async fn a_remote_that_asks_for_tokens_gets_the_apps_and_once_they_allowed_it_the_persons() {
    let world = world().await;

    let before = world.invoke_for_person().await.json();
    let system = before["headers"]["x-forge-oauth-system"].as_str().expect("a system token");
    assert_eq!(world.told_to("pages", system, None).await, json!({ "active": false }));
    assert!(before["headers"].get("x-forge-oauth-user").is_none());
    assert!(before["consent_uri"].as_str().is_some_and(|uri| uri.contains("/oauth/authorize?")), "{before}");

    world.allow("read:pages read:objects", &world.sites[0]).await;
    let after = world.invoke_for_person().await.json();
    let user = after["headers"]["x-forge-oauth-user"].as_str().expect("a user token");
    let told = world.told_to("pages", user, None).await;
    assert_eq!(told["sub"], format!("user:{}", world.person.id));
    assert_eq!(told["act"]["sub"], world.installed[0].account().to_string());
    assert_eq!((&told["scope"], &told["credential"]), (&json!("read:pages"), &json!("forge_user")));
    assert!(after.get("consent_uri").is_none());
}

#[rocket::async_test]
async fn only_a_host_product_calls_and_only_what_is_installed_for_members() {
    let world = world().await;
    let pairs = form(&[("installation", &world.installed[0].id.ari()), ("module", "hook")]);

    let stranger =
        world.server.post("/forge/invocations", Some(basic("assets", "assets-secret-of-many-characters")), &pairs);
    assert_eq!(stranger.await.refusal(), (403, "unauthorized_client".into()));
    let app = world.app.post(&world.server, "/forge/invocations", &[("module", "hook")]).await;
    assert_eq!(app.refusal(), (403, "unauthorized_client".into()));
    assert_eq!(world.server.post("/forge/invocations", None, &pairs).await.refusal(), (401, "invalid_client".into()));

    let nobody = UserId::from_random([9; 16]).to_string();
    assert_eq!(world.invoke(&[("user", &nobody)]).await.refusal(), (400, "invalid_grant".into()));
    assert_eq!(world.invoke(&[("user", "nonsense")]).await.refusal(), (400, "invalid_request".into()));
    world.server.core.store.remove_member(world.sites[0].id, world.person.id).await.expect("a store");
    assert_eq!(world.invoke_for_person().await.refusal(), (400, "invalid_grant".into()));
}

#[rocket::async_test]
async fn the_name_of_an_invocation_is_good_as_long_as_its_token_and_is_nobodys_to_make() {
    let world = world().await;
    let core = &world.server.core;
    let id = world.invoke_for_person().await.text_of("invocation_id");
    use hallmark::access::invocation::named;

    let known = named(core, &id).expect("known");
    assert_eq!((known.installation_id, known.user_id), (world.installed[0].id, Some(world.person.id)));
    for at in 0..id.len() {
        let mut bytes = id.clone().into_bytes();
        bytes[at] = if bytes[at] == b'A' { b'B' } else { b'A' };
        let changed = String::from_utf8(bytes).expect("text");
        assert!(named(core, &changed).is_none(), "byte {at}");
    }
    core.clock.advance(Lifetime::seconds(25));
    assert!(named(core, &id).is_none());
}
