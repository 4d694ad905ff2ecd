//! The guard for APIs, before an authorization server that says what the test wants (RFC 6750, RFC 7662).

use hallmark::resource_server::{Bearer, Importer, RequiredScope, ResourceServer};
use rocket::fairing::AdHoc;
use rocket::figment::Figment;
use rocket::form::{Form, FromForm};
use rocket::http::{Header, Status};
use rocket::local::asynchronous::{Client, LocalResponse};
use rocket::serde::json::{Value, json};
use rocket::{State, get, post, routes};
use tokio::sync::oneshot;

struct ReadNotes;

impl RequiredScope for ReadNotes {
    const SCOPE: &'static str = "read:note:example";
}

#[get("/notes")]
async fn notes(caller: Bearer<ReadNotes>) -> Value {
    json!({ "read_by": caller.sub })
}

/// Tells what the guard asked about the request.
#[get("/asked/<_..>")]
async fn asked(caller: Bearer<ReadNotes>) -> Value {
    let acting = caller.act.as_ref().map(|act| &act.sub);
    json!({ "asked": caller.more["asked"], "credential": caller.credential, "acting": acting, "from": caller.more["from"] })
}

/// What an import source is told at any of its paths.
#[get("/jsm/assets/workspace/<_>/v1/importsource/<_..>")]
async fn import(caller: Importer) -> Value {
    json!({ "import_source": caller.source.id.to_string(), "sub": caller.sub })
}

#[get("/hello")]
async fn hello(caller: Option<Bearer<ReadNotes>>) -> String {
    caller.map_or("hello".to_owned(), |caller| format!("hello {}", caller.sub))
}

#[derive(FromForm)]
struct Question {
    token: String,
    request_method: Option<String>,
    request_target: Option<String>,
    site: Option<String>,
    client_ip: Option<String>,
}

const WORKSPACE: &str = "0a4c1d2e-0c1a-4d0e-9a57-0d3f6a1b2c3d";
const SOURCE: &str = "5b4c1d2e-0c1a-4d0e-9a57-0d3f6a1b2c3d";
const OTHER: &str = "5b4c1d2e-0c1a-4d0e-9a57-0d3f6a1b2c3e";

/// What the authorization server calls itself.
struct Issuer(String);

#[post("/oauth/introspect", data = "<question>")]
async fn introspect(question: Form<Question>, issuer: &State<Issuer>) -> Result<Value, Status> {
    let Question { token, request_method, request_target, site, client_ip } = question.into_inner();
    let live =
        |scope: &str| json!({ "active": true, "iss": issuer.0, "sub": "user:1", "client_id": "c", "scope": scope });
    let told = |credential: &str, token_type: &str| {
        let mut told = live("read:note:example");
        told["asked"] = json!([request_method, request_target, site]);
        told["from"] = json!(client_ip);
        told["credential"] = json!(credential);
        told["token_type"] = json!(token_type);
        told
    };
    match token.as_str() {
        "asked" => Ok(told("oauth_user", "Bearer")),
        "signed.by.app" if request_method.is_some() => Ok(told("connect_app", "JWT")),
        "signs.head.only" if request_method.as_deref() == Some("HEAD") => Ok(told("connect_app", "JWT")),
        "for.a.user" => {
            let mut told = told("connect_user", "Bearer");
            told["act"] = json!({ "sub": "app:1" });
            Ok(told)
        }
        "opaque.but.live" => Ok(told("oauth_user", "Bearer")),
        "jwt.about.anything" => Ok(told("connect_app", "JWT")),
        "good" => Ok(live("read:note:example write:note:example")),
        "import.script" => Ok(json!({
            "active": true, "iss": issuer.0, "sub": format!("import_source:{SOURCE}"), "token_type": "Bearer",
            "site": { "id": OTHER, "workspace_id": WORKSPACE },
            "authorization_details": [{
                "type": "assets_import", "locations": ["https://notes.example"], "workspace": WORKSPACE,
                "import_source": SOURCE, "actions": ["configstatus", "mapping", "executions"],
            }],
        })),
        "importer" => {
            let mut told = live("import:import-configuration:cmdb");
            told["site"] = json!({ "id": OTHER, "workspace_id": WORKSPACE });
            Ok(told)
        }
        "narrow" => Ok(live("write:note:example read:note:example2")),
        "foreign" => Ok(json!({ "active": true, "iss": "https://evil.example", "scope": "read:note:example" })),
        "trouble" => Err(Status::ServiceUnavailable),
        "nonsense" => Ok(json!("what?")),
        _ => Ok(json!({ "active": false })),
    }
}

