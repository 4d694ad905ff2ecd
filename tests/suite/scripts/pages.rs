//! The pages on which people make, list and revoke API tokens.

use hallmark::domain::api_token::Reach;
use hallmark::domain::site::SiteStanding;
use hallmark::domain::time::Lifetime;
use hallmark::domain::user::User;

use crate::support::people::PASSWORD;
use crate::support::server::{TestServer, server, server_with};
use crate::support::visitor::{Shown, Visitor};

const EMAIL: &str = "person@example.com";
const LIST: &str = "/account/tokens";
const NEW: &str = "/account/tokens/new";

/// What somebody writes into the form who wants a token to read objects.
const READS: [(&str, &str); 5] =
    [("label", "Nightly export"), ("life", "30"), ("days", ""), ("site", ""), ("scope", "read:objects")];

/// [`READS`] with another value of one field.
fn but(name: &'static str, value: &'static str) -> Vec<(&'static str, &'static str)> {
    let mut fields = READS.to_vec();
    fields.retain(|(there, _)| *there != name);
    fields.push((name, value));
    fields
}

/// The secret that a page shows; empty if it shows none.
fn secret(page: &Shown) -> String {
    let shown = page.html.split_once("id=\"secret\" value=\"").map(|(_, rest)| rest);
    shown.and_then(|rest| rest.split('"').next()).unwrap_or_default().to_owned()
}

async fn person(server: &TestServer) -> (User, Visitor<'_>) {
    let user = server.user(EMAIL, PASSWORD).await;
    let browser = server.signed_in(&user).await;
    (user, browser)
}

async fn kept(server: &TestServer, user: &User) -> usize {
    server.core.store.api_tokens_of(user.id).await.expect("a store").len()
}

#[rocket::async_test]
async fn a_token_is_made_shown_once_listed_and_revoked() {
    let server = server().await.with_resources().await;
    let (_, mut browser) = person(&server).await;
    assert!(browser.open(LIST).await.html.contains("No API tokens"));

    let made = browser.open_and_fill(NEW, NEW, &READS).await;
    let token = secret(&made);
    assert!(token.starts_with("hmp_") && server.is_live(&token).await, "{}", made.html);
    assert_eq!(made.header("Cache-Control"), Some("no-store"));
    let line = format!("curl -u &#39;{EMAIL}:{token}&#39; &#39;https://assets.example&#39;");
    assert!(made.html.contains(&line), "{line} in {}", made.html);

    let list = browser.open(LIST).await;
    for told in ["Nightly export", &token[token.len() - 4..], "hmp_…", "Read objects", "On every site", "in 30 days"]
    {
        assert!(list.html.contains(told), "{told} in {}", list.html);
    }
    assert!(!list.html.contains(&token));
    assert!(list.html.contains("just now") && !list.html.contains("Never"), "it was used by now");

    let answer = browser.fill(&list, "/account/tokens/revoke", &[]).await;
    assert_eq!((answer.status.code, answer.leads_to().as_str()), (303, "/account/tokens?done=token-revoked"));
    assert!(!server.is_live(&token).await);
}

#[rocket::async_test]
async fn a_form_that_is_sent_again_shows_no_token_and_makes_none() {
    let server = server().await.with_resources().await;
    let (user, mut browser) = person(&server).await;
    let form = browser.open(NEW).await;
    let token = secret(&browser.fill(&form, NEW, &READS).await);

    let again = browser.fill(&form, NEW, &READS).await;

    assert!(again.status.code == 409 && again.html.contains("already shown"), "{}", again.html);
    assert!(again.html.contains("Nightly export") && again.html.contains("href=\"/account/tokens\""));
    assert!(!again.html.contains(&token) && secret(&again).is_empty());
    assert_eq!(kept(&server, &user).await, 1);
    browser.open_and_fill(NEW, NEW, &READS).await;
    assert_eq!(kept(&server, &user).await, 2, "a form that was opened anew is another");
}

