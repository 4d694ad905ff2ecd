//! Removing what a lot hangs from: no statement lasts for long, and what comes after under the same name keeps what is its own.

use hallmark::domain::grant::Grant;
use hallmark::domain::protected_object::{ObjectRef, ProtectedObject, Realm};
use hallmark::secrets::random;
use hallmark::store::postgres::PostgresStore;
use hallmark::store::{Added, Clients, Grants, Resources, Result, Roles};

use super::samples::{Story, grant, resource, site};
use crate::support::kept::{Database, server};

async fn database() -> (Database, PostgresStore) {
    let database = Database::empty(server().expect("HALLMARK_TEST_STORE")).await;
    let store = PostgresStore::open(&database.opening()).await.expect("a store");
    (database, store)
}

fn page(id: &str) -> ProtectedObject {
    let object = ObjectRef::new("page", id).expect("an object");
    ProtectedObject { object, parent: None, label: "Page".parse().expect("a label") }
}

async fn count(database: &Database, table: &str) -> String {
    database.texts(&format!("SELECT count(*)::text FROM {table}")).await.remove(0)
}

/// Ten thousand more grants like the one there is, of other people.
const MORE_GRANTS: &str = "
    INSERT INTO grants (key, record, user_id, client)
    SELECT decode(lpad(to_hex(n), 32, '0'), 'hex'), record, decode(lpad(to_hex(n), 32, '0'), 'hex'), client
    FROM grants, generate_series(1, 10000) AS n";

/// Ten thousand more objects beside the one there is.
const MORE_OBJECTS: &str = "
    INSERT INTO objects (key, record)
    SELECT key || convert_to(n::text, 'UTF8'), record FROM objects, generate_series(1, 10000) AS n";

#[tokio::test]
#[ignore = "needs a PostgreSQL server"]
async fn a_client_that_ten_thousand_people_allowed_something_leaves_none_of_it() -> Result<()> {
    let (database, store) = database().await;
    let story = Story::begin(&store).await?;
    database.run(MORE_GRANTS).await;

    assert!(store.remove_client(&story.client.id).await?);

    assert_eq!(count(&database, "grants").await, "0");
    Ok(())
}

#[tokio::test]
#[ignore = "needs a PostgreSQL server"]
async fn what_an_interrupted_removal_left_is_not_the_next_clients() -> Result<()> {
    let (database, store) = database().await;
    let story = Story::begin(&store).await?;
    store.remove_client(&story.client.id).await?;
    let late: Grant = store.record_consent(&grant(random::user_id(), "app", "read:a")).await?;
    database.run(MORE_GRANTS).await;

    assert_eq!(store.add_client(&story.client).await?, Added::Done);
    assert_eq!((store.grant(late.id).await?, count(&database, "grants").await.as_str()), (None, "0"));

    let own = store.record_consent(&grant(random::user_id(), "app", "read:a")).await?;
    assert_eq!(store.grant(own.id).await?, Some(own));
    Ok(())
}

#[tokio::test]
#[ignore = "needs a PostgreSQL server"]
async fn a_resource_takes_ten_thousand_objects_along_and_not_those_of_the_next() -> Result<()> {
    let (database, store) = database().await;
    let api = resource("api", "https://api.example");
    store.add_resource(&api, &[]).await?;
    let realm = Realm { resource_id: api.id.clone(), site_id: site().id };
    store.put_object(&realm, &page("first")).await?;
    database.run(MORE_OBJECTS).await;

    assert!(store.remove_resource(&api.id).await?);
    assert_eq!(count(&database, "objects").await, "0");

    store.add_resource(&api, &[]).await?;
    store.put_object(&realm, &page("second")).await?;
    assert_eq!(store.object(&realm, &page("first").object).await?, None);
    assert_eq!(store.object(&realm, &page("second").object).await?, Some(page("second")));
    Ok(())
}
