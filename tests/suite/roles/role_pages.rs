//! The pages on which admins of a site give roles and take them.

use hallmark::access::groups;
use hallmark::domain::event::{Actor, Event};
use hallmark::domain::id::GroupId;
use hallmark::domain::role_binding::RoleSubject;
use hallmark::domain::site::SiteStanding;
use hallmark::domain::user::User;

use crate::support::access::{AccessWorld, READ, WRITE, access_world};
use crate::support::people::PASSWORD;
use crate::support::visitor::Visitor;

fn assets(world: &AccessWorld) -> String {
    format!("/admin/sites/{}/roles/assets", world.site.id)
}

/// The page of an object.
fn on(world: &AccessWorld, object: &str) -> String {
    format!("{}?object={}", assets(world), object.replace(':', "%3A"))
}

/// Gives or takes a role by the form of the page.
async fn change(
    world: &AccessWorld,
    browser: &mut Visitor<'_>,
    action: &str,
    (role, object, subject): (&str, &str, RoleSubject),
) -> (u16, String) {
    let csrf = browser.open("/logout").await.field("csrf");
    let subject = subject.to_string();
    let fields = [("csrf", csrf.as_str()), ("role", role), ("object", object), ("subject", &subject)];
    let answer = browser.submit(&format!("{}/{action}", assets(world)), &fields).await;
    (answer.status.code, answer.leads_to())
}

async fn group(world: &AccessWorld, name: &str, members: &[&User]) -> GroupId {
    let (core, site) = (&world.server.core, world.site.id);
    let group = groups::add(core, site, name.parse().expect("a label"), Actor::Operator).await.expect("a group").id;
    for member in members {
        groups::put(core, site, (group, member.id), Actor::Operator).await.expect("a member");
    }
    group
}

#[rocket::async_test]
async fn a_role_is_given_and_taken_and_counts_at_the_next_decision() {
    let world = access_world().await;
    let admin = world.site_admin("admin@example.com").await;
    let mut browser = world.server.signed_in(&admin).await;
    let token = world.token(&world.person, READ).await;
    let person = RoleSubject::User(world.person.id);
    let resources = browser.open(&format!("/admin/sites/{}/roles", world.site.id)).await;
    assert!(resources.html.contains(&format!("href=\"{}\"", assets(&world))), "{}", resources.html);
    assert!(!world.allows(&token, "GET /object/{id}", "object:88").await);

    let page = browser.open(&on(&world, "schema:4")).await;
    assert!(page.html.contains("Nobody was given a role here."), "{}", page.html);
    let fields = [("role", "user"), ("subject", &*person.to_string())];
    let given = browser.fill(&page, &format!("{}/give", assets(&world)), &fields).await;
    assert_eq!(given.status.code, 303, "{}", given.html);
    assert!(given.leads_to().starts_with(&on(&world, "schema:4")) && given.leads_to().ends_with("done=role-given"));
    let page = browser.open(&given.leads_to()).await.html;
    for told in ["The role was given.", "A. Person", "given by admin@example.com", "Take User"] {
        assert!(page.contains(told), "{told} in {page}");
    }
    assert!(world.allows(&token, "GET /object/{id}", "object:88").await);
    assert_eq!(change(&world, &mut browser, "give", ("user", "schema:4", person)).await.0, 303, "again");

    for _ in 0..2 {
        let (status, there) = change(&world, &mut browser, "take", ("user", "schema:4", person)).await;
        assert_eq!((status, there), (303, format!("{}&done=role-taken", on(&world, "schema:4"))));
    }
    assert!(!world.allows(&token, "GET /object/{id}", "object:88").await);
    let by = Actor::User(admin.id);
    let facts = world.server.facts().await;
    let told = |fact: &&Event| match fact {
        Event::RoleGiven { by: told, .. } | Event::RoleTaken { by: told, .. } => *told == by,
        _ => false,
    };
    assert_eq!(facts.iter().filter(told).count(), 2, "what changed nothing is no event: {facts:?}");
}

#[rocket::async_test]
async fn the_whole_site_shows_what_its_admins_hold_its_schemas_and_its_settings() {
    let world = access_world().await;
    let admin = world.site_admin("admin@example.com").await;
    let mut browser = world.server.signed_in(&admin).await;
    world.give("developer", "schema:5", RoleSubject::User(world.person.id)).await;

    let page = browser.open(&assets(&world)).await.html;
    for told in [
        "Admins of the site hold Admin without being given it.",
        "schema:4",
        "Object schema",
        "Who may delete objects",
        "Manager, and whoever holds more",
        "An operator of this server decides these",
        "Developer",
    ] {
        assert!(page.contains(told), "{told} in {page}");
    }
    let schema = browser.open(&on(&world, "schema:4")).await.html;
    for told in ["object_type:12", "object_type:13", "Object type"] {
        assert!(schema.contains(told), "{told} in {schema}");
    }
    assert!(!schema.contains("object_type:20") && !schema.contains("import_source:"), "{schema}");
}

