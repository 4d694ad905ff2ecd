//! What applies to every request, and only that, in the order in which it runs.
//!
//! 1. `cors`: before the headers that it may relax
//! 2. `security_headers`
//! 3. `access_log`: last, so that it logs what is sent

pub mod access_log;
pub mod cors;
pub mod security_headers;
