//! GET and DELETE /users/{account_id}/manage/api-tokens: an admin's script sees and ends the API tokens of anybody.

use hallmark::domain::user::User;
use rocket::http::Header;

use crate::support::people::PASSWORD;
use crate::support::scripts::{basic_header, for_scopes};
use crate::support::server::{TestServer, server, server_with};

const MANAGE: &str = "manage:api-token";

struct World {
    server: TestServer,
    admin: User,
    person: User,
}

async fn world() -> World {
    let server = server().await.with_resources().await;
    let (admin, person) = (server.admin("boss@example.com", PASSWORD).await, server.person().await);
    World { server, admin, person }
}

fn path(user: &User) -> String {
    format!("/users/{}/manage/api-tokens", user.id)
}

fn bearer(token: &str) -> Header<'static> {
    Header::new("Authorization", format!("Bearer {token}"))
}

#[rocket::async_test]
async fn an_admins_script_lists_and_ends_the_tokens_of_anybody() {
    let World { server, admin, person } = world().await;
    let manager = server.api_token(&admin, MANAGE).await;
    let token = server.api_token(&person, "read:objects").await;
    server.introspect_as("assets", &token, &[("client_ip", "192.0.2.7")]).await;

    let listed = server.ask(&path(&person), &manager).await.json();

    let entry = &listed[0];
    assert_eq!(listed.as_array().map(Vec::len), Some(1));
    assert_eq!((&entry["label"], &entry["active"]), (&"Nightly export".into(), &true.into()));
    assert_eq!(
        (&entry["createdAt"], &entry["lastAccess"]),
        (&"2025-11-24T16:00:00Z".into(), &"2025-11-24T16:00:00Z".into())
    );
    assert_eq!(
        (&entry["lastAccessFrom"], &entry["scopes"]),
        (&"192.0.2.7".into(), &serde_json::json!(["read:objects"]))
    );
    assert!(!listed.to_string().contains(&token));

    let one = format!("{}/{}", path(&person), entry["id"].as_str().expect("an id"));
    assert_eq!(server.delete(&one, basic_header("boss@example.com", &manager)).await.status.code, 204);
    assert!(!server.is_live(&token).await);
    assert_eq!(server.delete(&one, bearer(&manager)).await.status.code, 404);
    assert_eq!(server.ask(&path(&person), &manager).await.json(), serde_json::json!([]));
}

#[rocket::async_test]
async fn a_token_is_ended_by_the_path_of_its_owner_alone() {
    let World { server, admin, person } = world().await;
    let manager = server.api_token(&admin, MANAGE).await;
    let token = server.api_token(&person, "read:objects").await;
    let name = server.introspect(&token).await.text_of("jti");

    assert_eq!(server.delete(&format!("{}/{name}", path(&admin)), bearer(&manager)).await.status.code, 404);
    assert!(server.is_live(&token).await);
}

#[rocket::async_test]
async fn nobody_else_lists_or_ends_a_token() {
    let World { server, admin, person } = world().await;
    let site = Some(server.core.site.id);
    let without = server.api_token(&admin, "read:objects").await;
    let of_site = server.api_token_for(&admin, for_scopes(MANAGE), site).await.expect("a token");
    let of_person = server.api_token(&person, "read:objects").await;
    let cases = [
        ("nothing", None, 401),
        ("nonsense", Some(bearer("nonsense")), 401),
        ("a password", Some(basic_header("boss@example.com", PASSWORD)), 401),
        ("another scope", Some(bearer(&without)), 403),
        ("a token for one site", Some(bearer(&of_site)), 401),
        ("a person's own", Some(bearer(&of_person)), 403),
    ];
    for (what, header, status) in cases {
        let mut request = server.local.get(path(&person));
        if let Some(header) = header {
            request.add_header(header);
        }
        assert_eq!(request.dispatch().await.status().code, status, "{what}");
    }
}

#[rocket::async_test]
async fn an_account_that_is_not_there_is_not_found() {
    let World { server, admin, .. } = world().await;
    let manager = server.api_token(&admin, MANAGE).await;
    for account in ["nonsense", &server.core.site.id.to_string()] {
        let answer = server.ask(&format!("/users/{account}/manage/api-tokens"), &manager).await;
        assert_eq!(answer.refusal(), (404, "not_found".to_owned()));
    }
}

#[rocket::async_test]
async fn guessing_is_slowed_down_and_the_right_token_still_passes() {
    let settings = "[default.throttle]\ntokens_per_address = { burst = 2, per_minute = 1 }\n";
    let server = server_with(settings).await.with_resources().await;
    let admin = server.admin("boss@example.com", PASSWORD).await;
    let manager = server.api_token(&admin, MANAGE).await;
    let ask = async |token: &str| {
        let request = server.local.get(path(&admin)).remote("192.0.2.1:5000".parse().expect("an address"));
        request.header(bearer(token)).dispatch().await.status().code
    };

    assert_eq!([ask("hmp_a").await, ask("hmp_b").await, ask("hmp_c").await], [401, 401, 429]);
    assert_eq!(ask(&manager).await, 200);
}
