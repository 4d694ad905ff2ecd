//! Apps: what their manifests may say.

mod manifest;
mod openapi;
