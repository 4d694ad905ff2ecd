//! `[throttle]`: what slows guessing down. A rate of zero turns a throttle off.

use serde::{Deserialize, Serialize};

/// So many at once, then so many a minute.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Rate {
    /// How many may come at once after a quiet while.
    pub burst: u32,
    /// How many a minute after that; zero turns the throttle off.
    pub per_minute: u32,
}

/// The settings.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct ThrottleSettings {
    /// Sign-ins from one address (for IPv6: one /64). Raise it where many people share a gateway. Default: 30, then 30 a minute.
    pub sign_in_per_address: Rate,
    /// Failed sign-ins for one account from one address. A browser in which the person once signed in has a count of its
    /// own, so that nobody can lock a person out. Default: 10, then 6 a minute.
    pub sign_in_per_account: Rate,
    /// Failed sign-ins for one account from all browsers together that it never signed in from. Default: 100, then 60 a minute.
    pub sign_in_per_account_anywhere: Rate,
    /// Tokens that were no good, shown to this server's own API from one address. What is good is answered whatever was counted.
    /// Default: 60, then 60 a minute.
    pub tokens_per_address: Rate,
    /// Reports of leaked tokens from one address. Default: 20, then 20 a minute.
    pub leaks_per_address: Rate,
    /// Refusals of clients and of sign-ins from one address that are kept in the audit trail; those beyond are in the log
    /// alone. Default: 60, then 60 a minute.
    pub refusals_kept: Rate,
    /// Refusals of access (AuthZEN) about one subject that are kept in the audit trail; those beyond are in the log alone.
    /// Default: 600, then 60 a minute.
    pub denials_kept: Rate,
}

impl Default for ThrottleSettings {
    fn default() -> Self {
        Self {
            sign_in_per_address: Rate { burst: 30, per_minute: 30 },
            sign_in_per_account: Rate { burst: 10, per_minute: 6 },
            sign_in_per_account_anywhere: Rate { burst: 100, per_minute: 60 },
            refusals_kept: Rate { burst: 60, per_minute: 60 },
            denials_kept: Rate { burst: 600, per_minute: 60 },
            tokens_per_address: Rate { burst: 60, per_minute: 60 },
            leaks_per_address: Rate { burst: 20, per_minute: 20 },
        }
    }
}
