//! One binary, so that it links once: the server as its users meet it.

mod attacks;
mod oauth;
mod store;
mod support;
