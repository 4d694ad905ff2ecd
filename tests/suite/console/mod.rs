//! The developer console.

mod apps;
mod connect;
mod deploy;
mod environment;
mod refusals;
