//! The minting of tokens, for every grant, the keys that sign, and which site is meant.

pub mod grouping;
pub mod issue;
pub mod keys;
pub mod sites;
