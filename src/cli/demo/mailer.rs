//! The app Sprint Mailer: connect, callback, fetch. It knows the server, and the API, by HTTP alone.

use std::collections::HashMap;
use std::sync::Mutex;

use askama::Template;
use reqwest::Method;
use rocket::fairing::AdHoc;
use rocket::figment::Figment;
use rocket::http::uri::Origin;
use rocket::http::{ContentType, Cookie, CookieJar, Header, SameSite, Status};
use rocket::response::Redirect;
use rocket::response::content::RawHtml;
use rocket::{Build, Request, Responder, Rocket, State, catch, catchers, get, post, routes};
use serde_json::Value;

use crate::cli::answer::CommandError;
use crate::cli::demo::client::{Begun, Client, Tokens, read, redirect_uri};
use crate::cli::demo::wire::{Surprise, Telling, Wire};
use crate::cli::demo::world::{API_ID, OPTIONAL_SCOPE, Registered, SCOPE};
use crate::domain::id::InstallationId;
use crate::secrets::digest::base64url;
use crate::secrets::random;

const COOKIE: &str = "sprint-mailer";
const STYLE_SHEET: &str = include_str!("../../../static/css/main.css");

/// Where everything is, and the app's secret.
#[derive(Clone)]
pub struct Place {
    /// The authorization server.
    pub issuer: String,
    /// The API.
    pub api_url: String,
    /// The app itself.
    pub app_url: String,
    /// What the app proves itself with.
    pub app: Registered,
    /// Where it is installed.
    pub installation: InstallationId,
}

/// The app: its way to speak, and what it knows of each browser.
struct Mailer {
    place: Place,
    wire: Wire,
    visits: Mutex<HashMap<String, Visit>>,
}

/// What the app knows of one browser.
#[derive(Clone, Default)]
struct Visit {
    begun: Option<(Client, Begun)>,
    tokens: Option<Tokens>,
    call: Option<Call>,
    fault: Option<String>,
}

impl Visit {
    /// Whether the API said that the token is no longer live.
    fn is_over(&self) -> bool {
        self.call.as_ref().is_some_and(|call| call.layer == Some(1))
    }
}

/// A call of the API, as people see it.
#[derive(Clone)]
struct Call {
    line: String,
    status: u16,
    objects: Vec<String>,
    layer: Option<u64>,
    error: String,
    why: String,
    challenge: String,
}

#[derive(Template)]
#[template(path = "demo/mailer.html")]
struct HomePage<'a> {
    issuer: &'a str,
    visit: &'a Visit,
}

#[derive(Template)]
#[template(path = "demo/fault.html")]
struct FaultPage {
    status: Status,
}

#[derive(Responder)]
enum Home {
    Page(RawHtml<String>),
    Failed(Status),
}

#[get("/")]
fn home(mailer: &State<Mailer>, cookies: &CookieJar<'_>) -> Home {
    let visit = mailer.visit(&browser(cookies));
    match (HomePage { issuer: &mailer.place.issuer, visit: &visit }).render() {
        Ok(html) => Home::Page(RawHtml(html)),
        Err(_) => Home::Failed(Status::InternalServerError),
    }
}

/// Sends the person to the authorization server.
#[get("/connect")]
async fn connect(mailer: &State<Mailer>, cookies: &CookieJar<'_>) -> Redirect {
    let browser = browser(cookies);
    match mailer.begin().await {
        Ok((client, begun)) => {
            let url = begun.url.clone();
            mailer.note(&browser, |visit| *visit = Visit { begun: Some((client, begun)), ..Visit::default() });
            Redirect::to(url)
        }
        Err(Surprise(fault)) => {
            mailer.note(&browser, |visit| visit.fault = Some(fault));
            Redirect::to("/")
        }
    }
}

