//! What an examination found in one place.

use serde::Serialize;

/// One thing that was looked at.
#[derive(Serialize)]
pub struct Finding {
    /// What was looked at.
    pub what: &'static str,
    /// How it is.
    pub state: State,
    /// What was seen.
    pub detail: String,
    /// What to do; empty where nothing is wrong.
    pub fix: String,
}

/// How it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// As it should be.
    Good,
    /// It may be meant so.
    Doubtful,
    /// It is not.
    Wrong,
}

impl Finding {
    /// As it should be.
    pub fn good(what: &'static str, detail: impl Into<String>) -> Self {
        Self { what, state: State::Good, detail: detail.into(), fix: String::new() }
    }

    /// It may be meant so; if not, `fix` says what to do.
    pub fn doubtful(what: &'static str, detail: impl Into<String>, fix: impl Into<String>) -> Self {
        Self { what, state: State::Doubtful, detail: detail.into(), fix: fix.into() }
    }

    /// It is wrong, and `fix` says what to do.
    pub fn wrong(what: &'static str, detail: impl Into<String>, fix: impl Into<String>) -> Self {
        Self { what, state: State::Wrong, detail: detail.into(), fix: fix.into() }
    }
}
