//! A person and what they hold.
//!
//! | file | what |
//! |---|---|
//! | `people` | add, invite, suspend; set-up and reset links |
//! | `links` | open a one-time link, and use it up |
//! | `guesses` | count guesses at a password |
//! | `sign_in` | check a password, open a session |
//! | `sessions` | find, list and end sessions |
//! | `profile` | change one's own password |
//! | `sites` | add and change sites, and say who is a member |
//! | `connections` | list and withdraw what was allowed to apps |

pub mod connections;
mod guesses;
pub mod links;
pub mod people;
pub mod profile;
pub mod sessions;
pub mod sign_in;
pub mod sites;
