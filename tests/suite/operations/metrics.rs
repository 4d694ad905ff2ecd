//! What is counted, and by which names.

use hallmark::telemetry::{PoolMeasures, StoreMeasures};
use rocket::http::{ContentType, Status};

use crate::support::server::{TestServer, server};

fn exposition(server: &TestServer) -> String {
    server.core.telemetry.exposition(server.core.store_measures()).expect("text")
}

fn lines<'a>(text: &'a str, name: &'a str) -> Vec<&'a str> {
    text.lines().filter(|line| line.starts_with(name)).collect()
}

#[rocket::async_test]
async fn a_request_is_counted_by_the_template_of_its_route_and_never_by_its_path() {
    let server = server().await;

    for path in ["/reset/somebodys-secret", "/reset/another", "/nowhere/at-all"] {
        server.local.get(path).dispatch().await;
    }

    let text = exposition(&server);
    let counted = lines(&text, "hallmark_requests_total");
    assert_eq!(counted.len(), 2, "{counted:?}");
    assert!(
        counted[0].starts_with(r#"hallmark_requests_total{route="/reset/<token>",method="GET",status=""#),
        "{text}"
    );
    assert_eq!(counted[1], r#"hallmark_requests_total{route="-",method="-",status="4xx"} 1"#);
    assert!(!text.contains("somebodys-secret") && !text.contains("at-all"));
    assert!(
        text.contains(r#"hallmark_request_duration_seconds_count{route="/reset/<token>",method="GET"} 2"#),
        "{text}"
    );
    assert!(text.ends_with("# EOF\n"));
}

#[rocket::async_test]
async fn a_refusal_is_counted_by_its_registered_code() {
    let server = server().await;

    let request = server.local.post("/oauth/token").header(ContentType::Form).body("grant_type=x&client_id=<b>");
    assert_eq!(request.dispatch().await.status(), Status::Unauthorized);

    let text = exposition(&server);
    assert!(text.contains(r#"hallmark_refusals_total{code="invalid_client"} 1"#), "{text}");
    assert!(text.contains(r#"hallmark_refusals_total{code="invalid_grant"} 0"#), "{text}");
    assert!(!text.contains("<b>"));
}

#[rocket::async_test]
async fn the_store_and_the_process_are_measured() {
    let server = server().await;
    server.core.ready().await.expect("a store that is well");

    let text = exposition(&server);
    let count = lines(&text, "hallmark_store_commit_seconds_count");
    assert!(count.first().is_some_and(|line| !line.ends_with(" 0")), "{text}");
    for name in ["hallmark_store_size_bytes ", "hallmark_process_resident_memory_bytes "] {
        assert!(lines(&text, name).first().is_some_and(|line| !line.ends_with(" 0")), "{name}: {text}");
    }
}

#[rocket::async_test]
async fn the_connections_of_a_store_that_is_elsewhere_are_measured() {
    let server = server().await;
    let pool = PoolMeasures { idle: 3, in_use: 2, waiting: 1, ..PoolMeasures::default() };
    let measures = StoreMeasures { pool: Some(pool), ..StoreMeasures::default() };

    let text = server.core.telemetry.exposition(measures).expect("text");

    for line in [
        r#"hallmark_store_connections{state="idle"} 3"#,
        r#"hallmark_store_connections{state="in_use"} 2"#,
        "hallmark_store_connection_waiters 1",
        "hallmark_store_connection_wait_seconds_count 0",
        "hallmark_store_statement_seconds_count 0",
    ] {
        assert!(text.lines().any(|told| told == line), "{line}: {text}");
    }
}