#[rocket::async_test]
async fn a_form_with_a_fault_comes_back_with_what_was_typed_and_makes_nothing() {
    let server = server().await.with_resources().await;
    let (user, mut browser) = person(&server).await;
    let elsewhere = server.site("elsewhere").await.id.to_string().leak();

    for (fields, told) in [
        (but("label", " "), "1 to 64 characters"),
        (but("label", "a\u{202e}b"), "1 to 64 characters"),
        (but("days", "366"), "1 to 365 days"),
        (but("days", "0"), "1 to 365 days"),
        (but("days", "never"), "1 to 365 days"),
        (but("days", "-1"), "1 to 365 days"),
        (but("life", ""), "1 to 365 days"),
        (but("site", elsewhere), "not a member of that site"),
        (but("site", "nonsense"), "not a member of that site"),
        (READS[..4].to_vec(), "at least one thing"),
        (but("scope", "read:nothing"), "No API here knows"),
        (but("scope", "offline_access"), "No API here knows"),
        (but("scope", "manage:api-token"), "Only administrators"),
        ([&READS[..4], &[("reach", "everything")]].concat(), "is not allowed here"),
    ] {
        let page = browser.open_and_fill(NEW, NEW, &fields).await;
        assert_eq!(page.status.code, 200, "{fields:?}");
        assert!(page.html.contains("role=\"alert\"") && page.html.contains(told), "{fields:?}: {}", page.html);
        assert!(page.html.contains("aria-describedby") && secret(&page).is_empty(), "{fields:?}");
        let name = fields.iter().find(|(name, _)| *name == "label").expect("a name").1;
        assert!(page.html.contains(&format!("value=\"{name}\"")), "{fields:?}: {}", page.html);
    }
    assert_eq!(kept(&server, &user).await, 0);
}

#[rocket::async_test]
async fn what_was_ticked_and_chosen_stays_when_a_form_comes_back() {
    let server = server().await.with_resources().await;
    let (_, mut browser) = person(&server).await;
    let site = server.core.site.id.to_string();
    let fields = [
        ("label", ""),
        ("life", "7"),
        ("days", "12"),
        ("site", &site),
        ("scope", "read:objects"),
        ("scope", "read:bills"),
    ];

    let page = browser.open_and_fill(NEW, NEW, &fields).await;

    for kept in [
        "value=\"read:objects\" checked",
        "value=\"read:bills\" checked",
        "<option value=\"7\" selected",
        "value=\"12\"",
        &format!("<option value=\"{site}\" selected"),
        "id=\"label\" name=\"label\" value=\"\"",
        "aria-invalid=\"true\"",
    ] {
        assert!(page.html.contains(kept), "{kept} in {}", page.html);
    }
    let request = page.field("request");
    let fields = [("request", request.as_str()), ("csrf", &page.field("csrf"))];
    let made = browser.submit(NEW, &[&fields[..], &READS].concat()).await;
    assert!(!secret(&made).is_empty(), "nothing was made before by this form");
}

#[rocket::async_test]
async fn the_lives_on_offer_end_where_an_admin_says() {
    let server = server_with("[default.api_tokens]\nlongest = \"60d\"").await.with_resources().await;
    let (user, mut browser) = person(&server).await;

    let form = browser.open(NEW).await;
    assert!(
        form.html.contains("<option value=\"60\" selected>60 days (the longest)") && form.html.contains("max=\"60\"")
    );
    assert!(!form.html.contains("<option value=\"90\"") && !form.html.contains("<option value=\"365\""));
    for days in ["61", "90"] {
        let refused = browser.open_and_fill(NEW, NEW, &but("days", days)).await;
        assert!(refused.html.contains("1 to 60 days"), "{}", refused.html);
        let refused = browser.open_and_fill(NEW, NEW, &but("life", days)).await;
        assert!(refused.html.contains("1 to 60 days"), "{}", refused.html);
    }
    assert_eq!(kept(&server, &user).await, 0);

    browser.open_and_fill(NEW, NEW, &but("days", "60")).await;
    let token = server.core.store.api_tokens_of(user.id).await.expect("a store").remove(0);
    assert_eq!(token.expires, server.core.now() + Lifetime::days(60));
}

