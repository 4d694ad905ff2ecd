//! RFC 9700 section 4.7: no form of another site, and none without our token, changes anything.

use hallmark::accounts::people;
use hallmark::domain::event::Actor;

use crate::support::oauth::confidential;
use crate::support::people::{PASSWORD, path_of};
use crate::support::server::{TestServer, server};

const EMAIL: &str = "person@example.com";
const OURS: [(&str, &str); 2] = [("Origin", "https://hallmark.test"), ("Sec-Fetch-Site", "same-origin")];

/// Every path that takes a form of a page, and who would be let in.
async fn forms(server: &TestServer, person: &str) -> Vec<String> {
    let setup = path_of(&people::setup_link(&server.core, Actor::Operator).await.expect("a link"));
    let fixed = [
        "/login",
        "/login/continue",
        "/logout",
        "/consent",
        "/consent/switch",
        "/account/password",
        "/account/tokens/new",
        "/account/tokens/revoke",
        "/account/tokens/revoke-all",
        "/account/sessions/end",
        "/account/sessions/end-others",
        "/account/apps/00000000000000000000000000000000/remove",
        "/account/apps/00000000000000000000000000000000/sites/00000000000000000000000000000000/remove",
        "/admin/people",
        "/console/deploy",
        "/console/connect",
        "/console/apps/x/distribution",
        "/console/apps/x/contributors",
        "/console/apps/x/contributors/remove",
        "/console/apps/x/production/redirect-uris",
        "/console/apps/x/production/secrets",
        "/admin/sites",
    ];
    let site = server.core.site.id;
    let of_site = ["decline", "install", "x/approve", "x/suspend", "x/resume", "x/uninstall", "x/tell", "x/rotate"];
    let of_site = of_site.map(|action| format!("/admin/sites/{site}/apps/{action}"));
    let of_member = [format!("/sites/{site}/apps/request")];
    let actions = ["link", "suspend", "resume", "apps/end"];
    let ends = ["tokens/revoke", "tokens/revoke-all", "sessions/end", "sessions/end-all"];
    let of_person = actions.into_iter().chain(ends).map(|action| format!("/admin/people/{person}/{action}"));
    let member = format!("members/{person}");
    let of_people = ["change", "members", &format!("{member}/standing"), &format!("{member}/remove")];
    let of_people = of_people.map(|action| format!("/admin/sites/{site}/{action}"));
    let sources = ["import-sources", "import-sources/x/token", "import-sources/x/end-token", "import-sources/x/remove"];
    let sources = sources.map(|action| format!("/admin/sites/{site}/{action}"));
    let groups = ["groups", "groups/x/members", "groups/x/members/remove", "groups/x/remove"];
    let roles = groups
        .into_iter()
        .chain(["roles/x/give", "roles/x/take"])
        .map(|action| format!("/admin/sites/{site}/{action}"));
    let of_site = of_site.into_iter().chain(of_people).chain(sources).chain(roles);
    fixed.map(str::to_owned).into_iter().chain(of_person).chain(of_site).chain(of_member).chain([setup]).collect()
}

#[rocket::async_test]
async fn every_form_of_a_page_wants_a_token_that_only_our_pages_know() {
    let server = server().await;
    let user = server.user(EMAIL, PASSWORD).await;
    let paths = forms(&server, &user.id.to_string()).await;
    let tested: Vec<&str> = paths.iter().map(String::as_str).collect();
    assert_every_form_is_among(&server, &tested);
    server.admin("admin@example.com", PASSWORD).await;
    let (mut admin, mut other) = (server.visitor(), server.visitor());
    admin.log_in("admin@example.com", PASSWORD).await;
    other.log_in(EMAIL, PASSWORD).await;
    let (foreign, genuine) = (other.open("/logout").await.field("csrf"), admin.open("/logout").await.field("csrf"));

    for path in &paths {
        for csrf in ["", "x", &foreign, &genuine[1..], &format!("{genuine}x")] {
            let answer = admin.submit(path, &[("csrf", csrf), ("where", "everywhere")]).await;
            assert_eq!(answer.status.code, 403, "{path} with {csrf:?}");
        }
        assert_eq!(admin.submit(path, &[("where", "everywhere")]).await.status.code, 403, "{path}");
    }
    assert!(admin.is_signed_in().await);
}

