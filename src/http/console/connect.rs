//! GET and POST /console/connect: a descriptor becomes a version of a Connect app, or its developer sees everything that is wrong
//! with it.

use std::borrow::Cow;
use std::sync::Arc;

use rocket::State;

use crate::apps::RegistryError;
use crate::apps::connect::descriptor::{self, DescriptorFault, MAX_BYTES, ReadDescriptor};
use crate::apps::connect::registration::register;
use crate::apps::deployment::DeploymentError;
use crate::authorization_server::AuthorizationServer;
use crate::domain::event::Actor;
use crate::domain::user::User;
use crate::http::console::deploy::{Unread, deployed_page};
use crate::http::guards::csrf::CsrfToken;
use crate::http::guards::signed_in::SignedIn;
use crate::http::guards::upload::{MAX_UPLOAD, UploadForm};
use crate::http::responses::page::{ErrorPage, Frame, Page};

/// What a developer typed.
#[derive(Default)]
struct Typed {
    descriptor: String,
    url: String,
}

#[derive(askama::Template)]
#[template(path = "console/connect.html")]
struct ConnectPage<'a> {
    frame: Frame,
    csrf: String,
    typed: &'a Typed,
    faults: Vec<DescriptorFault>,
    problem: Option<String>,
    most_kib: usize,
}

/// The form.
#[rocket::get("/console/connect")]
pub fn form(server: &State<Arc<AuthorizationServer>>, signed_in: SignedIn, csrf: CsrfToken) -> Page {
    connect_page(server, &signed_in.user, csrf, &Typed::default(), Vec::new(), None)
}

/// Registers the descriptor.
#[rocket::post("/console/connect", data = "<form>")]
pub async fn connect(
    server: &State<Arc<AuthorizationServer>>,
    signed_in: SignedIn,
    form: UploadForm,
    csrf: CsrfToken,
) -> Result<Page, ErrorPage> {
    let user = &signed_in.user;
    let sent = if form.bytes("file").is_empty() { form.bytes("descriptor") } else { form.bytes("file") };
    let typed =
        Typed { descriptor: String::from_utf8_lossy(sent).into_owned(), url: form.get("url").trim().to_owned() };
    let refuse = |csrf, faults, problem| Ok(connect_page(server, user, csrf, &typed, faults, problem));
    let bytes = match given(server, sent, &typed.url).await {
        Ok(bytes) => bytes,
        Err(problem) => return refuse(csrf, Vec::new(), Some(problem)),
    };
    let ReadDescriptor { descriptor, warnings } = match descriptor::read(&bytes) {
        Ok(read) => read,
        Err(faults) => return refuse(csrf, faults, None),
    };
    match register(server, descriptor, None, Actor::User(user.id)).await {
        Ok(deployed) => Ok(deployed_page(server, user, &deployed, Unread::Warnings(warnings))),
        Err(DeploymentError::Store(error) | DeploymentError::Registry(RegistryError::Store(error))) => {
            Err(ErrorPage::failure(&error))
        }
        Err(refused) => refuse(csrf, Vec::new(), Some(format!("It was refused: {refused}."))),
    }
}

/// The descriptor that was sent, or that is at `url`; otherwise what a person is told.
async fn given<'f>(server: &AuthorizationServer, sent: &'f [u8], url: &str) -> Result<Cow<'f, [u8]>, String> {
    if !sent.trim_ascii().is_empty() {
        return Ok(sent.into());
    }
    if url.is_empty() {
        return Err("There is no descriptor: give its text, a file, or the URL at which the app serves it.".into());
    }
    let fetched = server.outbound.fetch(url, MAX_BYTES).await;
    fetched.map(Cow::from).map_err(|unfetched| format!("The descriptor was not fetched: {unfetched}."))
}

fn connect_page(
    server: &AuthorizationServer,
    user: &User,
    csrf: CsrfToken,
    typed: &Typed,
    faults: Vec<DescriptorFault>,
    problem: Option<String>,
) -> Page {
    let frame = Frame::wide(server, user, "/console");
    Page::ok(&ConnectPage { frame, csrf: csrf.0, typed, faults, problem, most_kib: MAX_UPLOAD / 1024 })
}
