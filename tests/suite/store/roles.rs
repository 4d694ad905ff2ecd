//! Who holds which role on which object.

use std::sync::Arc;

use hallmark::access::models::ASSETS;
use hallmark::domain::access_model::{Access, AccessModel};
use hallmark::domain::event::Actor;
use hallmark::domain::group::Group;
use hallmark::domain::id::{InstallationId, ResourceId, SiteId, UserId};
use hallmark::domain::protected_object::{ObjectRef, ProtectedObject, Realm};
use hallmark::domain::role_binding::{Held, RoleBinding, RoleSubject};
use hallmark::domain::site::{Member, SiteStanding};
use hallmark::secrets::random;
use hallmark::store::{Given, Result, RolesThere, Store, Told};

use super::Backend;
use super::samples::{NOW, resource, site};
use crate::support::race::race;

fn object(text: &str) -> ObjectRef {
    text.parse().expect("an object")
}

fn known(text: &str, parent: Option<&str>) -> ProtectedObject {
    ProtectedObject {
        object: object(text),
        label: text.replace(':', " ").parse().expect("a label"),
        parent: parent.map(object),
    }
}

struct World {
    store: Backend,
    realm: Realm,
    whole: ObjectRef,
}

impl World {
    /// A resource with the schemas 4 and 5, and the object types 12 and 13 of schema 4.
    async fn new() -> Result<Self> {
        let store = Backend::new().await;
        let id: ResourceId = "assets".parse().expect("an id");
        store.add_resource(&resource("assets", "https://assets.example"), &[]).await?;
        let site = site();
        store.add_site(&site).await?;
        let realm = Realm { resource_id: id, site_id: site.id };
        let whole = object(&format!("workspace:{}", site.workspace_id));
        for (kind, parent) in [
            ("schema:4", None),
            ("schema:5", None),
            ("object_type:12", Some("schema:4")),
            ("object_type:13", Some("schema:4")),
        ] {
            assert_eq!(store.put_object(&realm, &known(kind, parent)).await?, Told::Done);
        }
        Ok(Self { store, realm, whole })
    }

    async fn member(&self) -> Result<UserId> {
        let user_id = random::user_id();
        let site_id = self.realm.site_id;
        self.store.put_member(&Member { site_id, user_id, standing: SiteStanding::Member, since: NOW }).await?;
        Ok(user_id)
    }

    fn binding(&self, on: &str, role: &str, subject: RoleSubject) -> RoleBinding {
        let held = Held { object: object(on), role: role.into(), subject };
        RoleBinding { realm: self.realm.clone(), held, by: Actor::Operator, at: NOW }
    }

    async fn give(&self, on: &str, role: &str, subject: RoleSubject) -> Result<Given> {
        Ok(self.store.give_roles(&self.whole, &[self.binding(on, role, subject)]).await?[0])
    }

    async fn there(&self, subject: RoleSubject, on: &str) -> Result<RolesThere> {
        Ok(self.store.roles_there(&self.realm, subject, &[object(on)]).await?.remove(0))
    }
}

fn there(held: &[&str], set: &[&str]) -> RolesThere {
    let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
    RolesThere { held: names(held), set: names(set) }
}

#[tokio::test]
async fn a_role_is_held_where_it_was_given_until_it_is_taken() -> Result<()> {
    let world = World::new().await?;
    let (bob, eve) = (RoleSubject::User(world.member().await?), RoleSubject::User(world.member().await?));

    assert_eq!(world.give("schema:4", "developer", bob).await?, Given::Done);
    assert_eq!(world.give("schema:4", "developer", bob).await?, Given::Already);
    assert_eq!(world.give("schema:4", "user", eve).await?, Given::Done);
    assert_eq!(world.give("schema:6", "user", eve).await?, Given::NoObject);
    assert_eq!(world.there(bob, "schema:4").await?, there(&["developer"], &["developer", "user"]));
    assert_eq!(world.there(bob, "schema:5").await?, there(&[], &[]));
    assert_eq!(world.store.roles_of(&world.realm, bob).await?, [(object("schema:4"), vec!["developer".to_owned()])]);
    let holders = world.store.roles_on(&world.realm, &object("schema:4")).await?;
    assert_eq!(holders, [world.binding("schema:4", "developer", bob), world.binding("schema:4", "user", eve)]);

    let World { store, realm, whole } = world;
    let world = World { store: store.reopened().await, realm, whole };
    assert_eq!(world.there(eve, "schema:4").await?, there(&["user"], &["developer", "user"]));
    let held = world.binding("schema:4", "developer", bob).held;
    assert!(world.store.take_role(&world.realm, &held).await? && !world.store.take_role(&world.realm, &held).await?);
    assert_eq!(world.there(bob, "schema:4").await?, there(&[], &["user"]));
    assert!(!world.store.holds_anywhere(&world.realm, bob, &["developer", "user"]).await?);
    assert!(world.store.holds_anywhere(&world.realm, eve, &["developer", "user"]).await?);
    Ok(())
}

#[tokio::test]
async fn what_a_group_holds_its_members_hold_on_its_site() -> Result<()> {
    let world = World::new().await?;
    let bob = world.member().await?;
    let group = Group {
        id: random::group_id(),
        site_id: world.realm.site_id,
        name: "Ops".parse().expect("a label"),
        created: NOW,
    };
    world.store.add_group(&group).await?;
    world.give("object_type:12", "manager", RoleSubject::Group(group.id)).await?;
    let subject = RoleSubject::User(bob);
    assert!(world.there(subject, "object_type:12").await?.held.is_empty());

    world.store.add_to_group(group.id, bob).await?;
    assert_eq!(world.there(subject, "object_type:12").await?, there(&["manager"], &["manager"]));
    assert!(world.store.holds_anywhere(&world.realm, subject, &["manager"]).await?);
    assert_eq!(
        world.store.roles_set(&world.realm, "object_type").await?,
        [(object("object_type:12"), vec!["manager".to_owned()])]
    );

    world.store.remove_group(group.id).await?;
    assert_eq!(world.there(subject, "object_type:12").await?, there(&[], &[]));
    Ok(())
}

