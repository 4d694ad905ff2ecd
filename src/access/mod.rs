//! The minting of tokens, for every grant, and the keys that sign.

pub mod grouping;
pub mod issue;
pub mod keys;
