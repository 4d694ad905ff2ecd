//! Where a test's store keeps things: a folder of its own for the embedded store, or, where `HALLMARK_TEST_STORE` names a
//! PostgreSQL server, a database of its own there.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use hallmark::domain::secret::Secret;
use hallmark::store::Store;
use hallmark::store::postgres::{Opening, PostgresStore, Statements};
use hallmark::store::sled::SledStore;
use tempfile::TempDir;
use tokio::sync::OnceCell;
use tokio_postgres::{Client, NoTls};

/// The URL of the server whose databases tests may make and drop; without it they use the embedded store.
pub const SERVER: &str = "HALLMARK_TEST_STORE";

/// Databases that a test is done with.
static DONE: Mutex<Vec<String>> = Mutex::new(Vec::new());

/// How many databases were made.
static MADE: AtomicUsize = AtomicUsize::new(0);

/// The one that others are copied from.
static TEMPLATE: OnceCell<String> = OnceCell::const_new();

/// Where things are kept as long as this is.
pub enum KeptIn {
    /// A folder.
    Folder(TempDir),
    /// A database.
    Database(Database),
}

/// A database that another test may have afterwards.
pub struct Database {
    name: String,
    server: String,
    passes_on: bool,
}

/// The server that tests are to use, if it is PostgreSQL.
pub fn server() -> Option<String> {
    std::env::var(SERVER).ok().filter(|url| !url.is_empty())
}

impl KeptIn {
    /// A place in which nothing is.
    pub async fn nothing() -> Self {
        match server() {
            Some(server) => Self::Database(Database::empty(server).await),
            None => Self::Folder(tempfile::tempdir().expect("a folder")),
        }
    }

    /// Opens the store there; what had it open before has let go of it.
    pub async fn open(&self) -> Arc<dyn Store> {
        match self {
            Self::Folder(folder) => Arc::new(SledStore::open(folder.path(), 16).expect("a store")),
            Self::Database(database) => Arc::new(PostgresStore::open(&database.opening()).await.expect("a store")),
        }
    }
}

impl Database {
    /// A database in which nothing is.
    pub async fn empty(server: String) -> Self {
        let template = TEMPLATE.get_or_init(|| make_template(server.clone())).await;
        let done = DONE.lock().unwrap_or_else(PoisonError::into_inner).pop();
        match done {
            Some(name) => {
                run(&at(&server, &name), EMPTY).await;
                Self { name, server, passes_on: true }
            }
            None => {
                let name = format!("{template}_{}", MADE.fetch_add(1, Ordering::Relaxed));
                run(&server, &format!("CREATE DATABASE {name} TEMPLATE {template}")).await;
                Self { name, server, passes_on: true }
            }
        }
    }

    /// A database that not even a schema is in.
    pub async fn blank(server: String) -> Self {
        let name = format!("hallmark_test_{}_blank_{}", std::process::id(), MADE.fetch_add(1, Ordering::Relaxed));
        run(&server, &format!("DROP DATABASE IF EXISTS {name}")).await;
        run(&server, &format!("CREATE DATABASE {name}")).await;
        Self { name, server, passes_on: false }
    }

    /// A connection to it, beside the store's.
    pub async fn connect(&self) -> Client {
        let (client, connection) = tokio_postgres::connect(&self.url(), NoTls).await.expect("a database");
        tokio::spawn(connection);
        client
    }

    /// Runs statements in it.
    pub async fn run(&self, sql: &str) {
        run(&self.url(), sql).await;
    }

    /// The first column of what a query returns.
    pub async fn texts(&self, sql: &str) -> Vec<String> {
        let rows = self.connect().await.query(sql, &[]).await.expect("rows");
        rows.iter().map(|row| row.get(0)).collect()
    }

    /// How a store reaches it.
    pub fn opening(&self) -> Opening {
        opening(&self.url())
    }

    /// Its URL.
    pub fn url(&self) -> String {
        at(&self.server, &self.name)
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        if self.passes_on {
            DONE.lock().unwrap_or_else(PoisonError::into_inner).push(std::mem::take(&mut self.name));
        }
    }
}

/// How a store reaches the database of that URL.
pub fn opening(url: &str) -> Opening {
    Opening {
        url: Secret::new(url.to_owned()),
        standby: None,
        certificate_authority: None,
        connections: 8,
        connect_timeout: Duration::from_secs(20),
        statement_timeout: Duration::from_secs(20),
        statements: Statements::Prepared,
    }
}

/// Ends whatever a former test left under way, then takes everything out.
const EMPTY: &str = "
    SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid();
    DO $$ DECLARE name text; BEGIN
        FOR name IN SELECT c.relname FROM pg_class c
            WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition
              AND c.relname <> 'migrations'
        LOOP EXECUTE format('DELETE FROM %I', name); END LOOP;
    END $$;
    ALTER SEQUENCE event_numbers RESTART;
    ALTER SEQUENCE activity_numbers RESTART;";

async fn make_template(server: String) -> String {
    let name = format!("hallmark_test_{}", std::process::id());
    // What a former run left is of no use to anybody.
    run(&server, &format!("DROP DATABASE IF EXISTS {name}")).await;
    run(&server, &format!("CREATE DATABASE {name}")).await;
    let store = PostgresStore::new(&opening(&at(&server, &name))).expect("settings");
    store.migrate().await.expect("a schema");
    drop(store);
    run(&server, &format!("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'")).await;
    name
}

/// The URL of another database of the same server.
fn at(server: &str, name: &str) -> String {
    let mut url = url::Url::parse(server).expect("a URL");
    url.set_path(name);
    url.to_string()
}

async fn run(url: &str, sql: &str) {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await.expect("a database");
    let driver = tokio::spawn(connection);
    client.batch_execute(sql).await.expect("done");
    drop(client);
    driver.await.expect("no panic").expect("no failure");
}
