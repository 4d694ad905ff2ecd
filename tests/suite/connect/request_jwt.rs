//! A request that an app signed is known by one secret, for one site and one request, and for minutes.

use hallmark::apps::installations;
use hallmark::domain::event::Actor;
use hallmark::secrets::digest::base64url;
use serde_json::{Map, Value, json};

use crate::support::connect::{ConnectWorld, KEY, claims, connect_world, install, signed};
use crate::support::server::NOW;

const OBJECTS: (&str, &str) = ("GET", "/objects?type=server&limit=5");

/// A JWT for [`OBJECTS`] with other claims.
fn jwt(world: &ConnectWorld, more: Value) -> String {
    let mut claims = claims("GET", "/objects", "limit=5&type=server");
    more.as_object().expect("claims").iter().for_each(|(name, value)| {
        claims.insert(name.clone(), value.clone());
    });
    claims.retain(|_, value| !value.is_null());
    signed(&claims, &world.secret)
}

async fn is_taken(world: &ConnectWorld, jwt: &str) -> bool {
    let site = world.site.id.to_string();
    world.told(jwt, OBJECTS, Some(&site)).await["active"] == true
}

/// What the developer of the app is told of the last refusal.
fn last_fault(world: &ConnectWorld) -> String {
    let refusals = world.server.core.telemetry.last_refusals.of(&KEY.parse().expect("a key"));
    refusals.first().map(|refusal| refusal.description.clone()).unwrap_or_default()
}

#[rocket::async_test]
async fn a_resource_learns_of_a_signed_request_what_it_would_learn_of_a_token() {
    let world = connect_world("READ WRITE").await;
    let told = world.told(&jwt(&world, json!({})), OBJECTS, Some(&world.site.id.to_string())).await;

    let account = format!("app:{}", world.installation.id);
    let expected = json!({
        "active": true, "iss": "https://hallmark.test", "aud": "https://assets.example", "sub": account, "client_id": KEY,
        "token_type": "JWT", "scope": "read:objects write:objects", "iat": NOW.0, "exp": NOW.0 + 180,
        "jti": told["jti"], "credential": "connect_app",
        "site": { "id": world.site.id.to_string(), "url": "https://hallmark.test", "workspace_id": world.site.workspace_id.to_string() },
        "installation": { "id": world.installation.id.ari(), "app": world.installation.deployment.app_id.ari() },
        "scopes": {
            "approved": ["read:objects", "write:objects"], "effective": ["read:objects", "write:objects"],
            "connect": ["READ", "WRITE"],
        },
    });
    assert_eq!(told, expected);
    assert_eq!(told["jti"].as_str().map(str::len), Some(22));
}

#[rocket::async_test]
async fn the_site_is_named_by_the_resource_or_by_the_audience() {
    let world = connect_world("READ").await;
    let site = world.site.id.to_string();
    let (silent, to_site) = (jwt(&world, json!({})), jwt(&world, json!({ "aud": [site] })));
    let to_site_alone = jwt(&world, json!({ "aud": site }));
    let taken = async |jwt: &str, site: Option<&str>| world.told(jwt, OBJECTS, site).await["active"] == true;

    assert!(taken(&silent, Some(&site)).await && taken(&silent, Some("https://hallmark.test")).await);
    assert!(!taken(&silent, None).await);
    for named in [&to_site, &to_site_alone] {
        assert!(taken(named, None).await && taken(named, Some(&site)).await);
    }
    for other in [json!(["https://hallmark.test"]), json!(uuid::Uuid::nil()), json!([])] {
        let jwt = jwt(&world, json!({ "aud": other }));
        assert_eq!(taken(&jwt, Some(&site)).await, other == json!([]), "{other}");
    }
}

