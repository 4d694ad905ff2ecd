//! One binary, so that it links once: the server as its users meet it.

mod attacks;
mod cli;
mod oauth;
mod resource_server;
mod store;
mod support;
