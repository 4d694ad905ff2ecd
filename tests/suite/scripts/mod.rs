//! What scripts authenticate with: API tokens of people and tokens of import sources, and the pages on which they are made.

mod activity;
mod api_tokens;
mod at_rest;
mod container_tokens;
mod import_source_pages;
mod leaked;
mod manage;
mod pages;
mod rights;
