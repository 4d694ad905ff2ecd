//! Whatever goes wrong, a program reads JSON and a person a page of ours: nothing tells what runs here.

use rocket::http::{ContentType, Header, Method};

use crate::support::server::{TestServer, server};

const PROGRAMS: [&str; 6] =
    ["/oauth/token", "/oauth/introspect", "/oauth/revoke", "/oauth/par", "/oauth/jwks/nothing", "/.well-known/nothing"];

async fn send(server: &TestServer, method: Method, path: &str) -> (u16, Option<String>, String, Option<String>) {
    let answer = server.local.req(method, path.to_owned()).dispatch().await;
    let (status, kind) = (answer.status().code, answer.content_type().map(|kind| kind.to_string()));
    let allow = answer.headers().get_one("Allow").map(str::to_owned);
    assert_eq!(answer.headers().get_one("Cache-Control"), Some("no-store"), "{method} {path}");
    (status, kind, answer.into_string().await.unwrap_or_default(), allow)
}

#[rocket::async_test]
async fn a_person_reads_what_happened_what_was_shared_and_what_to_do() {
    let server = server().await;

    for (method, path, status, title) in [
        (Method::Get, "/nothing/here", 404, "We cannot find this page"),
        (Method::Get, "/account/nothing", 404, "We cannot find this page"),
        (Method::Delete, "/login", 405, "This cannot be done here"),
        (Method::Put, "/account", 405, "This cannot be done here"),
        (Method::Post, "/login", 403, "You cannot do this"),
    ] {
        let (got, kind, page, _) = send(&server, method, path).await;
        assert_eq!((got, kind.as_deref()), (status, Some("text/html; charset=utf-8")), "{method} {path}");
        for told in [title, "Nothing was shared", "What you can do", "Reference"] {
            assert!(page.contains(told), "{told} at {path}: {page}");
        }
        assert!(!page.contains("Rocket") && !page.contains("panic"), "{page}");
    }
}

#[rocket::async_test]
async fn the_reference_on_the_page_is_the_name_of_the_request() {
    let server = server().await;

    let page = server.visitor().open("/nothing/here").await;

    let id = page.header("X-Request-Id").expect("an id").to_owned();
    assert!(page.html.contains(&id));
    let other = server.visitor().open("/nothing/here").await;
    assert_ne!(other.header("X-Request-Id"), Some(id.as_str()));
}

#[rocket::async_test]
async fn a_program_reads_json_in_the_shape_of_an_oauth_error() {
    let server = server().await;

    for path in PROGRAMS {
        for method in [Method::Get, Method::Put, Method::Delete, Method::Patch] {
            let (status, kind, body, _) = send(&server, method, path).await;
            assert!(matches!(status, 404 | 405), "{method} {path}: {status}");
            assert_eq!(kind.as_deref(), Some("application/json"), "{method} {path}");
            let json: serde_json::Value = serde_json::from_str(&body).expect("JSON");
            assert!(json["error"].is_string() && json["error_description"].is_string(), "{json}");
        }
    }
}

#[rocket::async_test]
async fn a_known_path_with_another_method_says_which_it_has() {
    let server = server().await;

    for (method, path, allowed) in [
        (Method::Get, "/oauth/introspect", "POST"),
        (Method::Delete, "/login", "GET, HEAD, POST"),
        (Method::Post, "/account/sessions", "GET, HEAD"),
        (Method::Put, "/account/apps/00000000000000000000000000000000", "GET, HEAD"),
        (Method::Options, "/login", "GET, HEAD, POST"),
        (Method::Trace, "/login", "GET, HEAD, POST"),
    ] {
        let (status, _, _, allow) = send(&server, method, path).await;
        assert_eq!((status, allow.as_deref()), (405, Some(allowed)), "{method} {path}");
    }
}

#[rocket::async_test]
async fn a_form_that_is_too_large_or_not_text_is_a_page_too() {
    let server = server().await;

    for (body, status) in [(vec![b'x'; 33 * 1024], 413), (vec![b'a', b'=', 0xff, 0xfe], 400), (b"a=%ff".to_vec(), 400)]
    {
        let request = server
            .local
            .post("/login")
            .header(ContentType::Form)
            .header(Header::new("Origin", "https://hallmark.test"));
        let answer = request.body(body).dispatch().await;
        assert_eq!(answer.status().code, status);
        assert!(answer.into_string().await.is_some_and(|page| page.contains("What you can do")));
    }
}

#[rocket::get("/panics")]
fn panics() -> &'static str {
    panic!("a secret detail")
}

#[rocket::get("/oauth/token/panics")]
fn panics_for_programs() -> &'static str {
    panic!("a secret detail")
}

#[rocket::async_test]
async fn a_handler_that_panics_tells_nothing_and_the_server_goes_on() {
    let server = server().await;
    let figment = rocket::figment::Figment::from(rocket::Config::release_default());
    let rocket = hallmark::launch::rocket(server.core.clone(), figment);
    let rocket = rocket.mount("/", rocket::routes![panics, panics_for_programs]);
    let client = rocket::local::asynchronous::Client::untracked(rocket).await.expect("a rocket");

    for (path, told) in [("/panics", "Something went wrong"), ("/oauth/token/panics", "server_error")] {
        let answer = client.get(path).dispatch().await;
        assert_eq!(answer.status().code, 500);
        let policy = answer.headers().get_one("Content-Security-Policy");
        assert!(policy.is_some_and(|policy| policy.contains("frame-ancestors 'none'")), "{policy:?}");
        assert_eq!(answer.headers().get_one("Server"), None, "whatever the configuration says");
        let body = answer.into_string().await.expect("a body");
        assert!(body.contains(told) && !body.contains("secret detail") && !body.contains("Rocket"), "{body}");
    }
    assert_eq!(client.get("/login").dispatch().await.status().code, 200);
}
