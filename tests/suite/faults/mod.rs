//! Every call of the store that a use case makes is made to fail, one after another: no answer may promise what did not
//! happen, nothing may be live that nobody asked for, and asking again must lead out of it.

mod access;
mod accounts;
mod admin;
mod apps;
mod audit;
mod authorization;
mod keys;
mod registry;
mod role_pages;
mod roles;
mod scripts;
mod tokens;
