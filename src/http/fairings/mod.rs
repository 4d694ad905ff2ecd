//! What applies to every request, and only that, in the order in which it runs.
//!
//! 1. `exact_paths`: before anything is routed
//! 2. `cors`: before the headers that it may relax
//! 3. `security_headers`
//! 4. `access_log`: last, so that it logs what is sent

pub mod access_log;
pub mod cors;
pub mod exact_paths;
pub mod security_headers;
