//! A backup on its way out of a file. Every byte is checked before it is believed, and what is wrong is said with its place.

use std::fs::File;
use std::io::{BufReader, ErrorKind, Read};
use std::path::{Path, PathBuf};

use crate::cli::answer::{CommandError, Exit};
use crate::cli::backup::stream::{Chain, Frame, Header, LAST, LONGEST, MAGIC, Place, TableEnd, Tally, VERSION};
use crate::domain::secret::Secret;
use crate::domain::time::Timestamp;
use crate::secrets::passphrase::Stretching;
use crate::secrets::seal::SealingKey;
use crate::store::Records;
use crate::store::kept::{Holds, Reading, named};
use crate::store::sled::{CREDENTIALS_SINCE, FORMAT, renewed};

/// What is in a backup.
#[derive(Clone, Debug)]
pub struct Contents {
    /// Of which server, and when.
    pub header: Header,
    /// How many records each table has, in the order of the backup.
    pub tables: Vec<(String, u64)>,
}

/// A backup that is being read.
pub struct Reader {
    path: PathBuf,
    file: BufReader<File>,
    key: Option<SealingKey>,
    chain: Chain,
    /// Where the frame begins that was read last.
    at: u64,
    read: u64,
    header: Option<Header>,
    tally: Option<Tally>,
    ended: Vec<TableEnd>,
    whole: Progress,
}

#[derive(PartialEq, Eq)]
enum Progress {
    Reading,
    Whole,
}

impl Contents {
    /// Of these tables.
    pub fn new(header: Header, tables: &[TableEnd]) -> Self {
        Self { header, tables: tables.iter().map(|end| (end.name.clone(), end.records)).collect() }
    }

    /// How many records there are.
    pub fn records(&self) -> u64 {
        self.tables.iter().map(|(_, records)| records).sum()
    }
}

impl Reader {
    /// Opens a backup and reads its header.
    ///
    /// # Errors
    /// [`CommandError`] if it is no backup that this program reads, or the passphrase is wrong or missing.
    pub fn open(path: &Path, passphrase: Option<&Secret<String>>) -> Result<Self, CommandError> {
        let file = File::open(path)
            .map_err(|error| CommandError::failed(format!("{} cannot be read: {error}", path.display())))?;
        let mut reader = Self {
            path: path.to_owned(),
            file: BufReader::with_capacity(1 << 20, file),
            key: None,
            chain: Chain::of(&[]),
            at: 0,
            read: 0,
            header: None,
            tally: None,
            ended: Vec::new(),
            whole: Progress::Reading,
        };
        reader.read_preamble(passphrase)?;
        match reader.frame()? {
            Frame::Header(header) => reader.check_header(header)?,
            _ => return Err(reader.damaged("it does not begin with a header")),
        }
        Ok(reader)
    }

    /// The next records, each of which this program reads; `None` once the backup was found whole.
    ///
    /// # Errors
    /// [`CommandError`] says what is wrong, and where.
    pub fn next(&mut self) -> Result<Option<Records>, CommandError> {
        while self.whole == Progress::Reading {
            match self.frame()? {
                Frame::Records { table, records } => {
                    let records = Records { table, records };
                    return self.checked(records).map(Some);
                }
                Frame::Table(end) => {
                    if self.tally.take().map(Tally::end).as_ref() != Some(&end) {
                        return Err(self.damaged(&format!("the records of {} are not what was counted", end.name)));
                    }
                    self.ended.push(end);
                }
                Frame::Trailer { tables, records } => {
                    let counted = self.ended.iter().map(|end| end.records).sum::<u64>();
                    if self.tally.is_some() || (self.ended.len() as u64, counted) != (tables, records) {
                        return Err(self.damaged("it does not hold as much as it says"));
                    }
                    self.require_end()?;
                    self.whole = Progress::Whole;
                }
                Frame::Header(_) => return Err(self.damaged("it has a second header")),
            }
        }
        Ok(None)
    }

    /// The format of the store that it is of.
    pub fn format(&self) -> u32 {
        self.header.as_ref().map_or(FORMAT, |header| header.store_format)
    }

    /// When it was made.
    pub fn moment(&self) -> Timestamp {
        self.header.as_ref().map(|header| header.moment).unwrap_or_default()
    }

    /// Whether its tokens are kept as this program keeps them.
    pub fn credentials_are_readable(&self) -> bool {
        self.format() >= CREDENTIALS_SINCE
    }

    /// What was in it.
    pub fn into_contents(self) -> Contents {
        let header = self.header.unwrap_or_else(|| Header {
            store_format: 0,
            program: String::new(),
            moment: Timestamp(0),
            site: String::new(),
        });
        Contents::new(header, &self.ended)
    }

