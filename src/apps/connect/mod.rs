//! Connect apps: declared by a descriptor, told of their installations, and known by a secret that each shares with a site.
//!
//! | file | what |
//! |---|---|
//! | `descriptor` | what a descriptor says, or everything that is wrong with it |
//! | `registration` | a descriptor becomes an app and its versions |

pub mod descriptor;
pub mod registration;