#[tokio::test]
async fn who_leaves_a_site_comes_back_without_roles() -> Result<()> {
    let world = World::new().await?;
    let bob = world.member().await?;
    let app = RoleSubject::App(InstallationId::from_random([7; 16]));
    world.give("schema:4", "manager", RoleSubject::User(bob)).await?;
    world.give("schema:4", "user", app).await?;
    let elsewhere = Realm { site_id: SiteId::from_random([9; 16]), ..world.realm.clone() };
    world.store.put_object(&elsewhere, &known("schema:4", None)).await?;
    let other = RoleBinding { realm: elsewhere.clone(), ..world.binding("schema:4", "user", RoleSubject::User(bob)) };
    world.store.give_roles(&world.whole, &[other]).await?;

    world.store.remove_member(world.realm.site_id, bob).await?;
    world.store.end_roles_of(world.realm.site_id, app).await?;
    assert!(world.store.roles_on(&world.realm, &object("schema:4")).await?.is_empty());
    assert_eq!(
        world.store.roles_of(&elsewhere, RoleSubject::User(bob)).await?.len(),
        1,
        "another site is another matter"
    );
    Ok(())
}

#[tokio::test]
async fn an_object_goes_with_what_is_beneath_it_and_the_roles_there() -> Result<()> {
    let world = World::new().await?;
    let bob = RoleSubject::User(world.member().await?);
    for on in ["schema:4", "object_type:12", "schema:5"] {
        world.give(on, "user", bob).await?;
    }
    let store = &world.store;
    assert_eq!(store.put_object(&world.realm, &known("object_type:12", Some("schema:5"))).await?, Told::Elsewhere);
    assert_eq!(store.put_object(&world.realm, &known("object_type:99", Some("schema:6"))).await?, Told::NoParent);

    assert!(store.remove_object(&world.realm, &object("schema:4")).await?);
    assert!(!store.remove_object(&world.realm, &object("schema:4")).await?);
    assert_eq!(store.object(&world.realm, &object("object_type:13")).await?, None);
    assert_eq!(store.roles_of(&world.realm, bob).await?, [(object("schema:5"), vec!["user".to_owned()])]);

    store.put_object(&world.realm, &known("schema:4", None)).await?;
    store.put_object(&world.realm, &known("object_type:12", Some("schema:4"))).await?;
    assert_eq!(world.there(bob, "object_type:12").await?, there(&[], &[]));
    Ok(())
}

#[tokio::test]
async fn objects_are_listed_by_type_in_parts() -> Result<()> {
    let world = World::new().await?;
    for number in 100..110 {
        world.store.put_object(&world.realm, &known(&format!("schema:{number}"), None)).await?;
    }
    let ids =
        |objects: Vec<ProtectedObject>| objects.iter().map(|known| known.object.id().to_owned()).collect::<Vec<_>>();
    let first = ids(world.store.objects(&world.realm, "schema", None, 3).await?);
    assert_eq!(first, ["100", "101", "102"]);
    let rest = ids(world.store.objects(&world.realm, "schema", Some("102"), 100).await?);
    assert_eq!(
        (rest.len(), rest.first().map(String::as_str), rest.last().map(String::as_str)),
        (9, Some("103"), Some("5"))
    );
    Ok(())
}

#[tokio::test]
async fn a_resource_of_the_same_name_finds_nothing_of_the_former() -> Result<()> {
    let world = World::new().await?;
    let bob = RoleSubject::User(world.member().await?);
    world.give("schema:4", "user", bob).await?;
    let access = Arc::new(Access::by(AccessModel::read(ASSETS).expect("a model")));
    let id = &world.realm.resource_id;
    assert!(world.store.set_access(id, &access).await?);
    assert_eq!(world.store.access(id).await?, Some(Arc::clone(&access)));

    world.store.remove_resource(id).await?;
    assert!(!world.store.set_access(id, &access).await?);
    world.store.add_resource(&resource("assets", "https://assets.example"), &[]).await?;
    assert_eq!(world.store.access(id).await?, None);
    assert_eq!(world.store.object(&world.realm, &object("schema:4")).await?, None);
    assert!(world.store.roles_of(&world.realm, bob).await?.is_empty());
    Ok(())
}

#[tokio::test]
async fn roles_given_and_taken_at_once_leave_what_is_held_and_what_is_told_of_it_alike() -> Result<()> {
    let world = World::new().await?;
    let bob = RoleSubject::User(world.member().await?);
    let store: Arc<dyn Store> = Arc::clone(&world.store.store);
    let binding = world.binding("schema:4", "user", bob);
    let (realm, whole) = (world.realm.clone(), world.whole.clone());
    for _ in 0..20 {
        race(16, |number| {
            let (store, realm, whole, binding) = (Arc::clone(&store), realm.clone(), whole.clone(), binding.clone());
            async move {
                match number % 2 {
                    0 => store.give_roles(&whole, &[binding]).await.map(drop),
                    _ => store.take_role(&realm, &binding.held).await.map(drop),
                }
            }
        })
        .await;
        let held = !store.roles_of(&realm, bob).await?.is_empty();
        let listed = !store.roles_on(&realm, &object("schema:4")).await?.is_empty();
        let set = !world.there(bob, "schema:4").await?.set.is_empty();
        assert_eq!((held, held), (listed, set));
    }
    Ok(())
}
