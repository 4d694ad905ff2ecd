//! Consent with sites: which can be chosen, which cannot and why, and what the choice is worth.

use hallmark::apps::installations;
use hallmark::apps::sharing;
use hallmark::domain::app::Distribution;
use hallmark::domain::event::Actor;
use url::Url;

use crate::support::forge::{World, version, world, world_with};

const SCOPES: &str = "read:objects offline_access";

/// A world whose app asks people for nothing that needs a second API.
async fn begin() -> World {
    world_with("", version("read:objects read:bills")).await
}

#[rocket::async_test]
async fn with_several_sites_none_is_chosen_for_the_person_and_one_must_be() {
    let world = begin().await;
    let mut browser = world.server.signed_in(&world.person).await;

    let page = browser.consent_page(&world.app.authorize(SCOPES, &[])).await;

    for site in &world.sites {
        assert!(page.html.contains(&format!("value=\"{}\"", site.id)), "{}", page.html);
    }
    assert!(!page.html.contains(" checked") && !page.html.contains(" disabled"));
    let again = browser.decide(&page, "allow", &[("scope", "offline_access")]).await;
    assert!(again.html.contains("role=\"alert\"") && again.html.contains("Choose a site first."), "{}", again.html);

    let other = world.sites[1].id.to_string();
    let done = browser.decide(&again, "allow", &[("site", &other), ("scope", "offline_access")]).await;
    let code = done.answer("code").expect("a code");
    let token = world.app.redeem(&world.server, &code, &[]).await.text_of("access_token");
    assert_eq!(world.told(&token, None).await["site"]["id"], other);
    assert_eq!(world.told(&token, Some(&world.sites[0])).await["active"], false, "only what was chosen");
}

#[rocket::async_test]
async fn another_site_joins_the_one_grant_and_tokens_of_before_are_good_there_too() {
    let world = begin().await;
    let mut browser = world.server.signed_in(&world.person).await;
    let [here, there] = [0, 1].map(|at| world.sites[at].id.to_string());
    let page = browser.consent_page(&world.app.authorize(SCOPES, &[])).await;
    let done = browser.decide(&page, "allow", &[("site", &here)]).await;
    let token =
        world.app.redeem(&world.server, &done.answer("code").expect("a code"), &[]).await.text_of("access_token");

    let page = browser.consent_page(&world.app.authorize(SCOPES, &[("prompt", "consent")])).await;
    browser.decide(&page, "allow", &[("site", &there)]).await;

    let grants = world.server.core.store.grants_of(world.person.id).await.expect("a store");
    assert_eq!((grants.len(), grants[0].0.sites.len()), (1, 2));
    assert_eq!(world.told(&token, Some(&world.sites[1])).await["active"], true);
}

#[rocket::async_test]
async fn a_site_that_the_form_did_not_offer_is_not_taken() {
    let world = begin().await;
    let mut browser = world.server.signed_in(&world.person).await;
    let page = browser.consent_page(&world.app.authorize(SCOPES, &[])).await;
    let left = world.sites[1].id;
    world.server.core.store.remove_member(left, world.person.id).await.expect("a store");

    for site in [left.to_string(), "00000000-0000-4000-8000-000000000000".into(), "nonsense' or 1".into()] {
        let answer = browser.decide(&page, "allow", &[("site", &site)]).await;
        let is_code = answer.status.code == 200 && answer.leads_to().contains("code=");
        // What is no site at all is as good as none, and only one is left.
        assert_eq!(is_code, site.contains("nonsense"), "{site}: {}", answer.leads_to());
    }
    let grants = world.server.core.store.grants_of(world.person.id).await.expect("a store");
    assert_eq!(grants[0].0.sites, [world.sites[0].id]);
}

#[rocket::async_test]
async fn where_the_app_is_not_or_is_suspended_the_person_is_told_why() {
    let world = begin().await;
    let core = &world.server.core;
    let [one, other] = [0, 1].map(|at| world.installed[at].id);
    let mut browser = world.server.signed_in(&world.person).await;
    installations::suspend(core, other, Actor::Operator).await.expect("suspended");
    let page = browser.consent_page(&world.app.authorize(SCOPES, &[])).await;
    assert!(page.html.contains("suspended the app") && page.html.contains(" disabled"), "{}", page.html);
    let forced = browser.decide(&page, "allow", &[("site", &world.sites[1].id.to_string())]).await;
    assert!(forced.html.contains("Choose a site first."));

    installations::uninstall(core, one, Actor::Operator).await.expect("uninstalled");
    let page = browser.consent_page(&world.app.authorize(SCOPES, &[])).await;
    assert!(page.html.contains("You cannot allow Asset Helper on any site"), "{}", page.html);
    assert!(page.html.contains("not installed there") && !page.html.contains("value=\"allow\""));
    let denied = browser.decide(&page, "deny", &[]).await;
    assert_eq!(denied.answer("error").as_deref(), Some("access_denied"));
}

