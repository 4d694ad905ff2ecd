//! One file for each endpoint of `src/oauth`.

mod accessible_resources;
mod authorization;
mod client_authentication;
mod client_credentials;
mod code;
mod consent;
mod introspection;
mod jwks;
mod me;
mod metadata;
mod pushed_authorization;
mod refresh;
mod revocation;
mod three_legged;