    fn read_preamble(&mut self, passphrase: Option<&Secret<String>>) -> Result<(), CommandError> {
        let start: [u8; 19] = self.array()?;
        if start[..16] != *MAGIC {
            return Err(self.wrong("is no backup of Hallmark, or its beginning is damaged"));
        }
        let version = u16::from_be_bytes([start[16], start[17]]);
        if version > VERSION {
            return Err(self.wrong(&format!(
                "is a backup of stream version {version}, and this program reads up to {VERSION}; use the version of \
                 hallmark that wrote it, or a later one"
            )));
        }
        let mut preamble = start.to_vec();
        match (start[18], passphrase) {
            (0, None) => {}
            (0, Some(_)) => return Err(CommandError::failed(self.says("is not sealed; leave --passphrase-stdin out"))),
            (1, None) => {
                let message = self.says("is sealed; add --passphrase-stdin and give the passphrase on standard input");
                return Err(CommandError::failed(message));
            }
            (1, Some(passphrase)) => {
                let costs: [u8; 12] = self.array()?;
                let salt = self.array()?;
                preamble.extend(costs);
                preamble.extend(salt);
                let cost = |at: usize| u32::from_be_bytes([costs[at], costs[at + 1], costs[at + 2], costs[at + 3]]);
                let stretching = Stretching { memory_kib: cost(0), iterations: cost(4), parallelism: cost(8), salt };
                self.key = Some(stretching.key(passphrase).map_err(|error| CommandError::failed(error.to_string()))?);
            }
            _ => return Err(self.damaged("it does not say whether it is sealed")),
        }
        self.chain = Chain::of(&preamble);
        Ok(())
    }

    fn check_header(&mut self, header: Header) -> Result<(), CommandError> {
        if header.store_format > FORMAT {
            return Err(self.wrong(&format!(
                "is of hallmark {} and store format {}, and this program knows up to {FORMAT}; use that version or a \
                 later one",
                header.program, header.store_format
            )));
        }
        self.header = Some(header);
        Ok(())
    }

    /// The records as a store of this program has them, each of which it reads.
    fn checked(&mut self, records: Records) -> Result<Records, CommandError> {
        let Some(table) = named(&records.table) else {
            return Err(self.damaged("it has a table that this program does not know"));
        };
        let tally = self.tally.get_or_insert_with(|| Tally::of(table.name));
        if tally.name() != table.name {
            return Err(self.damaged("a table has no end"));
        }
        tally.add(&records.records);
        if table.holds == Holds::Credentials && !self.credentials_are_readable() {
            return Ok(records);
        }
        let records = renewed(self.format(), records);
        for (_, value) in &records.records {
            match table.reading(value) {
                Reading::Good => {}
                Reading::Newer => {
                    return Err(self.wrong(&format!(
                        "holds records in {} that a newer hallmark wrote; use that version or a later one",
                        table.name
                    )));
                }
                Reading::Damaged => return Err(self.damaged(&format!("a record in {} means nothing", table.name))),
            }
        }
        Ok(records)
    }

    fn frame(&mut self) -> Result<Frame, CommandError> {
        self.at = self.read;
        let marked = u32::from_be_bytes(self.array()?);
        let (length, place) = (marked & !LAST, if marked & LAST == 0 { Place::Inside } else { Place::Last });
        if length > LONGEST {
            return Err(self.damaged("a frame is longer than any that was written"));
        }
        let mut body = vec![0; length as usize];
        self.fill(&mut body)?;
        let link: [u8; 32] = self.array()?;
        let (context, first) = (self.chain.context(place), self.chain.is_at_start());
        if self.chain.next(marked, &body) != link {
            return Err(self.damaged("the checksum does not fit"));
        }
        let body = match &self.key {
            None => body,
            Some(key) => match key.open(&context, &body) {
                Some(body) => body,
                None if first => return Err(CommandError::failed(self.says("does not open with this passphrase"))),
                None => return Err(self.damaged("the seal is broken")),
            },
        };
        let frame = match postcard::take_from_bytes(&body) {
            Ok((frame, [])) => frame,
            _ => return Err(self.damaged("a frame means nothing")),
        };
        if (place == Place::Last) != matches!(frame, Frame::Trailer { .. }) {
            return Err(self.damaged("it ends too early or too late"));
        }
        Ok(frame)
    }

    fn require_end(&mut self) -> Result<(), CommandError> {
        self.at = self.read;
        match self.file.read(&mut [0]) {
            Ok(0) => Ok(()),
            Ok(_) => Err(self.damaged("something follows its end")),
            Err(error) => Err(CommandError::failed(self.says(&format!("cannot be read: {error}")))),
        }
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], CommandError> {
        let mut bytes = [0; N];
        self.fill(&mut bytes)?;
        Ok(bytes)
    }

    fn fill(&mut self, bytes: &mut [u8]) -> Result<(), CommandError> {
        match self.file.read_exact(bytes) {
            Ok(()) => {
                self.read += bytes.len() as u64;
                Ok(())
            }
            Err(error) if error.kind() == ErrorKind::UnexpectedEof => Err(self.damaged("its end is missing")),
            Err(error) => Err(CommandError::failed(self.says(&format!("cannot be read: {error}")))),
        }
    }

    fn damaged(&self, what: &str) -> CommandError {
        self.wrong(&format!("is damaged in what begins at byte {}: {what}; use another backup", self.at))
    }

    fn wrong(&self, what: &str) -> CommandError {
        CommandError { exit: Exit::Integrity, message: self.says(what) }
    }

    fn says(&self, what: &str) -> String {
        format!("{} {what}", self.path.display())
    }
}
