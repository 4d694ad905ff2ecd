//! A file on its way: it has its name only once it is whole and on the disk, so that nobody takes half of it for all.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

/// A file that is being written under another name, for its owner alone. What was written goes when this is dropped before it
/// was kept.
pub struct Partial {
    path: PathBuf,
    partial: PathBuf,
    file: File,
}

impl Partial {
    /// Begins what is to be the file `path`.
    ///
    /// # Errors
    /// [`io::Error`] if nothing can be made there.
    pub fn create(path: &Path) -> io::Result<Self> {
        let mut name = OsString::from(path);
        name.push(".partial");
        let partial = PathBuf::from(name);
        // One that an earlier attempt left may be open to others, or lead elsewhere; a new one is not and does not.
        let _ = fs::remove_file(&partial);
        let file = File::options().write(true).create_new(true).mode(0o600).open(&partial)?;
        Ok(Self { path: path.to_owned(), partial, file })
    }

    /// Makes it durable and gives it its name.
    ///
    /// # Errors
    /// [`io::Error`] if the disk refuses it.
    pub fn keep(self) -> io::Result<()> {
        self.file.sync_all()?;
        fs::rename(&self.partial, &self.path)?;
        let folder = self.path.parent().filter(|folder| !folder.as_os_str().is_empty());
        File::open(folder.unwrap_or(Path::new(".")))?.sync_all()
    }
}

impl Write for Partial {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

impl Drop for Partial {
    fn drop(&mut self) {
        // Once it was kept it has another name, and nothing is there.
        let _ = fs::remove_file(&self.partial);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_has_its_name_once_it_is_kept_and_is_gone_if_it_is_not() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("trail");
        let names = || fs::read_dir(folder.path()).expect("a folder").count();

        let mut dropped = Partial::create(&path).expect("a file");
        dropped.write_all(b"half").expect("written");
        assert!(!path.exists() && names() == 1);
        drop(dropped);
        assert_eq!(names(), 0);

        let mut kept = Partial::create(&path).expect("a file");
        kept.write_all(b"whole").expect("written");
        kept.keep().expect("kept");
        assert_eq!(fs::read(&path).expect("read"), b"whole");
        assert_eq!(names(), 1);
    }
}
