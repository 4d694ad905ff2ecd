//! Space: how much room the disk has, watched so that a full one is known before it refuses a write.
//!
//! After a write that failed nothing is promised until a restart. So while there is little room nothing is added any more,
//! and what is left is kept for what ends something: a revocation must not fail because others filled the disk.

use std::fs::File;
use std::io;
use std::sync::atomic::{AtomicU8, Ordering};

const MIB: u64 = 1 << 20;

/// How much room there is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(u8)]
pub enum Room {
    /// Enough.
    #[default]
    Enough,
    /// Less than twice what is kept free.
    Little,
    /// Less than what is kept free, so that nothing is added.
    Reserved,
}

impl Room {
    /// What so many free bytes mean, of which `reserve` are kept. Whoever has been refused waits until a quarter more is
    /// free, so that the answer does not change with each record.
    fn of(free: u64, reserve: u64, before: Room) -> Self {
        let needed = if before == Room::Reserved { reserve.saturating_add(reserve / 4) } else { reserve };
        if free < needed {
            Room::Reserved
        } else if free < reserve.saturating_mul(2) {
            Room::Little
        } else {
            Room::Enough
        }
    }
}

/// What was seen last.
#[derive(Debug, Default)]
pub struct Space(AtomicU8);

impl Space {
    /// How much room there was.
    pub fn room(&self) -> Room {
        match self.0.load(Ordering::Relaxed) {
            0 => Room::Enough,
            1 => Room::Little,
            _ => Room::Reserved,
        }
    }

    /// Looks at the file system of `file`, and says so if what it means has changed.
    ///
    /// # Errors
    /// What the operating system says; what was seen before stays.
    pub fn look(&self, file: &File, reserve_mib: u64) -> io::Result<()> {
        let system = rustix::fs::fstatvfs(file)?;
        self.see(system.f_bavail.saturating_mul(system.f_frsize), reserve_mib);
        Ok(())
    }

    fn see(&self, free: u64, reserve_mib: u64) {
        let before = self.room();
        let room = Room::of(free, reserve_mib.saturating_mul(MIB), before);
        self.0.store(room as u8, Ordering::Relaxed);
        let free_mib = free / MIB;
        match room {
            same if same == before => {}
            Room::Enough => tracing::info!(free_mib, "the disk has room again"),
            Room::Little => tracing::warn!(free_mib, reserve_mib, "the disk has little room left"),
            Room::Reserved => {
                tracing::error!(free_mib, reserve_mib, "the disk is nearly full: nothing is added any more")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_added_below_the_reserve_and_a_warning_comes_at_twice_that() {
        let space = Space::default();
        for (free_mib, room) in [
            (513, Room::Enough),
            (511, Room::Little),
            (256, Room::Little),
            (255, Room::Reserved),
            (300, Room::Reserved),
            (320, Room::Little),
            (512, Room::Enough),
        ] {
            space.see(free_mib * MIB, 256);
            assert_eq!(space.room(), room, "{free_mib} MiB");
        }
    }

    #[test]
    fn where_nothing_is_kept_free_nothing_is_refused() {
        let space = Space::default();
        space.see(0, 0);
        assert_eq!(space.room(), Room::Enough);
    }
}
