//! `[connections]`: how patient the server is with a connection, and how many it holds.

use serde::{Deserialize, Serialize};

use crate::domain::time::Lifetime;

/// The settings.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct Connections {
    /// How long the head of a request may take to arrive, the wait for its first byte and a TLS handshake included: an
    /// idle connection is closed after as long. Default: 10 seconds.
    pub head: Lifetime,
    /// How long the body of a request may take to arrive after its head. Default: 10 seconds.
    pub body: Lifetime,
    /// How long a caller may take to read some of an answer that waits for it. Default: 10 seconds.
    pub write: Lifetime,
    /// How long a server that was told to end waits for requests under way. Default: 8 seconds.
    pub drain: Lifetime,
    /// Connections from one address (for IPv6: one /64) at once; loopback and trusted proxies are not counted. Default: 1,024.
    pub per_address: usize,
    /// Connections at once; who comes later waits. Default: 20,000.
    pub total: usize,
}

impl Default for Connections {
    fn default() -> Self {
        Self {
            head: Lifetime::seconds(10),
            body: Lifetime::seconds(10),
            write: Lifetime::seconds(10),
            drain: Lifetime::seconds(8),
            per_address: 1024,
            total: 20_000,
        }
    }
}

impl Connections {
    pub(super) fn check(&self) -> Result<(), String> {
        let waits = [("head", self.head), ("body", self.body), ("write", self.write)];
        if let Some((key, _)) = waits.iter().find(|(_, wait)| wait.is_zero()) {
            return Err(format!("connections.{key} must not be zero"));
        }
        if self.per_address == 0 || self.total == 0 {
            return Err("connections.per_address and connections.total must not be zero".into());
        }
        Ok(())
    }
}
