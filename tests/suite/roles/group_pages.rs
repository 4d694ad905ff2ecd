//! The pages on which admins of a site make groups and say who is in them.

use hallmark::access::groups;
use hallmark::domain::event::{Actor, Event};
use hallmark::domain::role_binding::RoleSubject;
use hallmark::domain::site::SiteStanding;

use crate::support::access::{AccessWorld, access_world};
use crate::support::people::PASSWORD;
use crate::support::visitor::Visitor;

fn list(world: &AccessWorld) -> String {
    format!("/admin/sites/{}/groups", world.site.id)
}

/// Makes a group, and gives its path.
async fn made(world: &AccessWorld, browser: &mut Visitor<'_>, name: &str) -> String {
    let list = list(world);
    let answer = browser.open_and_fill(&list, &list, &[("name", name)]).await;
    assert_eq!(answer.status.code, 303, "{}", answer.html);
    answer.leads_to().trim_end_matches("?done=group-added").to_owned()
}

#[rocket::async_test]
async fn a_group_is_made_filled_and_removed_with_what_it_held() {
    let world = access_world().await;
    let admin = world.site_admin("admin@example.com").await;
    let mut browser = world.server.signed_in(&admin).await;
    let site = browser.open(&format!("/admin/sites/{}", world.site.id)).await;
    assert!(site.html.contains(&format!("href=\"{}\"", list(&world))));
    assert!(browser.open(&list(&world)).await.html.contains("No groups"));

    let group = made(&world, &mut browser, "Operations").await;
    let person = world.person.id.to_string();
    let put = browser.open_and_fill(&group, &format!("{group}/members"), &[("user", &person)]).await;
    assert_eq!(put.leads_to(), format!("{group}?done=group-member-added"));
    let page = browser.open(&put.leads_to()).await;
    for told in ["They are in the group", "A. Person", "person@example.com", "Take out"] {
        assert!(page.html.contains(told), "{told} in {}", page.html);
    }
    assert_eq!(
        browser
            .submit(&format!("{group}/members"), &[("csrf", &page.field("csrf")), ("user", &person)])
            .await
            .status
            .code,
        303
    );
    let id = groups::named(&world.server.core, world.site.id, "operations").await.expect("a group").id;
    assert_eq!(world.server.core.store.group_members(id).await.expect("a store"), [world.person.id]);

    world.give("developer", "schema:4", RoleSubject::Group(id)).await;
    let question = browser.open(&format!("{group}/remove")).await;
    for told in ["Remove the group Operations?", "One person is in it", "Developer on schema:4 in assets"] {
        assert!(question.html.contains(told), "{told} in {}", question.html);
    }
    let removed = browser.fill(&question, &format!("{group}/remove"), &[]).await;
    assert_eq!(removed.leads_to(), format!("{}?done=group-removed", list(&world)));
    assert_eq!(browser.fill(&question, &format!("{group}/remove"), &[]).await.status.code, 404);
    let facts = world.server.facts().await;
    let by = Actor::User(admin.id);
    let is_told = |fact: &Event| matches!(fact, Event::GroupRemoved { by: told, .. } if *told == by);
    assert!(facts.iter().any(is_told), "{facts:?}");
}

#[rocket::async_test]
async fn whoever_is_taken_out_holds_by_the_group_nothing_more() {
    let world = access_world().await;
    let admin = world.site_admin("admin@example.com").await;
    let mut browser = world.server.signed_in(&admin).await;
    let group = made(&world, &mut browser, "Operations").await;
    let person = world.person.id.to_string();
    browser.open_and_fill(&group, &format!("{group}/members"), &[("user", &person)]).await;

    for _ in 0..2 {
        let csrf = browser.open("/logout").await.field("csrf");
        let taken = browser.submit(&format!("{group}/members/remove"), &[("csrf", &csrf), ("user", &person)]).await;
        assert_eq!(taken.leads_to(), format!("{group}?done=group-member-removed"));
    }
    assert!(browser.open(&group).await.html.contains("Nobody is in this group yet."));
}

#[rocket::async_test]
async fn a_name_that_is_none_or_taken_comes_back_with_what_is_wrong() {
    let world = access_world().await;
    let admin = world.site_admin("admin@example.com").await;
    let mut browser = world.server.signed_in(&admin).await;
    made(&world, &mut browser, "Operations").await;
    let list = list(&world);

    for (name, told) in [("", "1 to 64 characters"), ("a\u{202e}b", "1 to 64 characters"), ("operations", "already")] {
        let page = browser.open_and_fill(&list, &list, &[("name", name)]).await;
        assert!(page.html.contains("aria-invalid=\"true\"") && page.html.contains(told), "{name:?}: {}", page.html);
        assert!(page.html.contains(&format!("value=\"{name}\"")), "{name:?}");
    }
    assert_eq!(world.server.core.store.groups_on(world.site.id).await.expect("a store").len(), 1);
}

#[rocket::async_test]
async fn long_lists_are_shown_in_parts_and_searched() {
    let world = access_world().await;
    let admin = world.site_admin("admin@example.com").await;
    for number in 0..130 {
        let name = format!("Group {number:03}").parse().expect("a label");
        groups::add(&world.server.core, world.site.id, name, Actor::Operator).await.expect("a group");
    }
    let mut browser = world.server.signed_in(&admin).await;

    let first = browser.open(&list(&world)).await.html;
    assert!(first.contains("1 to 100 of 130") && first.contains("Group 099") && !first.contains("Group 100"));
    let second = browser.open(&format!("{}?find=&from=100", list(&world))).await.html;
    assert!(second.contains("101 to 130 of 130") && second.contains("Group 129") && !second.contains("Group 099"));
    let found = browser.open(&format!("{}?find=GROUP+12", list(&world))).await.html;
    assert!(found.contains("Group 129") && !found.contains("Group 130") && !found.contains("Group 119"));
    assert!(browser.open(&format!("{}?find=x", list(&world))).await.html.contains("No group is called so."));
}

#[rocket::async_test]
async fn a_group_of_another_site_is_not_there_and_no_stranger_is_put_in_one() {
    let world = access_world().await;
    let admin = world.site_admin("admin@example.com").await;
    let other = world.server.site("other").await.id;
    world.server.join_as(&admin, other, SiteStanding::Admin).await;
    let elsewhere = world.server.user("elsewhere@example.com", PASSWORD).await;
    world.server.leave(&elsewhere, world.site.id).await;
    let mut browser = world.server.signed_in(&admin).await;
    let group = made(&world, &mut browser, "Operations").await;
    let csrf = browser.open("/logout").await.field("csrf");
    let foreign = group.replace(&world.site.id.to_string(), &other.to_string());

    for path in [foreign.clone(), format!("{foreign}/remove"), format!("{}/x", list(&world))] {
        assert_eq!(browser.open(&path).await.status.code, 404, "{path}");
    }
    for action in ["members", "members/remove", "remove"] {
        let fields = [("csrf", csrf.as_str()), ("user", &admin.id.to_string())];
        assert_eq!(browser.submit(&format!("{foreign}/{action}"), &fields).await.status.code, 404, "{action}");
    }
    for nobody in [elsewhere.id.to_string(), "x".to_owned(), String::new()] {
        let answer = browser.submit(&format!("{group}/members"), &[("csrf", &csrf), ("user", &nobody)]).await;
        assert_eq!(answer.status.code, 404, "{nobody}");
    }
    assert!(browser.open(&group).await.html.contains("Nobody is in this group yet."));
}
