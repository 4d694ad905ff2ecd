//! The minting of tokens, for every grant, the keys that sign, which site is meant, and what an app on a site was called for.

pub mod choosing;
pub mod connect;
pub mod grouping;
pub mod invocation;
pub mod issue;
pub mod keys;
pub mod sites;
