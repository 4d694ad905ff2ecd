//! How values become HTTP.

pub mod address;
pub mod bearer_refusal;
pub mod filters;
pub mod forwarded;
pub mod gateway_refusal;
pub mod json;
pub mod notice;
pub mod oauth_error;
pub mod page;
pub mod parts;
pub mod redirect;
pub mod refused;
