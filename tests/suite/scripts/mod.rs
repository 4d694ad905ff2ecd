//! What scripts authenticate with: API tokens of people and tokens of import sources.

mod api_tokens;
mod at_rest;
mod container_tokens;
mod leaked;
mod manage;
mod rights;
