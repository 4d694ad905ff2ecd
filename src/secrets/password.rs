//! argon2id, a bounded number at once, so that a storm of sign-ins costs its senders time and nobody else.

use std::sync::Arc;
use std::thread;

use argon2::password_hash::phc::PasswordHash as Phc;
use argon2::password_hash::{CustomizedPasswordHasher, PasswordVerifier};
use argon2::{Algorithm, Argon2, Params, Version};
use rustix::process::setpriority_process;
use rustix::thread::gettid;
use tokio::sync::{Semaphore, oneshot};

use crate::domain::secret::Secret;
use crate::domain::user::PasswordHash;
use crate::secrets::random;

/// The shortest and longest password that may be chosen, in characters, and the longest in bytes.
pub const MIN_CHARS: usize = 8;
const MAX_CHARS: usize = 128;
const MAX_BYTES: usize = 512;

/// The priority of a thread that hashes, of 0 to 19: the higher, the more it yields.
const NICE: i32 = 10;

/// A password as a person typed it, of a length worth hashing.
#[derive(Clone)]
pub struct Password(Secret<String>);

/// Why a text is no password.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MalformedPassword {
    /// Fewer than 8 characters.
    #[error("a password has at least 8 characters")]
    TooShort,
    /// More than 128 characters or 512 bytes.
    #[error("a password has at most 128 characters")]
    TooLong,
}

impl Password {
    /// Takes any characters, spaces included. Lengths are checked before anything is hashed.
    ///
    /// # Errors
    /// [`MalformedPassword`] if it is shorter than 8 characters or longer than 128.
    pub fn parse(text: String) -> Result<Self, MalformedPassword> {
        let text = Secret::new(text);
        if text.expose().len() > MAX_BYTES || text.expose().chars().count() > MAX_CHARS {
            Err(MalformedPassword::TooLong)
        } else if text.expose().chars().count() < MIN_CHARS {
            Err(MalformedPassword::TooShort)
        } else {
            Ok(Self(text))
        }
    }
}

/// What a password turned out to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It is the person's.
    Right,
    /// It is the person's, but hashed with parameters that are no longer ours.
    RightButStale,
    /// It is not.
    Wrong,
}

/// Why no verdict was reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PasswordFailure {
    /// Too many are being checked already; try again shortly.
    #[error("too many passwords are being checked at once")]
    Busy,
    /// argon2 would not run, which only happens if memory is exhausted.
    #[error("the password could not be hashed")]
    Unhashable,
}

/// What a check costs, and how many may cost it at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cost {
    /// Memory of one check, in KiB.
    pub memory_kib: u32,
    /// Passes over that memory.
    pub iterations: u32,
    /// Lanes.
    pub parallelism: u32,
    /// Checks that run at once.
    pub concurrency: usize,
    /// Checks that may wait for their turn; who comes later is told to try again.
    pub queue: usize,
}

impl Cost {
    /// Whether argon2 takes it.
    ///
    /// # Errors
    /// The reason why not.
    pub fn check(&self) -> Result<(), String> {
        self.params().map(drop)
    }

    fn params(&self) -> Result<Params, String> {
        Params::new(self.memory_kib, self.iterations, self.parallelism, None).map_err(|error| error.to_string())
    }
}

/// Hashes and checks passwords.
pub struct Passwords {
    params: Params,
    running: Arc<Semaphore>,
    waiting: Arc<Semaphore>,
    /// Checked in place of a hash that is not there, so that an unknown name takes as long as a known one.
    dummy: PasswordHash,
}

impl Passwords {
    /// Hashes at this cost.
    ///
    /// # Errors
    /// The reason why argon2 does not take the cost.
    pub fn new(cost: Cost) -> Result<Self, String> {
        let params = cost.params()?;
        let dummy = hash_now(&params, "a password that nobody has").map_err(|error| error.to_string())?;
        Ok(Self {
            params,
            running: Arc::new(Semaphore::new(cost.concurrency.max(1))),
            waiting: Arc::new(Semaphore::new(cost.concurrency.max(1) + cost.queue)),
            dummy,
        })
    }

    /// The hash of a new password.
    ///
    /// # Errors
    /// [`PasswordFailure`] if the queue is full or memory is exhausted.
    pub async fn hash(&self, password: Password) -> Result<PasswordHash, PasswordFailure> {
        let params = self.params.clone();
        self.run(move || hash_now(&params, password.0.expose())).await?
    }