/// Takes the answer, redeems the code and fetches for the first time.
#[get("/callback")]
async fn callback(mailer: &State<Mailer>, cookies: &CookieJar<'_>, uri: &Origin<'_>) -> Redirect {
    let browser = browser(cookies);
    let answer = uri.query().map_or("", |query| query.as_str());
    // What was begun is answered once, whatever the answer is.
    let begun = mailer.note(&browser, |visit| visit.begun.take());
    match redeem(begun, answer).await {
        Ok(tokens) => {
            mailer.note(&browser, |visit| visit.tokens = Some(tokens));
            mailer.call(&browser, Method::GET, "/objects").await;
        }
        Err(Surprise(fault)) => mailer.note(&browser, |visit| visit.fault = Some(fault)),
    }
    Redirect::to("/")
}

#[post("/fetch")]
async fn fetch(mailer: &State<Mailer>, cookies: &CookieJar<'_>) -> Redirect {
    mailer.call(&browser(cookies), Method::GET, "/objects").await;
    Redirect::to("/")
}

#[post("/change")]
async fn change(mailer: &State<Mailer>, cookies: &CookieJar<'_>) -> Redirect {
    mailer.call(&browser(cookies), Method::PUT, "/objects/87").await;
    Redirect::to("/")
}

#[post("/as-app")]
async fn as_app(mailer: &State<Mailer>, cookies: &CookieJar<'_>) -> Redirect {
    let outcome = mailer.call_as_app().await;
    mailer.show(&browser(cookies), outcome);
    Redirect::to("/")
}

#[post("/gateway")]
async fn through_gateway(mailer: &State<Mailer>, cookies: &CookieJar<'_>) -> Redirect {
    let outcome = mailer.call_through_gateway().await;
    mailer.show(&browser(cookies), outcome);
    Redirect::to("/")
}

/// Forgets the tokens of this browser.
#[post("/forget")]
fn forget(mailer: &State<Mailer>, cookies: &CookieJar<'_>) -> Redirect {
    mailer.note(&browser(cookies), |visit| *visit = Visit::default());
    Redirect::to("/")
}

#[get("/main.css")]
fn style_sheet() -> (ContentType, &'static str) {
    (ContentType::CSS, STYLE_SHEET)
}

#[catch(default)]
fn fault(status: Status, _: &Request<'_>) -> RawHtml<String> {
    RawHtml(FaultPage { status }.render().unwrap_or_default())
}

impl Mailer {
    async fn begin(&self) -> Result<(Client, Begun), Surprise> {
        let Place { api_url, .. } = &self.place;
        let client = self.client().await?;
        let begun = client.begin(&format!("{SCOPE} {OPTIONAL_SCOPE}"), api_url).await?;
        Ok((client, begun))
    }

    async fn client(&self) -> Result<Client, Surprise> {
        let Place { issuer, app, app_url, .. } = &self.place;
        Client::discover(self.wire.clone(), issuer, app, redirect_uri(app_url)).await
    }

    /// Calls the API as the app itself, whose account on the site is nobody's.
    async fn call_as_app(&self) -> Result<Call, Surprise> {
        let Place { api_url, installation, .. } = &self.place;
        let asked = [("resource", api_url.as_str()), ("scope", "read:cmdb-object:jira")];
        let tokens: Tokens = read(&self.client().await?.as_app(*installation, &asked).await?, 200)?;
        let request = self.wire.request(Method::GET, &format!("{api_url}/objects")).bearer_auth(tokens.access_token);
        let heard = self.wire.send(request, "").await?;
        Ok(Call::of("GET /objects, as the app".into(), heard.status, &heard.json(), heard.challenge()))
    }

    /// Calls the API through the gateway: no token of the API ever comes here.
    async fn call_through_gateway(&self) -> Result<Call, Surprise> {
        let Place { issuer, installation, .. } = &self.place;
        let gateway = format!("{issuer}/gateway");
        let tokens: Tokens = read(&self.client().await?.as_app(*installation, &[("resource", &gateway)]).await?, 200)?;
        let request = self
            .wire
            .request(Method::GET, &format!("{gateway}/{API_ID}/objects"))
            .bearer_auth(tokens.access_token)
            .header("forge-proxy-authorization", format!("Forge as=app,installationId={installation}"));
        let heard = self.wire.send(request, "").await?;
        let line = format!("GET /gateway/{API_ID}/objects");
        Ok(Call::of(line, heard.status, &heard.json(), heard.challenge()))
    }

