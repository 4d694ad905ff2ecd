//! Connect apps: what they are told, what they sign, and as whom they act.

mod act_as_user;
mod lifecycle;
mod pages;
mod request_jwt;
mod scopes;
