//! How much memory the machine sees in use.

/// Whether memory that is touched for the first time may come in huge pages, which the allocator asks for. They make what is
/// read again and again a tenth faster, and each counts as 2 MiB in use as soon as one byte of it is.
pub fn take_huge_pages(may: bool) {
    if let Err(error) = rustix::thread::disable_transparent_huge_pages(!may) {
        tracing::debug!(%error, "the size of pages stays as it is");
    }
}
