//! SigningKey and KeyRing: a key is published, then it signs, then it is kept for what it signed, then it is gone.
//!
//! A key is published before it signs, so that whoever keeps a copy of the key set has it by then, and is kept when it no
//! longer signs, until the last thing that it signed is over.

use serde::{Deserialize, Serialize};

use crate::domain::time::{Lifetime, Timestamp};

/// How a key signs, by its JOSE name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum SignatureAlgorithm {
    /// ECDSA on P-256 with SHA-256 (RFC 7518 section 3.4).
    ES256,
    /// Ed25519 (RFC 8037 section 3.1).
    EdDSA,
    /// RSA of 2,048 bits with SHA-256 (RFC 7518 section 3.3), which is what Forge's verifiers take.
    RS256,
}

impl SignatureAlgorithm {
    /// The JOSE name.
    pub fn as_str(self) -> &'static str {
        match self {
            SignatureAlgorithm::ES256 => "ES256",
            SignatureAlgorithm::EdDSA => "EdDSA",
            SignatureAlgorithm::RS256 => "RS256",
        }
    }
}

/// A key pair of this server.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SigningKey {
    /// Its name, the thumbprint of its public part (RFC 7638).
    pub kid: String,
    /// How it signs.
    pub algorithm: SignatureAlgorithm,
    /// The public part, a JSON Web Key (RFC 7517) as text.
    pub public: String,
    /// The private part, sealed.
    pub private: Vec<u8>,
    /// How far its life is.
    pub state: KeyState,
}

/// How far the life of a key is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum KeyState {
    /// It is in the key set and signs nothing yet.
    Published {
        /// Since when.
        since: Timestamp,
    },
    /// It signs.
    Signing {
        /// Since when.
        since: Timestamp,
    },
    /// It signs no more, and is in the key set for what it signed.
    Retiring {
        /// When it is gone.
        until: Timestamp,
    },
}

/// How long each part of a life is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeySchedule {
    /// From the day a key begins to sign until the next one does.
    pub rotate_every: Lifetime,
    /// How long a key is published before it signs.
    pub publish_ahead: Lifetime,
    /// How long a key is kept after it signed.
    pub overlap: Lifetime,
}

/// What became of a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeyChange {
    /// It is in the key set.
    Published(String),
    /// It signs.
    Began(String),
    /// It signs no more.
    Retired(String),
    /// It is gone.
    Removed(String),
}

/// Every key there is, in the order in which they came. At most one signs, and at most one waits to.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyRing {
    keys: Vec<SigningKey>,
}

impl KeyRing {
    /// The keys, oldest first. Each belongs into the key set.
    pub fn keys(&self) -> &[SigningKey] {
        &self.keys
    }

    /// The same keys, the private part of each as `seal` says.
    ///
    /// # Errors
    /// What `seal` refuses.
    pub fn resealed<E>(&self, seal: impl Fn(&SigningKey) -> Result<Vec<u8>, E>) -> Result<Self, E> {
        let keys = self.keys.iter().map(|key| Ok(SigningKey { private: seal(key)?, ..key.clone() }));
        Ok(Self { keys: keys.collect::<Result<_, E>>()? })
    }

    /// The key that signs.
    pub fn signing(&self) -> Option<&SigningKey> {
        self.keys.iter().find(|key| matches!(key.state, KeyState::Signing { .. }))
    }

    /// The key that will sign next.
    pub fn next(&self) -> Option<&SigningKey> {
        self.keys.iter().find(|key| matches!(key.state, KeyState::Published { .. }))
    }

    /// When the next key begins to sign.
    pub fn next_begins(&self, schedule: &KeySchedule) -> Option<Timestamp> {
        match self.next()?.state {
            KeyState::Published { since } => Some(since + schedule.publish_ahead),
            KeyState::Signing { .. } | KeyState::Retiring { .. } => None,
        }
    }

    /// Whether it is time for another key: none signs, or the one that does is due to be followed.
    pub fn wants_key(&self, now: Timestamp, schedule: &KeySchedule) -> bool {
        if self.next().is_some() {
            return false;
        }
        match self.signing().map(|key| key.state) {
            Some(KeyState::Signing { since }) => {
                (since + schedule.rotate_every - schedule.publish_ahead).has_passed(now)
            }
            _ => true,
        }
    }

    /// Adds a key. It waits until it is known everywhere, unless there is none that signs meanwhile.
    pub fn publish(&mut self, mut key: SigningKey, now: Timestamp) -> Vec<KeyChange> {
        let mut changes = vec![KeyChange::Published(key.kid.clone())];
        key.state = match self.signing() {
            Some(_) => KeyState::Published { since: now },
            None => {
                changes.push(KeyChange::Began(key.kid.clone()));
                KeyState::Signing { since: now }
            }
        };
        self.keys.push(key);
        changes
    }

    /// Does what is due: the published key signs once it was published long enough, and what was kept long enough is gone.
    pub fn advance(&mut self, now: Timestamp, schedule: &KeySchedule) -> Vec<KeyChange> {
        let mut changes = Vec::new();
        if self.next_begins(schedule).is_some_and(|begins| begins.has_passed(now)) {
            changes.extend(self.hand_over(now, schedule));
        }
        self.keys.retain(|key| match key.state {
            KeyState::Retiring { until } if until.has_passed(now) => {
                changes.push(KeyChange::Removed(key.kid.clone()));
                false
            }
            _ => true,
        });
        changes
    }

