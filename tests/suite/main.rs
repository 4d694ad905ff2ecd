//! One binary, so that it links once: the server as its users meet it.

mod accounts;
mod admin;
mod attacks;
mod oauth;
mod store;
mod support;