#[rocket::async_test]
async fn an_admin_makes_somebody_else_an_admin_of_the_api_alone() {
    let world = access_world().await;
    let admin = world.site_admin("admin@example.com").await;
    let mut browser = world.server.signed_in(&admin).await;
    let token = world.token(&world.person, WRITE).await;

    let given =
        change(&world, &mut browser, "give", ("admin", &world.whole(), RoleSubject::User(world.person.id))).await;

    assert_eq!(given.0, 303);
    assert!(given.1.starts_with(&format!("{}?", assets(&world))), "{}", given.1);
    assert!(world.allows(&token, "PUT /object/{id}", "object:200").await);
}

#[rocket::async_test]
async fn a_type_that_overrides_says_whom_a_role_there_restricts() {
    let world = access_world().await;
    let admin = world.site_admin("admin@example.com").await;
    let bob = world.member("bob@example.com", "developer", "schema:4").await;
    let max = world.member("max@example.com", "manager", "schema:4").await;
    let team = group(&world, "Team", &[&bob]).await;
    world.give("developer", "schema:4", RoleSubject::Group(team)).await;
    let mut browser = world.server.signed_in(&admin).await;
    let before = browser.open(&on(&world, "object_type:12")).await.html;
    assert!(before.contains("Nobody is listed here, so what is held above is held here too."), "{before}");

    world.give("developer", "object_type:12", RoleSubject::User(world.person.id)).await;
    let page = browser.open(&on(&world, "object_type:12")).await.html;

    for told in [
        "Whoever is listed as Developer here is Developer.",
        "keeps what else they hold",
        "bob@example.com: Developer above, User here",
        "Team (whoever is in this group): Developer above, User here",
    ] {
        assert!(page.contains(told), "{told} in {page}");
    }
    assert!(!page.contains("max@example.com: "), "a manager holds more, whoever is listed: {}", max.email);
}

#[rocket::async_test]
async fn what_roles_come_to_is_told_where_it_is_asked() {
    let world = access_world().await;
    let admin = world.site_admin("admin@example.com").await;
    let team = group(&world, "Team", &[&world.person]).await;
    world.give("manager", "schema:4", RoleSubject::Group(team)).await;
    let app = world.connect_app("READ").await;
    let mut browser = world.server.signed_in(&admin).await;

    for (of, told) in [
        (RoleSubject::User(world.person.id), "A. Person holds <strong>Manager</strong>"),
        (RoleSubject::User(world.person.id), "Given on schema:4: Manager"),
        (RoleSubject::User(admin.id), "admin@example.com holds <strong>Admin</strong>"),
        (RoleSubject::User(admin.id), "As an admin of the site"),
        (RoleSubject::Group(team), "whoever is in Team holds by it <strong>Manager</strong>"),
        (app.account(), "Helper holds <strong>nothing</strong>"),
    ] {
        let page = browser.open(&format!("{}&of={of}", on(&world, "object_type:12"))).await.html;
        assert!(page.contains(told), "{told} in {page}");
    }
}

#[rocket::async_test]
async fn an_app_has_a_page_of_what_it_holds() {
    let world = access_world().await;
    let admin = world.site_admin("admin@example.com").await;
    let app = world.connect_app("READ WRITE").await;
    let mut browser = world.server.signed_in(&admin).await;
    let installation = browser.open(&format!("/admin/sites/{}/apps/{}", world.site.id, app.installation.id)).await;
    let path = format!("/admin/sites/{}/roles-of?subject={}", world.site.id, app.account());
    assert!(installation.html.contains(&format!("href=\"{path}\"")), "{}", installation.html);
    let nothing = browser.open(&path).await.html;
    assert!(nothing.contains("The app as itself was given nothing here"), "{nothing}");

    world.give("developer", "schema:4", app.account()).await;
    world.give("developer", "object_type:12", RoleSubject::User(world.person.id)).await;
    let page = browser.open(&path).await;
    for told in ["Roles of Helper", "<dt>schema:4</dt><dd>Developer</dd>", "<dt>object_type:12</dt><dd>User</dd>"] {
        assert!(page.html.contains(told), "{told} in {}", page.html);
    }
    let give = browser.open(&format!("{}?subject={}", assets(&world), app.account())).await.html;
    assert!(give.contains(&format!("<option value=\"{}\" selected>App: Helper", app.account())), "{give}");

    let taken = browser.fill(&page, &format!("{}/take", assets(&world)), &[]).await;
    assert_eq!(taken.leads_to(), format!("{path}&done=role-taken"));
    assert!(browser.open(&path).await.html.contains("was given nothing here"));
}

