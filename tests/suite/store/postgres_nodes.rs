//! Two nodes on one shared store: neither misses what the other does.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use hallmark::access::models::ASSETS;
use hallmark::domain::access_model::{Access, AccessModel};
use hallmark::domain::event::{Actor, Event, Recorded};
use hallmark::domain::protected_object::{ObjectRef, ProtectedObject, Realm};
use hallmark::domain::role_binding::{Held, RoleBinding, RoleSubject};
use hallmark::domain::time::Lifetime;
use hallmark::secrets::random;
use hallmark::store::postgres::PostgresStore;
use hallmark::store::{Activity, EventPlace, Events, KEPT_FACTS, Resources, Result, Roles};

use super::samples::{NOW, after, resource};
use crate::support::kept::{Database, server};
use crate::support::race::race;

async fn nodes() -> (Database, [Arc<PostgresStore>; 2]) {
    let database = Database::empty(server().expect("HALLMARK_TEST_STORE")).await;
    let opening = database.opening();
    let node = async || Arc::new(PostgresStore::open(&opening).await.expect("a store"));
    let nodes = [node().await, node().await];
    (database, nodes)
}

fn event(number: usize) -> Recorded {
    let client_id = format!("app-{number}").parse().expect("an identifier");
    Recorded { at: NOW, event: Event::ClientAdded { client_id } }
}

/// What a reader is given who goes on from the last event of each page, until nothing comes any more once all are written.
async fn read_on(store: &PostgresStore, are_written: &AtomicBool) -> Result<Vec<Recorded>> {
    let (mut from, until) = (EventPlace::first_of(NOW), EventPlace::first_of(after(Lifetime::seconds(1))));
    let mut read = Vec::new();
    loop {
        let is_last = are_written.load(Ordering::SeqCst);
        let page = store.events(from, until, 50).await?;
        match page.last() {
            Some((place, _)) => from = place.next(),
            None if is_last => return Ok(read),
            None => {}
        }
        read.extend(page.into_iter().map(|(_, event)| event));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
#[ignore = "needs a PostgreSQL server"]
async fn who_reads_the_trail_while_two_nodes_write_it_misses_nothing() -> Result<()> {
    const WRITERS: usize = 40;
    const EACH: usize = 50;
    let (_database, nodes) = nodes().await;
    let are_written = Arc::<AtomicBool>::default();
    let reader = {
        let (store, are_written) = (Arc::clone(&nodes[0]), Arc::clone(&are_written));
        tokio::spawn(async move { read_on(&store, &are_written).await })
    };

    race(WRITERS, |writer| {
        let store = Arc::clone(&nodes[writer % 2]);
        async move {
            for number in 0..EACH {
                store.append_event(&event(writer * EACH + number)).await.expect("appended");
            }
        }
    })
    .await;
    are_written.store(true, Ordering::SeqCst);

    let mut read: Vec<String> =
        reader.await.expect("no panic")?.iter().map(|read| format!("{:?}", read.event)).collect();
    read.sort();
    read.dedup();
    assert_eq!(read.len(), WRITERS * EACH);
    Ok(())
}

#[tokio::test]
#[ignore = "needs a PostgreSQL server"]
async fn what_a_resource_declares_is_known_at_once_on_every_node() -> Result<()> {
    let (_database, [one, other]) = nodes().await;
    let api = resource("assets", "https://assets.example");
    one.add_resource(&api, &[]).await?;
    let declares = |text: &str| Arc::new(Access::by(AccessModel::read(text).expect("a model")));
    let (before, after) = (declares(ASSETS), declares(&ASSETS.replace("developer", "builder")));

    for access in [&before, &after, &before] {
        assert!(one.set_access(&api.id, access).await?);
        for _ in 0..2 {
            assert_eq!(other.access(&api.id).await?.as_ref(), Some(access));
        }
    }

    one.remove_resource(&api.id).await?;
    assert_eq!(other.access(&api.id).await?, None);
    one.add_resource(&api, &[]).await?;
    assert_eq!(other.access(&api.id).await?, None);
    Ok(())
}

fn object(text: &str) -> ObjectRef {
    text.parse().expect("an object")
}

fn known(text: &str, parent: Option<&str>) -> ProtectedObject {
    ProtectedObject { object: object(text), label: "Something".parse().expect("a label"), parent: parent.map(object) }
}

/// How much hangs from an object that is not there.
const LEFT: &str = "
    SELECT 'object' FROM objects o
    WHERE parent IS NOT NULL AND NOT EXISTS (SELECT FROM objects above WHERE above.key = o.parent)
    UNION ALL SELECT 'role' FROM role_holders h WHERE NOT EXISTS (SELECT FROM objects o WHERE o.key = h.there)";

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
#[ignore = "needs a PostgreSQL server"]
async fn of_an_object_that_one_node_removes_nothing_is_left_that_others_put_there() -> Result<()> {
    let (database, nodes) = nodes().await;
    nodes[0].add_resource(&resource("assets", "https://assets.example"), &[]).await?;
    let realm = Realm { resource_id: "assets".parse().expect("an id"), site_id: random::site_id() };
    for _ in 0..40 {
        nodes[0].put_object(&realm, &known("schema:1", None)).await?;
        nodes[0].put_object(&realm, &known("type:1", Some("schema:1"))).await?;

        let outcomes = race(12, |number| {
            let (store, realm) = (Arc::clone(&nodes[number % 2]), realm.clone());
            async move {
                match number / 4 {
                    0 => store.remove_object(&realm, &object("schema:1")).await.map(drop),
                    1 => {
                        let (one, beneath) = (format!("type:{number}"), format!("field:{number}"));
                        let objects = [known(&one, Some("schema:1")), known(&beneath, Some(&one))];
                        store.put_objects(&realm, &objects).await.map(drop)
                    }
                    _ => {
                        let subject = RoleSubject::User(random::user_id());
                        let held = Held { object: object("type:1"), role: "user".into(), subject };
                        let binding = RoleBinding { realm, held, by: Actor::Operator, at: NOW };
                        store.give_roles(&object("workspace:1"), &[binding]).await.map(drop)
                    }
                }
            }
        })
        .await;

        outcomes.into_iter().collect::<Result<()>>()?;
        assert_eq!(database.texts(LEFT).await, Vec::<String>::new());
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
#[ignore = "needs a PostgreSQL server"]
async fn facts_about_one_person_that_come_to_two_nodes_at_once_do_not_wait_for_each_other() -> Result<()> {
    const WRITERS: usize = 32;
    const EACH: usize = 20;
    let (_database, nodes) = nodes().await;
    let person = random::user_id();

    let added = race(WRITERS, |writer| {
        let store = Arc::clone(&nodes[writer % 2]);
        async move {
            for number in 0..EACH {
                store.add_activity(person, &event(writer * EACH + number)).await?;
            }
            Ok(())
        }
    })
    .await;

    added.into_iter().collect::<Result<Vec<()>>>()?;
    assert_eq!(nodes[0].activity_of(person).await?.len(), KEPT_FACTS);
    Ok(())
}
