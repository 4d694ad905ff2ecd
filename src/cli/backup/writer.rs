//! A backup on its way into a file, which has its name only once it is whole and on the disk.

use std::io::{self, BufWriter, ErrorKind, Write};
use std::path::{Path, PathBuf};

use crate::cli::answer::CommandError;
use crate::cli::backup::reader::Contents;
use crate::cli::backup::stream::{Chain, Frame, Header, LAST, Place, TableEnd, Tally, preamble};
use crate::cli::partial::Partial;
use crate::domain::secret::Secret;
use crate::secrets::passphrase::Stretching;
use crate::secrets::seal::SealingKey;
use crate::store::Records;

/// A backup that is being written. What was written goes when this is dropped before its end.
pub struct Writer {
    path: PathBuf,
    file: BufWriter<Partial>,
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
        let file = Partial::create(path);
        let file = BufWriter::with_capacity(1 << 20, file.map_err(|error| unwritable(path, &error))?);
        let (chain, header) = (Chain::of(&preamble), header.clone());
        let path = path.to_owned();
        let mut writer = Self { path, file, key, chain, header, tally: None, ended: Vec::new(), bytes: 0 };
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
        let Self { path, file, bytes, .. } = self;
        let kept = file.into_inner().map_err(io::IntoInnerError::into_error).and_then(Partial::keep);
        kept.map_err(|error| unwritable(&path, &error))?;
        Ok((contents, bytes))
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

fn unwritable(path: &Path, error: &io::Error) -> CommandError {
    let message = format!("the backup cannot be written to {}: {error}", path.display());
    match error.kind() {
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => CommandError::temporary(message),
        _ => CommandError::failed(message),
    }
}
