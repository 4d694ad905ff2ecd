//! Form body and client authentication as one argument. What is wrong with either is kept as a value, so that the answer
//! keeps the form of RFC 6749 section 5.2, which a catcher would lose.

use std::sync::Arc;

use rocket::data::{Data, FromData, Outcome, ToByteUnit};
use rocket::http::{ContentType, Status};
use rocket::request::{Request, local_cache};
use rocket::tokio::io::AsyncReadExt;

use crate::authorization_server::AuthorizationServer;
use crate::domain::client::Client;
use crate::domain::event::Event;
use crate::domain::id::ClientId;
use crate::domain::resource::ProtectedResource;
use crate::http::guards::address;
use crate::http::responses::refused::Refused;
use crate::oauth::client_authentication::{self, Presented};
use crate::oauth::error::{OAuthError, RequestFault};
use crate::oauth::parameters::Parameters;

/// The longest body that a protocol endpoint reads.
pub const MAX_BODY: u64 = 32 * 1024;

/// Nearly every body is shorter.
const USUAL_BODY: usize = 512;

/// A request to a protocol endpoint, before anything about it is believed.
pub struct ClientRequest<'r> {
    authorization: Result<Option<&'r str>, OAuthError>,
    parameters: Result<Parameters<'r>, OAuthError>,
    address: Option<std::net::IpAddr>,
}

/// The forms in which a body may come.
#[derive(Clone, Copy, PartialEq, Eq)]
enum BodyFormat {
    Form,
    Json,
}

#[rocket::async_trait]
impl<'r> FromData<'r> for ClientRequest<'r> {
    type Error = ();

    async fn from_data(request: &'r Request<'_>, data: Data<'r>) -> Outcome<'r, Self> {
        let bytes = match read(data, MAX_BODY).await {
            Ok(bytes) if bytes.len() as u64 <= MAX_BODY => bytes,
            Ok(_) => return Outcome::Error((Status::PayloadTooLarge, ())),
            Err(_) => return Outcome::Error((Status::BadRequest, ())),
        };
        Outcome::Success(Self {
            authorization: only(request, "Authorization"),
            parameters: parameters(request, bytes),
            address: address::of(request),
        })
    }
}

/// The body, or one byte more than is taken of it. Rocket's own way to bytes copies through a buffer of 8 KiB.
pub(super) async fn read(data: Data<'_>, most: u64) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::with_capacity(USUAL_BODY);
    data.open((most + 1).bytes()).read_to_end(&mut bytes).await?;
    Ok(bytes)
}

fn parameters<'r>(request: &'r Request<'_>, bytes: Vec<u8>) -> Result<Parameters<'r>, OAuthError> {
    let text = String::from_utf8(bytes).map_err(|_| RequestFault::Unreadable("the body is not UTF-8"))?;
    let parameters = match format(request.content_type())? {
        BodyFormat::Form => Parameters::from_form(local_cache!(request, text))?,
        BodyFormat::Json => Parameters::from_json(&text)?,
    };
    parameters.each_once()?;
    Ok(parameters)
}

fn format(content_type: Option<&ContentType>) -> Result<BodyFormat, OAuthError> {
    match content_type {
        Some(content_type) if content_type.is_form() => Ok(BodyFormat::Form),
        Some(content_type) if content_type.is_json() => Ok(BodyFormat::Json),
        _ => {
            let expected =
                "the body must be application/x-www-form-urlencoded (RFC 6749 appendix B) or application/json";
            Err(RequestFault::Unreadable(expected).into())
        }
    }
}

/// The one header of that name with a credential, if there is one.
pub(super) fn only<'r>(request: &'r Request<'_>, name: &str) -> Result<Option<&'r str>, OAuthError> {
    let mut headers = request.headers().get(name);
    let header = headers.next();
    if headers.next().is_some() { Err(RequestFault::TwoAuthentications.into()) } else { Ok(header) }
}

impl<'r> ClientRequest<'r> {
    /// The client that calls `endpoint`, and what it sent.
    ///
    /// # Errors
    /// `invalid_request` or `invalid_client`.
    pub async fn client(
        self,
        server: &AuthorizationServer,
        endpoint: &'static str,
    ) -> Result<(Arc<Client>, Parameters<'r>), Refused> {
        let address = self.address;
        let (presented, parameters) = self.read()?;
        match client_authentication::client(server, &presented, endpoint).await {
            Ok(client) => Ok((client, parameters)),
            Err(error) => {
                let known = known(server, &presented.id).await;
                let error = refused(server, presented, address, error).await;
                Err(match known {
                    Some(client) => Refused::of(&client.id, endpoint, error),
                    None => error.into(),
                })
            }
        }
    }

    /// The protected resource that calls `endpoint`, and what it sent.
    ///
    /// # Errors
    /// `invalid_request` or `invalid_client`; `unauthorized_client` for a client.
    pub async fn resource(
        self,
        server: &AuthorizationServer,
        endpoint: &str,
    ) -> Result<(Arc<ProtectedResource>, Parameters<'r>), OAuthError> {
        let address = self.address;
        let (presented, parameters) = self.read()?;
        match client_authentication::resource(server, &presented, endpoint).await {
            Ok(resource) => Ok((resource, parameters)),
            Err(error) => Err(refused(server, presented, address, error).await),
        }
    }

    /// Who calls as they say, and what they sent, for a question that proves and answers in one. Its refusal is to be told to `refused`.
    ///
    /// # Errors
    /// `invalid_request` or `invalid_client`.
    pub fn presented(self) -> Result<(Presented, Parameters<'r>, Option<std::net::IpAddr>), OAuthError> {
        let address = self.address;
        self.read().map(|(presented, parameters)| (presented, parameters, address))
    }

    /// What was sent by whoever it says in the body, and from where.
    ///
    /// # Errors
    /// `invalid_request`.
    pub fn anonymous(self) -> Result<(Parameters<'r>, Option<std::net::IpAddr>), OAuthError> {
        Ok((self.parameters?, self.address))
    }

    fn read(self) -> Result<(Presented, Parameters<'r>), OAuthError> {
        let (parameters, authorization) = (self.parameters?, self.authorization?);
        Ok((Presented::read(authorization, &parameters)?, parameters))
    }
}

/// The client of that name. What names none is remembered nowhere, or strangers could push out the refusals of those that
/// there are.
async fn known(server: &AuthorizationServer, id: &ClientId) -> Option<Arc<Client>> {
    server.store.client(id).await.ok().flatten()
}

/// Notes in the audit trail who was refused.
pub async fn refused(
    server: &AuthorizationServer,
    presented: Presented,
    address: Option<std::net::IpAddr>,
    error: OAuthError,
) -> OAuthError {
    if let OAuthError::InvalidClient(fault) = &error {
        let (client_id, reason) = (Some(presented.id), fault.to_string());
        server.record_refusal(Event::ClientRefused { client_id, address, reason }, address).await;
    }
    error
}