#[rocket::async_test]
async fn a_jwt_that_says_anything_else_is_refused_and_its_developer_is_told_why() {
    let world = connect_world("READ").await;
    let refused = [
        (json!({ "exp": NOW.0 }), "exp has passed"),
        (json!({ "exp": NOW.0 - 60 }), "exp has passed"),
        (json!({ "exp": NOW.0 + 301 }), "more than five minutes"),
        (json!({ "iat": NOW.0 + 61 }), "lies ahead"),
        (json!({ "nbf": NOW.0 + 61 }), "lies ahead"),
        (json!({ "aud": ["somebody"] }), "clientKey"),
        (json!({ "qsh": "context-qsh" }), "context token"),
        (json!({ "qsh": null }), "qsh is missing"),
        (json!({ "qsh": "0".repeat(64) }), "GET&/objects&limit=5&type=server"),
    ];
    for (claims, told) in refused {
        assert!(!is_taken(&world, &jwt(&world, claims.clone())).await, "{claims}");
        assert!(last_fault(&world).contains(told), "{claims}: {}", last_fault(&world));
    }
    for taken in [json!({ "exp": NOW.0 + 300 }), json!({ "iat": NOW.0 + 60 }), json!({ "exp": NOW.0 + 1, "iat": 1 })] {
        assert!(is_taken(&world, &jwt(&world, taken.clone())).await, "{taken}");
    }
    for malformed in
        [json!({ "exp": null }), json!({ "iat": null }), json!({ "exp": "soon" }), json!({ "iss": "other" })]
    {
        assert!(!is_taken(&world, &jwt(&world, malformed.clone())).await, "{malformed}");
    }
}

