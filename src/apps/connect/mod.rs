//! Connect apps: declared by a descriptor, told of their installations, and known by a secret that each shares with a site.
//!
//! | file | what |
//! |---|---|
//! | `registration` | a descriptor becomes an app and its versions |

pub mod registration;
