//! The key-encryption key: where it comes from, and when one may be made. It is never made over what was sealed before.

use std::fs::{self, File, OpenOptions};
use std::io::{ErrorKind, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use crate::cli::answer::CommandError;
use crate::config::Config;
use crate::domain::secret::Secret;
use crate::secrets::random;
use crate::secrets::seal::SealingKey;
use crate::store::Keys;

/// The name of the file in the data folder, and of the systemd credential.
const NAME: &str = "kek";

/// Where systemd puts the credentials of a service.
const CREDENTIALS: &str = "CREDENTIALS_DIRECTORY";

/// Where the key is.
enum Place {
    /// In the file that the setting `keys.kek_file` names.
    Named(PathBuf),
    /// Among the credentials that systemd hands to the service, and guards by itself.
    Credential(PathBuf),
    /// In the data folder.
    Folder(PathBuf),
}

/// The key that `config` means. If it is to be in the data folder, is not, and nothing in the store was ever sealed, one is
/// made there.
///
/// # Errors
/// [`CommandError`] names the file, with exit code 5 if the store was sealed and its key is gone.
pub async fn sealing_key(config: &Config, store: &(impl Keys + ?Sized)) -> Result<SealingKey, CommandError> {
    match place(config) {
        Place::Named(path) => read(&path).and_then(|text| parse(&path, &text)),
        Place::Credential(path) => parse(&path, &text_of(&path)?),
        Place::Folder(path) if path.exists() => read(&path).and_then(|text| parse(&path, &text)),
        Place::Folder(path) if store.seal_check().await?.is_none() => make(&path),
        Place::Folder(path) if config.store.url.is_some() => Err(CommandError::integrity(format!(
            "the database was sealed under a key that this node does not have: copy {} from a node that serves, or name the \
             file that holds the key with HALLMARK_KEYS__KEK_FILE",
            path.display()
        ))),
        Place::Folder(path) => Err(CommandError::integrity(format!(
            "the store was sealed under a key that is not there: bring {} back from a backup, or name the file that holds \
             the key with HALLMARK_KEYS__KEK_FILE",
            path.display()
        ))),
    }
}

/// The file that the key is in, if it is there and can be used.
///
/// # Errors
/// [`CommandError`] names the file and what is wrong with it.
pub fn inspect(config: &Config) -> Result<Option<PathBuf>, CommandError> {
    let (path, text) = match place(config) {
        Place::Folder(path) if !path.exists() => return Ok(None),
        Place::Folder(path) | Place::Named(path) => (path.clone(), read(&path)?),
        Place::Credential(path) => (path.clone(), text_of(&path)?),
    };
    parse(&path, &text).map(|_| Some(path))
}

/// The key in a file that is closed to everybody but its owner.
///
/// # Errors
/// [`CommandError`] names the file and what is wrong with it.
pub fn of_file(path: &Path) -> Result<SealingKey, CommandError> {
    parse(path, &read(path)?)
}

/// Lets the next start find the key in `file`, where the place of the key is in the data folder; else the place to which
/// somebody has to bring it.
///
/// # Errors
/// [`CommandError`] if it cannot be written.
pub fn settle(config: &Config, file: &Path) -> Result<Option<PathBuf>, CommandError> {
    match place(config) {
        Place::Folder(path) => {
            write(&path, read(file)?.expose().trim_end()).map_err(|error| unwritable(&path, &error))?;
            Ok(None)
        }
        Place::Named(path) | Place::Credential(path) => {
            let same = path.canonicalize().ok().is_some_and(|path| file.canonicalize().is_ok_and(|file| file == path));
            Ok(if same { None } else { Some(path) })
        }
    }
}

fn place(config: &Config) -> Place {
    if let Some(path) = &config.keys.kek_file {
        return Place::Named(path.clone());
    }
    let credential = std::env::var_os(CREDENTIALS).map(|folder| Path::new(&folder).join(NAME));
    match credential {
        Some(path) if path.exists() => Place::Credential(path),
        _ => Place::Folder(config.store.folder.join(NAME)),
    }
}

/// What a file holds that is closed to everybody but its owner.
fn read(path: &Path) -> Result<Secret<String>, CommandError> {
    let mode = fs::metadata(path).map_err(|error| unreadable(path, &error))?.permissions().mode() & 0o777;
    if mode & 0o077 != 0 {
        return Err(CommandError::configuration(format!(
            "the key in {path} is open to other users of this machine (mode {mode:o}); run: chmod 600 {path}",
            path = path.display()
        )));
    }
    text_of(path)
}

fn text_of(path: &Path) -> Result<Secret<String>, CommandError> {
    fs::read_to_string(path).map(Secret::new).map_err(|error| unreadable(path, &error))
}

/// The key that 64 hexadecimal digits spell, as `openssl rand -hex 32` writes them.
fn parse(path: &Path, text: &Secret<String>) -> Result<SealingKey, CommandError> {
    key_of(text.expose().trim_end()).map(SealingKey::new).ok_or_else(|| {
        CommandError::configuration(format!(
            "{} does not hold a key: 64 hexadecimal digits on one line",
            path.display()
        ))
    })
}

fn key_of(text: &str) -> Option<[u8; 32]> {
    let digits = text.as_bytes();
    if digits.len() != 64 {
        return None;
    }
    let digit = |at: usize| char::from(digits[at]).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    let mut key = [0; 32];
    for (at, byte) in key.iter_mut().enumerate() {
        *byte = digit(2 * at)? << 4 | digit(2 * at + 1)?;
    }
    Some(key)
}

/// Makes a key and its file. Half a file is never there, since nothing could be opened with it later.
fn make(path: &Path) -> Result<SealingKey, CommandError> {
    let key = random::secret_bytes();
    let text = Secret::new(key.iter().map(|byte| format!("{byte:02x}")).collect::<String>());
    write(path, text.expose()).map_err(|error| unwritable(path, &error))?;
    Ok(SealingKey::new(key))
}

fn unwritable(path: &Path, error: &std::io::Error) -> CommandError {
    let message = format!("the key {} cannot be written: {error}", path.display());
    match error.kind() {
        ErrorKind::StorageFull | ErrorKind::ReadOnlyFilesystem => CommandError::temporary(message),
        _ => CommandError::failed(message),
    }
}

fn write(path: &Path, text: &str) -> std::io::Result<()> {
    let new = path.with_extension("new");
    match fs::remove_file(&new) {
        Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&new)?;
    writeln!(file, "{text}")?;
    file.sync_all()?;
    fs::rename(&new, path)?;
    File::open(path.parent().unwrap_or(path))?.sync_all()
}

fn unreadable(path: &Path, error: &std::io::Error) -> CommandError {
    CommandError::configuration(format!("the key-encryption key cannot be read from {}: {error}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_64_hexadecimal_digits_and_nothing_else() {
        assert_eq!(key_of(&"0f".repeat(32)), Some([0x0f; 32]));
        assert_eq!(key_of(&"0F".repeat(32)), Some([0x0f; 32]));
        for other in ["", &"0f".repeat(31), &"0f".repeat(33), &"0g".repeat(32), &"é".repeat(32)] {
            assert_eq!(key_of(other), None, "{other}");
        }
    }
}