    /// Ends a key before its time: one that signs is followed at once by the one that waits, and kept for what it signed; any
    /// other is gone. `None` if there is no such key, or none that could follow it.
    pub fn retire(&mut self, kid: &str, now: Timestamp, schedule: &KeySchedule) -> Option<Vec<KeyChange>> {
        let at = self.keys.iter().position(|key| key.kid == kid)?;
        match self.keys[at].state {
            KeyState::Signing { .. } => {
                self.next()?;
                Some(self.hand_over(now, schedule))
            }
            KeyState::Published { .. } | KeyState::Retiring { .. } => {
                Some(vec![KeyChange::Removed(self.keys.remove(at).kid)])
            }
        }
    }

    fn hand_over(&mut self, now: Timestamp, schedule: &KeySchedule) -> Vec<KeyChange> {
        let mut changes = Vec::new();
        for key in &mut self.keys {
            key.state = match key.state {
                KeyState::Signing { .. } => {
                    changes.push(KeyChange::Retired(key.kid.clone()));
                    KeyState::Retiring { until: now + schedule.overlap }
                }
                KeyState::Published { .. } => {
                    changes.push(KeyChange::Began(key.kid.clone()));
                    KeyState::Signing { since: now }
                }
                retiring @ KeyState::Retiring { .. } => retiring,
            };
        }
        changes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SCHEDULE: KeySchedule = KeySchedule {
        rotate_every: Lifetime::days(90),
        publish_ahead: Lifetime::days(1),
        overlap: Lifetime::hours(12),
    };
    const BEGIN: Timestamp = Timestamp(1_764_000_000);

    fn key(kid: &str) -> SigningKey {
        SigningKey {
            kid: kid.into(),
            algorithm: SignatureAlgorithm::ES256,
            public: "{}".into(),
            private: Vec::new(),
            state: KeyState::Published { since: BEGIN },
        }
    }

    fn ring_of(kids: &[&str]) -> KeyRing {
        let mut ring = KeyRing::default();
        for kid in kids {
            ring.publish(key(kid), BEGIN);
        }
        ring
    }

    fn signing(ring: &KeyRing) -> Option<&str> {
        ring.signing().map(|key| key.kid.as_str())
    }

    #[test]
    fn the_first_key_signs_at_once_and_the_next_one_waits() {
        let mut ring = KeyRing::default();
        assert!(ring.wants_key(BEGIN, &SCHEDULE));
        assert_eq!(ring.publish(key("a"), BEGIN), [KeyChange::Published("a".into()), KeyChange::Began("a".into())]);
        assert!(!ring.wants_key(BEGIN, &SCHEDULE));
        assert_eq!(ring.publish(key("b"), BEGIN), [KeyChange::Published("b".into())]);
        assert_eq!(signing(&ring), Some("a"));
    }

    #[test]
    fn a_key_is_wanted_as_long_before_the_rotation_as_it_must_be_known() {
        let ring = ring_of(&["a"]);
        let due = BEGIN + Lifetime::days(89);
        assert!(!ring.wants_key(due - Lifetime::seconds(1), &SCHEDULE));
        assert!(ring.wants_key(due, &SCHEDULE));
    }

    #[test]
    fn a_key_that_signed_is_gone_after_the_overlap_and_not_before() {
        let mut ring = ring_of(&["a", "b"]);
        let handed_over = BEGIN + SCHEDULE.publish_ahead;
        assert_eq!(ring.advance(handed_over - Lifetime::seconds(1), &SCHEDULE), []);
        assert_eq!(
            ring.advance(handed_over, &SCHEDULE),
            [KeyChange::Retired("a".into()), KeyChange::Began("b".into())]
        );
        assert_eq!(ring.advance(handed_over + Lifetime::hours(12) - Lifetime::seconds(1), &SCHEDULE), []);
        assert_eq!(ring.advance(handed_over + Lifetime::hours(12), &SCHEDULE), [KeyChange::Removed("a".into())]);
    }

    #[test]
    fn a_clock_that_leaps_a_year_takes_no_step_twice_and_no_signing_key_away() {
        let mut ring = ring_of(&["a", "b"]);
        let later = BEGIN + Lifetime::days(365);
        ring.advance(later, &SCHEDULE);
        assert_eq!(signing(&ring), Some("b"));
        assert_eq!(ring.keys().len(), 2, "what the former key signed a moment ago can still be verified");
        assert_eq!(ring.advance(BEGIN, &SCHEDULE), [], "and a clock that goes back changes nothing");
    }

    #[test]
    fn a_signing_key_is_retired_only_where_another_can_follow() {
        let mut ring = ring_of(&["a"]);
        assert_eq!(ring.retire("a", BEGIN, &SCHEDULE), None);
        ring.publish(key("b"), BEGIN);
        assert_eq!(
            ring.retire("a", BEGIN, &SCHEDULE),
            Some(vec![KeyChange::Retired("a".into()), KeyChange::Began("b".into())])
        );
        assert_eq!(ring.retire("a", BEGIN, &SCHEDULE), Some(vec![KeyChange::Removed("a".into())]));
        assert_eq!(ring.retire("a", BEGIN, &SCHEDULE), None);
    }
}
