//! The list of sessions.

use hallmark::domain::time::Lifetime;

use crate::support::people::PASSWORD;
use crate::support::server::server;

const EMAIL: &str = "person@example.com";
const FIREFOX: &str = "Mozilla/5.0 (Windows NT 10.0; rv:140.0) Gecko/20100101 Firefox/140.0";

#[rocket::async_test]
async fn a_person_sees_where_they_are_signed_in_this_browser_first() {
    let server = server().await;
    server.user(EMAIL, PASSWORD).await;
    let (mut here, mut there) = (server.visitor(), server.visitor());
    here.log_in(EMAIL, PASSWORD).await;
    server.core.clock.advance(Lifetime::hours(2));
    there.headers.push(("User-Agent".into(), FIREFOX.into()));
    there.address = Some("192.0.2.7:4000".parse().expect("an address"));
    there.log_in(EMAIL, PASSWORD).await;

    let page = here.open("/account/sessions").await;

    for told in ["Firefox on Windows", "192.0.2.7", "This browser", "2 hours ago", "just now"] {
        assert!(page.html.contains(told), "{told} in {}", page.html);
    }
    assert!(page.html.find("This browser") < page.html.find("Firefox on Windows"));
    assert!(!page.html.contains("hms_"), "no page holds a cookie");
}

#[rocket::async_test]
async fn a_person_ends_one_session() {
    let server = server().await;
    server.user(EMAIL, PASSWORD).await;
    let (mut here, mut there) = (server.visitor(), server.visitor());
    here.log_in(EMAIL, PASSWORD).await;
    there.log_in(EMAIL, PASSWORD).await;

    let answer = here.open_and_fill("/account/sessions", "/account/sessions/end", &[]).await;

    assert_eq!((answer.status.code, answer.leads_to().as_str()), (303, "/account/sessions?done=session-ended"));
    assert!(here.is_signed_in().await && !there.is_signed_in().await);
    assert!(here.open(&answer.leads_to()).await.html.contains("You are signed in nowhere else."));
}

#[rocket::async_test]
async fn a_person_ends_all_sessions_but_this_one() {
    let server = server().await;
    server.user(EMAIL, PASSWORD).await;
    let mut browsers = [server.visitor(), server.visitor(), server.visitor()];
    for browser in &mut browsers {
        browser.log_in(EMAIL, PASSWORD).await;
    }
    let [here, second, third] = &mut browsers;

    here.open_and_fill("/account/sessions", "/account/sessions/end-others", &[]).await;

    assert!(here.is_signed_in().await);
    assert!(!second.is_signed_in().await && !third.is_signed_in().await);
}
