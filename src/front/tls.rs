//! The certificate with which the front speaks TLS. HTTP/1.1 is all it offers.

use std::path::Path;
use std::sync::Arc;

use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::aws_lc_rs;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};

use crate::config::tls::Tls;
use crate::front::validity::{self, Validity};

/// A certificate, and what speaks TLS with it.
#[derive(Clone)]
pub struct Certificate {
    /// What speaks TLS.
    pub acceptor: TlsAcceptor,
    /// The certificate and those between it and the root.
    chain: Vec<CertificateDer<'static>>,
}

impl Certificate {
    /// Whether both are the same to whoever connects.
    pub fn is(&self, other: &Self) -> bool {
        self.chain == other.chain
    }
}

/// From when until when the certificate holds that the settings name.
///
/// # Errors
/// What is wrong with it or its key.
pub fn validity(settings: &Tls) -> Result<Validity, String> {
    let certificate = certificate(settings)?;
    let validity = certificate.chain.first().and_then(|own| validity::validity(own));
    validity
        .ok_or_else(|| format!("tls.certificates = {}: it does not say when it ends", settings.certificates.display()))
}

/// The certificate in the files that the settings name; or what is wrong with them.
pub fn certificate(settings: &Tls) -> Result<Certificate, String> {
    let faulty = |key: &str, path: &Path, fault: String| format!("tls.{key} = {}: {fault}", path.display());
    let chain = CertificateDer::pem_file_iter(&settings.certificates)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .map_err(|error| faulty("certificates", &settings.certificates, error.to_string()))?;
    if chain.is_empty() {
        return Err(faulty("certificates", &settings.certificates, "it holds no certificate".into()));
    }
    let key =
        PrivateKeyDer::from_pem_file(&settings.key).map_err(|error| faulty("key", &settings.key, error.to_string()))?;
    let unfit = |error: tokio_rustls::rustls::Error| faulty("key", &settings.key, error.to_string());
    let mut config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(unfit)?
        .with_no_client_auth()
        .with_single_cert(chain.clone(), key)
        .map_err(unfit)?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(Certificate { acceptor: TlsAcceptor::from(Arc::new(config)), chain })
}
