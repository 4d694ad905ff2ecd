//! One file for each endpoint of `src/oauth`.

mod code;
