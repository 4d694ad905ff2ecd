//! Timestamp and Lifetime, both in whole seconds; `now` is always an argument.

use std::fmt;
use std::ops::{Add, Sub};
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize};

/// Seconds since 1970-01-01T00:00:00Z, as `iat` and `exp` count them (RFC 7519 section 2, NumericDate).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Timestamp(pub u64);

impl Timestamp {
    /// Whether this moment has come: something that expires at `self` is no longer live at `self`.
    pub fn has_passed(self, now: Timestamp) -> bool {
        self <= now
    }

    /// The time from `now` until this moment, nothing if it has passed.
    pub fn remaining(self, now: Timestamp) -> Lifetime {
        Lifetime(self.0.saturating_sub(now.0))
    }

    /// RFC 3339 in UTC, such as `2026-11-24T03:04:05Z`.
    pub fn to_rfc3339(self) -> String {
        self.date_time().format("%Y-%m-%dT%H:%M:%SZ").to_string()
    }

    /// For people: `24 November 2026, 03:04 UTC`.
    pub fn to_words(self) -> String {
        self.date_time().format("%-d %B %Y, %H:%M UTC").to_string()
    }

    /// From RFC 3339, such as `2026-11-24T03:04:05Z`, or the beginning of a day in UTC, such as `2026-11-24`.
    fn read(text: &str) -> Option<Self> {
        let moment = chrono::DateTime::parse_from_rfc3339(text).map(|moment| moment.timestamp());
        let day = || text.parse::<chrono::NaiveDate>().ok()?.and_hms_opt(0, 0, 0).map(|day| day.and_utc().timestamp());
        moment.ok().or_else(day).and_then(|seconds| u64::try_from(seconds).ok()).map(Self)
    }

    fn date_time(self) -> chrono::DateTime<chrono::Utc> {
        i64::try_from(self.0)
            .ok()
            .and_then(|seconds| chrono::DateTime::from_timestamp(seconds, 0))
            .unwrap_or(chrono::DateTime::<chrono::Utc>::MAX_UTC)
    }
}

/// Why a text is no moment.
#[derive(Debug, thiserror::Error)]
#[error("this is no moment such as 2026-11-24 or 2026-11-24T15:04:05Z")]
pub struct MalformedTimestamp;

impl FromStr for Timestamp {
    type Err = MalformedTimestamp;
    fn from_str(text: &str) -> Result<Self, MalformedTimestamp> {
        Self::read(text).ok_or(MalformedTimestamp)
    }
}

impl Add<Lifetime> for Timestamp {
    type Output = Timestamp;
    fn add(self, lifetime: Lifetime) -> Timestamp {
        Timestamp(self.0.saturating_add(lifetime.0))
    }
}

impl Sub<Lifetime> for Timestamp {
    type Output = Timestamp;
    fn sub(self, lifetime: Lifetime) -> Timestamp {
        Timestamp(self.0.saturating_sub(lifetime.0))
    }
}

/// A span of whole seconds. In configuration either a number of seconds or text such as `"30s"`, `"10min"`, `"90d"`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Lifetime(pub u64);

impl Lifetime {
    /// So many seconds.
    pub const fn seconds(count: u64) -> Self {
        Self(count)
    }

    /// So many minutes.
    pub const fn minutes(count: u64) -> Self {
        Self(count * 60)
    }

    /// So many hours.
    pub const fn hours(count: u64) -> Self {
        Self(count * 3600)
    }

    /// So many days.
    pub const fn days(count: u64) -> Self {
        Self(count * 86400)
    }

    /// The length in seconds, as `expires_in` counts it.
    pub const fn as_secs(self) -> u64 {
        self.0
    }

    /// Whether nothing is left.
    pub const fn is_zero(self) -> bool {
        self.0 == 0
    }
}

impl From<Lifetime> for std::time::Duration {
    fn from(lifetime: Lifetime) -> Self {
        std::time::Duration::from_secs(lifetime.0)
    }
}

/// The largest whole unit, for people: `90 days`, `1 hour`, `45 seconds`.
impl fmt::Display for Lifetime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let units = [("day", 86400), ("hour", 3600), ("minute", 60)];
        let (unit, size) = units.into_iter().find(|(_, size)| self.0 >= *size).unwrap_or(("second", 1));
        let count = self.0 / size;
        write!(f, "{count} {unit}{}", if count == 1 { "" } else { "s" })
    }
}

impl FromStr for Lifetime {
    type Err = humantime::DurationError;
    fn from_str(text: &str) -> Result<Self, humantime::DurationError> {
        humantime::parse_duration(text).map(|duration| Lifetime(duration.as_secs()))
    }
}

impl<'de> Deserialize<'de> for Lifetime {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Written {
            Seconds(u64),
            Words(String),
        }
        match Written::deserialize(deserializer)? {
            Written::Seconds(seconds) => Ok(Lifetime(seconds)),
            Written::Words(words) => words.parse().map_err(serde::de::Error::custom),
        }
    }
}

/// The number of an hour since 1970: the unit in which a store drops what has expired.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Hour(pub u32);

impl Hour {
    /// The first hour that begins at or after `moment`, so that a bucket whose hour has begun holds nothing live.
    pub fn after(moment: Timestamp) -> Self {
        Self(u32::try_from(moment.0.div_ceil(3600)).unwrap_or(u32::MAX))
    }

    /// The hour in which `now` lies.
    pub fn containing(now: Timestamp) -> Self {
        Self(u32::try_from(now.0 / 3600).unwrap_or(u32::MAX))
    }

    /// Big-endian, so that keys sort by time.
    pub fn to_be_bytes(self) -> [u8; 4] {
        self.0.to_be_bytes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bucket_whose_hour_has_begun_holds_nothing_live() {
        for expiry in [7199, 7200, 7201] {
            let hour = Hour::after(Timestamp(expiry));
            assert!(Timestamp(u64::from(hour.0) * 3600) >= Timestamp(expiry));
        }
        assert_eq!(Hour::after(Timestamp(7200)), Hour::containing(Timestamp(7200)));
    }

    #[test]
    fn a_lifetime_is_read_from_seconds_or_words_and_told_in_words() {
        let read = |json: &str| serde_json::from_str::<Lifetime>(json);
        assert_eq!(read("30").ok(), Some(Lifetime::seconds(30)));
        assert_eq!(read("\"10min\"").ok(), Some(Lifetime::minutes(10)));
        assert!(read("\"soon\"").is_err() && read("-1").is_err());
        assert_eq!(Lifetime::days(90).to_string(), "90 days");
        assert_eq!(Lifetime::hours(1).to_string(), "1 hour");
    }

    #[test]
    fn a_moment_is_read_from_rfc_3339_or_a_day() {
        let read = |text: &str| text.parse::<Timestamp>().ok();
        assert_eq!(read("1970-01-01T00:01:00Z"), Some(Timestamp(60)));
        assert_eq!(read("1970-01-01T01:01:00+01:00"), Some(Timestamp(60)));
        assert_eq!(read("1970-01-02"), Some(Timestamp(86400)));
        assert!(
            ["", "soon", "1969-01-01", "2026-13-01", "2026-11-24 12:00"].into_iter().all(|text| read(text).is_none())
        );
    }

    #[test]
    fn a_moment_that_no_calendar_holds_is_still_printed() {
        assert!(!Timestamp(u64::MAX).to_rfc3339().is_empty());
        assert_eq!(Timestamp(0).to_rfc3339(), "1970-01-01T00:00:00Z");
    }
}
