//! A form of one of our pages with a file in it.

use rocket::data::{Data, FromData, Outcome, ToByteUnit};
use rocket::form::{self, DataField, Errors, Form, FromForm, Options, ValueField};
use rocket::http::Status;
use rocket::request::Request;
use rocket::tokio::io::AsyncReadExt;

use crate::http::guards::csrf::{comes_from_us, is_genuine};
use crate::http::guards::server_of;

/// So much of a form is taken, all fields together. A manifest of usual length is a fifth of it.
pub const MAX_UPLOAD: usize = 48 * 1024;

/// So much the form has with what stands between its fields; the front cuts off what is longer than a little more.
const MAX_FORM: usize = 56 * 1024;

/// The fields of a form that one of our own pages sent, files among them.
pub struct UploadForm {
    fields: Vec<(String, Vec<u8>)>,
}

impl UploadForm {
    /// A field as text; empty if it is absent or no text.
    pub fn get(&self, name: &str) -> &str {
        std::str::from_utf8(self.bytes(name)).unwrap_or_default()
    }

    /// A field as it came; empty if it is absent.
    pub fn bytes(&self, name: &str) -> &[u8] {
        self.fields.iter().find(|(sent, _)| sent == name).map_or(&[], |(_, value)| value)
    }
}

#[rocket::async_trait]
impl<'r> FromData<'r> for UploadForm {
    type Error = ();

    async fn from_data(request: &'r Request<'_>, data: Data<'r>) -> Outcome<'r, Self> {
        let refuse = |status| Outcome::Error((status, ()));
        let Some(server) = server_of(request) else { return refuse(Status::InternalServerError) };
        if !comes_from_us(server, request) {
            return refuse(Status::Forbidden);
        }
        if length(request).is_some_and(|length| length > MAX_FORM) {
            return refuse(Status::PayloadTooLarge);
        }
        let sent = match Form::<Sent>::from_data(request, data).await {
            Outcome::Success(form) => form.into_inner(),
            Outcome::Error((Status::PayloadTooLarge, _)) => return refuse(Status::PayloadTooLarge),
            Outcome::Error(_) | Outcome::Forward(_) => return refuse(Status::BadRequest),
        };
        if sent.bytes > MAX_UPLOAD {
            return refuse(Status::PayloadTooLarge);
        }
        if sent.broken || sent.repeats() {
            return refuse(Status::BadRequest);
        }
        let form = UploadForm { fields: sent.fields };
        if is_genuine(server, request, form.get("csrf")) { Outcome::Success(form) } else { refuse(Status::Forbidden) }
    }
}

/// How long the body is, as the browser says. What is cut off cannot be read, and this tells why.
fn length(request: &Request<'_>) -> Option<usize> {
    request.headers().get_one("Content-Length")?.parse().ok()
}

/// What came, before anything of it is believed.
struct Sent {
    fields: Vec<(String, Vec<u8>)>,
    bytes: usize,
    broken: bool,
}

impl Sent {
    fn add(&mut self, name: &str, value: Vec<u8>) {
        self.bytes = self.bytes.saturating_add(name.len()).saturating_add(value.len());
        self.fields.push((name.to_owned(), value));
    }

    fn repeats(&self) -> bool {
        self.fields
            .iter()
            .enumerate()
            .any(|(at, (name, _))| self.fields[..at].iter().any(|(earlier, _)| earlier == name))
    }
}

#[rocket::async_trait]
impl<'r> FromForm<'r> for Sent {
    type Context = Sent;

    fn init(_: Options) -> Sent {
        Sent { fields: Vec::new(), bytes: 0, broken: false }
    }

    fn push_value(sent: &mut Sent, field: ValueField<'r>) {
        sent.add(field.name.source().as_str(), field.value.as_bytes().to_vec());
    }

    async fn push_data(sent: &mut Sent, field: DataField<'r, '_>) {
        let name = field.name.source().as_str().to_owned();
        let mut bytes = Vec::new();
        let limit = (MAX_UPLOAD + 1).bytes();
        sent.broken |= field.data.open(limit).read_to_end(&mut bytes).await.is_err();
        sent.add(&name, bytes);
    }

    fn push_error(sent: &mut Sent, _: form::Error<'r>) {
        sent.broken = true;
    }

    fn finalize(sent: Sent) -> Result<Self, Errors<'r>> {
        Ok(sent)
    }
}
