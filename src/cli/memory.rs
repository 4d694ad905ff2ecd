//! How much memory the machine sees in use.

/// Takes pages of the usual size alone. The allocator asks for huge ones, of which each counts as 2 MiB in use as soon as one
/// byte of it is: an idle server would have twice as much as it needs.
pub fn take_small_pages() {
    if let Err(error) = rustix::thread::disable_transparent_huge_pages(true) {
        tracing::debug!(%error, "memory is taken in huge pages");
    }
}
