//! What a Connect app and this server prove to each other: by a secret that both have, and by a key that this server has.
//!
//! | file | what |
//! |---|---|
//! | `shared_secret` | the secret of an installation, sealed |
//! | `request_jwt` | layer 1 for a request that an app signed |

pub mod request_jwt;
pub mod shared_secret;
