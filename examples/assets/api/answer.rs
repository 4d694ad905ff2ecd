//! What is answered: a page of a list, or what went wrong in the form that clients of the Assets API read.

use hallmark::resource_server::{Denied, Refusal};
use rocket::form::FromForm;
use rocket::http::Status;
use rocket::response::{self, Responder};
use rocket::serde::json::{Json, Value, json};
use rocket::{Request, catch};

/// What a route answers.
pub type Answer = Result<Json<Value>, Fault>;

/// What went wrong.
pub enum Fault {
    /// The caller may not; the guard answers.
    Denied(Denied),
    /// It is not there.
    NotFound(&'static str),
    /// It cannot be done so.
    Malformed(String),
    /// An import cannot begin now.
    Conflict(&'static str),
    /// It is done by another server.
    Elsewhere(&'static str),
}

/// Which part of a list.
#[derive(FromForm)]
pub struct Page {
    #[field(name = "startAt", default = 0)]
    start: usize,
    #[field(name = "maxResults", default = 25)]
    most: usize,
}

impl Page {
    /// The part of a list.
    pub fn of(&self, all: Vec<Value>) -> Value {
        let (total, most) = (all.len(), self.most.clamp(1, 1000));
        let values: Vec<Value> = all.into_iter().skip(self.start).take(most).collect();
        let is_last = self.start.saturating_add(values.len()) >= total;
        json!({ "startAt": self.start, "maxResults": most, "total": total, "isLast": is_last, "values": values })
    }
}

impl From<Denied> for Fault {
    fn from(denied: Denied) -> Self {
        Fault::Denied(denied)
    }
}

impl From<Refusal> for Fault {
    fn from(refusal: Refusal) -> Self {
        Fault::Denied(refusal.into())
    }
}

impl<'r> Responder<'r, 'static> for Fault {
    fn respond_to(self, request: &'r Request<'_>) -> response::Result<'static> {
        let (status, why) = match self {
            Fault::Denied(denied) => return denied.respond_to(request),
            Fault::NotFound(why) => (Status::NotFound, why.to_owned()),
            Fault::Malformed(why) => (Status::BadRequest, why),
            Fault::Conflict(code) => {
                let body = json!({ "result": "error", "errorCode": code });
                return (Status::Conflict, body).respond_to(request);
            }
            Fault::Elsewhere(why) => (Status::MisdirectedRequest, why.to_owned()),
        };
        (status, faults(&why)).respond_to(request)
    }
}

/// Whatever no route answered.
#[catch(default)]
pub fn other(status: Status, _: &Request<'_>) -> Value {
    faults(status.reason_lossy())
}

fn faults(why: &str) -> Value {
    json!({ "errorMessages": [why], "errors": {} })
}
