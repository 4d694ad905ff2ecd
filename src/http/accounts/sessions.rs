//! GET /account/sessions, and ending them.

use std::sync::Arc;

use rocket::State;
use rocket::http::Status;

use crate::accounts::sessions;
use crate::authorization_server::AuthorizationServer;
use crate::domain::event::Actor;
use crate::domain::secret::TokenKey;
use crate::domain::session::Session;
use crate::domain::time::Timestamp;
use crate::http::guards::csrf::{CsrfForm, CsrfToken};
use crate::http::guards::signed_in::SignedIn;
use crate::http::responses::page::{ErrorPage, Frame, Page};
use crate::http::responses::redirect::Redirect303;
use crate::http::responses::{filters, notice};

#[derive(askama::Template)]
#[template(path = "accounts/sessions.html")]
struct SessionsPage {
    frame: Frame,
    csrf: String,
    rows: Vec<SessionRow>,
    notice: Option<&'static str>,
    now: Timestamp,
}

/// One session on a page.
pub(in crate::http) struct SessionRow {
    pub(in crate::http) browser: String,
    pub(in crate::http) address: String,
    pub(in crate::http) created: Timestamp,
    pub(in crate::http) last_seen: Timestamp,
    pub(in crate::http) reference: String,
    pub(in crate::http) is_this: bool,
}

impl SessionRow {
    /// The rows of `sessions`, the one that looks at them first.
    pub(in crate::http) fn of(sessions: Vec<(TokenKey, Session)>, looking: TokenKey) -> Vec<Self> {
        let mut rows: Vec<Self> = sessions
            .into_iter()
            .map(|(key, session)| SessionRow {
                browser: browser(&session.user_agent),
                address: session.address.map_or_else(|| "unknown".to_owned(), |address| address.to_string()),
                created: session.created,
                last_seen: session.last_seen,
                reference: sessions::reference(key),
                is_this: key == looking,
            })
            .collect();
        rows.sort_by_key(|row| !row.is_this);
        rows
    }
}

/// Where the person is signed in.
#[rocket::get("/account/sessions?<done>")]
pub async fn list(
    server: &State<Arc<AuthorizationServer>>,
    signed_in: SignedIn,
    csrf: CsrfToken,
    done: Option<&str>,
) -> Result<Page, ErrorPage> {
    let sessions = sessions::list(server, signed_in.user.id).await.map_err(|error| ErrorPage::failure(&error))?;
    Ok(Page::ok(&SessionsPage {
        frame: Frame::wide(server, &signed_in.user, "/account/sessions"),
        csrf: csrf.0,
        rows: SessionRow::of(sessions, signed_in.session_key),
        notice: notice::sentence(done),
        now: server.now(),
    }))
}

/// Ends one of the person's sessions.
#[rocket::post("/account/sessions/end", data = "<form>")]
pub async fn end(
    server: &State<Arc<AuthorizationServer>>,
    signed_in: SignedIn,
    form: CsrfForm,
) -> Result<Redirect303, ErrorPage> {
    let user = signed_in.user.id;
    match sessions::end(server, user, form.get("session"), Actor::User(user)).await {
        Ok(true) => Ok(Redirect303::to("/account/sessions?done=session-ended".to_owned())),
        Ok(false) => Err(no_such_session()),
        Err(error) => Err(ErrorPage::failure(&error)),
    }
}

/// Ends every session of the person but this one.
#[rocket::post("/account/sessions/end-others", data = "<_form>")]
pub async fn end_others(
    server: &State<Arc<AuthorizationServer>>,
    signed_in: SignedIn,
    _form: CsrfForm,
) -> Result<Redirect303, ErrorPage> {
    let user = signed_in.user.id;
    let ended = sessions::end_all(server, user, Some(signed_in.session_key), Actor::User(user)).await;
    ended.map_err(|error| ErrorPage::failure(&error))?;
    Ok(Redirect303::to("/account/sessions?done=sessions-ended".to_owned()))
}

pub(in crate::http) fn no_such_session() -> ErrorPage {
    ErrorPage::new(Status::NotFound, "There is no such session")
        .what_happened("It is over already, or it never was.")
        .what_to_do(&["Look at the list again."])
}

/// A name that people know their browsers by, as far as what it calls itself can be read; the text itself otherwise.
fn browser(user_agent: &str) -> String {
    const BROWSERS: [(&str, &str); 6] = [
        ("Edg/", "Edge"),
        ("OPR/", "Opera"),
        ("Firefox/", "Firefox"),
        ("Chromium/", "Chromium"),
        ("Chrome/", "Chrome"),
        ("Safari/", "Safari"),
    ];
    const SYSTEMS: [(&str, &str); 7] = [
        ("Windows", "Windows"),
        ("Android", "Android"),
        ("iPhone", "iPhone"),
        ("iPad", "iPad"),
        ("CrOS", "ChromeOS"),
        ("Mac OS X", "macOS"),
        ("Linux", "Linux"),
    ];
    let known = |names: &[(&str, &'static str)]| {
        names.iter().find(|(mark, _)| user_agent.contains(mark)).map(|(_, name)| *name)
    };
    match (known(&BROWSERS), known(&SYSTEMS)) {
        (Some(browser), Some(system)) => format!("{browser} on {system}"),
        (Some(browser), None) => browser.to_owned(),
        _ if user_agent.is_empty() => "Unknown browser".to_owned(),
        _ => user_agent.chars().take(60).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_browser_is_called_as_its_person_calls_it() {
        let chrome =
            "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0 Safari/537.36";
        assert_eq!(browser(chrome), "Chrome on Linux");
        assert_eq!(
            browser("Mozilla/5.0 (Windows NT 10.0; rv:140.0) Gecko/20100101 Firefox/140.0"),
            "Firefox on Windows"
        );
        assert_eq!(browser("curl/8"), "curl/8");
        assert_eq!(browser(""), "Unknown browser");
    }
}
