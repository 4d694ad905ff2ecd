//! One binary, so that it links once: the server as its users meet it.
#![expect(clippy::panic, reason = "a test fails by panicking")]

mod access;
mod accounts;
mod admin;
mod apps;
mod attacks;
mod cli;
mod connect;
mod console;
mod faults;
mod forge;
mod front;
mod fuzzed;
mod layers;
mod models;
mod oauth;
mod operations;
mod resource_server;
mod roles;
mod scripts;
mod store;
mod support;
