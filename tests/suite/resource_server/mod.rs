//! The guard for APIs: by scope before an authorization server that says what the test wants, by operation before this one.

#[path = "../../../examples/assets/api/mod.rs"]
mod assets;

mod allowed;
mod assets_api;
mod nonsense;
mod operations;
mod scopes;
