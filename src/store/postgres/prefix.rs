//! Ranges of keys.

/// The last key that begins with `prefix` and has `more` bytes after it.
pub fn last_of(prefix: &[u8], more: usize) -> Vec<u8> {
    [prefix, &vec![u8::MAX; more]].concat()
}
