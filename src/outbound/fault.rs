//! What went wrong with a request, in one sentence for whoever named the address.

use std::error::Error;
use std::time::Duration;

use crate::outbound::resolver::OnlyPrivate;

/// Why a request got no answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unanswered {
    /// The address is none.
    #[error("the address is no http:// or https:// URL with a host")]
    NotHttp,
    /// Credentials would be in logs, and what stands before an `@` is easily taken for the host.
    #[error("the address has user information before its host, which is refused")]
    UserInformation,
    /// It is in somebody's own network.
    #[error("{0} is at a private address, which is refused unless connect.allow_private_addresses is set")]
    PrivateAddress(String),
    /// This machine has no certificates to know others by.
    #[error("requests cannot be made from here: {0}")]
    NoTls(String),
    /// What was to be sent cannot be.
    #[error("the request cannot be written: {0}")]
    Unwritable(String),
    /// There is no connection to it.
    #[error("{host} cannot be reached: {cause}")]
    Unreachable {
        /// Who.
        host: String,
        /// What the system or TLS says.
        cause: String,
    },
    /// There was a connection, and no answer or half of one.
    #[error("{host} broke off: {cause}")]
    BrokenOff {
        /// Who.
        host: String,
        /// What was seen.
        cause: String,
    },
    /// The whole exchange took too long.
    #[error("{host} took longer than {limit:?}")]
    TimedOut {
        /// Who.
        host: String,
        /// How long it may take.
        limit: Duration,
    },
}

/// Why it is not known that something was told.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Untold {
    /// There was no answer.
    #[error(transparent)]
    Unanswered(#[from] Unanswered),
    /// The answer was not that it is well.
    #[error("it answered with status {0}")]
    Status(u16),
    /// It wants to be told elsewhere.
    #[error("it redirects elsewhere (status {0}), which is not followed")]
    Redirected(u16),
}

/// Why something was not fetched.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unfetched {
    /// There was no answer.
    #[error(transparent)]
    Unanswered(#[from] Unanswered),
    /// The answer was not what was asked for.
    #[error("it answered with status {0}")]
    Status(u16),
    /// It is at another host, or at another scheme or port of this one.
    #[error("it redirects elsewhere, to {0}, which is not followed")]
    RedirectedTo(String),
    /// It redirects, and does not say to what.
    #[error("it redirects to no address")]
    RedirectedNowhere,
    /// It redirects again and again.
    #[error("it redirects more than {0} times")]
    TooManyRedirects(usize),
    /// There is more than is read.
    #[error("it is longer than {0} bytes")]
    TooLong(usize),
}

impl Unanswered {
    /// What reqwest tells of a request to `host`.
    pub(super) fn of(error: &reqwest::Error, host: &str) -> Self {
        let host = host.to_owned();
        if causes(error).any(|cause| cause.is::<OnlyPrivate>()) {
            return Unanswered::PrivateAddress(host);
        }
        let cause = first_cause(error);
        match error {
            error if error.is_builder() => Unanswered::Unwritable(cause),
            error if error.is_connect() => Unanswered::Unreachable { host, cause },
            _ => Unanswered::BrokenOff { host, cause },
        }
    }

    /// What reqwest tells before any request.
    pub(super) fn no_tls(error: &reqwest::Error) -> Self {
        Unanswered::NoTls(first_cause(error))
    }

    /// Whether it may be otherwise in a while.
    fn is_transient(&self) -> bool {
        match self {
            Unanswered::Unreachable { .. } | Unanswered::BrokenOff { .. } | Unanswered::TimedOut { .. } => true,
            Unanswered::NotHttp
            | Unanswered::UserInformation
            | Unanswered::PrivateAddress(_)
            | Unanswered::NoTls(_)
            | Unanswered::Unwritable(_) => false,
        }
    }
}

impl Untold {
    /// Whether it makes sense to tell it again in a while.
    pub fn is_transient(&self) -> bool {
        match self {
            Untold::Unanswered(unanswered) => unanswered.is_transient(),
            Untold::Status(status) => matches!(status, 429 | 502 | 503 | 504),
            Untold::Redirected(_) => false,
        }
    }
}

/// What says most: "Connection refused", "invalid peer certificate: Expired".
fn first_cause(error: &reqwest::Error) -> String {
    causes(error).last().map(ToString::to_string).unwrap_or_default()
}

/// The error and what caused it.
fn causes(error: &reqwest::Error) -> impl Iterator<Item = &(dyn Error + 'static)> {
    std::iter::successors(Some(error as &(dyn Error + 'static)), |error| (*error).source())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_may_be_otherwise_in_a_while_is_told_again() {
        let host = || "app.example".to_owned();
        let transient = [
            Unanswered::Unreachable { host: host(), cause: String::new() }.into(),
            Unanswered::BrokenOff { host: host(), cause: String::new() }.into(),
            Unanswered::TimedOut { host: host(), limit: Duration::from_secs(10) }.into(),
            Untold::Status(429),
            Untold::Status(502),
            Untold::Status(503),
            Untold::Status(504),
        ];
        let lasting = [
            Unanswered::NotHttp.into(),
            Unanswered::UserInformation.into(),
            Unanswered::PrivateAddress(host()).into(),
            Unanswered::NoTls(String::new()).into(),
            Unanswered::Unwritable(String::new()).into(),
            Untold::Status(401),
            Untold::Status(404),
            Untold::Status(500),
            Untold::Redirected(302),
        ];
        assert!(transient.iter().all(Untold::is_transient), "{transient:?}");
        assert!(!lasting.iter().any(Untold::is_transient), "{lasting:?}");
    }
}
