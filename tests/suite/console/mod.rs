//! The developer console.

mod apps;
mod deploy;
mod environment;
mod refusals;
