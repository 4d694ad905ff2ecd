//! Guesses: how many passwords may be tried at one account. A generic cell rate algorithm that can be given back to, because
//! a password that was right must not count as a guess.

use serde::{Deserialize, Serialize};

use crate::domain::time::{Lifetime, Timestamp};

/// What was counted so many milliseconds ahead of what can be counted now was counted while the clock was ahead. Less than that
/// is a small step, or somebody who read the clock a moment before others.
const AHEAD: u64 = 60_000;

/// So many guesses at once, then so many a minute.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GuessRate {
    burst: u32,
    /// How long after one the next may be made, in milliseconds.
    interval: u32,
}

impl GuessRate {
    /// `burst` at once, then `per_minute`; none where that is zero, which bounds nothing.
    pub fn new(burst: u32, per_minute: u32) -> Option<Self> {
        Some(Self { burst: burst.max(1), interval: 60_000u32.checked_div(per_minute)?.max(1) })
    }

    /// The milliseconds in which a whole burst is given again.
    fn whole(self) -> u64 {
        u64::from(self.burst) * u64::from(self.interval)
    }
}

/// The guesses of one count that still matter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Guesses {
    /// What they were counted at: at another rate everybody begins anew, since they are counted in time.
    rate: GuessRate,
    /// The moment, in milliseconds, at which all that was taken is given again.
    whole_again: u64,
}

impl Guesses {
    /// One more than there were `before`.
    ///
    /// # Errors
    /// How long to wait before it may be made.
    pub fn with_one(before: Option<Self>, rate: GuessRate, now: Timestamp) -> Result<Self, Lifetime> {
        let now = milliseconds(now);
        let latest = now.saturating_add(rate.whole());
        let counts = |before: &Self| before.rate == rate && before.whole_again <= latest.saturating_add(AHEAD);
        let taken = before.filter(counts).map_or(now, |before| before.whole_again);
        let whole_again = taken.max(now).saturating_add(u64::from(rate.interval));
        if whole_again > latest {
            return Err(Lifetime::seconds((whole_again - latest).div_ceil(1000)));
        }
        Ok(Self { rate, whole_again })
    }

    /// One less; none if no other matters. What was counted at another rate stays as it is.
    pub fn without_one(self, rate: GuessRate, now: Timestamp) -> Option<Self> {
        let given = if self.rate == rate { u64::from(rate.interval) } else { 0 };
        let left = Self { whole_again: self.whole_again.saturating_sub(given), ..self };
        (left.whole_again > milliseconds(now)).then_some(left)
    }

    /// When none of them matters any more.
    pub fn over(self) -> Timestamp {
        Timestamp(self.whole_again.div_ceil(1000))
    }
}

fn milliseconds(moment: Timestamp) -> u64 {
    moment.0.saturating_mul(1000)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp(1000);

    fn rate(burst: u32, per_minute: u32) -> GuessRate {
        GuessRate::new(burst, per_minute).expect("a rate")
    }

    /// What so many guesses at once come to.
    fn guesses(count: u32, rate: GuessRate) -> Option<Guesses> {
        (0..count).fold(None, |before, _| Some(Guesses::with_one(before, rate, NOW).expect("one of the burst")))
    }

    #[test]
    fn a_burst_passes_and_then_one_at_a_time() {
        let rate = rate(3, 6);
        let three = guesses(3, rate);

        assert_eq!(Guesses::with_one(three, rate, NOW), Err(Lifetime::seconds(10)));
        assert_eq!(Guesses::with_one(three, rate, Timestamp(1009)), Err(Lifetime::seconds(1)));
        let fourth = Guesses::with_one(three, rate, Timestamp(1010)).expect("one more");
        assert_eq!(Guesses::with_one(Some(fourth), rate, Timestamp(1010)), Err(Lifetime::seconds(10)));
    }

    #[test]
    fn after_a_quiet_while_there_is_a_burst_and_never_two() {
        let rate = rate(3, 6);
        let late = Timestamp(9000);
        let mut before = guesses(3, rate);

        for _ in 0..3 {
            before = Some(Guesses::with_one(before, rate, late).expect("one of the burst"));
        }

        assert!(Guesses::with_one(before, rate, late).is_err());
    }

    #[test]
    fn what_is_given_back_can_be_taken_again_and_the_only_one_leaves_nothing() {
        let rate = rate(3, 6);
        let three = guesses(3, rate).expect("three");

        assert_eq!(three.without_one(rate, NOW), guesses(2, rate));
        assert_eq!(Guesses::with_one(three.without_one(rate, NOW), rate, NOW), Ok(three));
        assert_eq!(guesses(1, rate).and_then(|one| one.without_one(rate, NOW)), None);
    }

    #[test]
    fn another_rate_begins_anew_and_takes_nothing_back() {
        let (former, new) = (rate(1, 1), rate(2, 60));
        let spent = guesses(1, former);

        assert_eq!(Guesses::with_one(spent, new, NOW), Ok(guesses(1, new).expect("one")));
        assert_eq!(spent.and_then(|spent| spent.without_one(new, NOW)), spent);
    }

    #[test]
    fn nobody_waits_for_a_clock_that_was_ahead_and_came_back() {
        let rate = rate(3, 6);
        let ahead = guesses(3, rate);

        assert!(Guesses::with_one(ahead, rate, Timestamp(10)).is_ok());
        assert_eq!(Guesses::with_one(ahead, rate, Timestamp(970)), Err(Lifetime::seconds(40)), "a small step");
    }

    #[test]
    fn no_rate_and_no_time_is_too_much_to_count() {
        assert_eq!(GuessRate::new(5, 0), None);
        for rate in [rate(u32::MAX, 1), rate(0, u32::MAX), rate(u32::MAX, u32::MAX)] {
            let first = Guesses::with_one(None, rate, NOW);
            assert!(first.is_ok_and(|first| first.over() >= NOW), "{rate:?}");
            assert!(Guesses::with_one(first.ok(), rate, Timestamp(u64::MAX)).is_ok());
        }
    }
}
