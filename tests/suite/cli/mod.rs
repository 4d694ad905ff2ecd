//! The binary, run for real.

mod access;
mod audit;
mod backup;
mod compaction;
mod connect;
mod control;
mod copying;
mod database;
mod demo;
mod disk;
mod doctor;
mod exit_codes;
mod keys;
mod manifests;
mod nodes;
mod registry;
mod reload;
mod restore;
mod roles;
mod scripts;
mod serve;
mod sites;
