//! GET and POST /consent: the resource owner's decision page.

use std::sync::Arc;

use rocket::State;
use rocket::http::Status;

use crate::access::choosing::Vouching;
use crate::authorization_server::AuthorizationServer;
use crate::domain::authorization_request::SignInDemand;
use crate::domain::client::Client;
use crate::domain::scope::{Risk, Scope};
use crate::domain::site::Site;
use crate::domain::uri::Destination;
use crate::domain::user::User;
use crate::http::guards::browser::Browser;
use crate::http::guards::csrf::{CsrfForm, CsrfToken};
use crate::http::guards::signed_in::{SignedIn, Visitor};
use crate::http::responses::filters;
use crate::http::responses::page::{Answer, ErrorPage, Frame, Page};
use crate::http::responses::redirect::Redirect303;
use crate::oauth::authorization::response::AuthorizationResponse;
use crate::oauth::consent::{self, AnswerFault, Decision, Offline, Person, Question, Step};
use crate::oauth::transaction::{self, OpenTransaction, TransactionFault};

/// The question.
#[derive(askama::Template)]
#[template(path = "oauth/consent.html")]
struct ConsentPage<'a> {
    frame: Frame,
    csrf: String,
    txn: &'a str,
    client: &'a Client,
    user: &'a User,
    open: Vec<(&'a Site, &'a str)>,
    blocked: Vec<(&'a Site, &'static str)>,
    problem: Option<&'static str>,
    question: &'a Question,
    destination: Destination,
    redirect_uri: &'a str,
    scope: &'a str,
    not_able: String,
    offline_words: String,
    access_words: String,
}

/// The way back to the app. A POST must not end in a redirect to another origin: `form-action 'self'` blocks it.
#[derive(askama::Template)]
#[template(path = "oauth/continue.html")]
struct ContinuePage<'a> {
    frame: Frame,
    title: &'static str,
    what_happened: String,
    url: &'a str,
    app: &'a str,
}

/// The person behind a session, as `oauth` knows them.
pub(super) fn person(signed_in: &SignedIn) -> Person<'_> {
    Person { session: signed_in.session_key, signed_in: signed_in.session.created, user: &signed_in.user }
}

/// Puts the question to the person who is signed in.
#[rocket::get("/consent?<txn>")]
pub async fn ask(
    server: &State<Arc<AuthorizationServer>>,
    txn: &str,
    browser: Browser,
    csrf: CsrfToken,
    visitor: Visitor,
) -> Result<Answer, ErrorPage> {
    let open = transaction::open(server, txn, Some(browser.key())).await.map_err(|fault| page(&fault))?;
    let someone = visitor.0.as_ref().map(person);
    match consent::step(server, &open, someone.as_ref()).await.map_err(|error| ErrorPage::failure(&error))? {
        Step::SignIn(demand) => {
            transaction::demand(server, &open, demand).await.map_err(|fault| page(&fault))?;
            Ok(Answer::Redirect(Redirect303::to(format!("/login?txn={txn}"))))
        }
        Step::Respond(response) => {
            server.store.take_transaction(open.key).await.map_err(|error| ErrorPage::failure(&error))?;
            Ok(Answer::Page(way_back(server, &open.client, &response, Way::Allowed)))
        }
        Step::Ask(question) => {
            let Some(signed_in) = &visitor.0 else { return Err(page(&TransactionFault::Unknown)) };
            transaction::shown(server, &open, signed_in.session_key).await.map_err(|fault| page(&fault))?;
            Ok(Answer::Page(question_page(server, &open, signed_in, (txn, &question, None), csrf)))
        }
    }
}

/// Takes the person's answer and leads them back to the app.
#[rocket::post("/consent", data = "<form>")]
pub async fn answer(
    server: &State<Arc<AuthorizationServer>>,
    browser: Browser,
    signed_in: SignedIn,
    csrf: CsrfToken,
    form: CsrfForm,
) -> Result<Page, ErrorPage> {
    let open = transaction::open(server, form.get("txn"), Some(browser.key())).await.map_err(|fault| page(&fault))?;
    let (decision, way) = match form.get("decision") {
        "allow" => (Decision::Allow { ticked: ticked(&form)?, site: form.get("site").parse().ok() }, Way::Allowed),
        "deny" => (Decision::Deny, Way::Denied),
        _ => return Err(unclear()),
    };
    match consent::answer(server, &open, &person(&signed_in), decision).await {
        Ok(response) => Ok(way_back(server, &open.client, &response, way)),
        Err(AnswerFault::NoSite) => again(server, &open, &signed_in, form.get("txn"), csrf).await,
        Err(AnswerFault::OtherSession) => Err(other_session()),
        Err(AnswerFault::Transaction(fault)) => Err(page(&fault)),
    }
}

/// Has somebody else sign in for the same request.
#[rocket::post("/consent/switch", data = "<form>")]
pub async fn switch(
    server: &State<Arc<AuthorizationServer>>,
    browser: Browser,
    form: CsrfForm,
) -> Result<Redirect303, ErrorPage> {
    let txn = form.get("txn");
    let open = transaction::open(server, txn, Some(browser.key())).await.map_err(|fault| page(&fault))?;
    transaction::demand(server, &open, SignInDemand::NewSession).await.map_err(|fault| page(&fault))?;
    Ok(Redirect303::to(format!("/login?txn={txn}")))
}