#[rocket::async_test]
async fn a_token_for_everything_is_offered_and_made_only_where_it_is_allowed() {
    let strict = server().await.with_resources().await;
    let (_, mut browser) = person(&strict).await;
    assert!(!browser.open(NEW).await.html.contains("All that you may do"));

    let lax = server_with("[default.api_tokens]\neverything = true").await.with_resources().await;
    let (user, mut browser) = person(&lax).await;
    let form = browser.open(NEW).await;
    assert!(form.html.contains("All that you may do"));
    let made = browser.fill(&form, NEW, &[&READS[..4], &[("reach", "everything")]].concat()).await;
    assert!(made.html.contains("All that you may do"), "{}", made.html);
    let token = lax.core.store.api_tokens_of(user.id).await.expect("a store").remove(0);
    assert_eq!(token.reach, Reach::Everything);
    assert!(!lax.is_live(&secret(&made)).await, "no API is open to it");
}

#[rocket::async_test]
async fn who_has_as_many_as_anybody_may_is_told_to_revoke_one() {
    let server = server_with("[default.api_tokens]\nper_person = 1").await.with_resources().await;
    let (user, mut browser) = person(&server).await;
    browser.open_and_fill(NEW, NEW, &READS).await;

    let refused = browser.open_and_fill(NEW, NEW, &READS).await;

    assert!(refused.html.contains("more than 1 API token") && refused.html.contains("Revoke one first"));
    assert_eq!(kept(&server, &user).await, 1);
}

#[rocket::async_test]
async fn a_token_for_one_site_is_listed_with_it() {
    let server = server().await.with_resources().await;
    let (user, mut browser) = person(&server).await;
    let site = server.site("finance").await;
    server.join_as(&user, site.id, SiteStanding::Member).await;
    let id = site.id.to_string();

    let made = browser.open_and_fill(NEW, NEW, &[&READS[..3], &[("site", &id), READS[4]]].concat()).await;

    assert!(!secret(&made).is_empty() && made.html.contains("finance"), "{}", made.html);
    assert!(browser.open(LIST).await.html.contains("On finance"));
}

#[rocket::async_test]
async fn a_token_near_its_end_says_so_and_an_expired_one_is_listed_for_a_month() {
    let server = server().await.with_resources().await;
    let (user, mut browser) = person(&server).await;
    browser.open_and_fill(NEW, NEW, &but("life", "7")).await;
    assert!(browser.open(LIST).await.html.contains("<span class=\"tag med\">in 7 days</span>"));

    server.core.clock.advance(Lifetime::days(8));
    let mut later = server.signed_in(&user).await;
    assert!(later.open(LIST).await.html.contains("Expired"));

    server.core.clock.advance(Lifetime::days(30));
    let mut much_later = server.signed_in(&user).await;
    assert!(much_later.open(LIST).await.html.contains("No API tokens"));
}

#[rocket::async_test]
async fn all_tokens_are_revoked_after_a_question_that_names_how_many() {
    let server = server().await.with_resources().await;
    let (user, mut browser) = person(&server).await;
    let tokens = [
        secret(&browser.open_and_fill(NEW, NEW, &READS).await),
        secret(&browser.open_and_fill(NEW, NEW, &READS).await),
    ];

    let question = browser.open("/account/tokens/revoke-all").await;
    assert!(question.html.contains("You have 2 API tokens"), "{}", question.html);
    assert_eq!(kept(&server, &user).await, 2, "a question ends nothing");
    let answer = browser.fill(&question, "/account/tokens/revoke-all", &[]).await;

    assert_eq!(answer.leads_to(), "/account/tokens?done=tokens-revoked");
    for token in &tokens {
        assert!(!server.is_live(token).await);
    }
}

#[rocket::async_test]
async fn nobody_sees_or_revokes_the_token_of_another_person() {
    let server = server().await.with_resources().await;
    let (owner, mut browser) = person(&server).await;
    let token = secret(&browser.open_and_fill(NEW, NEW, &READS).await);
    let name = browser.open(LIST).await.field("token");
    let other = server.admin("other@example.com", PASSWORD).await;
    let mut thief = server.signed_in(&other).await;
    let csrf = thief.open("/logout").await.field("csrf");

    assert!(!thief.open(LIST).await.html.contains("Nightly export"));
    let answer = thief.submit("/account/tokens/revoke", &[("csrf", &csrf), ("token", &name)]).await;
    assert!(answer.status.code == 404 && answer.html.contains("There is no such API token"));
    thief.submit("/account/tokens/revoke-all", &[("csrf", &csrf)]).await;
    let own = format!("/admin/people/{}/tokens/revoke", other.id);
    assert_eq!(thief.submit(&own, &[("csrf", &csrf), ("token", &name)]).await.status.code, 404);

    assert!(server.is_live(&token).await && kept(&server, &owner).await == 1);
}

