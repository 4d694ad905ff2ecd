//! The reference: what RFC 6749, RFC 7009 and RFC 9700 section 4.14 promise, as a few rules over numbers. It knows no token,
//! no store and no order of writes.

use hallmark::domain::time::{Lifetime, Timestamp};

use super::operation::Caller;

const CODE: Lifetime = Lifetime::seconds(60);
const ACCESS: Lifetime = Lifetime::hours(1);
const IDLE: Lifetime = Lifetime::days(90);
const ABSOLUTE: Lifetime = Lifetime::days(365);
const LEEWAY: Lifetime = Lifetime::seconds(30);

/// What becomes of a presented code or refresh token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// New tokens.
    New,
    /// The tokens of the last rotation once more.
    Again,
    /// `invalid_grant`.
    Refused,
}

/// What everything issued hangs from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Root {
    grant: u32,
    epoch: u32,
}

/// A code, and the family it became.
#[derive(Debug)]
pub struct Code {
    pub scope: &'static str,
    root: Root,
    expires: Timestamp,
    redeemed: Option<usize>,
}

/// What one code produced.
#[derive(Debug)]
pub struct Family {
    pub scope: &'static str,
    root: Root,
    expires: Timestamp,
    idle: Timestamp,
    /// How many refresh tokens it had; none without `offline_access`.
    pub generations: usize,
    rotated: Timestamp,
    ended: bool,
}

/// An access token of a family.
#[derive(Debug)]
pub struct Access {
    family: usize,
    expires: Timestamp,
    revoked: bool,
}

/// Everything that is so.
#[derive(Debug)]
pub struct Reference {
    pub now: Timestamp,
    pub active: bool,
    epoch: u32,
    grant: Option<u32>,
    grants: u32,
    pub codes: Vec<Code>,
    pub families: Vec<Family>,
    pub access: Vec<Access>,
}

impl Reference {
    /// Somebody who has allowed nothing yet.
    pub fn new(now: Timestamp) -> Self {
        let (codes, families, access) = (Vec::new(), Vec::new(), Vec::new());
        Self { now, active: true, epoch: 0, grant: None, grants: 0, codes, families, access }
    }

    /// The person allows `scope`, which begins a grant where none is.
    pub fn allow(&mut self, scope: &'static str) {
        if self.grant.is_none() {
            self.grants += 1;
            self.grant = Some(self.grants);
        }
        let root = Root { grant: self.grants, epoch: self.epoch };
        self.codes.push(Code { scope, root, expires: self.now + CODE, redeemed: None });
    }

    /// The person takes it back.
    pub fn withdraw(&mut self) {
        self.grant = None;
    }

    /// The person gets a new password.
    pub fn change_password(&mut self) {
        self.epoch += 1;
    }

    /// Somebody presents a code. Its second coming by its own client ends what it produced.
    pub fn redeem(&mut self, code: usize, by: Caller) -> Outcome {
        let Code { scope, root, expires, redeemed } = self.codes[code];
        if by == Caller::Thief {
            return Outcome::Refused;
        }
        if let Some(family) = redeemed {
            self.families[family].ended = true;
            return Outcome::Refused;
        }
        if expires.has_passed(self.now) || !self.honours(root) {
            return Outcome::Refused;
        }
        let refreshes = scope.contains("offline_access");
        self.codes[code].redeemed = Some(self.families.len());
        self.families.push(Family {
            scope,
            root,
            expires: self.now + if refreshes { ABSOLUTE } else { ACCESS },
            idle: self.now + IDLE,
            generations: usize::from(refreshes),
            rotated: self.now,
            ended: false,
        });
        self.issue(self.families.len() - 1);
        Outcome::New
    }

    /// Somebody presents the refresh token of that generation. One that is neither the current one nor, for a while, the one
    /// before ends the family.
    pub fn refresh(&mut self, id: usize, generation: usize, by: Caller) -> Outcome {
        let now = self.now;
        let honoured = self.honours(self.families[id].root);
        let withdrawn = self.grant != Some(self.families[id].root.grant);
        let family = &mut self.families[id];
        if by == Caller::Thief || withdrawn || family.ended || family.expires.has_passed(now) {
            return Outcome::Refused;
        }
        match family.generations - generation {
            1 if family.idle.has_passed(now) || !honoured => Outcome::Refused,
            1 => {
                family.generations += 1;
                family.rotated = now;
                family.idle = now + IDLE;
                self.issue(id);
                Outcome::New
            }
            2 if !(family.rotated + LEEWAY).has_passed(now) && honoured => Outcome::Again,
            2 if !(family.rotated + LEEWAY).has_passed(now) => Outcome::Refused,
            _ => {
                family.ended = true;
                Outcome::Refused
            }
        }
    }

    /// Somebody revokes an access token; whether they are told that it is revoked. A thief is told so of one that is
    /// not known any more, and nothing is promised about when what is over is forgotten.
    pub fn revoke_access(&mut self, token: usize, by: Caller) -> Option<bool> {
        let access = &mut self.access[token];
        match by {
            Caller::App => {
                access.revoked = true;
                Some(true)
            }
            Caller::Thief if access.revoked => Some(true),
            Caller::Thief => (!access.expires.has_passed(self.now)).then_some(false),
        }
    }

    /// Somebody revokes a refresh token, and with it its family; whether they are told that it is revoked, as above.
    pub fn revoke_refresh(&mut self, family: usize, by: Caller) -> Option<bool> {
        let withdrawn = self.grant != Some(self.families[family].root.grant);
        let family = &mut self.families[family];
        match by {
            Caller::App => {
                family.ended = true;
                Some(true)
            }
            Caller::Thief => (!withdrawn && !family.ended && !family.idle.has_passed(self.now)).then_some(false),
        }
    }

    /// Whether a resource would be told that the token is active.
    pub fn is_live(&self, token: usize) -> bool {
        let Access { family, expires, revoked } = self.access[token];
        let family = &self.families[family];
        !revoked && !expires.has_passed(self.now) && !family.ended && self.honours(family.root)
    }

    fn honours(&self, root: Root) -> bool {
        self.active && self.epoch == root.epoch && self.grant == Some(root.grant)
    }

    fn issue(&mut self, family: usize) {
        let expires = self.families[family].expires.min(self.now + ACCESS);
        self.access.push(Access { family, expires, revoked: false });
    }
}
