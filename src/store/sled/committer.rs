//! Committer: one thread that makes what was written durable, for everybody who waits at once.
//!
//! On Linux sled's `flush` ends in `sync_file_range`, which commits neither metadata nor the drive's cache, so that a
//! power cut could undo what was promised. Each cycle therefore flushes, then calls `fdatasync` on sled's file, which it
//! opened for itself. There is one thread because `flush_async` hangs for good once more callers wait than sled has threads.

use std::collections::HashSet;
use std::ffi::OsString;
use std::fs::{self, File};
use std::io;
use std::os::unix::fs::FileExt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use sled::Tree;
use tokio::sync::oneshot;

use crate::store::sled::snapshot::Preserving;
use crate::store::sled::space::{Room, Space};
use crate::store::sled::trail::Trail;
use crate::store::{Result, StoreError, Writes};
use crate::telemetry::tally::{Distribution, Histogram};

const CYCLE: &str = "cycle";

/// What waits without asking is written after so long, and so often the disk is looked at while nobody writes.
const LINGERING: Duration = Duration::from_millis(250);

/// When nobody came for twice the time between two, at least this and at most that, nobody is about to.
const SHORTEST_LULL: Duration = Duration::from_micros(50);
const LONGEST_LULL: Duration = Duration::from_micros(300);

/// The longest time for which a cycle lets others join it.
const LONGEST_GATHERING: Duration = Duration::from_millis(2);

/// So long a cycle is waited for that was under way when the disk refused a write.
const LONGEST_END: Duration = Duration::from_secs(2);

/// Whether what is written still becomes durable. After a failure reads go on: a page that is to be split, which a reader
/// would fail at, is split by whoever wrote to it.
#[derive(Debug, Default)]
pub struct Health {
    failure: OnceLock<Stopped>,
    waiters: OnceLock<Arc<Waiters>>,
    /// The snapshot that every write must leave whole.
    pub preserving: Arc<Preserving>,
    /// How much room the disk has.
    pub space: Space,
}

/// What a write does to the number of records.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Growth {
    /// It may add one, which waits until there is room.
    Adds,
    /// It adds none, or one that is needed to end something.
    Ends,
}

/// When a verb answers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Acknowledges {
    /// Once what it wrote is durable.
    #[default]
    WhenDurable,
    /// At once, which loses whatever a crash catches. It is there so that `scripts/crash` can be shown to notice; only
    /// `examples/forgetful.rs` asks for it, and `tests/architecture.rs` sees to that.
    AtOnce,
}

/// Why nothing is written any more.
#[derive(Clone, Debug, thiserror::Error)]
pub enum Stopped {
    /// A write, a flush or a sync failed. What the disk holds since is unknown, so nothing is promised any more.
    #[error("writing failed, and nothing is written until a restart: {0}")]
    Failed(String),
    /// The store was closed.
    #[error("the store was closed")]
    Closed,
    /// What is left of the disk is kept for what ends something.
    #[error("the disk is nearly full: nothing is added while less than store.free_space_mib is free")]
    Full,
}

impl Health {
    /// # Errors
    /// [`StoreError::Unavailable`] once something could not be made durable.
    pub fn check(&self) -> Result<()> {
        match self.failure.get() {
            None => Ok(()),
            Some(stopped) => Err(StoreError::Unavailable(Box::new(stopped.clone()))),
        }
    }

    /// # Errors
    /// As [`Health::check`], and [`StoreError::Unavailable`] for what adds something while the disk is nearly full.
    pub fn check_for(&self, growth: Growth) -> Result<()> {
        self.check()?;
        match (growth, self.space.room()) {
            (Growth::Adds, Room::Reserved) => Err(StoreError::Unavailable(Box::new(Stopped::Full))),
            _ => Ok(()),
        }
    }

    /// Which changes are taken.
    pub fn writes(&self) -> Writes {
        match (self.failure.get(), self.space.room()) {
            (Some(_), _) => Writes::Stopped,
            (None, Room::Reserved) => Writes::EndingsOnly,
            (None, Room::Little) => Writes::LittleRoom,
            (None, Room::Enough) => Writes::Possible,
        }
    }

    /// Whether something that was written may not have become durable.
    pub fn has_failed(&self) -> bool {
        matches!(self.failure.get(), Some(Stopped::Failed(_)))
    }

    /// Refuses whatever is written from now on.
    pub fn fail(&self, why: String) {
        self.stop(Stopped::Failed(why));
    }

    /// Where whoever waits is let go once something failed, and how to come there.
    fn wait_here(&self) -> (Sender<Waiter>, Arc<Waiters>) {
        let (requests, asked) = mpsc::channel();
        let waiters = Arc::new(Waiters { asked: Mutex::new(asked), served: Mutex::default() });
        let _ = self.waiters.set(Arc::clone(&waiters));
        (requests, waiters)
    }

    fn stop(&self, why: Stopped) {
        // The first reason stays; whatever follows follows from it.
        let _ = self.failure.set(why);
        if let Some(waiters) = self.waiters.get() {
            waiters.release();
        }
    }
}

