//! Hands the command line to `cli`.

fn main() {}
