//! The minting of tokens, for every grant, the keys that sign, which site is meant, what an app on a site was called for, and
//! whose script shows which token.

pub mod api_token;
pub mod basic;
pub mod choosing;
pub mod connect;
pub mod container_token;
pub mod grouping;
pub mod invocation;
pub mod issue;
pub mod keys;
pub mod sites;