/// Who is told that something was settled; who is told nothing any more learns that it failed.
type Waiter = oneshot::Sender<()>;

/// Whoever waits for a cycle. Sled may lose the wake-up of a flush that the disk refused, and such a cycle never ends: so the
/// thread that is in it does not have them for itself.
#[derive(Debug)]
struct Waiters {
    /// For one that has not begun.
    asked: Mutex<Receiver<Waiter>>,
    /// For the one that is under way.
    served: Mutex<Vec<Waiter>>,
}

impl Waiters {
    fn asked(&self) -> MutexGuard<'_, Receiver<Waiter>> {
        self.asked.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn served(&self) -> MutexGuard<'_, Vec<Waiter>> {
        self.served.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Lets everybody go. Who holds what was asked is the thread, which is not in a cycle then and sees for itself.
    fn release(&self) {
        self.served().clear();
        if let Ok(asked) = self.asked.try_lock() {
            asked.try_iter().for_each(drop);
        }
    }
}

/// Makes writes durable.
pub struct Committer {
    requests: Option<Sender<Waiter>>,
    health: Arc<Health>,
    acknowledges: Acknowledges,
    /// How long each cycle took.
    cycles: Arc<Histogram>,
    thread: Option<JoinHandle<()>>,
}

impl Committer {
    /// Starts the thread. `meta` is a tree of its own, `folder` is where sled keeps its files, `witness` is a file beside
    /// them that says which cycle was the last, and `trail` is what waits for a cycle without asking for one.
    pub fn start(
        meta: Tree,
        folder: &Path,
        witness: File,
        trail: Arc<Trail>,
        health: Arc<Health>,
        (reserve_mib, acknowledges): (u64, Acknowledges),
    ) -> io::Result<Self> {
        let disk = Disk::open(meta, folder, witness, trail, reserve_mib)?;
        health.space.look(&disk.log, reserve_mib)?;
        let (requests, waiters) = health.wait_here();
        let (watched, cycles) = (Arc::clone(&health), Arc::<Histogram>::default());
        let timed = Arc::clone(&cycles);
        let begin = move || run(disk, &waiters, &watched, &timed);
        let thread = thread::Builder::new().name("committer".into()).spawn(begin)?;
        Ok(Self { requests: Some(requests), health, acknowledges, cycles, thread: Some(thread) })
    }

    /// Waits until everything written before this call survives a power cut.
    pub async fn settled(&self) -> Result<()> {
        self.health.check()?;
        if self.acknowledges == Acknowledges::AtOnce {
            return Ok(());
        }
        let (done, settled) = oneshot::channel();
        let sent = self.requests.as_ref().is_some_and(|requests| requests.send(done).is_ok());
        // A failure from before this let nobody go who asked after it.
        self.health.check()?;
        if sent && settled.await.is_ok() {
            return Ok(());
        }
        self.health.fail("the committer is gone".into());
        self.health.check()
    }

    /// How long the cycles took so far.
    pub fn commits(&self) -> Distribution {
        self.cycles.distribution()
    }

    /// Refuses what cannot be completed for want of room, before the first of its writes.
    pub fn require_room(&self) -> Result<()> {
        self.health.check_for(Growth::Adds)
    }

    /// Which changes are taken.
    pub fn writes(&self) -> Writes {
        self.health.writes()
    }

    /// Settles what was written and refuses whatever comes later.
    pub async fn close(&self) -> Result<()> {
        self.settled().await?;
        self.health.stop(Stopped::Closed);
        Ok(())
    }
}

impl Drop for Committer {
    /// Waits for the thread, so that sled's files are released when the store is; not for good once the disk refused a write,
    /// over which the thread may wait for sled for good.
    fn drop(&mut self) {
        drop(self.requests.take());
        let Some(thread) = self.thread.take() else { return };
        let began = Instant::now();
        while self.health.has_failed() && !thread.is_finished() {
            if began.elapsed() > LONGEST_END {
                return;
            }
            thread::sleep(Duration::from_millis(10));
        }
        let _ = thread.join();
    }
}

/// Serves whoever waits when a cycle begins: they wrote before they asked, so the cycle covers them. Looks at the room on
/// the disk after each cycle, and now and then while there is none.
fn run(mut disk: Disk, waiters: &Waiters, health: &Health, cycles: &Histogram) {
    let (mut last_began, mut company) = (Instant::now(), false);
    loop {
        // What cannot be looked at stays what it was; if the disk is gone, the next cycle fails.
        let _ = health.space.look(&disk.log, disk.reserve_mib);
        {
            let waiting = waiters.asked();
            let mut served = match waiting.recv_timeout(LINGERING) {
                Ok(first) => vec![first],
                Err(RecvTimeoutError::Timeout) if disk.trail.is_written() => continue,
                Err(RecvTimeoutError::Disconnected) if disk.trail.is_written() => return,
                Err(_) => Vec::new(),
            };
            served.extend(waiting.try_iter());
            if company || served.len() > 1 {
                gather(&waiting, &mut served, last_began);
            }
            (last_began, company) = (Instant::now(), served.len() > 1);
            *waiters.served() = served;
        }
        // A failure from before this found nobody in the cycle.
        if health.has_failed() {
            return waiters.release();
        }
        let outcome = catch_unwind(AssertUnwindSafe(|| disk.commit()));
        cycles.observe(last_began.elapsed());
        match outcome {
            Ok(Ok(())) => std::mem::take(&mut *waiters.served()).into_iter().for_each(|done| {
                let _ = done.send(());
            }),
            Ok(Err(error)) => return health.fail(error.to_string()),
            Err(_) => return health.fail("sled panicked".into()),
        }
    }
}

