//! An askama template as HTML that nobody keeps, and the page that tells what went wrong.

use askama::Template;
use rocket::http::{ContentType, Status};
use rocket::request::Request;
use rocket::response::{Responder, Response, Result};

use crate::authorization_server::AuthorizationServer;
use crate::domain::user::{Standing, User};
use crate::http::assets;
use crate::http::fairings::security_headers::POLICY_WITH_SCRIPT;
use crate::http::guards::{request_id, server_of};
use crate::http::responses::redirect::Redirect303;
use crate::store::StoreError;

/// What the frame of every page shows.
pub struct Frame {
    /// What this server is called.
    pub name: String,
    /// The host, so that people know where they are.
    pub host: String,
    /// The address of the style sheet.
    pub style_sheet: String,
    /// The address of the script, for the pages that show a secret.
    pub script: String,
    /// The navigation beside the page; none on pages that ask one thing.
    pub nav: Option<Nav>,
}

/// The navigation of somebody who is signed in.
pub struct Nav {
    /// The path of this page.
    pub current: &'static str,
    /// Whether the pages for admins are shown.
    pub admin: bool,
}

impl Frame {
    /// The frame of a page that asks one thing.
    pub fn narrow(server: &AuthorizationServer) -> Self {
        let issuer = &server.config.issuer;
        let (name, host) = (issuer.name.clone(), issuer.url.host());
        Self { name, host, style_sheet: assets::style_sheet(), script: assets::script(), nav: None }
    }

    /// The frame of a page among others, for `user`.
    pub fn wide(server: &AuthorizationServer, user: &User, current: &'static str) -> Self {
        let nav = Some(Nav { current, admin: user.standing == Standing::Admin });
        Self { nav, ..Self::narrow(server) }
    }

    /// The paths of the navigation, and what they are called.
    pub fn nav_entries(&self) -> Vec<(&'static str, &'static str)> {
        let mut entries = vec![
            ("/account", "Overview"),
            ("/account/apps", "Connected apps"),
            ("/account/tokens", "API tokens"),
            ("/admin/sites", "Sites"),
            ("/account/sessions", "Sessions"),
            ("/account/password", "Password"),
            ("/account/activity", "Activity"),
            ("/console", "Developer console"),
        ];
        if self.nav.as_ref().is_some_and(|nav| nav.admin) {
            entries.push(("/admin/people", "People"));
        }
        entries.push(("/logout", "Sign out"));
        entries
    }

    /// Whether this page is at `path`.
    pub fn is_current(&self, path: &str) -> bool {
        self.nav.as_ref().is_some_and(|nav| nav.current == path)
    }
}

/// An HTML page. Every page is personal: none may be kept by a cache.
pub struct Page {
    status: Status,
    html: askama::Result<String>,
    policy: Option<(&'static str, &'static str)>,
}

impl Page {
    /// The page that `template` makes.
    pub fn ok(template: &impl Template) -> Self {
        Self::with_status(Status::Ok, template)
    }

    /// The page that `template` makes, with another status.
    pub fn with_status(status: Status, template: &impl Template) -> Self {
        Self { status, html: template.render(), policy: None }
    }

    /// Lets the page run our script.
    pub fn with_script(self) -> Self {
        Self { policy: Some(POLICY_WITH_SCRIPT), ..self }
    }
}

impl<'r> Responder<'r, 'static> for Page {
    fn respond_to(self, _: &'r Request<'_>) -> Result<'static> {
        let html = self.html.map_err(|error| {
            tracing::error!(%error, "a page could not be written");
            Status::InternalServerError
        })?;
        let mut response = Response::build();
        response.status(self.status).header(ContentType::HTML).raw_header("Cache-Control", "no-store");
        if let Some((name, value)) = self.policy {
            response.raw_header(name, value);
        }
        response.sized_body(html.len(), std::io::Cursor::new(html)).ok()
    }
}

/// A page, or the way to another.
#[derive(rocket::Responder)]
pub enum Answer {
    /// A page.
    Page(Page),
    /// The next step.
    Redirect(Redirect303),
}

impl From<Page> for Answer {
    fn from(page: Page) -> Self {
        Answer::Page(page)
    }
}

impl From<Redirect303> for Answer {
    fn from(redirect: Redirect303) -> Self {
        Answer::Redirect(redirect)
    }
}

/// A page that says what happened, whether anything was shared, and what to do.
#[derive(Clone, Debug)]
pub struct ErrorPage(Box<ErrorContent>);

#[derive(Clone, Debug)]
struct ErrorContent {
    status: Status,
    title: String,
    what_happened: String,
    shared: &'static str,
    what_to_do: Vec<String>,
    developer: Option<DeveloperNote>,
    retry_after: Option<u64>,
}

/// What helps who wrote the app.
#[derive(Clone, Debug)]
struct DeveloperNote {
    error: &'static str,
    detail: String,
    fix: Option<&'static str>,
}

#[derive(Template)]
#[template(path = "error.html")]
struct ErrorTemplate<'a> {
    frame: Frame,
    page: &'a ErrorContent,
    reference: &'a str,
}

impl ErrorPage {
    /// A page of this status under this title; without more it advises to go back and try again.
    pub fn new(status: Status, title: &str) -> Self {
        Self(Box::new(ErrorContent {
            status,
            title: title.to_owned(),
            what_happened: String::new(),
            shared: "Nothing was shared with any app.",
            what_to_do: vec!["Go back to where you came from and start again.".to_owned()],
            developer: None,
            retry_after: None,
        }))
    }

    /// The page of a store that failed: logged here, since this is where the request ends. It does not say that nothing
    /// was done, which nobody knows.
    pub fn failure(error: &StoreError) -> Self {
        tracing::error!(error = error as &dyn std::error::Error, "the store failed");
        Self::new(Status::ServiceUnavailable, "We cannot do this right now")
            .what_happened("Our records could not be reached, so we do not know whether what you asked for was done.")
            .what_to_do(&["Wait a moment, look whether it was done, and try again if it was not."])
            .retry_after(5)
    }

    /// Says what happened.
    pub fn what_happened(mut self, sentence: &str) -> Self {
        self.0.what_happened = sentence.to_owned();
        self
    }

    /// Says what to do, a line each.
    pub fn what_to_do(mut self, lines: &[&str]) -> Self {
        self.0.what_to_do = lines.iter().map(|line| (*line).to_owned()).collect();
        self
    }

    /// Tells who wrote the app what was wrong with its request.
    pub fn developer(mut self, error: &'static str, detail: &str) -> Self {
        self.0.developer = Some(DeveloperNote { error, detail: detail.to_owned(), fix: None });
        self
    }

    /// Tells who wrote the app how to mend it.
    pub fn fix(mut self, fix: &'static str) -> Self {
        if let Some(note) = &mut self.0.developer {
            note.fix = Some(fix);
        }
        self
    }

    /// Says after how many seconds to try again.
    pub fn retry_after(mut self, seconds: u64) -> Self {
        self.0.retry_after = Some(seconds);
        self
    }
}

impl<'r> Responder<'r, 'static> for ErrorPage {
    fn respond_to(self, request: &'r Request<'_>) -> Result<'static> {
        let server = server_of(request).ok_or(Status::InternalServerError)?;
        let template =
            ErrorTemplate { frame: Frame::narrow(server), page: &self.0, reference: request_id::of(request) };
        let mut response = Page::with_status(self.0.status, &template).respond_to(request)?;
        if let Some(seconds) = self.0.retry_after {
            response.set_raw_header("Retry-After", seconds.to_string());
        }
        Ok(response)
    }
}
