//! People with passwords, as operators add them.

use hallmark::accounts::people::{self, Joining, NewUser};
use hallmark::domain::event::{Actor, Event};
use hallmark::domain::user::{Standing, User};
use hallmark::secrets::password::Password;

use crate::support::server::TestServer;

/// A password that everybody in the tests may have.
pub const PASSWORD: &str = "correct horse battery staple";

/// Reads a password.
pub fn password(text: &str) -> Password {
    Password::parse(text.to_owned()).unwrap_or_else(|error| panic!("{error}"))
}

/// Somebody to be added.
pub fn new_user(email: &str, standing: Standing) -> NewUser {
    NewUser { email: email.parse().expect("an address"), name: String::new(), standing, sites: Joining::DefaultSite }
}

impl TestServer {
    /// A member with a password.
    pub async fn user(&self, email: &str, secret: &str) -> User {
        self.add(new_user(email, Standing::Member), secret).await
    }

    /// An admin with a password.
    pub async fn admin(&self, email: &str, secret: &str) -> User {
        self.add(new_user(email, Standing::Admin), secret).await
    }

    /// A person with a password and a name.
    pub async fn add(&self, new: NewUser, secret: &str) -> User {
        people::add(&self.core, new, Some(password(secret)), Actor::Operator).await.expect("a person")
    }

    /// The newest facts of the audit trail, newest first.
    pub async fn facts(&self) -> Vec<Event> {
        let events = self.core.store.newest_events(100).await.expect("a store");
        events.into_iter().map(|recorded| recorded.event).collect()
    }
}

/// The path of a link, which is a whole URL where it is shown.
pub fn path_of(link: &str) -> String {
    let (_, path) = link.split_once("https://hallmark.test").expect("a link to this server");
    path.to_owned()
}
