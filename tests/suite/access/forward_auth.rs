//! What a gateway is answered that holds a call back: 200, 401 or 403, and 503 where nothing could be judged.

use hallmark::domain::event::Event;
use hallmark::domain::role_binding::RoleSubject;
use rocket::http::{Header, Method};

use crate::support::access::{AccessWorld, READ, WRITE, access_world};
use crate::support::client::{Answer, basic};
use crate::support::scripts::basic_header;

const PATH: &str = "/access/v1/forward-auth";

/// Every header by which an API learns whose call it is.
const IDENTITY: [&str; 10] = [
    "X-Hallmark-Subject",
    "X-Hallmark-Username",
    "X-Hallmark-Client",
    "X-Hallmark-Act",
    "X-Hallmark-Site",
    "X-Hallmark-Workspace",
    "X-Hallmark-Scope",
    "X-Hallmark-Credential",
    "X-Hallmark-Operation",
    "X-Hallmark-Filter",
];

fn gateway() -> Header<'static> {
    let credentials = basic("assets", "assets-secret-of-many-characters");
    Header::new("X-Hallmark-Authorization", credentials.value().to_owned())
}

fn header(name: &str, value: &str) -> Header<'static> {
    Header::new(name.to_owned(), value.to_owned())
}

fn bearer(token: &str) -> Header<'static> {
    header("Authorization", &format!("Bearer {token}"))
}

fn original(method: &str, target: &str) -> [Header<'static>; 2] {
    [header("X-Original-Method", method), header("X-Original-URI", target)]
}

