//! Whatever happened before, in whatever order: a token carries nothing that was not requested, asked for by the version that
//! runs, approved on the site and allowed by the person, and none is live for who is no member or where nothing is installed.

use hallmark::accounts::people;
use hallmark::apps::installations;
use hallmark::domain::app::VersionNumber;
use hallmark::domain::event::Actor;
use hallmark::domain::scope::Scope;
use proptest::prelude::*;
use proptest::sample::{select, subsequence};
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use tokio::runtime::Runtime;

use crate::support::client::Answer;
use crate::support::forge::{World, join, version, world_with};
use crate::support::oauth::scope;

const SCOPES: [&str; 3] = ["read:objects", "write:objects", "delete:objects"];
const ASSETS: (&str, &str) = ("resource", "https://assets.example");

/// What somebody does.
#[derive(Clone, Debug)]
enum Step {
    Deploy(Vec<&'static str>),
    Approve(usize),
    Refuse(usize),
    Suspend(usize),
    Resume(usize),
    Uninstall(usize),
    Install(usize),
    Allow(Vec<&'static str>, usize),
    Withdraw,
    Join(usize),
    Leave(usize),
    SuspendPerson,
    ResumePerson,
    AsApp(usize, Vec<&'static str>),
    AsUser(usize, Vec<&'static str>),
}

/// What bounds every token, as the steps left it.
struct Model {
    version: Scope,
    number: VersionNumber,
    /// Of each site: what was approved, and whether the installation is on; `None` where there is none.
    approved: [Option<(Scope, bool)>; 2],
    /// Of each site: the place of the installation among all that there were.
    generation: [usize; 2],
    consented: Scope,
    covered: [bool; 2],
    /// The place of the grant among all that there were: one that covers no site is over.
    grant: usize,
    member: [bool; 2],
    active: bool,
}

/// A token, and what it was asked for.
struct Issued {
    token: String,
    requested: Scope,
    site: usize,
    generation: usize,
    /// The grant that it hangs from, if it stands for the person.
    grant: Option<usize>,
}

fn step() -> impl Strategy<Value = Step> {
    let site = || 0..2usize;
    let some = || subsequence(SCOPES.to_vec(), 1..=3);
    prop_oneof![
        6 => some().prop_map(Step::Deploy),
        4 => site().prop_map(Step::Approve),
        1 => site().prop_map(Step::Refuse),
        1 => site().prop_map(Step::Suspend),
        2 => site().prop_map(Step::Resume),
        1 => site().prop_map(Step::Uninstall),
        2 => site().prop_map(Step::Install),
        3 => (some(), site()).prop_map(|(scopes, site)| Step::Allow(scopes, site)),
        1 => Just(Step::Withdraw),
        2 => site().prop_map(Step::Join),
        2 => site().prop_map(Step::Leave),
        1 => select(vec![Step::SuspendPerson, Step::ResumePerson, Step::ResumePerson]),
        4 => (site(), some()).prop_map(|(site, scopes)| Step::AsApp(site, scopes)),
        4 => (site(), some()).prop_map(|(site, scopes)| Step::AsUser(site, scopes)),
    ]
}

impl Model {
    /// The most that a token may carry.
    fn bound(&self, issued: &Issued) -> Scope {
        let site = issued.site;
        let Some((approved, true)) = &self.approved[site] else { return Scope::default() };
        if self.generation[site] != issued.generation {
            return Scope::default();
        }
        let bound = issued.requested.intersection(&self.version).intersection(approved);
        match issued.grant {
            None => bound,
            Some(grant) if grant == self.grant && self.active && self.member[site] && self.covered[site] => {
                bound.intersection(&self.consented)
            }
            Some(_) => Scope::default(),
        }
    }

    /// Takes sites out of the grant, which ends with the last one: what hangs from it never comes back.
    fn uncover(&mut self, sites: &[usize]) {
        let was_there = self.covered.contains(&true);
        sites.iter().for_each(|site| self.covered[*site] = false);
        if was_there && !self.covered.contains(&true) {
            self.consented = Scope::default();
            self.grant += 1;
        }
    }
}

struct Story {
    world: World,
    model: Model,
    issued: Vec<Issued>,
}

impl Story {
    /// Everything is asked for, approved and allowed, and there is a token of each kind for all of it: what is taken away later,
    /// in whatever order, is taken from something.
    async fn begin() -> Self {
        let everything = SCOPES.join(" ");
        let world = world_with("", version(&everything)).await;
        let first = scope(&everything);
        let model = Model {
            version: first.clone(),
            number: VersionNumber::FIRST,
            approved: [Some((first.clone(), true)), Some((first, true))],
            generation: [0, 0],
            consented: Scope::default(),
            covered: [false, false],
            grant: 0,
            member: [true, true],
            active: true,
        };
        let mut story = Self { world, model, issued: Vec::new() };
        let all = || SCOPES.to_vec();
        for step in [Step::Allow(all(), 0), Step::Allow(all(), 1), Step::AsApp(0, all()), Step::AsUser(0, all())] {
            story.take(step).await;
        }
        assert_eq!(story.issued.len(), 2);
        story
    }

    async fn take(&mut self, step: Step) {
        let (core, operator) = (self.world.server.core.clone(), Actor::Operator);
        let person = self.world.person.id;
        match step {
            Step::Deploy(scopes) => {
                self.model.number = self.world.deploy(&scopes.join(" ")).await;
                self.model.version = scope(&scopes.join(" "));
            }
            Step::Approve(site) => {
                let number = self.model.number;
                if let Some(id) = self.installation(site).await
                    && installations::approve(&core, id, number, &Scope::default(), operator).await.is_ok()
                    && let Some((approved, _)) = &mut self.model.approved[site]
                {
                    approved.clone_from(&self.model.version);
                }
            }
            Step::Refuse(site) => {
                if let Some(id) = self.installation(site).await {
                    let _ = installations::refuse(&core, id, self.model.number, operator).await;
                }
            }
            Step::Suspend(site) => {
                if let Some(id) = self.installation(site).await {
                    installations::suspend(&core, id, operator).await.expect("suspended");
                    self.set_on(site, false);
                }
            }
            Step::Resume(site) => {
                if let Some(id) = self.installation(site).await {
                    installations::resume(&core, id, operator).await.expect("resumed");
                    self.set_on(site, true);
                }
            }
            Step::Uninstall(site) => {
                if let Some(id) = self.installation(site).await {
                    installations::uninstall(&core, id, operator).await.expect("uninstalled");
                    self.model.approved[site] = None;
                    self.model.uncover(&[site]);
                }
            }
            Step::Install(site) => {
                let place = (self.world.sites[site].id, self.world.deployment);
                if installations::install(&core, place, &Scope::default(), operator).await.is_ok() {
                    self.model.approved[site] = Some((self.model.version.clone(), true));
                    self.model.generation[site] += 1;
                }
            }
            Step::Allow(scopes, site) if self.model.member[site] => {
                self.world.allow(&scopes.join(" "), &self.world.sites[site]).await;
                self.model.consented = self.model.consented.union(&scope(&scopes.join(" ")));
                self.model.covered[site] = true;
            }
            Step::Allow(..) => {}
            Step::Withdraw => {
                let client = self.world.app.id.parse().expect("an id");
                if let Some(grant) = core.store.grant_between(person, &client).await.expect("a store") {
                    core.store.end_grant(grant.id).await.expect("a store");
                }
                self.model.uncover(&[0, 1]);
            }
            Step::Join(site) => {
                join(&self.world.server, &self.world.sites[site], &self.world.person).await;
                self.model.member[site] = true;
            }
            Step::Leave(site) => {
                core.store.remove_member(self.world.sites[site].id, person).await.expect("a store");
                self.model.member[site] = false;
                self.model.uncover(&[site]);
            }
            Step::SuspendPerson => {
                people::suspend(&core, person, operator).await.expect("suspended");
                self.model.active = false;
            }
            Step::ResumePerson => {
                people::resume(&core, person, operator).await.expect("resumed");
                self.model.active = true;
            }
            Step::AsApp(site, scopes) => {
                let (id, wanted) = (self.world.sites[site].id.to_string(), scopes.join(" "));
                let pairs = [("grant_type", "client_credentials"), ("site", id.as_str()), ("scope", &wanted), ASSETS];
                let answer = self.world.token(&pairs).await;
                self.keep(&answer, &wanted, site, None);
            }
            Step::AsUser(site, scopes) => {
                let Some(id) = self.installation(site).await else { return };
                let user = person.to_string();
                let invoked = self.world.invoke_on(id, &[("user", &user)]).await.text_of("invocation_token");
                let wanted = scopes.join(" ");
                let answer = self.world.exchange(&invoked, &[("scope", &wanted), ASSETS]).await;
                self.keep(&answer, &wanted, site, Some(self.model.grant));
            }
        }
    }

    fn keep(&mut self, answer: &Answer, requested: &str, site: usize, grant: Option<usize>) {
        if answer.status.code == 200 {
            let generation = self.model.generation[site];
            let (token, requested) = (answer.text_of("access_token"), scope(requested));
            self.issued.push(Issued { token, requested, site, generation, grant });
        }
    }

    fn set_on(&mut self, site: usize, on: bool) {
        if let Some((_, is_on)) = &mut self.model.approved[site] {
            *is_on = on;
        }
    }

    async fn installation(&self, site: usize) -> Option<hallmark::domain::id::InstallationId> {
        let site = self.world.sites[site].id;
        let installation = self.world.server.core.store.installation_on(site, self.world.deployment).await;
        installation.expect("a store").map(|installation| installation.id)
    }

    /// Holds every token that was ever issued against what bounds it now.
    async fn check(&self) {
        for issued in &self.issued {
            let bound = self.model.bound(issued);
            for (at, site) in self.world.sites.iter().enumerate() {
                let told = self.world.told(&issued.token, Some(site)).await;
                let effective = scope(told["scope"].as_str().unwrap_or_default());
                let most = if at == issued.site { bound.clone() } else { Scope::default() };
                assert!(most.covers(&effective), "{effective} on site {at}, and at most {most}");
            }
            // As narrow as it must be, and no narrower: what is allowed is had.
            let told = self.world.told(&issued.token, None).await;
            assert_eq!(told["scope"].as_str().unwrap_or_default(), bound.as_str(), "{told}");
            if issued.grant.is_some() && told["active"] == true {
                assert!(told["act"]["sub"].as_str().is_some_and(|sub| sub.starts_with("app:")), "{told}");
            }
        }
    }
}

#[test]
fn a_token_never_carries_more_than_everybody_allowed() {
    let config = Config { cases: 40, failure_persistence: None, ..Config::default() };
    let mut runner = match std::env::var_os("PROPTEST_CASES") {
        Some(_) => TestRunner::new(Config { failure_persistence: None, ..Config::default() }),
        None => TestRunner::new_with_rng(config, TestRng::deterministic_rng(RngAlgorithm::ChaCha)),
    };
    let runtime = Runtime::new().expect("a runtime");
    let outcome = runner.run(&prop::collection::vec(step(), 1..25), |steps| {
        runtime.block_on(async {
            let mut story = Story::begin().await;
            for step in steps {
                story.take(step).await;
                story.check().await;
            }
        });
        Ok(())
    });
    outcome.unwrap_or_else(|failure| panic!("{failure}"));
}
