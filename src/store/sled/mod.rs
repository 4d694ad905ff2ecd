//! Sled.