    /// Whether `password` is the one that `hash` was made of. Without a hash it takes as long and is always wrong.
    ///
    /// # Errors
    /// [`PasswordFailure`] if the queue is full or memory is exhausted.
    pub async fn verify(&self, hash: Option<&PasswordHash>, password: Password) -> Result<Verdict, PasswordFailure> {
        let known = hash.is_some();
        let hash = hash.unwrap_or(&self.dummy).clone();
        let params = self.params.clone();
        self.run(move || match Phc::new(&hash.0) {
            Ok(phc) if Argon2::default().verify_password(password.0.expose().as_bytes(), &phc).is_ok() && known => {
                if Params::try_from(&phc).is_ok_and(|used| same_cost(&used, &params)) {
                    Verdict::Right
                } else {
                    Verdict::RightButStale
                }
            }
            _ => Verdict::Wrong,
        })
        .await
    }

    async fn run<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T, PasswordFailure> {
        let _place = self.waiting.clone().try_acquire_owned().map_err(|_| PasswordFailure::Busy)?;
        let turn = self.running.clone().acquire_owned().await.map_err(|_| PasswordFailure::Busy)?;
        let (tell, told) = oneshot::channel();
        // A thread for each, which costs a thousandth of a hash, since one that stepped back may not step forward again. The
        // permit goes with the work: a caller that gives up must not let another begin before this one ended.
        let hashing = move || {
            step_back();
            let done = work();
            drop(turn);
            // Whoever gave up needs no answer.
            let _ = tell.send(done);
        };
        thread::Builder::new().name("password".into()).spawn(hashing).map_err(|_| PasswordFailure::Busy)?;
        told.await.map_err(|_| PasswordFailure::Unhashable)
    }
}

/// Lets whatever else this machine has to do come before this thread, so that a storm of sign-ins slows no request of an
/// app. What is left is a tenth of a core where all are busy.
fn step_back() {
    if let Err(error) = setpriority_process(Some(gettid()), NICE) {
        tracing::debug!(%error, "passwords are checked at the usual priority");
    }
}

fn same_cost(a: &Params, b: &Params) -> bool {
    (a.m_cost(), a.t_cost(), a.p_cost()) == (b.m_cost(), b.t_cost(), b.p_cost())
}

fn hash_now(params: &Params, password: &str) -> Result<PasswordHash, PasswordFailure> {
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params.clone())
        .hash_password_customized(password.as_bytes(), &random::salt(), None, None, params.clone())
        .map(|phc| PasswordHash(phc.to_string()))
        .map_err(|_| PasswordFailure::Unhashable)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cost(iterations: u32) -> Cost {
        Cost { memory_kib: 64, iterations, parallelism: 1, concurrency: 1, queue: 0 }
    }

    fn password(text: &str) -> Password {
        Password::parse(text.to_owned()).unwrap_or_else(|error| panic!("{error}"))
    }

    #[tokio::test]
    async fn a_hash_of_other_parameters_is_right_but_stale() {
        let (old, new) = (Passwords::new(cost(1)).expect("a cost"), Passwords::new(cost(2)).expect("a cost"));
        let hash = old.hash(password("correct horse")).await.expect("a hash");
        assert_eq!(old.verify(Some(&hash), password("correct horse")).await, Ok(Verdict::Right));
        assert_eq!(new.verify(Some(&hash), password("correct horse")).await, Ok(Verdict::RightButStale));
        assert_eq!(new.verify(Some(&hash), password("battery staple")).await, Ok(Verdict::Wrong));
    }

    #[tokio::test]
    async fn nobody_has_the_dummy_password() {
        let passwords = Passwords::new(cost(1)).expect("a cost");
        assert_eq!(passwords.verify(None, password("a password that nobody has")).await, Ok(Verdict::Wrong));
    }

    #[tokio::test]
    async fn who_finds_the_queue_full_is_told_at_once() {
        let passwords = Passwords::new(cost(1)).expect("a cost");
        let _running = passwords.waiting.clone().try_acquire_owned().expect("a place");
        assert_eq!(passwords.verify(None, password("correct horse")).await, Err(PasswordFailure::Busy));
    }

    #[test]
    fn lengths_are_checked_before_anything_is_hashed() {
        assert!(matches!(Password::parse("short".into()), Err(MalformedPassword::TooShort)));
        assert!(matches!(Password::parse("x".repeat(129)), Err(MalformedPassword::TooLong)));
        assert!(Password::parse("é".repeat(128)).is_ok() && Password::parse("😀".repeat(128)).is_ok());
        assert!(Password::parse("x".repeat(64)).is_ok() && Password::parse("with spaces in it".into()).is_ok());
    }
}
