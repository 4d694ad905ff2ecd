//! The request guard of an operation: what the model of the API says of a request by its method and path is asked for and held.

use std::ops::Deref;

use rocket::Request;
use rocket::http::Status;
use rocket::request::{FromRequest, Outcome};

use crate::domain::protected_object::ObjectRef;
use crate::resource_server::call::{Call, Target};
use crate::resource_server::denied::{Denied, Left};
use crate::resource_server::{Introspection, ResourceServer};

/// Proof that the caller may do what the request asks for, and what the authorization server says of their credential.
///
/// The operation is the one that the model has for the method and the path as it was sent, so that a route cannot name another by
/// mistake; a request that is none of them goes on to other routes. It is done to the object that the path names, or to the whole
/// site. An operation whose object stands elsewhere is for [`Caller`](crate::resource_server::Caller).
#[derive(Clone, Debug)]
pub struct Allowed {
    introspection: Introspection,
    operation: String,
}

impl Allowed {
    /// What is done, by its name in the model.
    pub fn operation(&self) -> &str {
        &self.operation
    }
}

impl Deref for Allowed {
    type Target = Introspection;
    fn deref(&self) -> &Introspection {
        &self.introspection
    }
}

#[rocket::async_trait]
impl<'r> FromRequest<'r> for Allowed {
    type Error = Denied;

    async fn from_request(request: &'r Request<'_>) -> Outcome<Self, Denied> {
        match judge(request).await {
            Ok(Some(allowed)) => Outcome::Success(allowed),
            Ok(None) => Outcome::Forward(Status::NotFound),
            Err(denied) => {
                Left::with(request, denied.clone());
                Outcome::Error((denied.status(), denied))
            }
        }
    }
}

/// Nothing if the request is no operation, or names no object that it is done to.
async fn judge(request: &Request<'_>) -> Result<Option<Allowed>, Denied> {
    let access = ResourceServer::of(request)?.access()?;
    let call = Call::of(request)?;
    let line = call.shown.line;
    let Some(asked) = access.operation_at(line.operation_method(), line.path()) else { return Ok(None) };
    let operation = &access.model.operations[asked.operation];
    let object = asked.id.and_then(|id| ObjectRef::new(&access.model.objects[operation.on].name, id).ok());
    let target = match &object {
        Some(object) => Target::Object(object),
        None if operation.on == 0 => Target::WholeSite,
        None => return Ok(None),
    };
    let introspection = call.judge(&operation.name, target).await?;
    Ok(Some(Allowed { introspection, operation: operation.name.clone() }))
}
