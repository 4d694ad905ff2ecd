//! The binary, run for real.

mod control;
mod demo;
mod doctor;
mod exit_codes;
mod keys;
mod registry;
mod serve;