/// A route that is added later and takes a POST of a page must be among those that are tested.
fn assert_every_form_is_among(server: &TestServer, tested: &[&str]) {
    const PROGRAMS: [&str; 11] = [
        "/forge/invocations",
        "/oauth2/token",
        "/oauth/token",
        "/oauth/introspect",
        "/oauth/revoke",
        "/oauth/par",
        "/oauth/authorize",
        "/authorize",
        "/jsm/assets",
        "/tokens/leaked",
        "/access",
    ];
    for route in server.local.rocket().routes().filter(|route| route.method == rocket::http::Method::Post) {
        let path = route.uri.path();
        let fits = |tested: &&str| {
            let same = |(want, got): (&str, &str)| want.starts_with('<') || want == got;
            tested.split('/').count() == path.split('/').count() && path.split('/').zip(tested.split('/')).all(same)
        };
        let one_time = path.starts_with("/invite/") || path.starts_with("/reset/");
        let program = PROGRAMS.iter().any(|prefix| path.starts_with(prefix));
        assert!(program || one_time || tested.iter().any(fits), "{path} is not tested");
    }
}

#[rocket::async_test]
async fn a_form_of_another_site_is_refused_even_with_the_token() {
    let server = server().await;
    server.user(EMAIL, PASSWORD).await;
    let mut browser = server.visitor();
    browser.log_in(EMAIL, PASSWORD).await;
    let csrf = browser.open("/logout").await.field("csrf");
    let fields = [("csrf", csrf.as_str()), ("where", "here")];

    for headers in [
        &[("Origin", "https://evil.example"), ("Sec-Fetch-Site", "cross-site")][..],
        &[("Origin", "https://evil.example")],
        &[("Origin", "https://hallmark.test.evil.example")],
        &[("Origin", "https://sub.hallmark.test"), ("Sec-Fetch-Site", "same-site")],
        &[("Origin", "http://hallmark.test")],
        &[("Origin", "null")],
        &[("Origin", "null"), ("Sec-Fetch-Site", "cross-site")],
        &[("Sec-Fetch-Site", "cross-site")],
        &[("Sec-Fetch-Site", "same-site")],
        &[("Sec-Fetch-Site", "nonsense")],
    ] {
        assert_eq!(browser.submit_with("/logout", &fields, headers).await.status.code, 403, "{headers:?}");
    }
    assert!(browser.is_signed_in().await);
    let no_referrer = [("Origin", "null"), ("Sec-Fetch-Site", "same-origin")];
    let answer = browser.submit_with("/logout", &fields, &no_referrer).await;
    assert_eq!(answer.status.code, 303, "what Chromium sends under Referrer-Policy no-referrer");
}

#[rocket::async_test]
async fn a_form_that_was_opened_before_sign_in_is_good_after() {
    let server = server().await.with_resources().await;
    let app = server.register(confidential()).await;
    server.user(EMAIL, PASSWORD).await;
    let mut browser = server.visitor();
    let begun = browser.open(&app.authorize("read:objects", &[])).await;
    let second_tab = browser.open(&begun.leads_to()).await;
    browser.log_in(EMAIL, PASSWORD).await;

    let answer = browser.fill(&second_tab, "/login", &[("email", EMAIL), ("password", PASSWORD)]).await;

    assert!(answer.status.code == 303 && answer.leads_to().starts_with("/consent?txn="), "{}", answer.html);
}

#[rocket::async_test]
async fn nobody_is_signed_in_to_the_account_of_an_attacker() {
    let server = server().await;
    server.user("attacker@example.com", PASSWORD).await;
    let csrf = server.visitor().open("/login").await.field("csrf");
    let mut victim = server.visitor();
    victim.open("/login").await;

    let fields = [("csrf", csrf.as_str()), ("email", "attacker@example.com"), ("password", PASSWORD)];
    assert_eq!(victim.submit_with("/login", &fields, &OURS).await.status.code, 403);
    assert!(!victim.is_signed_in().await);
}

#[rocket::async_test]
async fn a_repeated_field_is_refused() {
    let server = server().await;
    server.user(EMAIL, PASSWORD).await;
    let mut browser = server.visitor();
    browser.log_in(EMAIL, PASSWORD).await;
    let csrf = browser.open("/logout").await.field("csrf");

    for fields in [
        &[("csrf", csrf.as_str()), ("where", "here"), ("where", "everywhere")][..],
        &[("csrf", csrf.as_str()), ("csrf", csrf.as_str()), ("where", "here")],
        &[("csrf", "x"), ("csrf", csrf.as_str()), ("where", "here")],
    ] {
        let answer = browser.submit("/logout", fields).await;
        assert!(answer.status.code == 400 && answer.html.contains("This request cannot be read"), "{fields:?}");
    }
    assert!(browser.is_signed_in().await);
}
