//! Randomness, hashing, signatures and seals: the only user of rand, argon2, jsonwebtoken and aws-lc-rs.
//!
//! | file | what |
//! |---|---|
//! | `random` | identifiers and secret bytes |
//! | `token` | the form of every token: minted, read, derived |
//! | `refresh_token` | refresh tokens, which lead to their family |
//! | `digest` | what is kept in place of a secret |
//! | `passphrase` | from a passphrase to a key, for backups |
//! | `password` | argon2id, a bounded number at once |
//! | `assertion` | the signed assertions of `private_key_jwt` |
//! | `hs256` | the JWTs of Connect, by a shared secret |
//! | `signing` | signing keys and the JWTs that they sign |
//! | `seal` | what is encrypted before it is kept |

pub mod assertion;
pub mod digest;
pub mod hs256;
pub mod passphrase;
pub mod password;
pub mod random;
pub mod refresh_token;
pub mod seal;
pub mod signing;
pub mod token;