/// Puts the question once more to somebody who chose no site.
async fn again(
    server: &AuthorizationServer,
    open: &OpenTransaction,
    signed_in: &SignedIn,
    txn: &str,
    csrf: CsrfToken,
) -> Result<Page, ErrorPage> {
    let step = consent::step(server, open, Some(&person(signed_in))).await;
    match step.map_err(|error| ErrorPage::failure(&error))? {
        Step::Ask(question) => {
            Ok(question_page(server, open, signed_in, (txn, &question, Some("Choose a site first.")), csrf))
        }
        Step::SignIn(_) | Step::Respond(_) => Err(unclear()),
    }
}

fn ticked(form: &CsrfForm) -> Result<Scope, ErrorPage> {
    form.all("scope").collect::<Vec<_>>().join(" ").parse().map_err(|_| unclear())
}

fn question_page(
    server: &AuthorizationServer,
    open: &OpenTransaction,
    signed_in: &SignedIn,
    (txn, question, problem): (&str, &Question, Option<&'static str>),
    csrf: CsrfToken,
) -> Page {
    let (client, request) = (&open.client, &open.transaction.request);
    let lifetimes = &server.config.lifetimes;
    let long = format!("until you remove it, at most {}", lifetimes.refresh_token_absolute);
    Page::ok(&ConsentPage {
        frame: Frame::narrow(server),
        csrf: csrf.0,
        txn,
        client,
        user: &signed_in.user,
        open: question.open_sites().into_iter().map(|choice| (&*choice.site, server.url_of(&choice.site))).collect(),
        blocked: question.sites.iter().filter_map(|choice| Some((&*choice.site, choice.blocked?.words()))).collect(),
        problem,
        question,
        destination: request.redirect_uri.destination(),
        redirect_uri: request.redirect_uri.as_str(),
        scope: request.scope.as_str(),
        not_able: not_able(question),
        offline_words: format!(
            "Until you remove it, at most {}; it ends by itself after {} without use",
            lifetimes.refresh_token_absolute, lifetimes.refresh_token_idle
        ),
        access_words: match question.offline {
            Offline::NotAsked => format!("{} for each sign-in", lifetimes.access_token),
            Offline::Required => long,
            Offline::Optional => format!("{}; if you tick that, {long}", lifetimes.access_token),
        },
    })
}

/// What people fear most and the app did not ask for.
fn not_able(question: &Question) -> String {
    let highest = question.risk();
    let mut not = vec!["See your password"];
    if highest < Risk::Manage {
        not.push("delete or manage anything");
    }
    if highest < Risk::Change {
        not.push("change anything");
    }
    if highest < Risk::Private {
        not.push("read anything but who you are");
    }
    format!("{}, or act on other sites.", not.join(", "))
}

/// How the person answered.
#[derive(Clone, Copy)]
enum Way {
    Allowed,
    Denied,
}

fn way_back(server: &AuthorizationServer, client: &Client, response: &AuthorizationResponse, way: Way) -> Page {
    let place = match response.destination() {
        Destination::Web(origin) => origin.clone(),
        Destination::ThisComputer => "an app on this computer".to_owned(),
        Destination::Scheme(scheme) => format!("an app on this device ({scheme})"),
    };
    let (title, what_happened) = match way {
        Way::Allowed => ("Taking you back", format!("You allowed {}. We are taking you to {place}.", client.name)),
        Way::Denied => (
            "You said no",
            format!("You did not give {} access. Nothing was shared. We are taking you to {place}.", client.name),
        ),
    };
    Page::ok(&ContinuePage {
        frame: Frame::narrow(server),
        title,
        what_happened,
        url: response.url(),
        app: &client.name,
    })
}

fn unclear() -> ErrorPage {
    ErrorPage::new(Status::BadRequest, "Your answer cannot be read")
        .what_happened("The form that your browser sent is not the one we showed you.")
}

fn other_session() -> ErrorPage {
    ErrorPage::new(Status::Conflict, "Somebody else signed in meanwhile").what_happened(
        "The question was put to another account than the one that answered it, so we did not take the answer.",
    )
}

/// What a person is told whose request cannot go on.
pub fn page(fault: &TransactionFault) -> ErrorPage {
    match fault {
        TransactionFault::Unknown => ErrorPage::new(Status::BadRequest, "This request is over")
            .what_happened("It was answered already, or we never had it."),
        TransactionFault::Expired => ErrorPage::new(Status::BadRequest, "This request has waited too long")
            .what_happened("Requests for access are kept for a few minutes only."),
        TransactionFault::OtherBrowser => ErrorPage::new(Status::BadRequest, "This request belongs to another browser")
            .what_happened("A request for access can be answered only in the browser in which it was begun.")
            .what_to_do(&["Start again from the app in this browser.", "Make sure that this browser takes cookies."]),
        TransactionFault::Store(error) => ErrorPage::failure(error),
    }
}
