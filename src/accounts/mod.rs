//! A person and what they hold.
//!
//! | file | what |
//! |---|---|
//! | `people` | add, invite, suspend; set-up and reset links |
//! | `links` | open a one-time link, and use it up |
//! | `guesses` | count guesses at a password |
//! | `networks` | count what comes from one network |
//! | `sign_in` | check a password, open a session |
//! | `sessions` | find, list and end sessions |
//! | `profile` | change one's own password |
//! | `sites` | add and change sites, and say who is a member |
//! | `connections` | list and withdraw what was allowed to apps |
//! | `api_tokens` | make, list and revoke tokens of a person's scripts |
//! | `containers` | import sources of a site, and the one token of each |
//! | `leaked` | end a token that somebody found in public |
//! | `activity` | what happened to a person's account lately |

pub mod activity;
pub mod api_tokens;
pub mod connections;
pub mod containers;
mod guesses;
pub mod leaked;
pub mod links;
pub mod networks;
pub mod people;
pub mod profile;
pub mod sessions;
pub mod sign_in;
pub mod sites;
