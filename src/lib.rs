//! Hallmark: a self-hosted OAuth 2.0 authorization server for Forge-style apps.
//!
//! A request goes down once and comes up once: HTTP translates, a use case loads, the domain decides, the store keeps.
//!
//! ```text
//! cli                                   the operator's commands
//! launch                                the only wiring
//! http     front                        everything that knows Rocket; what hands it whole requests
//! resource_server                       the guard for APIs behind this server
//! oauth    apps    accounts             the protocol, the registry, people
//! access                                minting of tokens, the keys that sign
//! authorization_server                  the context handed to every use case
//! config   secrets   store   throttle   settings, randomness and hashing, records, rates
//! outbound                              requests to addresses that strangers named
//! telemetry                             what is counted
//! domain                                the nouns and their rules
//! ```
//!
//! A part uses lower rows and itself, never its own row; `tests/architecture.rs` checks it.

// Part of `cli::demo` is an example, which names this crate as any API does.
extern crate self as hallmark;

pub mod access;
pub mod accounts;
pub mod apps;
pub mod authorization_server;
pub mod cli;
pub mod config;
pub mod domain;
pub mod front;
pub mod http;
pub mod launch;
pub mod oauth;
pub mod outbound;
pub mod resource_server;
pub mod secrets;
pub mod store;
pub mod telemetry;
pub mod throttle;