#[rocket::async_test]
async fn a_form_of_one_person_makes_none_for_another_and_is_still_good_for_its_own() {
    let server = server().await.with_resources().await;
    let (user, mut browser) = person(&server).await;
    let request = browser.open(NEW).await.field("request");
    let other = server.user("other@example.com", PASSWORD).await;
    let mut thief = server.signed_in(&other).await;
    let csrf = thief.open("/logout").await.field("csrf");
    let fields = [&[("csrf", csrf.as_str()), ("request", &request)], &READS[..]].concat();
    assert!(!secret(&thief.submit(NEW, &fields).await).is_empty());

    let csrf = browser.open("/logout").await.field("csrf");
    let fields = [&[("csrf", csrf.as_str()), ("request", &request)], &READS[..]].concat();
    assert!(!secret(&browser.submit(NEW, &fields).await).is_empty());
    assert_eq!((kept(&server, &user).await, kept(&server, &other).await), (1, 1));
}

#[rocket::async_test]
async fn an_admin_sees_and_revokes_the_tokens_of_a_person_and_reads_none() {
    let server = server().await.with_resources().await;
    let (user, mut browser) = person(&server).await;
    let tokens = [
        secret(&browser.open_and_fill(NEW, NEW, &READS).await),
        secret(&browser.open_and_fill(NEW, NEW, &READS).await),
    ];
    let admin = server.admin("admin@example.com", PASSWORD).await;
    let mut admin = server.signed_in(&admin).await;
    let path = format!("/admin/people/{}", user.id);

    let page = admin.open(&path).await;
    assert!(page.html.contains("Nightly export") && page.html.contains("hmp_…"));
    assert!(tokens.iter().all(|token| !page.html.contains(token)));
    let answer = admin.fill(&page, &format!("{path}/tokens/revoke"), &[]).await;
    assert_eq!(answer.leads_to(), format!("{path}?done=token-revoked"));
    assert_eq!(kept(&server, &user).await, 1);

    admin.fill(&page, &format!("{path}/tokens/revoke-all"), &[]).await;
    assert_eq!(kept(&server, &user).await, 0);
    assert_eq!(admin.fill(&page, &format!("{path}/tokens/revoke"), &[]).await.status.code, 404);
}

#[rocket::async_test]
async fn a_server_without_an_api_says_that_there_is_nothing_to_make_a_token_for() {
    let server = server().await;
    let (_, mut browser) = person(&server).await;

    assert!(browser.open(NEW).await.html.contains("No API takes tokens yet"));
}

#[rocket::async_test]
async fn only_a_page_that_shows_a_token_runs_a_script_and_only_ours() {
    let server = server().await.with_resources().await;
    let (_, mut browser) = person(&server).await;
    let plain = "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; frame-ancestors 'none'; \
                 base-uri 'none'";
    let scripted = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; form-action 'self'; \
                    frame-ancestors 'none'; base-uri 'none'; require-trusted-types-for 'script'; trusted-types 'none'";

    let form = browser.open(NEW).await;
    let made = browser.fill(&form, NEW, &READS).await;
    let again = browser.fill(&form, NEW, &READS).await;

    assert_eq!(made.header("Content-Security-Policy"), Some(scripted));
    assert_eq!(made.headers.iter().filter(|(name, _)| name.eq_ignore_ascii_case("Content-Security-Policy")).count(), 1);
    let scripts: Vec<&str> = made.html.split("<script").skip(1).collect();
    assert!(scripts.len() == 1 && scripts[0].starts_with(" src=\"/static/main.js?v="), "{scripts:?}");
    assert!(made.html.contains("data-copy=\"secret\" hidden"), "without the script there is no button");
    for page in [form, again, browser.open(LIST).await] {
        assert_eq!(page.header("Content-Security-Policy"), Some(plain));
        assert!(!page.html.contains("<script"));
    }
    let script = browser.open("/static/main.js").await;
    assert_eq!(script.header("Content-Type"), Some("text/javascript"));
    assert!(script.html.len() <= 1024 && script.header("Cache-Control").is_some_and(|kept| kept.contains("immutable")));
}
