//! The decision over HTTP: AuthZEN Authorization API 1.0.

mod asker;
mod by_id;
mod documented;
mod evaluation;
mod evaluations;
mod forward_auth;
mod metadata;
mod objects;
mod search;