#[rocket::async_test]
async fn ten_thousand_schemas_are_shown_in_parts_and_searched() {
    let world = access_world().await;
    let admin = world.site_admin("admin@example.com").await;
    for number in 100..350 {
        world.tell(&format!("schema:{number}"), None).await;
        world.tell(&format!("object_type:{number}"), Some("schema:4")).await;
    }
    let mut browser = world.server.signed_in(&admin).await;

    for (page, kind) in [(assets(&world), "schema"), (on(&world, "schema:4"), "object_type")] {
        let separator = if page.contains('?') { '&' } else { '?' };
        let first = browser.open(&page).await.html;
        assert!(first.contains(&format!("{kind}:190</th>")) && !first.contains(&format!("{kind}:203</th>")), "{first}");
        assert!(first.contains("The ones after"));
        let next = browser.open(&format!("{page}{separator}kind={kind}&after=299")).await.html;
        assert!(next.contains(&format!("{kind}:300</th>")) && !next.contains(&format!("{kind}:299</th>")), "{next}");
        let found = browser.open(&format!("{page}{separator}beneath=31")).await.html;
        assert!(found.contains(&format!("{kind}:319</th>")) && !found.contains(&format!("{kind}:320</th>")), "{found}");
        let named = browser.open(&format!("{page}{separator}beneath={kind}%3A31")).await.html;
        assert!(named.contains(&format!("{kind}:310</th>")) && !named.contains(&format!("{kind}:309</th>")), "{named}");
    }
}

#[rocket::async_test]
async fn many_members_can_be_narrowed_to_a_few() {
    let world = access_world().await;
    let admin = world.site_admin("admin@example.com").await;
    for number in 0..120 {
        let user = world.server.user(&format!("user{number:03}@example.com"), PASSWORD).await;
        world.give("user", "schema:4", RoleSubject::User(user.id)).await;
    }
    let mut browser = world.server.signed_in(&admin).await;

    let page = browser.open(&on(&world, "schema:4")).await.html;
    assert!(page.contains("1 to 100 of 120") && page.contains("These are the first 100."), "{page}");
    let narrowed = browser.open(&format!("{}&who=user11&find=user00", on(&world, "schema:4"))).await.html;
    assert!(narrowed.contains("Person: user119@example.com</option>") && !narrowed.contains("user120@"), "{narrowed}");
    assert!(narrowed.contains("user009@example.com</a>") && !narrowed.contains("user010@example.com</a>"));
}

#[rocket::async_test]
async fn what_is_not_of_the_site_is_neither_shown_nor_given_anything() {
    let world = access_world().await;
    let admin = world.site_admin("admin@example.com").await;
    let stranger = world.server.user("stranger@example.com", PASSWORD).await;
    world.server.leave(&stranger, world.site.id).await;
    let mut browser = world.server.signed_in(&admin).await;
    let other = world.server.site("other").await;
    world.server.join_as(&admin, other.id, SiteStanding::Admin).await;
    let (person, stranger) = (RoleSubject::User(world.person.id), RoleSubject::User(stranger.id));

    for path in [
        format!("/admin/sites/{}/roles/billing", world.site.id),
        format!("/admin/sites/{}/roles/nothing", world.site.id),
        on(&world, "schema:999"),
        on(&world, "nonsense"),
        on(&world, &format!("workspace:{}", other.workspace_id)),
        on(&world, "schema:4").replace(&world.site.id.to_string(), &other.id.to_string()),
        format!("{}&of={stranger}", on(&world, "schema:4")),
        format!("{}&of=x", on(&world, "schema:4")),
        format!("/admin/sites/{}/roles-of?subject={stranger}", world.site.id),
        format!("/admin/sites/{}/roles-of?subject={person}", other.id),
        format!("/admin/sites/{}/roles-of?subject=x", world.site.id),
    ] {
        assert_eq!(browser.open(&path).await.status.code, 404, "{path}");
    }
    for (role, object, subject) in [
        ("user", "schema:4", stranger),
        ("user", "schema:999", person),
        ("owner", "schema:4", person),
        ("admin", "schema:4", person),
        ("user", "object:88", person),
        ("user", "nonsense", person),
    ] {
        let given = change(&world, &mut browser, "give", (role, object, subject)).await;
        assert_eq!(given.0, 404, "{role} on {object}");
    }
    assert_eq!(change(&world, &mut browser, "take", ("user", "schema:4", stranger)).await.0, 404);
    assert!(world.server.core.store.roles_of(&world.realm(), person).await.expect("a store").is_empty());
}
