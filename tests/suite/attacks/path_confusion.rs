//! A path that a proxy could read in another way is no path of ours, and never becomes one.

use crate::support::people::PASSWORD;
use crate::support::server::server;

#[rocket::async_test]
async fn a_path_is_never_made_into_another() {
    let server = server().await;
    server.admin("admin@example.com", PASSWORD).await;
    let mut admin = server.visitor();
    admin.log_in("admin@example.com", PASSWORD).await;
    assert_eq!(admin.open("/admin/people").await.status.code, 200);

    for path in [
        "/admin;x/people",
        "/admin/people;x=1",
        "/admin%2fpeople",
        "/admin%2Fpeople",
        "/admin/./people",
        "/public/../admin/people",
        "/public/..;/admin/people",
        "/admin/%2e/people",
        "/public/%2e%2e/admin/people",
        "/ADMIN/people",
        "/admin/people%00",
        "/admin/people%20",
        "/admin/people.json",
        "/admin\\people",
    ] {
        // What the server cannot even read as a path, the local client refuses to send.
        if rocket::http::uri::Origin::parse(path).is_err() {
            continue;
        }
        let answer = admin.open(path).await;
        assert_eq!(answer.status.code, 404, "{path}: {}", answer.html);
    }
}

#[rocket::async_test]
async fn doubled_slashes_and_a_final_one_never_reach_a_page_of_another_guard() {
    let server = server().await;
    server.user("person@example.com", PASSWORD).await;
    let mut member = server.visitor();
    member.log_in("person@example.com", PASSWORD).await;

    for path in ["//admin/people", "/admin//people", "/admin/people/", "/admin/", "//admin//people//"] {
        let answer = member.open(path).await;
        assert!(matches!(answer.status.code, 403 | 404), "{path}: {}", answer.status);
    }
}
