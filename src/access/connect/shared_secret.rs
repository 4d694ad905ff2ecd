//! The secret that an installed Connect app shares with its site: both sign with it, so that it is kept sealed.

use crate::domain::connect::{SealedSecret, Tenancy};
use crate::domain::id::InstallationId;
use crate::domain::installation::Installation;
use crate::domain::secret::Secret;
use crate::secrets::hs256::UnverifiedJwt;
use crate::secrets::seal::SealingKey;

/// A shared secret could not be opened: it was sealed under another key, or is not what was sealed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the shared secret of {0} cannot be opened; rotate it, or restore the store and its key from a backup")]
pub struct Unsealed(pub InstallationId);

/// The secret of an installation, as it is kept.
pub fn seal(sealing: &SealingKey, of: InstallationId, secret: &Secret<String>) -> SealedSecret {
    SealedSecret(sealing.seal(context(of).as_bytes(), secret.expose().as_bytes()))
}

/// The secret of an installation.
///
/// # Errors
/// [`Unsealed`] if it cannot be opened.
pub fn open(sealing: &SealingKey, of: InstallationId, sealed: &SealedSecret) -> Result<Secret<Vec<u8>>, Unsealed> {
    sealing.open(context(of).as_bytes(), &sealed.0).map(Secret::new).ok_or(Unsealed(of))
}

/// Whether a JWT is signed with what an installation shares: while a secret is being replaced, with either.
///
/// # Errors
/// [`Unsealed`] if a secret cannot be opened.
pub fn signed(sealing: &SealingKey, installation: &Installation, jwt: &UnverifiedJwt<'_>) -> Result<bool, Unsealed> {
    let Some(tenancy) = &installation.tenancy else { return Ok(false) };
    for sealed in [Some(&tenancy.secret), tenancy.next_secret.as_ref()].into_iter().flatten() {
        if jwt.is_signed_with(open(sealing, installation.id, sealed)?.expose()) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// What an installation shares, sealed under `old` and then under `new`.
///
/// # Errors
/// [`Unsealed`] if a secret was not sealed under `old`.
pub fn rewrap(tenancy: &Tenancy, of: InstallationId, old: &SealingKey, new: &SealingKey) -> Result<Tenancy, Unsealed> {
    let again = |sealed: &SealedSecret| {
        let secret = open(old, of, sealed)?;
        Ok(SealedSecret(new.seal(context(of).as_bytes(), secret.expose())))
    };
    let next_secret = tenancy.next_secret.as_ref().map(again).transpose()?;
    Ok(Tenancy { secret: again(&tenancy.secret)?, next_secret, last_call: tenancy.last_call.clone() })
}

/// What it is sealed for, so that the secret of one installation is not taken for that of another.
fn context(of: InstallationId) -> String {
    format!("connect shared secret {of}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_secret_of_one_installation_is_not_that_of_another() {
        let (sealing, secret) = (SealingKey::new([1; 32]), Secret::new("shared".to_owned()));
        let [one, other] = [1, 2].map(|byte| InstallationId::from_random([byte; 16]));
        let sealed = seal(&sealing, one, &secret);
        assert_eq!(open(&sealing, one, &sealed).map(|secret| secret.expose().clone()), Ok(b"shared".to_vec()));
        assert_eq!(open(&sealing, other, &sealed).err(), Some(Unsealed(other)));
        assert_eq!(open(&SealingKey::new([2; 32]), one, &sealed).err(), Some(Unsealed(one)));
    }
}
