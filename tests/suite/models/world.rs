//! A server and a reference, taken through the same story.

use hallmark::accounts::{connections, people};
use hallmark::domain::event::Actor;
use hallmark::domain::id::UserId;

use super::operation::{Caller, Operation};
use super::reference::{Outcome, Reference};
use crate::support::client::{Answer, App};
use crate::support::oauth::{confidential, native};
use crate::support::people::{PASSWORD, password};
use crate::support::server::{TestServer, server};

/// A server with an app and a thief.
pub struct World {
    server: TestServer,
    app: App,
    thief: App,
    stories: usize,
}

/// What clients were given, by the numbers that the reference has for it.
#[derive(Default)]
struct Given {
    codes: Vec<String>,
    /// Of each family its refresh tokens, oldest first, and the access token of the last rotation.
    families: Vec<(Vec<String>, String)>,
    access: Vec<String>,
}

impl World {
    /// A world in which nothing was told yet.
    pub async fn begin() -> Self {
        let server = server().await.with_resources().await;
        let (app, thief) = (server.register(confidential()).await, server.register(native()).await);
        Self { server, app, thief, stories: 0 }
    }

    /// Tells a story of a person of its own, and compares after each step.
    pub async fn tell(mut self, story: &[Operation]) -> Self {
        self.stories += 1;
        let person = self.server.user(&format!("person-{}@example.com", self.stories), PASSWORD).await.id;
        let (mut reference, mut given) = (Reference::new(self.server.core.now()), Given::default());
        for operation in story {
            self = self.act(person, operation, &mut reference, &mut given).await;
            for (number, token) in given.access.iter().enumerate() {
                let live = self.server.is_live(token).await;
                assert_eq!(live, reference.is_live(number), "token {number} after {operation:?} of {story:?}");
            }
        }
        self
    }

    async fn act(
        mut self,
        person: UserId,
        operation: &Operation,
        reference: &mut Reference,
        given: &mut Given,
    ) -> Self {
        let (core, by) = (self.server.core.clone(), Actor::Operator);
        match *operation {
            Operation::Allow { scope } => self.allow(person, scope, reference, given).await,
            Operation::Redeem { code, by } => self.redeem(code, by, reference, given).await,
            Operation::Refresh { family, age, by } => self.refresh((family, age), by, reference, given).await,
            Operation::RevokeAccess { token, by } => self.revoke_access(token, by, reference, given).await,
            Operation::RevokeRefresh { family, age, by } => {
                self.revoke_refresh((family, age), by, reference, given).await;
            }
            Operation::Withdraw => {
                for (grant, _) in core.store.grants_of(person).await.expect("a store") {
                    connections::withdraw(&core, person, grant.id, by).await.expect("a store");
                }
                reference.withdraw();
            }
            Operation::Suspend => {
                people::suspend(&core, person, by).await.expect("a person");
                reference.active = false;
            }
            Operation::Resume => {
                people::resume(&core, person, by).await.expect("a person");
                reference.active = true;
            }
            Operation::ChangePassword => {
                people::set_password(&core, person, password(PASSWORD), by).await.expect("a person");
                reference.change_password();
            }
            Operation::Wait(lifetime) => {
                core.clock.advance(lifetime);
                reference.now = core.now();
            }
            Operation::Sweep => self.server.sweep().await,
            Operation::Restart => {
                drop(core);
                self.server = self.server.restarted().await;
            }
        }
        self
    }

    async fn allow(&self, person: UserId, scope: &'static str, reference: &mut Reference, given: &mut Given) {
        // Who is suspended cannot sign in to allow anything.
        if reference.active {
            let user = self.server.core.store.user(person).await.expect("a store").expect("the person");
            given.codes.push(self.server.code_of(&user, &self.app, scope, &[]).await);
            reference.allow(scope);
        }
    }

