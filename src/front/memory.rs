//! How much memory the machine sees in use.

/// So many connections are a crowd.
const CROWD: u64 = 1_000;

/// Whether memory that is touched for the first time may come in huge pages, which the allocator asks for. They make what is
/// read again and again a tenth faster, and each counts as 2 MiB in use as soon as one byte of it is.
pub fn take_huge_pages(may: bool) {
    if let Err(error) = rustix::thread::disable_transparent_huge_pages(!may) {
        tracing::debug!(%error, "the size of pages stays as it is");
    }
}

/// Declines huge pages while there is a crowd: what a connection takes is touched once, here and there, and half of it is idle.
#[derive(Debug, Default)]
pub struct Crowd {
    is_there: bool,
}

impl Crowd {
    /// Looks at how many connections are open.
    pub fn see(&mut self, open: u64) {
        let is_there = open > if self.is_there { CROWD / 2 } else { CROWD };
        if is_there != self.is_there {
            self.is_there = is_there;
            take_huge_pages(!is_there);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_crowd_is_there_until_half_of_it_left() {
        let mut crowd = Crowd::default();
        let seen = [1_000, 1_001, 501, 500, 1_000].map(|open| {
            crowd.see(open);
            crowd.is_there
        });
        assert_eq!(seen, [false, true, true, false, false]);
    }
}
