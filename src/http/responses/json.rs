//! JSON, and whether it may be kept.

use rocket::http::{ContentType, Status};
use rocket::request::Request;
use rocket::response::{Responder, Response, Result};
use serde::Serialize;

use crate::domain::time::Lifetime;

/// JSON that nobody may keep (RFC 6749 section 5.1).
pub struct NoStore<T>(pub T);

impl<'r, T: Serialize> Responder<'r, 'static> for NoStore<T> {
    fn respond_to(self, _: &'r Request<'_>) -> Result<'static> {
        json(Status::Ok, &self.0)
    }
}

/// JSON that nobody may keep, with the status 201.
pub struct Created<T>(pub T);

impl<'r, T: Serialize> Responder<'r, 'static> for Created<T> {
    fn respond_to(self, _: &'r Request<'_>) -> Result<'static> {
        json(Status::Created, &self.0)
    }
}

/// JSON that anybody may keep for a while.
pub struct Cached<T> {
    /// What is told.
    pub body: T,
    /// For how long it may be kept.
    pub lasts: Lifetime,
}

impl<'r, T: Serialize> Responder<'r, 'static> for Cached<T> {
    fn respond_to(self, _: &'r Request<'_>) -> Result<'static> {
        let mut response = json(Status::Ok, &self.body)?;
        response.set_raw_header("Cache-Control", format!("public, max-age={}", self.lasts.as_secs()));
        response.remove_header("Pragma");
        Ok(response)
    }
}

/// `body` as JSON.
///
/// # Errors
/// 500 if it cannot be.
pub fn written<T: Serialize>(body: &T) -> std::result::Result<Vec<u8>, Status> {
    // Room for an introspection, the most frequent answer, so that it is written without moving.
    let mut written = Vec::with_capacity(1024);
    serde_json::to_writer(&mut written, body).map_err(|_| Status::InternalServerError)?;
    Ok(written)
}

/// An answer of `status` with `body` as JSON that nobody may keep.
///
/// # Errors
/// 500 if `body` cannot be written as JSON.
pub fn json<T: Serialize>(status: Status, body: &T) -> Result<'static> {
    of_text(status, written(body)?)
}

/// An answer of `status` with JSON that was written, and that nobody may keep.
///
/// # Errors
/// None.
pub fn of_text(status: Status, written: Vec<u8>) -> Result<'static> {
    Response::build()
        .status(status)
        .header(ContentType::JSON)
        .raw_header("Cache-Control", "no-store")
        .raw_header("Pragma", "no-cache")
        .sized_body(written.len(), std::io::Cursor::new(written))
        .ok()
}
