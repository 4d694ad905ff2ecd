//! What passes through the front is what Rocket would have got and answered by itself.

use hallmark::front::Settings;
use rocket::http::CookieJar;

use crate::support::listening::Listening;
use crate::support::server::server;

fn get(path: &str, headers: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nHost: hallmark.test\r\nConnection: close\r\n{headers}\r\n")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_head_has_the_length_of_the_body_that_it_leaves_out() {
    let server = server().await;
    let front = Listening::to(&server).await;

    let whole = front.say(get("/static/main.css", "")).await.1;
    let head = front.say(get("/static/main.css", "").replacen("GET", "HEAD", 1)).await.1;

    let length = |answer: &str| {
        let line = answer.lines().find(|line| line.to_lowercase().starts_with("content-length:")).map(str::to_owned);
        line.expect("a length")
    };
    assert_eq!(length(&head), length(&whole));
    assert!(head.ends_with("\r\n\r\n") && !whole.ends_with("\r\n\r\n"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_head_of_more_than_32_kib_is_refused() {
    let server = server().await;
    let front = Listening::to(&server).await;

    let (status, _) = front.say(get("/login", &format!("X-Long: {}\r\n", "x".repeat(33 * 1024)))).await;
    assert_eq!(status, 431);
    let (status, _) = front.say(get("/login", &format!("X-Long: {}\r\n", "x".repeat(20 * 1024)))).await;
    assert_eq!(status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_without_end_is_refused_in_the_shape_its_caller_reads() {
    let server = server().await;
    let front = Listening::to(&server).await;
    let length = 10 * 1024 * 1024;
    let head = format!(
        "POST /oauth/token HTTP/1.1\r\nHost: hallmark.test\r\nContent-Type: application/x-www-form-urlencoded\r\n\
         Content-Length: {length}\r\n\r\n"
    );

    let (status, answer) = front.say([head.into_bytes(), vec![b'a'; 128 * 1024]].concat()).await;

    assert_eq!(status, 413, "{answer}");
    assert!(answer.contains("the body is longer than 32 KiB"), "{answer}");
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_on_one_connection_are_answered_in_turn() {
    let server = server().await;
    let front = Listening::to(&server).await;
    let first = get("/static/favicon.svg", "").replace("Connection: close\r\n", "");

    let (_, answers) = front.say(format!("{first}{}", get("/nothing", ""))).await;

    let statuses: Vec<_> = answers.match_indices("HTTP/1.1 ").map(|(at, _)| &answers[at + 9..at + 12]).collect();
    assert_eq!(statuses, ["200", "404"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn targets_and_methods_that_are_no_path_of_ours_are_refused_and_nothing_breaks() {
    let server = server().await;
    let front = Listening::to(&server).await;

    for (line, expected) in [
        ("GET http://hallmark.test/login HTTP/1.1", 200),
        ("OPTIONS * HTTP/1.1", 404),
        ("CONNECT hallmark.test:443 HTTP/1.1", 400),
        ("BREW /login HTTP/1.1", 400),
        ("TRACE /login HTTP/1.1", 405),
        ("GET /login|x HTTP/1.1", 404),
        ("GET /login?state={a|b}^`x%ff HTTP/1.1", 200),
        ("GET login HTTP/1.1", 400),
        ("GET /login HTTP/9.9", 400),
        ("nonsense", 400),
    ] {
        let (status, answer) = front.say(format!("{line}\r\nHost: hallmark.test\r\nConnection: close\r\n\r\n")).await;
        assert_eq!(status, expected, "{line}: {answer}");
        assert!(!answer.contains("Rocket"), "{answer}");
    }
    assert_eq!(front.say(get("/login", "")).await.0, 200);
}

#[rocket::get("/cookies")]
fn cookies(jar: &CookieJar<'_>) -> String {
    let mut cookies: Vec<String> = jar.iter().map(|cookie| format!("{}={}", cookie.name(), cookie.value())).collect();
    cookies.sort();
    cookies.join(" ")
}

#[tokio::test(flavor = "multi_thread")]
async fn each_cookie_that_can_be_read_arrives_and_the_others_harm_none() {
    let rocket = rocket::build().mount("/", rocket::routes![cookies]);
    let front = Listening::with(rocket, Settings::default()).await;

    let (_, answer) = front.say(get("/cookies", "Cookie: a=1; nonsense; =x; b=%41%20;;\r\nCookie: c=3\r\n")).await;

    assert!(answer.ends_with("a=1 b=A  c=3"), "{answer}");
}
