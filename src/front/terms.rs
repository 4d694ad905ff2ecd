//! The terms on which connections are served. They may change while the front serves: a connection keeps those it began on.

use std::sync::Arc;

use arc_swap::ArcSwap;

use crate::front::limits::Limits;
use crate::front::tls::{self, Certificate};
use crate::front::{FrontError, Settings};

/// What every connection is served by.
pub struct Terms {
    /// What the front was told.
    pub settings: Settings,
    /// What it shows of itself, where it speaks TLS.
    pub certificate: Option<Certificate>,
}

/// Terms that can be used, and are not used yet.
pub struct Prepared(Terms);

/// What changes the terms of a front that serves.
#[derive(Clone)]
pub struct Adjuster {
    pub(super) terms: Arc<ArcSwap<Terms>>,
    pub(super) limits: Arc<Limits>,
}

impl Terms {
    /// The terms of `settings`, whose certificate is read anew.
    pub fn new(settings: Settings) -> Result<Self, FrontError> {
        let certificate = settings.tls.as_ref().map(tls::certificate).transpose().map_err(FrontError::Tls)?;
        Ok(Self { settings, certificate })
    }
}

impl Adjuster {
    /// Whether the front speaks TLS, which stays as it is while it serves: whoever is connected would be lost.
    pub fn speaks_tls(&self) -> bool {
        self.terms.load().certificate.is_some()
    }

    /// Reads the certificate that `settings` name; nothing changes yet.
    ///
    /// # Errors
    /// [`FrontError::Tls`] names the key.
    pub fn prepare(&self, settings: Settings) -> Result<Prepared, FrontError> {
        Terms::new(settings).map(Prepared)
    }

    /// Serves every later connection on these terms. Whether the certificate is another.
    pub fn adopt(&self, Prepared(mut terms): Prepared) -> Renewed {
        let before = self.terms.load_full();
        if terms.certificate.is_some() != before.certificate.is_some() {
            terms.certificate.clone_from(&before.certificate);
        }
        terms.settings.tally = Arc::clone(&before.settings.tally);
        let same = match (&terms.certificate, &before.certificate) {
            (Some(one), Some(other)) => one.is(other),
            _ => true,
        };
        self.limits.set(&terms.settings.connections);
        self.terms.store(Arc::new(terms));
        if same { Renewed::Nothing } else { Renewed::Certificate }
    }
}

/// What of a front is another than before, and shows in no setting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Renewed {
    /// The certificate.
    Certificate,
    /// Nothing.
    Nothing,
}
