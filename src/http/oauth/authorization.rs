//! GET and POST /oauth/authorize (RFC 6749 section 3.1), and its alias /authorize.

use std::sync::Arc;

use rocket::State;
use rocket::data::{Data, ToByteUnit};
use rocket::http::Status;
use rocket::http::uri::Origin;

use crate::authorization_server::AuthorizationServer;
use crate::domain::client::Profile;
use crate::http::guards::browser::Browser;
use crate::http::guards::client_request::MAX_BODY;
use crate::http::guards::request_id::RequestName;
use crate::http::guards::signed_in::Visitor;
use crate::http::oauth::consent::person;
use crate::http::responses::page::ErrorPage;
use crate::http::responses::redirect::Redirect303;
use crate::http::responses::refused::{remember, remember_as};
use crate::oauth::authorization::request::PageFault;
use crate::oauth::authorization::{self, Next};
use crate::oauth::error::RequestFault;
use crate::oauth::parameters::Parameters;

/// The longest request that is led on in a query.
const MAX_QUERY: usize = 16 * 1024;

const PATH: &str = "/oauth/authorize";

type Answer = Result<Redirect303, ErrorPage>;

/// A request in the query.
#[rocket::get("/oauth/authorize")]
pub async fn get(
    server: &State<Arc<AuthorizationServer>>,
    uri: &Origin<'_>,
    browser: Browser,
    visitor: Visitor,
    name: RequestName<'_>,
) -> Answer {
    begin(server, uri.query().map_or("", |query| query.as_str()), &browser, &visitor, name).await
}

/// The alias of [`get`].
#[rocket::get("/authorize")]
pub async fn get_alias(
    server: &State<Arc<AuthorizationServer>>,
    uri: &Origin<'_>,
    browser: Browser,
    visitor: Visitor,
    name: RequestName<'_>,
) -> Answer {
    begin(server, uri.query().map_or("", |query| query.as_str()), &browser, &visitor, name).await
}

/// A request in the body. A browser sends no cookie of ours with a form of another site, so that nobody could be
/// recognised here: it is led on with the same request in the query, and brings its cookies there.
#[rocket::post("/oauth/authorize", data = "<body>")]
pub async fn post(body: Data<'_>) -> Answer {
    let query = Parameters::from_form(&read(body).await?).map(|parameters| parameters.to_query());
    let query = query.map_err(|error| unreadable(Status::BadRequest, &error.to_string()))?;
    if query.len() > MAX_QUERY {
        return Err(unreadable(
            Status::PayloadTooLarge,
            "the request is longer than 16 KiB; push it instead (RFC 9126)",
        ));
    }
    Ok(Redirect303::to(format!("/oauth/authorize?{query}")))
}

/// The alias of [`post`].
#[rocket::post("/authorize", data = "<body>")]
pub async fn post_alias(body: Data<'_>) -> Answer {
    post(body).await
}

async fn read(body: Data<'_>) -> Result<String, ErrorPage> {
    match body.open(MAX_BODY.bytes()).into_string().await {
        Ok(text) if text.is_complete() => Ok(text.into_inner()),
        Ok(_) => Err(unreadable(Status::PayloadTooLarge, "the body is longer than 32 KiB")),
        Err(_) => Err(unreadable(Status::BadRequest, "the body is not UTF-8")),
    }
}

async fn begin(
    server: &AuthorizationServer,
    text: &str,
    browser: &Browser,
    visitor: &Visitor,
    name: RequestName<'_>,
) -> Answer {
    let parameters = Parameters::from_form(text).map_err(|error| unreadable(Status::BadRequest, &error.to_string()))?;
    let person = visitor.0.as_ref().map(person);
    match authorization::begin(server, &parameters, browser.key(), person.as_ref()).await {
        Ok(Next::SignIn(txn)) => Ok(Redirect303::to(format!("/login?txn={}", txn.expose()))),
        Ok(Next::Consent(txn)) => Ok(Redirect303::to(format!("/consent?txn={}", txn.expose()))),
        Ok(Next::Respond(response)) => Ok(Redirect303::to(response.url().to_owned())),
        Ok(Next::Refuse(client, error, response)) => {
            remember(server, &client.id, PATH, &error, name.0);
            Ok(Redirect303::to(response.url().to_owned()))
        }
        Err(fault) => {
            if let PageFault::RedirectUri { client_id, .. } = &fault {
                let told = (&RequestFault::REDIRECT_URI.into(), fault.to_string());
                remember_as(server, client_id, PATH, told, name.0);
            }
            Err(page(&fault))
        }
    }
}

fn unreadable(status: Status, fault: &str) -> ErrorPage {
    ErrorPage::new(status, "This request cannot be read")
        .what_happened("The app sent a request that we could not read. We stopped here and did not send you on.")
        .developer("invalid_request", fault)
}

/// What a person and a developer are told where nothing may be sent to a client.
fn page(fault: &PageFault) -> ErrorPage {
    let told = fault.to_string();
    match fault {
        PageFault::Unreadable(_) => unreadable(Status::BadRequest, &told),
        PageFault::UnknownClient(_) => ErrorPage::new(Status::BadRequest, "We do not know this app")
            .what_happened(
                "No app is registered here under the name that was sent. We stopped and did not send you on.",
            )
            .developer("unknown client_id", &told),
        PageFault::RedirectUri { received, profile, .. } => {
            let (error, detail) = match profile {
                Profile::Rfc => ("redirect_uri mismatch", told),
                Profile::Atlassian => {
                    ("unauthorized_client", format!("redirect_uri is not registered for client: {received}"))
                }
            };
            ErrorPage::new(Status::BadRequest, "This app sent us an address we do not know")
                .what_happened("It asked us to send you to an address that is not registered for it. We did not.")
                .developer(error, &detail)
                .fix("Register this exact URI for the app. A trailing slash, the port and upper case count.")
        }
        PageFault::PushedRequest => ErrorPage::new(Status::BadRequest, "This request was used or has expired")
            .what_happened("The app prepared a request for you, and it can be used once and for a short while.")
            .developer("invalid_request_uri", &told),
        PageFault::Store(error) => ErrorPage::failure(error),
    }
}
