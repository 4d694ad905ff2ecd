//! `[api_tokens]`: what people may make for their scripts.

use serde::{Deserialize, Serialize};

use crate::domain::time::Lifetime;

/// No token of a person lives longer, whatever is set.
const LONGEST: Lifetime = Lifetime::days(365);

/// Nor shorter, but for what the clock cuts off.
const SHORTEST: Lifetime = Lifetime::days(1);

/// The settings.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct ApiTokenSettings {
    /// The longest life that a person may choose; from 1 to 365 days. What was made before keeps its own. Default: 365 days.
    pub longest: Lifetime,
    /// The life that is offered first. Default: 90 days, or the longest if that is less.
    pub offered: Lifetime,
    /// How many live ones a person may have. Default: 25.
    pub per_person: u16,
    /// Whether a person may make a token for all that they may do, which names no scopes. Such a token is good at the
    /// resources alone that were opened to it. Default: no.
    pub everything: bool,
    /// The life of a container's token. Default: 365 days.
    pub container: Lifetime,
}

impl Default for ApiTokenSettings {
    fn default() -> Self {
        Self {
            longest: LONGEST,
            offered: Lifetime::days(90),
            per_person: 25,
            everything: false,
            container: Lifetime::days(365),
        }
    }
}

impl ApiTokenSettings {
    /// The life that is offered first, which is never longer than the longest.
    pub fn offered(&self) -> Lifetime {
        self.offered.min(self.longest)
    }

    pub(super) fn check(&self) -> Result<(), String> {
        if !(SHORTEST..=LONGEST).contains(&self.longest) {
            return Err("api_tokens.longest must be from 1 to 365 days".into());
        }
        if self.offered < SHORTEST {
            return Err("api_tokens.offered must be at least 1 day".into());
        }
        if self.per_person > 1000 {
            return Err("api_tokens.per_person must be at most 1000".into());
        }
        if self.container.is_zero() {
            return Err("api_tokens.container must not be zero".into());
        }
        Ok(())
    }
}
