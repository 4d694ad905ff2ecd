//! The pages on which admins of a site register import sources, and make and end their tokens.

use hallmark::domain::site::SiteStanding;
use hallmark::domain::user::User;

use crate::support::people::PASSWORD;
use crate::support::server::{TestServer, server};
use crate::support::visitor::{Shown, Visitor};

/// An admin of the default site and of no other, who is no admin of this server.
async fn admin_of_the_site(server: &TestServer) -> (User, Visitor<'_>) {
    let boss = server.user("boss@example.com", PASSWORD).await;
    server.join_as(&boss, server.core.site.id, SiteStanding::Admin).await;
    let browser = server.signed_in(&boss).await;
    (boss, browser)
}

fn list(server: &TestServer) -> String {
    format!("/admin/sites/{}/import-sources", server.core.site.id)
}

/// Registers an import source, and gives its path.
async fn registered(server: &TestServer, browser: &mut Visitor<'_>, label: &str) -> String {
    let list = list(server);
    let answer = browser.open_and_fill(&list, &list, &[("label", label)]).await;
    assert_eq!((answer.status.code, answer.leads_to()), (303, format!("{list}?done=import-source-added")));
    let sources = server.core.store.containers_on(server.core.site.id).await.expect("a store");
    let source = sources.iter().find(|source| source.label.as_str() == label).expect("an import source");
    format!("{list}/{}", source.id)
}

/// The secret that a page shows; empty if it shows none.
fn secret(page: &Shown) -> String {
    let shown = page.html.split_once("id=\"secret\" value=\"").map(|(_, rest)| rest);
    shown.and_then(|rest| rest.split('"').next()).unwrap_or_default().to_owned()
}

/// Whether the server knows a token of an import source.
async fn opens(server: &TestServer, token: &str) -> bool {
    // Nothing takes imports in these tests, of which only the token of an import source is told.
    server.ask("/jsm/assets/v1/imports/info", token).await.status.code != 401
}

#[rocket::async_test]
async fn an_import_source_is_registered_gets_a_token_and_loses_it() {
    let server = server().await;
    let (_, mut browser) = admin_of_the_site(&server).await;
    let site = browser.open(&format!("/admin/sites/{}", server.core.site.id)).await;
    assert!(site.html.contains(&format!("href=\"{}\"", list(&server))));
    assert!(browser.open(&list(&server)).await.html.contains("No import sources"));
    let source = registered(&server, &mut browser, "Laptops").await;

    let made = browser.open_and_fill(&list(&server), &format!("{source}/token"), &[]).await;
    let token = secret(&made);
    assert!(token.starts_with("hmt_") && opens(&server, &token).await, "{}", made.html);
    let line = format!(
        "curl -H &#39;Authorization: Bearer {token}&#39; &#39;https://hallmark.test/jsm/assets/v1/imports/info&#39;"
    );
    assert!(made.html.contains(&line), "{line} in {}", made.html);
    assert_eq!(made.header("Cache-Control"), Some("no-store"));

    let page = browser.open(&list(&server)).await;
    for told in ["Laptops", &token[token.len() - 4..], "hmt_…", "by boss@example.com", "Good", "ends this one at once"]
    {
        assert!(page.html.contains(told), "{told} in {}", page.html);
    }
    assert!(!page.html.contains(&token));

    let answer = browser.fill(&page, &format!("{source}/end-token"), &[]).await;
    assert_eq!(answer.leads_to(), format!("{}?done=import-token-ended", list(&server)));
    assert!(!opens(&server, &token).await);
    assert_eq!(browser.fill(&page, &format!("{source}/end-token"), &[]).await.status.code, 404);
}

#[rocket::async_test]
async fn a_form_that_is_sent_again_leaves_the_token_that_it_made() {
    let server = server().await;
    let (_, mut browser) = admin_of_the_site(&server).await;
    let source = registered(&server, &mut browser, "Laptops").await;
    let page = browser.open(&list(&server)).await;
    let token = secret(&browser.fill(&page, &format!("{source}/token"), &[]).await);

    let again = browser.fill(&page, &format!("{source}/token"), &[]).await;

    assert!(again.status.code == 409 && again.html.contains("No other token was made") && secret(&again).is_empty());
    assert!(opens(&server, &token).await);
    let next = secret(&browser.open_and_fill(&list(&server), &format!("{source}/token"), &[]).await);
    assert!(opens(&server, &next).await && !opens(&server, &token).await, "the former ended at once");
}