/// An authorization server on a port of its own; its issuer. It runs as long as the test's runtime.
async fn authorization_server() -> String {
    let free = std::net::TcpListener::bind(("127.0.0.1", 0)).and_then(|listener| listener.local_addr());
    let port = free.expect("a free port").port();
    let (sender, lifted_off) = oneshot::channel();
    let figment = Figment::from(rocket::Config::debug_default()).merge(("port", port)).merge(("log_level", "off"));
    let issuer = format!("http://127.0.0.1:{port}");
    let rocket = rocket::custom(figment)
        .manage(Issuer(issuer.clone()))
        .mount("/", routes![introspect])
        .attach(AdHoc::on_liftoff("Lifted off", |_| Box::pin(async move { sender.send(()).unwrap_or_default() })));
    tokio::spawn(rocket.launch());
    lifted_off.await.expect("a lift-off");
    issuer
}

fn guard(issuer: &str) -> ResourceServer {
    ResourceServer::new(issuer, "notes", "secret", "no\"tes").expect("a guard")
}

async fn api(guard: ResourceServer) -> Client {
    let rocket = rocket::custom(Figment::from(rocket::Config::debug_default()).merge(("log_level", "off")))
        .attach(guard)
        .mount("/", routes![notes, asked, hello, import])
        .mount("/ex/jira", routes![import]);
    Client::untracked(rocket).await.expect("a rocket")
}

/// What became of a request.
struct Answer {
    status: u16,
    challenge: String,
    body: Value,
}

async fn answer(response: LocalResponse<'_>) -> Answer {
    let header = |name: &str| response.headers().get_one(name).unwrap_or_default().to_owned();
    let (status, challenge) = (response.status().code, header("WWW-Authenticate"));
    let body = response.into_json().await.unwrap_or_default();
    Answer { status, challenge, body }
}

async fn ask(api: &Client, path: &str, authorization: &[&str]) -> Answer {
    let request = authorization.iter().fold(api.get(path.to_owned()), |mut request, value| {
        request.add_header(Header::new("Authorization", (*value).to_owned()));
        request
    });
    answer(request.dispatch().await).await
}

/// An API behind an authorization server that can be asked.
async fn served() -> Client {
    api(guard(&authorization_server().await)).await
}

#[rocket::async_test]
async fn every_refusal_names_its_layer_and_carries_its_challenge() {
    let api = served().await;

    let reached = ask(&api, "/notes", &["Bearer good"]).await;
    assert_eq!((reached.status, &reached.body["read_by"]), (200, &json!("user:1")));

    let none = ask(&api, "/notes", &[]).await;
    assert_eq!((none.status, none.challenge.as_str()), (401, "Bearer realm=\"notes\""));
    assert_eq!(none.body["layer"], 1);

    let dead = ask(&api, "/notes", &["Bearer dead"]).await;
    assert_eq!((dead.status, &dead.body["layer"], &dead.body["error"]), (401, &json!(1), &json!("invalid_token")));
    assert!(dead.challenge.contains("error=\"invalid_token\""), "{}", dead.challenge);

    let narrow = ask(&api, "/notes", &["Bearer narrow"]).await;
    assert_eq!((narrow.status, &narrow.body["layer"]), (403, &json!(2)));
    assert_eq!(narrow.body["required"], "read:note:example");
    assert!(narrow.challenge.ends_with("scope=\"read:note:example\""), "{}", narrow.challenge);

    let foreign = ask(&api, "/notes", &["Bearer foreign"]).await;
    assert_eq!((foreign.status, &foreign.body["error"]), (401, &json!("invalid_token")));

    for sloppy in [&["Bearer  good"][..], &["Bearer\tgood"], &["Bearer good", "Bearer good"], &["Bearer good,"]] {
        let refused = ask(&api, "/notes", sloppy).await;
        assert_eq!((refused.status, &refused.body["error"]), (401, &json!("invalid_token")), "{sloppy:?}");
    }
    for query in ["/notes?access_token=good", "/notes?x=1&access%5Ftoken=good"] {
        let refused = ask(&api, query, &["Bearer good"]).await;
        assert_eq!((refused.status, &refused.body["error"]), (400, &json!("invalid_request")), "{query}");
    }
    for unasked in ["Bearer trouble", "Bearer nonsense"] {
        assert_eq!(ask(&api, "/notes", &[unasked]).await.status, 503, "{unasked}");
    }
    let greeted = api.get("/hello").dispatch().await;
    assert_eq!(greeted.status(), Status::Ok, "a route that can do without a token answers for itself");
}