    fn show(&self, browser: &str, outcome: Result<Call, Surprise>) {
        self.note(browser, |visit| match outcome {
            Ok(call) => (visit.call, visit.fault) = (Some(call), None),
            Err(Surprise(fault)) => (visit.call, visit.fault) = (None, Some(fault)),
        });
    }

    /// Calls the API with the token of a browser, and keeps what came of it.
    async fn call(&self, browser: &str, method: Method, path: &str) {
        let Some(tokens) = self.visit(browser).tokens else { return };
        let line = format!("{method} {path}");
        let request = self.wire.request(method, &format!("{}{path}", self.place.api_url));
        match self.wire.send(request.bearer_auth(&tokens.access_token), "").await {
            Ok(heard) => {
                let call = Call::of(line, heard.status, &heard.json(), heard.challenge());
                self.note(browser, |visit| visit.call = Some(call));
            }
            Err(Surprise(fault)) => self.note(browser, |visit| visit.fault = Some(fault)),
        }
    }

    fn visit(&self, browser: &str) -> Visit {
        self.note(browser, |visit| visit.clone())
    }

    fn note<T>(&self, browser: &str, change: impl FnOnce(&mut Visit) -> T) -> T {
        let mut visits = self.visits.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        change(visits.entry(browser.to_owned()).or_default())
    }
}

impl Call {
    fn of(line: String, status: u16, body: &Value, challenge: &str) -> Self {
        let text = |name: &str| body[name].as_str().unwrap_or_default().to_owned();
        let objects = body["objects"].as_array().into_iter().flatten();
        let label = |object: &Value| {
            format!(
                "{} · {}",
                object["type"].as_str().unwrap_or_default(),
                object["label"].as_str().unwrap_or_default()
            )
        };
        Self {
            line,
            status,
            objects: objects.map(label).collect(),
            layer: body["layer"].as_u64(),
            error: text("error"),
            why: text("error_description"),
            challenge: challenge.to_owned(),
        }
    }
}

async fn redeem(begun: Option<(Client, Begun)>, answer: &str) -> Result<Tokens, Surprise> {
    let (client, begun) = begun.ok_or_else(|| Surprise("no request was sent from this browser".into()))?;
    let code = client.code(&begun, answer)?;
    client.redeem(&begun, &code).await
}

/// The browser, by a cookie of the app's own.
fn browser(cookies: &CookieJar<'_>) -> String {
    if let Some(cookie) = cookies.get(COOKIE) {
        return cookie.value().to_owned();
    }
    let made = base64url(&random::secret_bytes());
    // Lax, because the answer of the authorization server arrives from another site.
    cookies.add(Cookie::build((COOKIE, made.clone())).path("/").http_only(true).same_site(SameSite::Lax));
    made
}

/// The app as a Rocket.
pub fn rocket(figment: Figment, place: Place) -> Result<Rocket<Build>, CommandError> {
    let wire = Wire::new(Telling::Silent).map_err(|Surprise(fault)| CommandError::failed(fault))?;
    let headers = AdHoc::on_response("Headers", |_, response| {
        Box::pin(async move {
            for (name, value) in HEADERS {
                response.set_header(Header::new(name, value));
            }
        })
    });
    Ok(rocket::custom(figment)
        .manage(Mailer { place, wire, visits: Mutex::default() })
        .mount("/", routes![home, connect, callback, fetch, change, as_app, through_gateway, forget, style_sheet])
        .register("/", catchers![fault])
        .attach(headers))
}

const HEADERS: [(&str, &str); 4] = [
    (
        "Content-Security-Policy",
        "default-src 'none'; style-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
    ),
    ("Referrer-Policy", "no-referrer"),
    ("X-Content-Type-Options", "nosniff"),
    ("Cache-Control", "no-store"),
];
