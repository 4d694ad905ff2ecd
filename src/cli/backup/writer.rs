//! A backup on its way into a file, which has its name only once it is whole and on the disk.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{self, BufWriter, ErrorKind, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use crate::cli::answer::CommandError;
use crate::cli::backup::reader::Contents;
use crate::cli::backup::stream::{Chain, Frame, Header, LAST, Place, TableEnd, Tally, preamble};
use crate::domain::secret::Secret;
use crate::secrets::passphrase::Stretching;
use crate::secrets::seal::SealingKey;
use crate::store::Records;

/// A backup that is being written. What was written goes when this is dropped before its end.
pub struct Writer {
    path: PathBuf,
    partial: PathBuf,
    file: BufWriter<File>,
    key: Option<SealingKey>,
    chain: Chain,
    header: Header,
    tally: Option<Tally>,
    ended: Vec<TableEnd>,
    bytes: u64,
}

impl Writer {
    /// Begins a backup, sealed if there is a passphrase.
    ///
    /// # Errors
    /// [`CommandError`] if the file cannot be made, or the passphrase is too short.
    pub fn create(path: &Path, header: &Header, passphrase: Option<&Secret<String>>) -> Result<Self, CommandError> {
        let stretching = passphrase.map(|_| Stretching::new());
        let preamble = preamble(stretching.as_ref());
        let key = stretching.zip(passphrase).map(|(stretching, passphrase)| stretching.key(passphrase));
        let key = key.transpose().map_err(|error| CommandError::failed(error.to_string()))?;
        let mut name = OsString::from(path);
        name.push(".partial");
        let partial = PathBuf::from(name);
        // One that an earlier attempt left may be open to others, or lead elsewhere; a new one is not and does not.
        let _ = fs::remove_file(&partial);
        let file = File::options().write(true).create_new(true).mode(0o600).open(&partial);
        let file = BufWriter::with_capacity(1 << 20, file.map_err(|error| unwritable(path, &error))?);
        let (chain, header) = (Chain::of(&preamble), header.clone());
        let path = path.to_owned();
        let mut writer = Self { path, partial, file, key, chain, header, tally: None, ended: Vec::new(), bytes: 0 };
        writer.put(&preamble)?;
        let header = Frame::Header(writer.header.clone());
        writer.frame(&header, Place::Inside)?;
        Ok(writer)
    }

    /// Writes records; those of a table come together.
    ///
    /// # Errors
    /// [`CommandError`] if the disk refuses them.
    pub fn write(&mut self, records: &Records) -> Result<(), CommandError> {
        if self.tally.as_ref().is_none_or(|tally| tally.name() != records.table) {
            self.end_table()?;
            self.tally = Some(Tally::of(&records.table));
        }
        if let Some(tally) = &mut self.tally {
            tally.add(&records.records);
        }
        let frame = Frame::Records { table: records.table.clone(), records: records.records.clone() };
        self.frame(&frame, Place::Inside)
    }

    /// Ends the backup, makes it durable and gives it its name; what is in it, and how long it is.
    ///
    /// # Errors
    /// [`CommandError`] if the disk refuses it.
    pub fn finish(mut self) -> Result<(Contents, u64), CommandError> {
        self.end_table()?;
        let contents = Contents::new(self.header.clone(), &self.ended);
        let trailer = Frame::Trailer { tables: self.ended.len() as u64, records: contents.records() };
        self.frame(&trailer, Place::Last)?;
        let named = self.file.flush().and_then(|()| self.file.get_ref().sync_all()).and_then(|()| self.name());
        named.map_err(|error| unwritable(&self.path, &error))?;
        Ok((contents, self.bytes))
    }

    fn name(&self) -> io::Result<()> {
        fs::rename(&self.partial, &self.path)?;
        let folder = self.path.parent().filter(|folder| !folder.as_os_str().is_empty());
        File::open(folder.unwrap_or(Path::new(".")))?.sync_all()
    }

    fn end_table(&mut self) -> Result<(), CommandError> {
        let Some(tally) = self.tally.take() else { return Ok(()) };
        let end = tally.end();
        self.ended.push(end.clone());
        self.frame(&Frame::Table(end), Place::Inside)
    }

    fn frame(&mut self, frame: &Frame, place: Place) -> Result<(), CommandError> {
        let body = postcard::to_stdvec(frame).map_err(|error| CommandError::failed(error.to_string()))?;
        let body = match &self.key {
            Some(key) => key.seal(&self.chain.context(place), &body),
            None => body,
        };
        let length = body.len() as u32 | if place == Place::Last { LAST } else { 0 };
        let link = self.chain.next(length, &body);
        self.put(&length.to_be_bytes())?;
        self.put(&body)?;
        self.put(&link)
    }

    fn put(&mut self, bytes: &[u8]) -> Result<(), CommandError> {
        self.bytes += bytes.len() as u64;
        self.file.write_all(bytes).map_err(|error| unwritable(&self.path, &error))
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        // After the end it has another name, and nothing is there.
        let _ = fs::remove_file(&self.partial);
    }
}

fn unwritable(path: &Path, error: &io::Error) -> CommandError {
    let message = format!("the backup cannot be written to {}: {error}", path.display());
    match error.kind() {
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => CommandError::temporary(message),
        _ => CommandError::failed(message),
    }
}
