//! `[tls]`: the certificate with which the server speaks TLS itself, without a proxy before it.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// The table as it is written.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct Table {
    certificates: Option<PathBuf>,
    key: Option<PathBuf>,
}

/// The settings. Default: none, and the server speaks plain HTTP.
#[derive(Clone, Debug)]
pub struct Tls {
    /// The certificate and those between it and the root, in PEM.
    pub certificates: PathBuf,
    /// Its private key, in PEM.
    pub key: PathBuf,
}

impl Tls {
    pub(super) fn read(table: Table) -> Result<Option<Self>, String> {
        match (table.certificates, table.key) {
            (None, None) => Ok(None),
            (Some(certificates), Some(key)) => Ok(Some(Self { certificates, key })),
            _ => Err("tls.certificates and tls.key are set together or not at all".into()),
        }
    }
}
