//! `[issuer]`: what this server is called, and what its redirection URIs may be.

use rocket::figment::Figment;
use serde::{Deserialize, Serialize};

use crate::config::ConfigError;
use crate::domain::uri::{Issuer, LoopbackPorts};

/// The table as it is written.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct Table {
    url: Option<String>,
    localhost_ports: bool,
    name: Option<String>,
}

/// The settings.
#[derive(Clone, Debug)]
pub struct IssuerSettings {
    /// The issuer identifier (RFC 8414 section 2). Default: `http://` and the address and port that are listened on.
    pub url: Issuer,
    /// Which loopback redirection URIs of native clients may differ in their port. Default: those with an IP address.
    pub loopback_ports: LoopbackPorts,
    /// What the pages call this server. Default: `Hallmark`.
    pub name: String,
}

impl IssuerSettings {
    pub(super) fn read(table: Table, figment: &Figment) -> Result<Self, ConfigError> {
        let port: u16 = figment.extract_inner("port").unwrap_or(8000);
        let written = table.url.unwrap_or_else(|| format!("http://127.0.0.1:{port}"));
        Ok(Self {
            url: written.parse().map_err(|error| ConfigError(format!("issuer.url = {written:?}: {error}")))?,
            loopback_ports: if table.localhost_ports {
                LoopbackPorts::AddressesAndLocalhost
            } else {
                LoopbackPorts::Addresses
            },
            name: table.name.unwrap_or_else(|| "Hallmark".into()),
        })
    }
}