#[rocket::async_test]
async fn an_authorization_server_that_is_down_is_no_reason_to_trust_a_token() {
    let free = std::net::TcpListener::bind(("127.0.0.1", 0)).and_then(|listener| listener.local_addr());
    let api = api(guard(&format!("http://127.0.0.1:{}", free.expect("a free port").port()))).await;
    let refused = ask(&api, "/notes", &["Bearer good"]).await;
    assert_eq!((refused.status, &refused.body["error"]), (503, &json!("temporarily_unavailable")));
    assert!(refused.challenge.is_empty());
}

#[rocket::async_test]
async fn a_connect_app_is_asked_about_with_the_request_as_it_was_sent() {
    let api = served().await;

    for target in ["/asked/a%2fb/it's?q=a+b&z=%7E'(", "/asked//a/?", "/asked/a?jwt2=x"] {
        let reached = ask(&api, target, &["JWT signed.by.app"]).await;
        assert_eq!(reached.body["asked"], json!(["GET", target, null]), "{target}");
        assert_eq!(reached.body["credential"], "connect_app");
    }
    let in_query = ask(&api, "/asked/a?x=1&jwt=signed.by.app", &[]).await;
    assert_eq!(in_query.body["asked"], json!(["GET", "/asked/a?x=1&jwt=signed.by.app", null]));

    let mut head = api.head("/notes");
    head.add_header(Header::new("Authorization", "JWT signs.head.only"));
    assert_eq!(head.dispatch().await.status(), Status::Ok, "the route is that of GET, and what was signed is HEAD");
}

#[rocket::async_test]
async fn who_is_asked_about_a_token_is_told_nothing_of_the_request() {
    let api = served().await;
    assert_eq!(ask(&api, "/asked/a", &["Bearer asked"]).await.body["asked"], json!([null, null, null]));
}

#[rocket::async_test]
async fn an_app_that_acts_for_a_person_is_told_beside_them() {
    let reached = ask(&served().await, "/asked/a", &["Bearer for.a.user"]).await;
    assert_eq!((&reached.body["acting"], &reached.body["credential"]), (&json!("app:1"), &json!("connect_user")));
}

#[rocket::async_test]
async fn an_api_of_one_site_names_it_with_every_question() {
    let api = api(guard(&authorization_server().await).on_site("https://acme.example")).await;
    let token = ask(&api, "/asked/a", &["Bearer asked"]).await;
    assert_eq!(token.body["asked"], json!([null, null, "https://acme.example"]));
    let jwt = ask(&api, "/asked/a", &["JWT signed.by.app"]).await;
    assert_eq!(jwt.body["asked"], json!(["GET", "/asked/a", "https://acme.example"]));
}

#[rocket::async_test]
async fn a_request_that_authenticates_twice_is_refused() {
    let api = served().await;
    for header in ["JWT signed.by.app", "Bearer good", "Basic YTpi", "Bearer"] {
        let refused = ask(&api, "/notes?jwt=signed.by.app", &[header]).await;
        assert_eq!((refused.status, &refused.body["error"]), (400, &json!("invalid_request")), "{header}");
    }
    for target in ["/notes?jwt=signed.by.app&jwt=signed.by.app", "/notes?jwt=signed.by.app&j%77t=x"] {
        assert_eq!(ask(&api, target, &[]).await.status, 400, "{target}");
    }
    assert_eq!(ask(&api, "/notes", &["JWT signed.by.app", "JWT signed.by.app"]).await.status, 401);
}

#[rocket::async_test]
async fn an_access_token_is_not_taken_as_a_jwt_nor_a_jwt_as_an_access_token() {
    let api = served().await;
    assert_eq!(ask(&api, "/notes", &["Bearer opaque.but.live"]).await.status, 200);
    for target in ["/notes?jwt=opaque.but.live", "/notes?jwt=good", "/notes?access_token=good"] {
        let refused = ask(&api, target, &[]).await;
        assert!(matches!(refused.status, 400 | 401), "{target} {}", refused.status);
    }
    assert_eq!(ask(&api, "/notes", &["JWT opaque.but.live"]).await.status, 401);
    assert_eq!(ask(&api, "/notes", &["Bearer jwt.about.anything"]).await.status, 401);
}

#[rocket::async_test]
async fn a_refusal_says_that_a_jwt_would_do_as_well() {
    let api = served().await;
    for shown in [&[][..], &["JWT no.such.app"], &["JWT not-a-jwt"], &["Bearer dead"], &["Bearer narrow"]] {
        let mut request = api.get("/notes");
        shown.iter().for_each(|value| request.add_header(Header::new("Authorization", *value)));
        let refused = request.dispatch().await;
        let challenges: Vec<_> = refused.headers().get("WWW-Authenticate").collect();
        assert!(challenges.len() == 2 && challenges[0].starts_with("Bearer realm="), "{challenges:?}");
        assert_eq!(challenges[1], "JWT realm=\"notes\"");
    }
}