    async fn redeem(&self, newest: usize, by: Caller, reference: &mut Reference, given: &mut Given) {
        let Some(code) = from_newest(given.codes.len(), newest) else { return };
        let client = self.client(by);
        let more = [("redirect_uri", self.app.redirect_uri.as_str())];
        let answer = client.redeem(&self.server, &given.codes[code], &more).await;

        let outcome = reference.redeem(code, by);
        assert_is(outcome, &answer);
        if outcome == Outcome::New {
            assert_scope(&answer, reference.codes[code].scope);
            let access = answer.text_of("access_token");
            let refresh: Vec<String> = answer.json()["refresh_token"].as_str().map(str::to_owned).into_iter().collect();
            assert_eq!(refresh.len(), reference.families[given.families.len()].generations, "{}", answer.text);
            given.access.push(access.clone());
            given.families.push((refresh, access));
        }
    }

    async fn refresh(&self, (newest, age): (usize, usize), by: Caller, reference: &mut Reference, given: &mut Given) {
        let Some((family, generation)) = presented(given, newest, age) else { return };
        let (tokens, access) = &mut given.families[family];
        let answer = self.client(by).refresh(&self.server, &tokens[generation], &[]).await;

        let outcome = reference.refresh(family, generation, by);
        assert_is(outcome, &answer);
        match outcome {
            Outcome::New => {
                assert_scope(&answer, reference.families[family].scope);
                tokens.push(answer.text_of("refresh_token"));
                access.clone_from(&answer.text_of("access_token"));
                given.access.push(access.clone());
            }
            Outcome::Again => {
                assert_eq!(tokens.last(), Some(&answer.text_of("refresh_token")));
                assert_eq!(*access, answer.text_of("access_token"));
            }
            Outcome::Refused => {}
        }
    }

    async fn revoke_access(&self, newest: usize, by: Caller, reference: &mut Reference, given: &Given) {
        let Some(token) = from_newest(given.access.len(), newest) else { return };
        let answer = self.client(by).revoke(&self.server, &given.access[token]).await;
        assert_revoked(reference.revoke_access(token, by), &answer);
    }

    async fn revoke_refresh(
        &self,
        (newest, age): (usize, usize),
        by: Caller,
        reference: &mut Reference,
        given: &Given,
    ) {
        let Some((family, generation)) = presented(given, newest, age) else { return };
        let answer = self.client(by).revoke(&self.server, &given.families[family].0[generation]).await;
        assert_revoked(reference.revoke_refresh(family, by), &answer);
    }

    fn client(&self, by: Caller) -> &App {
        match by {
            Caller::App => &self.app,
            Caller::Thief => &self.thief,
        }
    }
}

/// The number of the thing that so many newer ones came after; the oldest if there are not so many.
fn from_newest(count: usize, newest: usize) -> Option<usize> {
    count.checked_sub(1).map(|last| last.saturating_sub(newest))
}

/// A family and the generation of its refresh token that is so many rotations old.
fn presented(given: &Given, newest: usize, age: usize) -> Option<(usize, usize)> {
    let family = from_newest(given.families.len(), newest)?;
    from_newest(given.families[family].0.len(), age).map(|generation| (family, generation))
}

fn assert_is(outcome: Outcome, answer: &Answer) {
    match outcome {
        Outcome::New | Outcome::Again => assert_eq!(answer.status.code, 200, "{}", answer.text),
        Outcome::Refused => assert_eq!(answer.refusal(), (400, "invalid_grant".into()), "{}", answer.text),
    }
}

fn assert_revoked(expected: Option<bool>, answer: &Answer) {
    let told = answer.status.code == 200;
    assert!(told || answer.refusal() == (400, "invalid_grant".into()), "{}", answer.text);
    assert!(expected.is_none_or(|expected| expected == told), "{}", answer.text);
}

/// Whether the answer has that scope, in whatever order.
fn assert_scope(answer: &Answer, scope: &str) {
    let told = answer.text_of("scope");
    let (mut told, mut scope): (Vec<_>, Vec<_>) = (told.split(' ').collect(), scope.split(' ').collect());
    told.sort_unstable();
    scope.sort_unstable();
    assert_eq!(told, scope);
}
