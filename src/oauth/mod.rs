//! The protocol: one file for each endpoint, each naming its RFC; no Rocket, no store of its own.
//!
//! | RFC | what | file |
//! |---|---|---|
//! | 6749 section 2.3, 7523 section 2.2 | client authentication | `client_authentication` |
//! | 6749 section 3.1 | parameters, each at most once | `parameters` |
//! | 6749 section 4.1.1, 8252, 9207 | authorization endpoint | `authorization` |
//! | 6749 section 3.2 | token endpoint | `token` |
//! | 6749 section 5.2 | errors, and what can be done about each | `error`, `remedy` |
//! | 6750 | who calls this server with an access token | `bearer`, `accessible_resources`, `me` |
//! | 7009 | revocation | `revocation` |
//! | 7517 | the key set | `key_set` |
//! | 7636 | proof key for code exchange | `authorization::checks`, `machine` |
//! | 7662 | introspection | `introspection` |
//! | 7523 section 2.1, in Connect's form | a Connect app acts as a person | `act_as_user` |
//! | 8414 | metadata | `metadata` |
//! | 8707 | resource indicators | `target` |
//! | 9126 | pushed authorization requests | `pushed_authorization` |

pub mod accessible_resources;
pub mod act_as_user;
pub mod authorization;
pub mod bearer;
mod bounds;
pub mod client_authentication;
pub mod consent;
pub mod error;
pub mod evaluation;
pub mod gateway;
pub mod installations;
pub mod installed;
pub mod introspection;
pub mod invocation;
pub mod key_set;
mod machine;
pub mod me;
pub mod metadata;
pub mod parameters;
pub mod pushed_authorization;
mod remedy;
pub mod revocation;
mod target;
pub mod token;
pub mod transaction;
