//! Throttle: how often something may come from one source. Governor counts; what is here gives it our rates and our time, and
//! keeps what it remembers within bounds.

use std::hash::Hash;
use std::net::IpAddr;
use std::num::NonZeroU32;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard};
use std::time::Duration;

use governor::clock::Clock;
use governor::middleware::NoOpMiddleware;
use governor::nanos::Nanos;
use governor::state::keyed::HashMapStateStore;
use governor::{Quota, RateLimiter};

use crate::domain::time::{Lifetime, Timestamp};

/// More keys than this are only kept while their count matters.
const MANY_KEYS: usize = 100_000;

/// No rate is slower than one a minute, so that whoever would wait longer was counted while the clock was ahead.
const LONGEST_WAIT: Duration = Duration::from_secs(120);

/// No burst takes longer than fifty years to be whole again. Governor counts nanoseconds, of which no more would fit.
const LONGEST_BURST: Duration = Duration::from_secs(50 * 365 * 86400);

/// Lets so many through at once for each key, then so many a minute. A rate of zero lets everything through.
pub struct Throttle<K: Clone + Eq + Hash> {
    counts: RwLock<Counts<K>>,
}

impl<K: Clone + Eq + Hash> Throttle<K> {
    /// `burst` at once, then `per_minute`.
    pub fn new(burst: u32, per_minute: u32) -> Self {
        Self { counts: RwLock::new(Counts::new(burst, per_minute)) }
    }

    /// From here on `burst` at once, then `per_minute`. Where that is another rate than before, everybody begins anew, since
    /// what they took is counted in time at the former.
    pub fn set(&self, burst: u32, per_minute: u32) {
        let mut counts = self.counts.write().unwrap_or_else(PoisonError::into_inner);
        if (counts.burst, counts.per_minute) != (burst, per_minute) {
            *counts = Counts::new(burst, per_minute);
        }
    }

    /// Takes one for `key`.
    ///
    /// # Errors
    /// How long to wait before the next can be had.
    pub fn take(&self, key: K, now: Timestamp) -> Result<(), Lifetime> {
        let mut taken = self.counts().take(&key, now);
        if taken.is_err_and(|wait| wait > LONGEST_WAIT) {
            self.begin_anew();
            taken = self.counts().take(&key, now);
        }
        taken.map_err(|wait| Lifetime::seconds(wait.as_secs() + u64::from(wait.subsec_nanos() > 0)))
    }

    /// Forgets what was counted while the clock was ahead: nobody is to wait until it is there again.
    fn begin_anew(&self) {
        let mut counts = self.counts.write().unwrap_or_else(PoisonError::into_inner);
        *counts = Counts::new(counts.burst, counts.per_minute);
    }

    fn counts(&self) -> RwLockReadGuard<'_, Counts<K>> {
        self.counts.read().unwrap_or_else(PoisonError::into_inner)
    }
}

type Limiter<K> = RateLimiter<K, HashMapStateStore<K>, Told, NoOpMiddleware<Nanos>>;

/// What was taken at one rate.
struct Counts<K: Clone + Eq + Hash> {
    burst: u32,
    per_minute: u32,
    /// None for a rate of zero.
    limiter: Option<Limiter<K>>,
    clock: Told,
    /// The second in which keys were last dropped.
    tidied: AtomicU64,
}

impl<K: Clone + Eq + Hash> Counts<K> {
    fn new(burst: u32, per_minute: u32) -> Self {
        let clock = Told::default();
        let limiter =
            quota(burst, per_minute).map(|quota| RateLimiter::new(quota, HashMapStateStore::default(), clock.clone()));
        Self { burst, per_minute, limiter, clock, tidied: AtomicU64::new(0) }
    }

    fn take(&self, key: &K, now: Timestamp) -> Result<(), Duration> {
        let Some(limiter) = &self.limiter else { return Ok(()) };
        let told = self.clock.tell(now);
        // At most once a second, since it looks at every key.
        if limiter.len() > MANY_KEYS && self.tidied.swap(now.0, Ordering::Relaxed) != now.0 {
            limiter.retain_recent();
            limiter.shrink_to_fit();
        }
        limiter.check_key(key).map_err(|refused| refused.wait_time_from(told))
    }
}