#[rocket::async_test]
async fn removing_an_import_source_asks_first_and_ends_its_token() {
    let server = server().await;
    let (_, mut browser) = admin_of_the_site(&server).await;
    let source = registered(&server, &mut browser, "Laptops").await;
    let token = secret(&browser.open_and_fill(&list(&server), &format!("{source}/token"), &[]).await);

    let question = browser.open(&format!("{source}/remove")).await;
    assert!(question.html.contains("Remove Laptops") && opens(&server, &token).await);
    let answer = browser.fill(&question, &format!("{source}/remove"), &[]).await;

    assert_eq!(answer.leads_to(), format!("{}?done=import-source-removed", list(&server)));
    assert!(!opens(&server, &token).await && browser.open(&list(&server)).await.html.contains("No import sources"));
    assert_eq!(browser.open(&format!("{source}/remove")).await.status.code, 404);
}

#[rocket::async_test]
async fn a_name_that_is_none_comes_back_with_what_is_wrong() {
    let server = server().await;
    let (_, mut browser) = admin_of_the_site(&server).await;
    let list = list(&server);
    let long = "x".repeat(65);

    for name in ["", "  ", "a\u{202e}b", &long] {
        let page = browser.open_and_fill(&list, &list, &[("label", name)]).await;
        assert!(page.html.contains("role=\"alert\"") && page.html.contains("aria-invalid=\"true\""), "{name:?}");
        assert!(page.html.contains(&format!("value=\"{name}\"")), "{name:?}: {}", page.html);
    }
    assert!(server.core.store.containers().await.expect("a store").is_empty());
}

#[rocket::async_test]
async fn a_member_who_is_no_admin_of_the_site_sees_and_does_nothing() {
    let server = server().await;
    let (_, mut boss) = admin_of_the_site(&server).await;
    let source = registered(&server, &mut boss, "Laptops").await;
    let member = server.user("member@example.com", PASSWORD).await;
    let stranger = server.user("stranger@example.com", PASSWORD).await;
    server.leave(&stranger, server.core.site.id).await;

    for (user, status) in [(member, 403), (stranger, 404)] {
        let mut browser = server.signed_in(&user).await;
        let csrf = browser.open("/logout").await.field("csrf");
        for path in [list(&server), format!("{source}/remove")] {
            assert_eq!(browser.open(&path).await.status.code, status, "{path}");
        }
        let actions = ["token", "end-token", "remove"].map(|action| format!("{source}/{action}"));
        for path in actions.iter().chain([&list(&server)]) {
            let answer = browser.submit(path, &[("csrf", &csrf), ("label", "X"), ("former", "")]).await;
            assert_eq!(answer.status.code, status, "{path}");
        }
    }
    let sources = server.core.store.containers().await.expect("a store");
    assert_eq!(sources.len(), 1);
    assert!(server.core.store.container_token(sources[0].id).await.expect("a store").is_none());
}

#[rocket::async_test]
async fn an_import_source_of_another_site_is_not_there() {
    let server = server().await;
    let (boss, mut browser) = admin_of_the_site(&server).await;
    let source = registered(&server, &mut browser, "Laptops").await;
    let token = secret(&browser.open_and_fill(&list(&server), &format!("{source}/token"), &[]).await);
    let other = server.site("other").await.id;
    server.join_as(&boss, other, SiteStanding::Admin).await;
    let foreign = source.replace(&server.core.site.id.to_string(), &other.to_string());
    let csrf = browser.open("/logout").await.field("csrf");

    for action in ["token", "end-token", "remove"] {
        let answer = browser.submit(&format!("{foreign}/{action}"), &[("csrf", &csrf), ("former", "")]).await;
        assert_eq!(answer.status.code, 404, "{action}");
    }
    assert!(opens(&server, &token).await && !browser.open(&format!("{foreign}/remove")).await.html.contains("Laptops"));
}
