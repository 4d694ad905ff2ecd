//! Every end makes each kind of token inactive at the very next introspection, and nothing brings one back.

use hallmark::accounts::people;
use hallmark::apps::deployment::NewVersion;
use hallmark::apps::installations;
use hallmark::domain::event::Actor;
use hallmark::domain::scope::Scope;
use hallmark::domain::signing_key::SignatureAlgorithm;
use hallmark::secrets::signing;
use serde_json::{Map, json};

use crate::support::forge::{BEARER, World, join, version, world_with};
use crate::support::server::NOW;

const ASSETS: (&str, &str) = ("resource", "https://assets.example");

/// What ends something.
#[derive(Clone, Copy, Debug)]
enum End {
    Suspend,
    Uninstall,
    Withdraw,
    RemoveMember,
    SuspendPerson,
}

/// One token of each kind on the first site.
struct Tokens {
    as_app: String,
    as_user: String,
    away: String,
    consented: String,
    refresh: String,
}

async fn tokens() -> (World, Tokens) {
    let pair = signing::generate(SignatureAlgorithm::EdDSA).expect("a key");
    let keys = Some(format!("{{\"keys\":[{}]}}", pair.public));
    let world = world_with("", NewVersion { keys, ..version("read:objects! read:bills") }).await;
    let code = world.server.code_of(&world.person, &world.app, "read:objects offline_access", &[]).await;
    let consented = world.app.redeem(&world.server, &code, &[]).await;
    assert_eq!(consented.status.code, 200, "{}", consented.text);
    let invocation = world.invoke_for_person().await.text_of("invocation_token");
    let claims = json!({
        "iss": world.app.id, "sub": world.person.id.to_string(), "aud": "https://hallmark.test",
        "exp": NOW.0 + 60, "jti": "one",
    });
    let claims: &Map<_, _> = claims.as_object().expect("claims");
    let signed = signing::sign(SignatureAlgorithm::EdDSA, &pair.kid, pair.private.expose(), "JWT", claims);
    let (assertion, ari) = (signed.expect("signed"), world.installed[0].id.ari());
    let away = world
        .token(&[("grant_type", BEARER), ("assertion", &assertion), ("installation", &ari), ASSETS])
        .await
        .text_of("access_token");
    let tokens = Tokens {
        as_app: world.as_app(&[ASSETS]).await.text_of("access_token"),
        as_user: world.exchange(&invocation, &[ASSETS]).await.text_of("access_token"),
        away,
        consented: consented.text_of("access_token"),
        refresh: consented.text_of("refresh_token"),
    };
    (world, tokens)
}

impl Tokens {
    /// Which access tokens are live: as the app, as the user, for one who is away, of the consent.
    async fn live(&self, world: &World) -> [bool; 4] {
        let mut live = [false; 4];
        for (at, token) in [&self.as_app, &self.as_user, &self.away, &self.consented].into_iter().enumerate() {
            live[at] = world.is_live(token).await;
        }
        live
    }
}

async fn bring_about(world: &World, end: End) {
    let (core, id, operator) = (&world.server.core, world.installed[0].id, Actor::Operator);
    let (site, person) = (world.sites[0].id, world.person.id);
    match end {
        End::Suspend => drop(installations::suspend(core, id, operator).await.expect("suspended")),
        End::Uninstall => drop(installations::uninstall(core, id, operator).await.expect("uninstalled")),
        End::Withdraw => {
            let client = world.app.id.parse().expect("an id");
            let grant = core.store.grant_between(person, &client).await.expect("a store").expect("a grant");
            core.store.end_grant(grant.id).await.expect("a store");
        }
        End::RemoveMember => assert!(core.store.remove_member(site, person).await.expect("a store")),
        End::SuspendPerson => drop(people::suspend(core, person, operator).await.expect("suspended")),
    }
}

#[rocket::async_test]
async fn every_end_ends_each_kind_of_token_that_hangs_from_it_and_no_other() {
    let all = [
        (End::Suspend, [false, false, false, false]),
        (End::Uninstall, [false, false, false, false]),
        // Who withdraws what they allowed ends what was done with it; for who is away an admin approved.
        (End::Withdraw, [true, false, true, false]),
        (End::RemoveMember, [true, false, false, false]),
        (End::SuspendPerson, [true, false, false, false]),
    ];
    for (end, expected) in all {
        let (world, tokens) = tokens().await;
        assert_eq!(tokens.live(&world).await, [true; 4], "before {end:?}");

        bring_about(&world, end).await;

        assert_eq!(tokens.live(&world).await, expected, "{end:?}");
        let refreshed = world.app.refresh(&world.server, &tokens.refresh, &[]).await;
        assert_eq!(refreshed.refusal(), (400, "invalid_grant".into()), "{end:?}");
    }
}

#[rocket::async_test]
async fn what_was_uninstalled_and_installed_again_or_removed_and_readmitted_stays_over() {
    let (world, tokens) = tokens().await;
    bring_about(&world, End::Uninstall).await;
    let place = (world.sites[0].id, world.deployment);
    installations::install(&world.server.core, place, &Scope::default(), Actor::Operator).await.expect("installed");
    assert_eq!(tokens.live(&world).await, [false; 4]);
    assert_eq!(world.app.refresh(&world.server, &tokens.refresh, &[]).await.refusal().0, 400);

    let (world, tokens) = self::tokens().await;
    bring_about(&world, End::RemoveMember).await;
    world.server.core.clock.advance(hallmark::domain::time::Lifetime::seconds(1));
    join(&world.server, &world.sites[0], &world.person).await;
    assert_eq!(tokens.live(&world).await, [true, false, false, false]);
    assert_eq!(world.app.refresh(&world.server, &tokens.refresh, &[]).await.refusal().0, 400);
}

#[rocket::async_test]
async fn what_happens_on_one_site_leaves_the_other_alone() {
    let (world, _) = tokens().await;
    let other = world.sites[1].id.to_string();
    let token = world.token(&[("grant_type", "client_credentials"), ("site", &other), ASSETS]).await;
    bring_about(&world, End::Uninstall).await;
    assert!(world.is_live(&token.text_of("access_token")).await);
}
