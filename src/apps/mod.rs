//! The registry: who may ask for tokens, and which APIs they may be for.
//!
//! | file | what |
//! |---|---|
//! | `clients` | OAuth clients: add, list, remove, rotate a secret |
//! | `resources` | protected resources and their scopes, by the same verbs |
//! | `credentials` | how either proves who it is: a secret, a key set, or not at all |
//! | `catalogue` | what a scope is called where nobody said: shipped texts, then words made from its name |
//! | `asked` | what an admin has yet to approve, in words |
//! | `connect` | Connect apps: their descriptors, and what they are told |
//! | `console` | what a developer does with an app of their own |
//! | `deployment` | an app's manifest becomes a version in an environment, which has a client |
//! | `installations` | apps on sites: request, install, approve, suspend, uninstall |
//! | `forge_scopes` | the scopes that Forge knows, and words made from their names |
//! | `openapi` | reading an OpenAPI document: what the operations of a protected resource take |
//! | `access_lint` | what is odd about what a protected resource declares, though it means something |
//! | `manifest` | reading a Forge manifest, and everything that is wrong with it |
//! | `sharing` | who may allow an app anything |
//! | `error` | why a registration was refused |

pub mod access_lint;
pub mod asked;
pub mod catalogue;
pub mod clients;
pub mod connect;
pub mod console;
pub mod credentials;
pub mod deployment;
pub mod error;
pub mod forge_scopes;
pub mod installations;
pub mod manifest;
pub mod openapi;
pub mod resources;
pub mod sharing;

pub use error::RegistryError;
