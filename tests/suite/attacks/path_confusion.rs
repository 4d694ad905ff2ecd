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
async fn doubled_slashes_and_a_final_one_lead_nowhere() {
    let server = server().await;
    server.admin("admin@example.com", PASSWORD).await;
    let mut admin = server.visitor();
    admin.log_in("admin@example.com", PASSWORD).await;

    for path in ["//admin/people", "/admin//people", "/admin/people/", "/admin/", "//admin//people//", "//login", "//"]
    {
        let answer = admin.open(path).await;
        assert_eq!(answer.status.code, 404, "{path}");
    }
    for path in ["/oauth/token/", "//oauth/token", "/oauth//token"] {
        let answer = server.post(path, None, "grant_type=client_credentials").await;
        assert_eq!(answer.refusal(), (404, "not_found".into()), "{path}");
    }
}
