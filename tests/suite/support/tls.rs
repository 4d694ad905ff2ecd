//! Certificates that are made on the spot, and callers who trust them.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::crypto::aws_lc_rs;
use tokio_rustls::rustls::pki_types::CertificateDer;
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

/// Writes a new certificate for `hallmark.test` and its key, as `chain.pem` and `key.pem`.
pub fn write_certificate(folder: &Path) -> CertificateDer<'static> {
    write_certificate_until(folder, 4096)
}

/// Writes one that ends with a year.
pub fn write_certificate_until(folder: &Path, year: i32) -> CertificateDer<'static> {
    let key = rcgen::KeyPair::generate().expect("a key");
    let mut parameters = rcgen::CertificateParams::new(["hallmark.test".to_owned()]).expect("a name");
    parameters.not_after = rcgen::date_time_ymd(year, 12, 31);
    let certificate = parameters.self_signed(&key).expect("a certificate");
    fs::write(folder.join("chain.pem"), certificate.pem()).expect("written");
    fs::write(folder.join("key.pem"), key.serialize_pem()).expect("written");
    certificate.der().clone()
}

/// A caller who trusts one certificate and no other.
pub fn connector(trusted: CertificateDer<'static>) -> TlsConnector {
    let mut roots = RootCertStore::empty();
    roots.add(trusted).expect("a root");
    let config = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("protocols")
        .with_root_certificates(roots)
        .with_no_client_auth();
    TlsConnector::from(Arc::new(config))
}