#[rocket::async_test]
async fn only_hs256_with_the_secret_of_this_installation_counts() {
    let world = connect_world("READ").await;
    let good = jwt(&world, json!({}));
    let [header, payload, signature] = good.split('.').collect::<Vec<_>>()[..] else { panic!("a JWT") };
    let with_header = |header: Value| {
        let header = base64url(header.to_string().as_bytes());
        format!("{header}.{payload}.{signature}")
    };

    assert!(is_taken(&world, &good).await);
    let claims: Map<String, Value> = claims("GET", "/objects", "limit=5&type=server");
    for secret in ["", "guess", &world.secret[1..], &format!("{} ", world.secret), KEY] {
        let jwt = hallmark::secrets::hs256::sign(&claims, secret.as_bytes());
        assert!(jwt.is_err() || !is_taken(&world, &jwt.unwrap_or_default()).await, "{secret:?}");
    }
    let forged = [
        with_header(json!({ "alg": "none" })),
        format!("{}.{payload}.", base64url(br#"{"alg":"none"}"#)),
        with_header(json!({ "alg": "RS256" })),
        with_header(json!({ "alg": "HS512" })),
        with_header(json!({ "typ": "JWT" })),
        format!("{header}.{payload}."),
        format!("{header}.{payload}"),
        format!("{header}.{payload}.{signature}="),
        format!("{header}.{payload}.{signature}.{signature}"),
    ];
    for jwt in forged {
        assert!(!is_taken(&world, &jwt).await, "{jwt}");
    }
}

/// RFC 8725 section 2.1: a public key is no secret to sign with.
#[rocket::async_test]
async fn our_public_key_is_no_shared_secret() {
    let world = connect_world("READ").await;
    let ring = world.server.core.store.key_ring().await.expect("a store");
    let key = ring.signing().expect("a key");
    let pem = world.server.get(&format!("/connect-keys/{}", key.kid), &[]).await.text;
    let claims = claims("GET", "/objects", "limit=5&type=server");

    for secret in [pem.as_str(), pem.trim_end(), &key.public, &key.kid] {
        assert!(!is_taken(&world, &signed(&claims, secret)).await);
    }
}

#[rocket::async_test]
async fn another_request_is_not_what_was_signed() {
    let world = connect_world("ADMIN").await;
    let (jwt, site) = (jwt(&world, json!({})), world.site.id.to_string());
    let taken =
        async |method: &str, target: &str| world.told(&jwt, (method, target), Some(&site)).await["active"] == true;

    assert!(taken("GET", "/objects?type=server&limit=5").await);
    assert!(taken("get", "/objects/?limit=5&type=server").await, "what §3.5 takes for the same");
    for (method, target) in [
        ("POST", "/objects?type=server&limit=5"),
        ("GET", "/objects/88?type=server&limit=5"),
        ("GET", "/Objects?type=server&limit=5"),
        ("GET", "//objects?type=server&limit=5"),
        ("GET", "/objects?type=server"),
        ("GET", "/objects?type=server&limit=50"),
        ("GET", "/objects?type=server&limit=5&limit=50"),
        ("GET", "/objects?type=server&limit=5&all"),
        ("GET", "/objects?type=server;limit=5"),
        ("GET", "/objects"),
        ("GET", "objects?type=server&limit=5"),
        ("GET", "/objects?type=server&limit=5#fragment"),
        ("GET", ""),
        ("", "/objects?type=server&limit=5"),
    ] {
        assert!(!taken(method, target).await, "{method} {target}");
    }
    let silent = [("token", jwt.as_str()), ("site", site.as_str())];
    assert_eq!(world.ask("assets", &silent).await.json()["active"], false, "without the request");
    assert!(last_fault(&world).contains("request_target"));
}

#[rocket::async_test]
async fn a_request_carries_one_jwt() {
    let world = connect_world("READ").await;
    let (good, other) = (jwt(&world, json!({})), jwt(&world, json!({ "exp": NOW.0 + 10 })));
    let site = world.site.id.to_string();
    let taken = async |query: String| {
        let target = format!("/objects?{query}");
        world.told(&good, ("GET", &target), Some(&site)).await["active"] == true
    };

    assert!(taken(format!("limit=5&type=server&jwt={good}")).await);
    assert!(taken(format!("jwt={good}&limit=5&type=server")).await);
    for query in [
        format!("limit=5&type=server&jwt={other}"),
        format!("limit=5&type=server&jwt={good}&jwt={good}"),
        format!("limit=5&type=server&jwt={good}&jwt={other}"),
        format!("jwt={other}&limit=5&type=server&jwt={good}"),
        "limit=5&type=server&jwt=".to_owned(),
        "limit=5&type=server&jwt".to_owned(),
    ] {
        assert!(!taken(query.clone()).await, "{query}");
        assert!(last_fault(&world).contains("more than one JWT"));
    }
}

#[rocket::async_test]
async fn the_secret_of_one_site_is_none_on_another() {
    let world = connect_world("READ").await;
    let other = world.server.site("other").await;
    let elsewhere = install(&world.server, &world.listener, &other, "READ").await.expect("installed");
    let others_secret = world.listener.told()[0].body["sharedSecret"].as_str().expect("a secret").to_owned();
    assert_ne!(others_secret, world.secret);

    let jwt = signed(&claims("GET", "/objects", ""), &others_secret);
    let (here, there) = (world.site.id.to_string(), other.id.to_string());
    assert_eq!(world.told(&jwt, ("GET", "/objects"), Some(&here)).await["active"], false);
    let told = world.told(&jwt, ("GET", "/objects"), Some(&there)).await;
    assert_eq!(told["sub"], format!("app:{}", elsewhere.id));
    assert_eq!(told["site"]["url"], "https://other.example");
}

#[rocket::async_test]
async fn an_app_that_is_suspended_or_gone_signs_nothing() {
    let world = connect_world("READ").await;
    let (core, id) = (&world.server.core, world.installation.id);
    assert!(world.takes(&world.secret).await);

    installations::suspend(core, id, Actor::Operator).await.expect("suspended");
    assert!(!world.takes(&world.secret).await);
    assert!(last_fault(&world).contains("suspended"));
    installations::resume(core, id, Actor::Operator).await.expect("resumed");
    assert!(world.takes(&world.secret).await);

    installations::uninstall(core, id, Actor::Operator).await.expect("uninstalled");
    assert!(!world.takes(&world.secret).await);
    install(&world.server, &world.listener, &world.site, "READ").await.expect("installed again");
    assert!(!world.takes(&world.secret).await, "the former secret");
}

/// A site that is below a path is what the app knows as the base URL of the product.
#[rocket::async_test]
async fn the_path_of_the_site_is_not_part_of_what_is_signed() {
    let world = connect_world("READ").await;
    let core = &world.server.core;
    let wiki = hallmark::domain::site::Site { url: Some("https://acme.example/wiki".into()), ..(*world.site).clone() };
    core.store.change_site(&wiki).await.expect("a store");
    let (jwt, site) = (signed(&claims("GET", "/objects", ""), &world.secret), world.site.id.to_string());
    let taken = async |target: &str| world.told(&jwt, ("GET", target), Some(&site)).await["active"] == true;

    assert!(taken("/wiki/objects").await);
    assert!(!taken("/wikipedia/objects").await);
    assert!(taken("/objects").await, "as the reference does where the path is not there");
}

#[rocket::async_test]
async fn a_connect_jwt_is_nothing_where_connect_apps_are_refused_and_no_token_of_ours() {
    let world = connect_world("READ").await;
    let jwt = jwt(&world, json!({}));
    let core = &world.server.core;
    let policy = hallmark::domain::connect::ConnectPolicy {
        mode: hallmark::domain::connect::ConnectMode::Refused,
        ..Default::default()
    };
    let assets = "assets".parse().expect("an id");
    hallmark::apps::resources::set_connect(core, &assets, policy).await.expect("changed");

    assert!(!is_taken(&world, &jwt).await);
    let refreshed = world.server.ask("/me", &jwt).await;
    assert_eq!(refreshed.status.code, 401);
}
