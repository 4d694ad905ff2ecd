//! Whatever people and operators call things, it is text on every page.

use hallmark::access::{groups, models, objects, roles};
use hallmark::accounts::people::{Joining, NewUser};
use hallmark::accounts::{api_tokens, containers};
use hallmark::domain::access_model::AccessModel;
use hallmark::domain::api_token::Reach;
use hallmark::domain::event::Actor;
use hallmark::domain::id::GroupId;
use hallmark::domain::protected_object::{ObjectRef, ProtectedObject, Realm};
use hallmark::domain::role_binding::{Held, RoleSubject};
use hallmark::domain::site::Site;
use hallmark::domain::user::Standing;
use serde_json::json;

use crate::support::oauth::{confidential, scope};
use crate::support::people::PASSWORD;
use crate::support::server::{TestServer, server};

const MARKUP: &str = "\"><img src=x onerror=alert(1)>";
const ESCAPED: &str = "&#62;&#60;img src=x";

#[rocket::async_test]
async fn a_name_of_markup_is_text_on_every_page() {
    let server = server().await.with_resources().await;
    let mut client = confidential();
    client.name = MARKUP.into();
    client.publisher = Some(MARKUP.into());
    let app = server.register(client).await;
    let email = "x'&y@example.com".parse().expect("an address");
    let new = NewUser { email, name: MARKUP.into(), standing: Standing::Admin, sites: Joining::DefaultSite };
    let user = server.add(new, PASSWORD).await;
    let site = Site { name: MARKUP.into(), ..server.core.site.as_ref().clone() };
    server.core.store.change_site(&site).await.expect("a store");
    let label = || MARKUP.parse().expect("a label");
    let reach = Reach::Scopes(scope("read:objects"));
    let token = api_tokens::NewApiToken { label: label(), days: 1, reach, site_id: Some(site.id), request: None };
    api_tokens::make(&server.core, &user, token, Actor::User(user.id)).await.expect("a token");
    let source = containers::add(&server.core, site.id, (None, label()), Actor::Operator).await.expect("a source").id;
    let group = roles_of_markup(&server, &site).await;
    let code = server.code_of(&user, &app, "read:objects", &[]).await;
    app.redeem(&server, &code, &[]).await;
    let mut browser = server.visitor();
    browser.headers.push(("User-Agent".into(), MARKUP.into()));
    browser.log_in("x'&y@example.com", PASSWORD).await;
    let grant = server.core.store.grants_of(user.id).await.expect("a store").remove(0).0.id;
    let choose = browser.open(&app.authorize("read:objects", &[("prompt", "select_account")])).await.leads_to();
    let consent = browser.open(&app.authorize("read:objects write:objects", &[])).await.leads_to();

    for path in [
        "/account",
        "/account/apps",
        &format!("/account/apps/{grant}"),
        "/account/tokens",
        "/account/tokens/new",
        "/account/activity",
        "/account/sessions",
        "/admin/sites",
        &format!("/admin/sites/{}", server.core.site.id),
        &format!("/admin/sites/{}/members/{}/remove", server.core.site.id, user.id),
        &format!("/admin/sites/{}/import-sources", server.core.site.id),
        &format!("/admin/sites/{}/import-sources/{source}/remove", server.core.site.id),
        &format!("/admin/sites/{}/groups", server.core.site.id),
        &format!("/admin/sites/{}/groups/{group}", server.core.site.id),
        &format!("/admin/sites/{}/groups/{group}/remove", server.core.site.id),
        &format!("/admin/sites/{}/roles", server.core.site.id),
        &format!("/admin/sites/{}/roles/assets", server.core.site.id),
        &format!("/admin/sites/{}/roles/assets?object=schema%3A4&of=group:{group}", server.core.site.id),
        &format!("/admin/sites/{}/roles-of?subject=group:{group}", server.core.site.id),
        "/admin/people",
        &format!("/admin/people/{}", user.id),
        &choose,
        &consent,
    ] {
        let page = browser.open(path).await;
        assert_eq!(page.status.code, 200, "{path}");
        assert!(!page.html.contains("<img"), "{path}: {}", page.html);
        assert!(page.html.contains(ESCAPED), "{path} shows no name: {}", page.html);
    }
}

/// A group that holds a role on an object, all of which are called so.
async fn roles_of_markup(server: &TestServer, site: &Site) -> GroupId {
    let (core, by) = (&server.core, Actor::Operator);
    let model = json!({
        "objects": [{ "type": "workspace" }, { "type": "schema", "title": MARKUP, "parent": "workspace" }],
        "roles": [{ "role": "user", "title": MARKUP, "sentence": MARKUP, "on": ["schema"] }],
        "settings": [{ "setting": "delete", "title": MARKUP, "roles": ["user"] }],
    });
    let model = AccessModel::read(&model.to_string()).expect("a model");
    let realm = Realm { resource_id: "assets".parse().expect("an identifier"), site_id: site.id };
    let access = models::set(core, &realm.resource_id, model, by).await.expect("a model");
    let object: ObjectRef = "schema:4".parse().expect("an object");
    let told = ProtectedObject { object: object.clone(), label: MARKUP.parse().expect("a label"), parent: None };
    objects::put(core, (&realm, &access), &told).await.expect("told");
    let group = groups::add(core, site.id, MARKUP.parse().expect("a label"), by).await.expect("a group").id;
    let held = Held { object, role: "user".into(), subject: RoleSubject::Group(group) };
    roles::give(core, (&realm, &access), site, vec![held], by).await.expect("given");
    group
}

#[rocket::async_test]
async fn what_is_typed_or_sent_comes_back_as_text() {
    let server = server().await;
    server.admin("admin@example.com", PASSWORD).await;
    let mut browser = server.visitor();
    let wrong = browser.log_in(MARKUP, "wrong horse battery").await;
    assert!(!wrong.html.contains("<img") && wrong.html.contains(ESCAPED));
    browser.log_in("admin@example.com", PASSWORD).await;
    let fields = [("email", MARKUP), ("name", MARKUP)];
    let invited = browser.open_and_fill("/admin/people", "/admin/people", &fields).await;
    assert!(!invited.html.contains("<img") && invited.html.contains(ESCAPED));

    let fields = [("label", MARKUP), ("days", MARKUP), ("site", MARKUP), ("scope", MARKUP)];
    let sources = format!("/admin/sites/{}/import-sources", server.core.site.id);
    let groups = format!("/admin/sites/{}/groups", server.core.site.id);
    let long = "\"><img src=x>".repeat(9);
    for (path, fields) in
        [("/account/tokens/new", &fields[..]), (&sources, &[("label", &*long)]), (&groups, &[("name", &*long)])]
    {
        let refused = browser.open_and_fill(path, path, fields).await;
        assert!(!refused.html.contains("<img") && refused.html.contains(ESCAPED), "{path}");
    }

    let encoded = "%22%3E%3Cimg%20src%3Dx%3E";
    for path in [
        format!("/login?next={encoded}"),
        format!("/login?txn={encoded}"),
        format!("/login?done={encoded}"),
        format!("/reset/{encoded}"),
        format!("/{encoded}"),
        format!("/account/apps/{encoded}"),
        format!("/account/apps?done={encoded}"),
        format!("/oauth/authorize?client_id={encoded}"),
        format!("/consent?txn={encoded}"),
    ] {
        assert!(!browser.open(&path).await.html.contains("<img"), "{path}");
        assert!(!server.visitor().open(&path).await.html.contains("<img"), "{path}");
    }
}
