//! The language that the tests are written in.

pub mod access;
pub mod apps;
pub mod client;
pub mod connect;
pub mod faults;
pub mod faulty_store;
pub mod forge;
pub mod kept;
pub mod listening;
pub mod oauth;
pub mod operator;
pub mod people;
pub mod race;
pub mod scripts;
pub mod server;
pub mod sites;
pub mod tls;
pub mod visitor;