fn import_path(workspace: &str, source: &str, rest: &str) -> String {
    format!("/jsm/assets/workspace/{workspace}/v1/importsource/{source}/{rest}")
}

#[rocket::async_test]
async fn a_container_token_opens_its_own_import_source_and_nothing_else() {
    let api = served().await;

    for rest in ["configstatus", "mapping", "executions", "executions/1/data?x=1"] {
        let own = import_path(WORKSPACE, SOURCE, rest);
        let reached = ask(&api, &own, &["Bearer import.script"]).await;
        assert_eq!((reached.status, &reached.body["import_source"]), (200, &json!(SOURCE)), "{own}");
        assert_eq!(
            ask(&api, &format!("/ex/jira{own}"), &["Bearer import.script"]).await.status,
            200,
            "mounted elsewhere"
        );
    }

    let another = import_path(WORKSPACE, OTHER, "executions");
    let another_workspace = import_path(OTHER, SOURCE, "executions");
    let another_action = import_path(WORKSPACE, SOURCE, "token");
    for path in [&another, &another_workspace, &another_action] {
        let refused = ask(&api, path, &["Bearer import.script"]).await;
        assert_eq!((refused.status, &refused.body["layer"]), (403, &json!(2)), "{path}");
        assert!(refused.challenge.contains("error=\"insufficient_scope\""), "{}", refused.challenge);
    }
    for path in ["/notes", "/asked/a"] {
        let refused = ask(&api, path, &["Bearer import.script"]).await;
        assert_eq!((refused.status, &refused.body["required"]), (403, &json!("read:note:example")), "{path}");
    }
    assert_eq!(ask(&api, &import_path(WORKSPACE, SOURCE, "mapping"), &["Bearer dead"]).await.status, 401);
}

#[rocket::async_test]
async fn an_import_source_that_is_written_in_another_way_is_none() {
    let api = served().await;
    let (upper, escaped) = (SOURCE.to_uppercase(), SOURCE.replace('5', "%35"));
    for source in [&upper, &escaped, &format!("%7B{SOURCE}%7D"), &format!("{SOURCE};x=1"), &SOURCE.replace('-', "")] {
        for token in ["Bearer import.script", "Bearer importer"] {
            let path = import_path(WORKSPACE, source, "mapping");
            assert_eq!(ask(&api, &path, &[token]).await.status, 403, "{path} {token}");
        }
    }
    for rest in ["m%61pping", "mapping;x=1", "executions/%2e%2e/mapping", "executions%2F..%2Fmapping", "mapping/"] {
        let path = import_path(WORKSPACE, SOURCE, rest);
        assert_eq!(ask(&api, &path, &["Bearer import.script"]).await.status, 403, "{path}");
    }
}

#[rocket::async_test]
async fn whoever_runs_imports_reaches_every_import_source_of_their_site_alone() {
    let api = served().await;
    for source in [SOURCE, OTHER] {
        assert_eq!(
            ask(&api, &import_path(WORKSPACE, source, "mapping"), &["Bearer importer"]).await.status,
            200,
            "{source}"
        );
    }
    let elsewhere = ask(&api, &import_path(OTHER, SOURCE, "mapping"), &["Bearer importer"]).await;
    assert_eq!((elsewhere.status, &elsewhere.body["layer"]), (403, &json!(2)));
    let reader = ask(&api, &import_path(WORKSPACE, SOURCE, "mapping"), &["Bearer good"]).await;
    assert_eq!((reader.status, &reader.body["required"]), (403, &json!("import:import-configuration:cmdb")));
}

#[rocket::async_test]
async fn where_a_request_came_from_is_told_by_an_api_that_knows_it() {
    let issuer = authorization_server().await;
    let silent = api(guard(&issuer)).await;
    assert_eq!(ask(&silent, "/asked/a", &["Bearer asked"]).await.body["from"], json!(null));

    let telling = api(guard(&issuer).telling_client_ip(|request| request.remote().map(|peer| peer.ip()))).await;
    let mut request = telling.get("/asked/a").remote("192.0.2.7:4711".parse().expect("an address"));
    request.add_header(Header::new("Authorization", "Bearer asked"));
    request.add_header(Header::new("X-Real-IP", "198.51.100.1"));
    assert_eq!(answer(request.dispatch().await).await.body["from"], json!("192.0.2.7"));
}
