//! Connect apps: declared by a descriptor, told of their installations, and known by a secret that each shares with a site.
//!
//! | file | what |
//! |---|---|
//! | `descriptor` | what a descriptor says, or everything that is wrong with it |
//! | `registration` | a descriptor becomes an app and its versions |
//! | `lifecycle` | telling an app what becomes of its installations |
//! | `handover` | giving an app the secret that it shares with a site: when it is installed, and again |

pub mod descriptor;
pub mod handover;
pub mod lifecycle;
pub mod registration;
