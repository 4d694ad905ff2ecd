//! The minting of tokens, for every grant, the keys that sign, which site is meant, what an app on a site was called for, whose
//! script shows which token, and who holds which role.

pub mod api_token;
pub mod basic;
pub mod choosing;
pub mod connect;
pub mod container_token;
pub mod grouping;
pub mod groups;
pub mod holdings;
pub mod invocation;
pub mod issue;
pub mod keys;
pub mod models;
pub mod objects;
pub mod role_holders;
pub mod roles;
pub mod sites;
pub mod standing;
pub mod subjects;
