//! The minting of tokens, for every grant.

pub mod issue;
