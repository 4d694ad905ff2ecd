//! What happens in a story, and how often.

use hallmark::domain::time::Lifetime;
use proptest::collection::vec;
use proptest::prelude::{Just, any, prop_oneof};
use proptest::sample::select;
use proptest::strategy::Strategy;

/// Who calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Caller {
    /// The client that the person allowed something.
    App,
    /// Another client.
    Thief,
}

/// One step. Things are counted from the newest back, so that what a step is about exists whatever came before it.
#[derive(Clone, Debug)]
pub enum Operation {
    /// The person allows the app a scope, and the app gets a code.
    Allow { scope: &'static str },
    /// Somebody presents a code.
    Redeem { code: usize, by: Caller },
    /// Somebody presents a refresh token of a family, so many rotations old.
    Refresh { family: usize, age: usize, by: Caller },
    /// Somebody revokes an access token.
    RevokeAccess { token: usize, by: Caller },
    /// Somebody revokes a refresh token of a family, so many rotations old.
    RevokeRefresh { family: usize, age: usize, by: Caller },
    /// The person takes back what they allowed.
    Withdraw,
    /// An operator suspends the person.
    Suspend,
    /// An operator resumes the person.
    Resume,
    /// The person gets a new password.
    ChangePassword,
    /// Time goes by.
    Wait(Lifetime),
    /// What is over is dropped from the store.
    Sweep,
    /// The server stops and begins again.
    Restart,
}

/// How often each kind of step comes, beside the others.
#[derive(Clone, Copy, Debug)]
pub struct Weights {
    pub codes: u32,
    pub rotations: u32,
    pub revocations: u32,
    pub grants: u32,
    pub people: u32,
    pub time: u32,
}

/// Stories that begin with a code redeemed.
pub fn story(weights: Weights) -> impl Strategy<Value = Vec<Operation>> {
    let beginning = allow().prop_map(|allow| vec![allow, Operation::Redeem { code: 0, by: Caller::App }]);
    (beginning, vec(operation(weights), 1..24)).prop_map(|(mut story, rest)| {
        story.extend(rest);
        story
    })
}

fn operation(weights: Weights) -> impl Strategy<Value = Operation> {
    // Most waits end just before or at the end of something: the leeway, a code, an access token, an idle family.
    let time = prop_oneof![
        5 => select(&[29, 30][..]),
        2 => select(&[59, 60, 3_599, 3_600, 90 * 86_400 - 1, 90 * 86_400][..]),
        2 => 0..40u64,
        1 => 30 * 86_400..100 * 86_400u64,
    ];
    prop_oneof![
        weights.codes => allow(),
        weights.codes => redeem(),
        weights.rotations => refresh(),
        weights.revocations => revoke(),
        weights.grants => Just(Operation::Withdraw),
        weights.people => person(),
        weights.time => time.prop_map(|seconds| Operation::Wait(Lifetime::seconds(seconds))),
        1 => prop_oneof![9 => Just(Operation::Sweep), 1 => Just(Operation::Restart)],
    ]
}

fn allow() -> impl Strategy<Value = Operation> {
    let scope = prop_oneof![
        Just("read:objects"),
        Just("offline_access write:objects"),
        Just("offline_access read:objects"),
        Just("offline_access read:objects write:objects"),
    ];
    scope.prop_map(|scope| Operation::Allow { scope })
}

fn redeem() -> impl Strategy<Value = Operation> {
    (0..3usize, caller()).prop_map(|(code, by)| Operation::Redeem { code, by })
}

fn refresh() -> impl Strategy<Value = Operation> {
    let age = prop_oneof![4 => Just(0), 4 => Just(1), 1 => Just(2)];
    (0..2usize, age, caller()).prop_map(|(family, age, by)| Operation::Refresh { family, age, by })
}

fn revoke() -> impl Strategy<Value = Operation> {
    (any::<bool>(), 0..3usize, 0..3usize, caller()).prop_map(|(access, newest, age, by)| match access {
        true => Operation::RevokeAccess { token: newest, by },
        false => Operation::RevokeRefresh { family: newest, age, by },
    })
}

fn person() -> impl Strategy<Value = Operation> {
    prop_oneof![
        2 => Just(Operation::Suspend),
        3 => Just(Operation::Resume),
        1 => Just(Operation::ChangePassword),
    ]
}

fn caller() -> impl Strategy<Value = Caller> {
    prop_oneof![6 => Just(Caller::App), 1 => Just(Caller::Thief)]
}