/// Lets those who are about to ask join the cycle, as long as they keep coming at the pace at which they came since the
/// last one began: a cycle costs as much for one as for many, and wakes a dozen threads. Whoever is alone does not come
/// here and waits for nobody.
fn gather(waiting: &Receiver<Waiter>, served: &mut Vec<Waiter>, since: Instant) {
    let began = Instant::now();
    while began.elapsed() < LONGEST_GATHERING {
        let pace = since.elapsed() / u32::try_from(served.len()).unwrap_or(u32::MAX).max(1);
        thread::sleep((2 * pace).clamp(SHORTEST_LULL, LONGEST_LULL));
        let before = served.len();
        served.extend(waiting.try_iter());
        if served.len() == before {
            return;
        }
    }
}

/// The files that a cycle makes durable.
struct Disk {
    meta: Tree,
    log: File,
    blobs: PathBuf,
    synced_blobs: HashSet<OsString>,
    witness: File,
    trail: Arc<Trail>,
    cycle: u64,
    reserve_mib: u64,
}

impl Disk {
    fn open(meta: Tree, folder: &Path, witness: File, trail: Arc<Trail>, reserve_mib: u64) -> io::Result<Self> {
        let cycle = last_cycle(&meta).map_err(io::Error::other)?;
        let log = File::options().read(true).write(true).open(folder.join("db"))?;
        let (blobs, synced_blobs) = (folder.join("blobs"), HashSet::new());
        Ok(Self { meta, log, blobs, synced_blobs, witness, trail, cycle, reserve_mib })
    }

    fn commit(&mut self) -> io::Result<()> {
        self.trail.write().map_err(io::Error::other)?;
        self.cycle += 1;
        self.meta.insert(CYCLE, &self.cycle.to_be_bytes()).map_err(io::Error::other)?;
        self.meta.flush().map_err(io::Error::other)?;
        self.sync_blobs()?;
        self.log.sync_data()?;
        // Written only now, so that it never says more than the log does. It is not synced: after a power cut it may say
        // less, which proves nothing, but a log that was cut short or damaged later on is found out.
        self.witness.write_all_at(&self.cycle.to_be_bytes(), 0)
    }

    /// Sled puts a page of more than 128 KiB in a file of its own, which it never syncs.
    fn sync_blobs(&mut self) -> io::Result<()> {
        let names = fs::read_dir(&self.blobs)?
            .map(|entry| entry.map(|entry| entry.file_name()))
            .collect::<io::Result<HashSet<_>>>()?;
        for name in names.difference(&self.synced_blobs) {
            sync_unless_gone(&self.blobs.join(name))?;
        }
        if names != self.synced_blobs {
            File::open(&self.blobs)?.sync_all()?;
            self.synced_blobs = names;
        }
        Ok(())
    }
}

fn sync_unless_gone(path: &Path) -> io::Result<()> {
    match File::open(path) {
        Ok(file) => file.sync_all(),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error),
    }
}

/// The last cycle that the log knows of.
pub fn last_cycle(meta: &Tree) -> std::result::Result<u64, sled::Error> {
    let bytes = meta.get(CYCLE)?;
    Ok(bytes.and_then(|bytes| bytes.as_ref().try_into().ok()).map_or(0, u64::from_be_bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A committer whose thread is in a cycle for good.
    fn stuck() -> (Committer, Arc<Waiters>) {
        let health = Arc::<Health>::default();
        let (requests, waiters) = health.wait_here();
        let (requests, acknowledges) = (Some(requests), Acknowledges::WhenDurable);
        (Committer { requests, health, acknowledges, cycles: Arc::default(), thread: None }, waiters)
    }

    #[tokio::test]
    async fn nobody_waits_for_a_cycle_that_never_ends_once_the_disk_refused_a_write() {
        let (committer, waiters) = stuck();
        let failing = async {
            // By then the other waits, and the cycle that is for them has begun.
            let served: Vec<Waiter> = waiters.asked().try_iter().collect();
            assert_eq!(served.len(), 1);
            *waiters.served() = served;
            committer.health.fail("no space left".into());
        };

        let (settled, ()) = tokio::join!(committer.settled(), failing);

        assert!(settled.is_err());
        assert!(committer.settled().await.is_err());
    }

    #[tokio::test]
    async fn who_asked_while_a_cycle_never_ended_is_let_go_as_well() {
        let (committer, _waiters) = stuck();
        let failing = async { committer.health.fail("no space left".into()) };

        let (settled, ()) = tokio::join!(committer.settled(), failing);

        assert!(settled.is_err());
    }
}