/// What nginx is answered about a call with these headers.
async fn ask(world: &AccessWorld, (method, target): (&str, &str), more: &[Header<'static>]) -> Answer {
    let headers = original(method, target).into_iter().chain([gateway()]).chain(more.iter().cloned());
    world.server.send(Method::Get, PATH, headers, "").await
}

/// The target of a path of the API on the site.
fn on_site(world: &AccessWorld, path: &str) -> String {
    format!("/jsm/assets/workspace/{}/v1{path}", world.site.workspace_id)
}

fn identity(answer: &Answer) -> Vec<&str> {
    IDENTITY.iter().map(|name| answer.header(name).unwrap_or_else(|| panic!("no {name}"))).collect()
}

/// The status, and what the headers say of the refusal.
fn refusal(answer: &Answer) -> (u16, &str, &str) {
    let told = |name| answer.header(name).unwrap_or_default();
    (answer.status.code, told("X-Hallmark-Layer"), told("X-Hallmark-Error"))
}

/// The world in which its person is a user of the first schema.
async fn world() -> AccessWorld {
    let world = access_world().await;
    world.give("user", "schema:4", RoleSubject::User(world.person.id)).await;
    world
}

#[rocket::async_test]
async fn a_yes_has_every_header_of_an_identity() {
    let world = world().await;
    let token = world.token(&world.person, READ).await;

    let answer = ask(&world, ("GET", &on_site(&world, "/object/88?x=1")), &[bearer(&token)]).await;

    assert_eq!((answer.status.code, answer.text.as_str()), (200, ""));
    let (subject, site, workspace) =
        (format!("user:{}", world.person.id), world.site.id.to_string(), world.site.workspace_id.to_string());
    let expected = [
        subject.as_str(),
        "person@example.com",
        "sprint-mailer",
        "",
        &site,
        &workspace,
        READ,
        "oauth_user",
        "GET /object/{id}",
        "",
    ];
    assert_eq!(identity(&answer), expected);
    assert_eq!(answer.header("Cache-Control"), Some("no-store"));
    let list = ask(&world, ("POST", &on_site(&world, "/object/aql")), &[bearer(&token)]).await;
    assert_eq!((list.status.code, list.header("X-Hallmark-Filter")), (200, Some("true")));
}

#[rocket::async_test]
async fn every_kind_of_credential_is_taken_and_what_it_does_not_tell_is_empty() {
    let world = world().await;
    let app = world.connect_app("READ").await;
    world.give("user", "schema:4", app.account()).await;
    let script = world.server.api_token(&world.person, READ).await;
    let container = world.server.container_token(&world.source).await;
    let object = on_site(&world, "/object/88");
    let jwt = app.jwt("GET", &object);
    let in_query = format!("{object}?jwt={jwt}");

    for (target, credential, kind, operation) in [
        (&object, Some(header("Authorization", &format!("JWT {jwt}"))), "connect_app", "GET /object/{id}"),
        (&in_query, None, "connect_app", "GET /object/{id}"),
        (&object, Some(basic_header("person@example.com", &script)), "api_token", "GET /object/{id}"),
        (&object, Some(bearer(&script)), "api_token", "GET /object/{id}"),
        (
            &on_site(&world, &format!("/importsource/{}", world.source.id)),
            Some(bearer(&container)),
            "container_token",
            "GET /importsource/{id}",
        ),
    ] {
        let answer = ask(&world, ("GET", target), &credential.into_iter().collect::<Vec<_>>()).await;
        assert_eq!(answer.status.code, 200, "{target}: {}", answer.text);
        let told = identity(&answer);
        assert_eq!((told[7], told[8]), (kind, operation));
        assert_eq!(told[1].is_empty(), kind != "api_token", "{told:?}");
    }
}

#[rocket::async_test]
async fn each_layer_refuses_by_its_status_and_says_which_it_is() {
    let world = world().await;
    let (reads, writes) = (world.token(&world.person, READ).await, world.token(&world.person, WRITE).await);
    let object = on_site(&world, "/object/88");

    let unknown = ask(&world, ("PUT", &object), &[bearer("hma_unknown")]).await;
    let short = ask(&world, ("PUT", &object), &[bearer(&reads)]).await;
    let without = ask(&world, ("PUT", &object), &[bearer(&writes)]).await;

    assert_eq!(refusal(&unknown), (401, "1", "invalid_token"));
    let challenges: Vec<&str> = unknown
        .headers
        .iter()
        .filter(|(name, _)| name.eq_ignore_ascii_case("WWW-Authenticate"))
        .map(|(_, value)| value.as_str())
        .collect();
    assert_eq!(challenges, [r#"Bearer realm="assets", error="invalid_token""#, r#"JWT realm="assets""#]);
    assert_eq!(refusal(&short), (403, "2", "insufficient_scope"));
    let challenge = short.header("WWW-Authenticate").expect("a challenge");
    assert!(challenge.contains(r#"error="insufficient_scope", scope="write:cmdb-object:jira""#), "{challenge}");
    assert_eq!(refusal(&without), (403, "3", "access_denied"));
    assert_eq!(without.header("WWW-Authenticate"), None);
    assert_eq!(
        (without.text_of("required"), without.header("X-Hallmark-Required")),
        ("developer".into(), Some("developer"))
    );
    let trace = without.text_of("trace");
    assert_eq!(without.header("X-Hallmark-Trace"), Some(trace.as_str()));
    let facts = world.server.facts().await;
    assert!(facts.iter().any(|event| matches!(event, Event::AccessRefused { trace: of, .. } if *of == trace)));
}

#[rocket::async_test]
async fn a_call_without_a_credential_is_asked_for_one_and_two_are_refused() {
    let world = world().await;
    let token = world.token(&world.person, READ).await;
    let object = on_site(&world, "/object/88");
    let in_query = format!("{object}?jwt=a.b.c");
    let at_the_wrong_place = format!("{object}?access_token={token}");

    for (target, credentials, expected) in [
        (&object, &[][..], (401, "1", "missing_token")),
        (&object, &[header("Authorization", "Negotiate abc")], (401, "1", "missing_token")),
        (&object, &[header("Authorization", &format!("Bearer  {token}"))], (401, "1", "invalid_token")),
        (&object, &[header("Authorization", &format!("Bearer {token},"))], (401, "1", "invalid_token")),
        (&object, &[bearer(&token), bearer(&token)], (401, "1", "invalid_token")),
        (&in_query, &[bearer(&token)], (403, "1", "invalid_request")),
        (&at_the_wrong_place, &[], (403, "1", "invalid_request")),
    ] {
        let answer = ask(&world, ("GET", target), credentials).await;
        assert_eq!(refusal(&answer), expected, "{target} {credentials:?}: {}", answer.text);
        assert_eq!(answer.header("WWW-Authenticate").is_some(), answer.status.code == 401);
    }
}

#[rocket::async_test]
async fn what_is_no_operation_to_the_letter_is_refused() {
    let world = world().await;
    let token = world.token(&world.site_admin("admin@example.com").await, READ).await;
    let other = world.server.site("other").await;
    let object = on_site(&world, "/object/88");
    assert_eq!(ask(&world, ("GET", &object), &[bearer(&token)]).await.status.code, 200);

    for (method, target) in [
        ("PATCH", object.clone()),
        ("HEAD", object.clone()),
        ("get", object.clone()),
        ("GET", format!("{object}/")),
        ("GET", format!("/{object}")),
        ("GET", on_site(&world, "//object/88")),
        ("GET", on_site(&world, "/object/../object/88")),
        ("GET", on_site(&world, "/object/%2e%2e/object/88")),
        ("GET", on_site(&world, "/object/8%38")),
        ("GET", on_site(&world, "/object%2F88")),
        ("GET", on_site(&world, "/object/88;x=1")),
        ("GET", on_site(&world, "/object/88#x")),
        ("GET", on_site(&world, "/OBJECT/88")),
        ("GET", on_site(&world, "/nothing")),
        ("GET", "/object/88".into()),
        ("GET", "/jsm/assets/workspace/nowhere/v1/object/88".into()),
        ("GET", format!("/ex/jira/{}/jsm/assets/workspace/{}/v1/object/88", other.id, world.site.workspace_id)),
    ] {
        let answer = ask(&world, (method, &target), &[bearer(&token)]).await;
        assert_eq!(refusal(&answer), (403, "", "access_denied"), "{method} {target}: {}", answer.text);
    }
}

#[rocket::async_test]
async fn a_call_is_told_once_and_in_one_way() {
    let world = world().await;
    let token = world.token(&world.person, READ).await;
    let object = on_site(&world, "/object/88");
    let (method, target) = (header("X-Original-Method", "GET"), header("X-Original-URI", &object));
    let forwarded = [header("X-Forwarded-Method", "GET"), header("X-Forwarded-Uri", &object)];
    let send = async |headers: &[Header<'static>]| {
        let headers = [gateway(), bearer(&token)].into_iter().chain(headers.iter().cloned());
        world.server.send(Method::Get, PATH, headers, "").await
    };
    assert_eq!(send(&[method.clone(), target.clone()]).await.status.code, 200);
    assert_eq!(send(&forwarded).await.status.code, 200);

    for headers in [
        &[][..],
        &[target.clone()],
        &[method.clone()],
        &[method.clone(), target.clone(), target.clone()],
        &[method.clone(), method.clone(), target.clone()],
        &[method.clone(), forwarded[1].clone()],
        &[method.clone(), target.clone(), forwarded[0].clone(), forwarded[1].clone()],
        &[method.clone(), target.clone(), forwarded[1].clone()],
        &[method.clone(), header("X-Original-URI", &format!("https://assets.example{object}"))],
        &[method.clone(), header("X-Original-URI", &format!("{object}?x=a b"))],
        &[method.clone(), header("X-Original-URI", &format!("{object}?{}", "x".repeat(9000)))],
        &[method.clone(), header("X-Original-URI", "")],
    ] {
        assert_eq!(refusal(&send(headers).await), (403, "", "access_denied"), "{headers:?}");
    }
}

#[rocket::async_test]
async fn a_gateway_may_ask_by_the_method_and_beneath_the_path_of_the_call() {
    let world = world().await;
    let token = world.token(&world.person, READ).await;
    let object = on_site(&world, "/object/88");
    let send = async |method: Method, path: &str, more: &[Header<'static>]| {
        let headers = [gateway(), bearer(&token)].into_iter().chain(more.iter().cloned());
        world.server.send(method, &format!("{PATH}{path}"), headers, "").await
    };

    let yes = send(Method::Get, &format!("{object}?x=1"), &[]).await;
    assert_eq!((yes.status.code, yes.header("X-Hallmark-Operation")), (200, Some("GET /object/{id}")));
    assert_eq!(refusal(&send(Method::Put, &object, &[]).await), (403, "2", "insufficient_scope"));
    for (method, path, more) in [
        (Method::Patch, object.as_str(), &[][..]),
        (Method::Head, &object, &[]),
        (Method::Get, &on_site(&world, "//object/88"), &[]),
        (Method::Get, &on_site(&world, "/object/%38%38"), &[]),
        (Method::Get, &object, &original("GET", &object)),
    ] {
        assert_eq!(refusal(&send(method, path, more).await), (403, "", "access_denied"), "{method} {path}");
    }
}

#[rocket::async_test]
async fn a_form_that_goes_along_does_not_choose_the_method_that_is_judged() {
    let world = world().await;
    let token = world.token(&world.person, READ).await;
    let form = header("Content-Type", "application/x-www-form-urlencoded");
    let path = format!("{PATH}{}", on_site(&world, "/object/88"));
    let send = async |body: &str| {
        let headers = [gateway(), bearer(&token), form.clone()];
        refusal(&world.server.send(Method::Post, &path, headers, body).await).0
    };

    for body in ["_method=get", "%5fmethod=GET", "a=b", ""] {
        assert_eq!(send(body).await, 403, "{body}");
    }
}

#[rocket::async_test]
async fn where_the_path_and_what_was_told_do_not_suffice_the_answer_is_no() {
    let world = world().await;
    let token = world.token(&world.person, READ).await;
    let writes = world.token(&world.person, WRITE).await;
    world.give("manager", "schema:4", RoleSubject::User(world.person.id)).await;

    let untold = ask(&world, ("GET", &on_site(&world, "/object/1000")), &[bearer(&token)]).await;
    // On what it is created stands in the body, which no gateway shows.
    let created = ask(&world, ("POST", &on_site(&world, "/object/create")), &[bearer(&writes)]).await;

    assert_eq!(refusal(&untold), (403, "3", "access_denied"));
    assert_eq!(refusal(&created), (403, "3", "access_denied"));
    assert!(created.text.contains("does not tell on what"), "{}", created.text);
}

#[rocket::async_test]
async fn a_gateway_that_is_not_known_is_told_nothing_of_the_call() {
    let world = world().await;
    let token = world.token(&world.person, READ).await;
    let object = on_site(&world, "/object/88");
    let named = |credentials: Header<'static>| header("X-Hallmark-Authorization", credentials.value());

    for wrong in [
        &[][..],
        &[named(basic("assets", "another-secret-of-many-characters"))],
        &[named(basic("sprint-mailer", "app-secret-of-many-characters"))],
        &[header("X-Hallmark-Authorization", &format!("Bearer {token}"))],
        &[gateway(), gateway()],
    ] {
        let headers = original("GET", &object).into_iter().chain([bearer(&token)]).chain(wrong.iter().cloned());
        let answer = world.server.send(Method::Get, PATH, headers, "").await;
        assert_eq!(answer.status.code, 503, "{wrong:?}");
        assert_eq!((answer.header("Retry-After"), answer.header("WWW-Authenticate")), (Some("5"), None));
        assert_eq!(answer.header("X-Hallmark-Subject"), None);
    }
    // The credentials of the API in the place of the caller's do not open it.
    let headers = original("GET", &object).into_iter().chain([basic("assets", "assets-secret-of-many-characters")]);
    assert_eq!(world.server.send(Method::Get, PATH, headers, "").await.status.code, 503);
}
