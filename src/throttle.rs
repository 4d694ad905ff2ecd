//! Throttle: how often something may happen for one key. A generic cell rate algorithm that can be given back to, because
//! a sign-in that succeeds must not count as guessing.

use std::collections::HashMap;
use std::hash::Hash;
use std::net::IpAddr;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::domain::time::{Lifetime, Timestamp};

/// More keys than this are only kept while their count matters.
const MANY_KEYS: usize = 100_000;

/// Lets so many through at once for each key, then so many a minute. A rate of zero lets everything through.
pub struct Throttle<K> {
    /// Both numbers in one, so that nobody reads one of before and one of after a change.
    rate: AtomicU64,
    /// For each key, the moment (in milliseconds) at which all that it took will be given again.
    full_again: Mutex<HashMap<K, u64>>,
}

impl<K: Eq + Hash> Throttle<K> {
    /// `burst` at once, then `per_minute`.
    pub fn new(burst: u32, per_minute: u32) -> Self {
        Self { rate: AtomicU64::new(packed(burst, per_minute)), full_again: Mutex::default() }
    }

    /// From here on `burst` at once, then `per_minute`. Where that is another rate than before, everybody begins anew, since
    /// what they took is counted in time at the former.
    pub fn set(&self, burst: u32, per_minute: u32) {
        let mut full_again = self.lock();
        let rate = packed(burst, per_minute);
        if self.rate.swap(rate, Ordering::Relaxed) != rate {
            full_again.clear();
        }
    }

    /// Takes one for `key`.
    ///
    /// # Errors
    /// How long to wait before the next can be had.
    pub fn take(&self, key: K, now: Timestamp) -> Result<(), Lifetime> {
        let Some((burst, interval)) = self.rate() else { return Ok(()) };
        let now = now.0 * 1000;
        let mut full_again = self.lock();
        if full_again.len() > MANY_KEYS {
            full_again.retain(|_, at| *at > now);
        }
        let at = full_again.entry(key).or_insert(now);
        let next = (*at).max(now) + interval;
        let latest = now + interval * burst;
        if next > latest {
            return Err(Lifetime::seconds((next - latest).div_ceil(1000)));
        }
        *at = next;
        Ok(())
    }

    /// Gives back one that was taken for `key`.
    pub fn give_back(&self, key: &K) {
        let Some((_, interval)) = self.rate() else { return };
        if let Some(at) = self.lock().get_mut(key) {
            *at = at.saturating_sub(interval);
        }
    }

    /// How many at once, and the milliseconds between two after that.
    fn rate(&self) -> Option<(u64, u64)> {
        let rate = self.rate.load(Ordering::Relaxed);
        let (burst, per_minute) = (rate >> 32, rate & u64::from(u32::MAX));
        60_000u64.checked_div(per_minute).map(|interval| (burst.max(1), interval.max(1)))
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<K, u64>> {
        self.full_again.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

fn packed(burst: u32, per_minute: u32) -> u64 {
    u64::from(burst) << 32 | u64::from(per_minute)
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
    fn what_is_given_back_can_be_taken_again() {
        let throttle = Throttle::new(1, 1);
        for _ in 0..10 {
            assert_eq!(throttle.take("key", Timestamp(100)), Ok(()));
            throttle.give_back(&"key");
        }
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
}