#[rocket::async_test]
async fn an_app_that_is_not_shared_is_for_its_developers_alone() {
    let world = begin().await;
    let core = &world.server.core;
    let app = world.deployment.app_id;
    sharing::distribute(core, app, Distribution::NotShared, Actor::Operator).await.expect("unshared");
    let mut browser = world.server.signed_in(&world.person).await;

    let page = browser.consent_page(&world.app.authorize(SCOPES, &[])).await;
    assert!(page.html.contains("is not shared") && !page.html.contains("value=\"allow\""), "{}", page.html);

    sharing::add_contributor(core, app, world.person.id, Actor::Operator).await.expect("a contributor");
    let page = browser.consent_page(&world.app.authorize(SCOPES, &[])).await;
    assert!(page.html.contains("value=\"allow\""));
}

#[rocket::async_test]
async fn who_is_a_member_of_no_site_reaches_a_page_that_says_so() {
    let world = begin().await;
    for site in &world.sites {
        world.server.core.store.remove_member(site.id, world.person.id).await.expect("a store");
    }
    let mut browser = world.server.signed_in(&world.person).await;
    let page = browser.consent_page(&world.app.authorize(SCOPES, &[])).await;
    assert!(page.html.contains("You are a member of none"), "{}", page.html);
}

#[rocket::async_test]
async fn a_remembered_consent_answers_where_one_allowed_site_is_meant_and_asks_where_several_are() {
    let world = begin().await;
    let mut browser = world.server.signed_in(&world.person).await;
    let [here, there] = [0, 1].map(|at| world.sites[at].id.to_string());
    let page = browser.consent_page(&world.app.authorize("read:objects", &[])).await;
    browser.decide(&page, "allow", &[("site", &here)]).await;

    let answered = browser.open(&world.app.authorize("read:objects", &[])).await;
    assert!(answered.leads_to().contains("code="), "{}", answered.leads_to());

    let page = browser.consent_page(&world.app.authorize("read:objects", &[("prompt", "consent")])).await;
    browser.decide(&page, "allow", &[("site", &there)]).await;
    let asked = browser.open(&world.app.authorize("read:objects", &[])).await;
    assert!(asked.leads_to().starts_with("/consent?"), "{}", asked.leads_to());
}

#[rocket::async_test]
async fn a_person_who_was_led_to_consent_by_a_refusal_ends_on_our_own_page_and_the_app_goes_on() {
    let world = world().await;
    let resource = ("resource", "https://assets.example");
    let invocation = world.invoke_for_person().await.text_of("invocation_token");
    let refused = world.exchange(&invocation, &[resource]).await;
    let uri = Url::parse(&refused.text_of("consent_uri")).expect("a URL");
    let mut browser = world.server.signed_in(&world.person).await;

    let page = browser.consent_page(&format!("{}?{}", uri.path(), uri.query().unwrap_or_default())).await;
    let done = browser.decide(&page, "allow", &[("site", &world.sites[0].id.to_string())]).await;

    let way = done.leads_to();
    assert!(way.starts_with("https://hallmark.test/connected?code="), "{way}");
    let end = browser.open(way.trim_start_matches("https://hallmark.test")).await;
    assert!(end.html.contains("The app is connected") && !end.html.contains("hmc_"), "{}", end.html);
    let stolen = world.app.redeem(&world.server, &done.answer("code").expect("a code"), &[]).await;
    assert_eq!(stolen.refusal(), (400, "invalid_grant".into()), "nobody redeems that code");
    assert_eq!(world.exchange(&invocation, &[resource]).await.status.code, 200);
}

#[rocket::async_test]
async fn our_own_page_is_no_place_for_a_client_that_was_not_deployed() {
    let world = begin().await;
    let plain = world.server.register(crate::support::oauth::confidential()).await;
    let mut browser = world.server.signed_in(&world.person).await;
    let page =
        browser.open(&plain.authorize("read:objects", &[("redirect_uri", "https://hallmark.test/connected")])).await;
    assert_eq!(page.status.code, 400);
}
