//! The log of sled 0.34.7, byte by byte: segments of one length, and in them messages about pages.
//!
//! A segment begins with a header that says its place in the history. A message is a page as a whole, a change of one, or
//! that one is free. Sled never changes what it wrote; it reuses a segment once nothing in it counts any more.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::Path;

use crc32fast::Hasher;

/// The length of a segment, which sled keeps for as long as a database lives.
const SEGMENT: usize = 512 << 10;

/// The length of the header of a segment.
const HEADER: usize = 20;

/// The most that the header of a message takes. Closer to the end of a segment none begins.
const MESSAGE_HEADER: usize = 32;

/// Fills a segment to its end.
const CAP: u8 = 2;

/// What a message says of its page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Says {
    /// All there is to know, so that no earlier message counts.
    All,
    /// What is different since the one before.
    Change,
}

/// A message about a page.
#[derive(Clone, Copy, Debug)]
pub struct Message<'a> {
    /// Its place in the history.
    pub at: u64,
    /// The number of the page.
    pub page: u64,
    kind: u8,
    body: &'a [u8],
}

impl Message<'_> {
    /// What it says; `None` if it is about no page.
    pub fn says(&self) -> Option<Says> {
        match self.kind {
            // A free page, the counter, the names of the trees and a node, the latter two in the log or in a file of their own.
            4..=9 => Some(Says::All),
            10 | 11 => Some(Says::Change),
            _ => None,
        }
    }

    /// The name of the file in which the rest of it is, where it is too long for the log.
    pub fn file(&self) -> Option<String> {
        match (self.kind, self.body.first_chunk()) {
            (7 | 9 | 11, Some(number)) => Some(i64::from_le_bytes(*number).to_string()),
            _ => None,
        }
    }
}

/// A log that nobody writes to.
pub struct Log {
    file: File,
    /// Where in the file each segment is, in the order of the history.
    segments: BTreeMap<u64, u64>,
}

impl Log {
    /// Reads the headers of all segments.
    pub fn open(path: &Path) -> io::Result<Self> {
        let file = File::open(path)?;
        let mut segments = BTreeMap::new();
        for offset in (0..file.metadata()?.len().saturating_sub(HEADER as u64)).step_by(SEGMENT) {
            let mut header = [0; HEADER];
            file.read_exact_at(&mut header, offset)?;
            // What was freed has no header that is right.
            if let Some(start) = segment_start(&header) {
                segments.insert(start, offset);
            }
        }
        Ok(Self { file, segments })
    }

    /// Where the history goes on after the last segment.
    pub fn end(&self) -> u64 {
        self.segments.last_key_value().map_or(0, |(start, _)| start + SEGMENT as u64)
    }

    /// Hands over every message about a page, in the order of the history.
    pub fn read(&self, mut each: impl FnMut(&Message<'_>) -> io::Result<()>) -> io::Result<()> {
        let length = self.file.metadata()?.len();
        let mut segment = Vec::with_capacity(SEGMENT);
        for (&start, &offset) in &self.segments {
            let present = (length - offset).min(SEGMENT as u64);
            segment.resize(usize::try_from(present).unwrap_or(SEGMENT), 0);
            self.file.read_exact_at(&mut segment, offset)?;
            let mut place = HEADER;
            while place + MESSAGE_HEADER <= SEGMENT {
                let Some((message, size)) = message(&segment[place..], start, place) else { break };
                if message.kind == CAP {
                    break;
                }
                if message.says().is_some() {
                    each(&message)?;
                }
                place += size;
            }
        }
        Ok(())
    }
}

/// A log that is being written.
pub struct LogWriter {
    file: BufWriter<File>,
    start: u64,
    segment: Vec<u8>,
}

impl LogWriter {
    /// Begins a log whose history begins at `start`, where some segment ends.
    pub fn create(path: &Path, start: u64) -> io::Result<Self> {
        let file = File::options().create(true).truncate(true).write(true).mode(0o600).open(path)?;
        Ok(Self { file: BufWriter::new(file), start, segment: segment_header(start) })
    }

    /// Adds a message that was read from another log.
    pub fn append(&mut self, message: &Message<'_>) -> io::Result<()> {
        let mut encoded = encode(message.kind, message.page, self.start, message.body);
        if self.room() < encoded.len().max(MESSAGE_HEADER) {
            self.turn()?;
            encoded = encode(message.kind, message.page, self.start, message.body);
        }
        self.segment.extend(encoded);
        Ok(())
    }

    /// Makes it durable.
    pub fn finish(mut self) -> io::Result<()> {
        self.file.write_all(&self.segment)?;
        self.file.into_inner()?.sync_all()
    }

    /// Ends a segment and begins another.
    fn turn(&mut self) -> io::Result<()> {
        if let Some(padding) = self.room().checked_sub(MESSAGE_HEADER) {
            self.segment.extend(encode(CAP, u64::MAX, self.start, &vec![0; padding]));
        }
        self.segment.resize(SEGMENT, 0);
        self.file.write_all(&self.segment)?;
        self.start += SEGMENT as u64;
        self.segment = segment_header(self.start);
        Ok(())
    }

