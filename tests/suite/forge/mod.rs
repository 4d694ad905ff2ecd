//! Forge apps as their developers, admins and resource servers meet them.

mod as_app;
mod bounds;
mod consent;
mod ends;
mod gateway;
mod impersonation;
mod invocation;
mod token_exchange;
mod versions;
