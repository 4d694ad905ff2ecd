//! `[operations]`: where operators ask how the server is.

use std::net::{Ipv4Addr, SocketAddr};

use serde::{Deserialize, Serialize};

/// The table as it is written.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct Table {
    address: Option<String>,
}

/// The listener of `/healthz`, `/readyz` and `/metrics`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OperationsListener {
    /// At the usual address, unless something else has it.
    Usual,
    /// At this address.
    At(SocketAddr),
    /// None.
    Off,
}

impl OperationsListener {
    /// The address that nobody has to name.
    pub const USUAL: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 9090);

    /// Where it listens.
    pub fn address(self) -> Option<SocketAddr> {
        match self {
            Self::Usual => Some(Self::USUAL),
            Self::At(address) => Some(address),
            Self::Off => None,
        }
    }

    pub(super) fn read(table: Table) -> Result<Self, String> {
        let Some(address) = table.address else { return Ok(Self::Usual) };
        if address == "off" {
            return Ok(Self::Off);
        }
        address.parse().map(Self::At).map_err(|_| {
            format!("operations.address = {address:?} is neither \"off\" nor an address such as 127.0.0.1:9090")
        })
    }
}