    fn room(&self) -> usize {
        SEGMENT - self.segment.len()
    }
}

/// The place in the history that the header of a segment says.
fn segment_start(header: &[u8; HEADER]) -> Option<u64> {
    let (checksum, rest) = header.split_first_chunk()?;
    let (start, _) = rest.split_first_chunk()?;
    let start = u64::from_le_bytes(*start) ^ i64::MAX as u64;
    (crc32fast::hash(rest) == !u32::from_le_bytes(*checksum) && start.is_multiple_of(SEGMENT as u64)).then_some(start)
}

/// The header of a segment up to whose beginning the history is known to be whole, since what comes before it in the file
/// is there before the file has its name.
fn segment_header(start: u64) -> Vec<u8> {
    let place = (start ^ i64::MAX as u64).to_le_bytes();
    let rest = [place, place].concat();
    [&(!crc32fast::hash(&rest)).to_le_bytes()[..], &rest].concat()
}

/// The message at the beginning of `bytes` and how long it is; `None` where nothing, or nothing whole, was written.
fn message(bytes: &[u8], start: u64, place: usize) -> Option<(Message<'_>, usize)> {
    let (checksum, after) = bytes.split_first_chunk()?;
    let (&kind, mut rest) = after.split_first()?;
    let length = take_number(&mut rest)?;
    let segment = take_number(&mut rest)?;
    let page = take_number(&mut rest)?;
    let body = rest.get(..usize::try_from(length).ok()?)?;
    let header = &after[..after.len() - rest.len()];
    let is_whole = kind != 0
        && segment == start / SEGMENT as u64
        && message_checksum(header, body) == u32::from_le_bytes(*checksum);
    let at = start + place as u64;
    is_whole.then_some((Message { at, page, kind, body }, checksum.len() + header.len() + body.len()))
}

fn encode(kind: u8, page: u64, start: u64, body: &[u8]) -> Vec<u8> {
    let mut header = vec![kind];
    for value in [body.len() as u64, start / SEGMENT as u64, page] {
        put_number(&mut header, value);
    }
    [&message_checksum(&header, body).to_le_bytes()[..], &header, body].concat()
}

fn message_checksum(header: &[u8], body: &[u8]) -> u32 {
    let mut hasher = Hasher::new();
    hasher.update(body);
    hasher.update(header);
    !hasher.finalize()
}

/// Numbers up to 240 are one byte; the first byte of a longer one says how long it is.
fn take_number(bytes: &mut &[u8]) -> Option<u64> {
    let (&first, rest) = bytes.split_first()?;
    let (value, length) = match first {
        0..=240 => (u64::from(first), 0),
        241..=248 => (240 + 256 * u64::from(first - 241) + u64::from(*rest.first()?), 1),
        249 => (2288 + 256 * u64::from(*rest.first()?) + u64::from(*rest.get(1)?), 2),
        250.. => {
            let length = usize::from(first - 247);
            let mut value = [0; 8];
            value[..length].copy_from_slice(rest.get(..length)?);
            (u64::from_le_bytes(value), length)
        }
    };
    *bytes = rest.get(length..)?;
    Some(value)
}

fn put_number(bytes: &mut Vec<u8>, value: u64) {
    match value {
        0..=240 => bytes.push(value as u8),
        241..=2287 => {
            let [low, high, ..] = (value - 240).to_le_bytes();
            bytes.extend([high + 241, low]);
        }
        2288..=67823 => {
            let [low, high, ..] = (value - 2288).to_le_bytes();
            bytes.extend([249, high, low]);
        }
        _ => {
            let length = 8 - value.leading_zeros() as usize / 8;
            bytes.push(length as u8 + 247);
            bytes.extend(&value.to_le_bytes()[..length]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_read_as_it_was_written_and_is_as_long_as_sled_makes_it() {
        let lengths = [(0, 1), (240, 1), (241, 2), (2287, 2), (2288, 3), (67823, 3), (67824, 4), (0xFF_FFFF, 4)];
        for (value, length) in lengths.into_iter().chain([(0x0100_0000, 5), (u64::MAX >> 8, 8), (u64::MAX, 9)]) {
            let mut bytes = Vec::new();
            put_number(&mut bytes, value);
            assert_eq!(bytes.len(), length, "{value}");
            let mut rest = &bytes[..];
            assert_eq!(take_number(&mut rest), Some(value));
            assert!(rest.is_empty());
            assert_eq!(take_number(&mut &bytes[..length - 1]), None, "{value}, cut");
        }
    }

    /// The pages that the messages of a log are about, and where it ends.
    fn read(path: &Path) -> (Vec<u64>, u64) {
        let log = Log::open(path).expect("a log");
        let mut pages = Vec::new();
        log.read(|message| {
            pages.push(message.page);
            Ok(())
        })
        .expect("read");
        (pages, log.end())
    }

    #[test]
    fn a_log_is_read_as_it_was_written_but_for_what_follows_damage_in_its_segment() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("db");
        let start = 7 * SEGMENT as u64;
        let mut writer = LogWriter::create(&path, start).expect("a log");
        // Of every length, so that segments end in every way.
        for page in 0..1200 {
            let body = vec![1; page as usize * 37 % 4096];
            writer.append(&Message { at: 0, page, kind: 8, body: &body }).expect("written");
        }
        writer.finish().expect("durable");

        let (pages, end) = read(&path);
        assert_eq!(pages, (0..1200).collect::<Vec<_>>());
        assert_eq!(end, start + 5 * SEGMENT as u64);

        let file = File::options().write(true).open(&path).expect("a file");
        file.write_all_at(&[9], SEGMENT as u64 / 2).expect("damaged");
        let (pages, _) = read(&path);
        let gap = pages.windows(2).filter(|pair| pair[1] != pair[0] + 1).count();
        assert_eq!((pages[0], gap, pages.last()), (0, 1, Some(&1199)), "the segments after it are read");
    }
}