/// `None` for a rate of zero.
fn quota(burst: u32, per_minute: u32) -> Option<Quota> {
    let quota = Quota::per_minute(NonZeroU32::new(per_minute)?);
    let most = LONGEST_BURST.as_nanos() / quota.replenish_interval().as_nanos().max(1);
    let burst = burst.min(u32::try_from(most).unwrap_or(u32::MAX));
    Some(quota.allow_burst(NonZeroU32::new(burst).unwrap_or(NonZeroU32::MIN)))
}

/// The clock of a limiter. It says what it was told last, since the server has one clock alone, and what it says first is
/// 1970, so that no time is before it.
#[derive(Clone, Debug, Default)]
struct Told(Arc<AtomicU64>);

impl Told {
    fn tell(&self, now: Timestamp) -> Nanos {
        let nanos = now.0.saturating_mul(1_000_000_000).min(u64::MAX / 2);
        self.0.store(nanos, Ordering::Relaxed);
        nanos.into()
    }
}

impl Clock for Told {
    type Instant = Nanos;

    fn now(&self) -> Nanos {
        self.0.load(Ordering::Relaxed).into()
    }
}

/// What counts as one place: whoever has an IPv6 address has its whole /64.
pub fn network_of(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V4(address) => IpAddr::V4(address),
        IpAddr::V6(address) => IpAddr::V6((address.to_bits() & !u128::from(u64::MAX)).into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_ipv6_address_counts_as_its_network() {
        let network = |text: &str| network_of(text.parse().expect("an address"));
        assert_eq!(network("2001:db8::1"), network("2001:db8::ffff:2"));
        assert_ne!(network("2001:db8::1"), network("2001:db8:0:1::1"));
        assert_eq!(network("::ffff:192.0.2.1"), network("192.0.2.1"));
    }

    #[test]
    fn a_burst_passes_and_then_one_at_a_time() {
        let throttle = Throttle::new(3, 6);
        let take = |now| throttle.take("key", Timestamp(now));
        assert_eq!([take(100), take(100), take(100)], [Ok(()), Ok(()), Ok(())]);
        assert_eq!(take(100), Err(Lifetime::seconds(10)));
        assert_eq!(take(110), Ok(()));
        assert_eq!(take(110), Err(Lifetime::seconds(10)));
        assert_eq!(throttle.take("another", Timestamp(110)), Ok(()));
    }

    #[test]
    fn another_rate_holds_from_the_next_on_and_the_same_one_forgets_nothing() {
        let throttle = Throttle::new(1, 1);
        let take = || throttle.take("key", Timestamp(100));
        assert!(take().is_ok() && take().is_err());
        throttle.set(1, 1);
        assert!(take().is_err());
        throttle.set(2, 60);
        assert!(take().is_ok() && take().is_ok() && take().is_err());
        throttle.set(2, 0);
        assert!(take().is_ok());
    }

    #[test]
    fn a_rate_of_zero_lets_everything_through() {
        let throttle = Throttle::new(1, 0);
        assert!((0..1000).all(|_| throttle.take("key", Timestamp(100)).is_ok()));
    }

    #[test]
    fn nobody_waits_for_a_clock_that_was_ahead_and_came_back() {
        let throttle = Throttle::new(1, 1);
        let take = |now| throttle.take("key", Timestamp(now));
        assert!(take(100_000).is_ok() && take(100_000).is_err());
        assert!(take(100).is_ok() && take(100).is_err());
        assert_eq!(take(70), Err(Lifetime::seconds(90)), "a small step is waited for");
    }

    #[test]
    fn no_rate_and_no_time_is_too_much_to_count() {
        for (burst, per_minute) in [(u32::MAX, 1), (u32::MAX, u32::MAX), (0, u32::MAX), (0, 1)] {
            let throttle = Throttle::new(burst, per_minute);
            for now in [0, u64::MAX, 1] {
                assert!(throttle.take("key", Timestamp(now)).is_ok(), "{burst} and {per_minute} at {now}");
            }
        }
    }

    #[test]
    fn keys_whose_count_no_longer_matters_are_dropped_once_there_are_many() {
        let throttle = Throttle::new(1, 60);
        let keys = |now: u64| {
            throttle.take(usize::MAX, Timestamp(now)).expect("a first one");
            throttle.counts().limiter.as_ref().map(Limiter::len)
        };
        for key in 0..=MANY_KEYS {
            throttle.take(key, Timestamp(100)).expect("a first one");
        }
        assert_eq!(keys(100), Some(MANY_KEYS + 2), "their count matters");
        assert_eq!(keys(200), Some(1));
    }
}
