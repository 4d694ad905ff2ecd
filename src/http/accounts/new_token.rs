//! /account/tokens/new: what a new API token is to be for, and the token itself, which is shown once.

use std::sync::Arc;

use rocket::State;
use rocket::http::Status;

use crate::access::grouping::ScopesAt;
use crate::accounts::api_tokens::{self, ApiTokenError, MadeApiToken, NewApiToken};
use crate::authorization_server::AuthorizationServer;
use crate::domain::api_token::{ApiToken, Reach};
use crate::domain::event::Actor;
use crate::domain::id::UserId;
use crate::domain::resource::ProtectedResource;
use crate::domain::scope::MANAGE_API_TOKENS;
use crate::domain::site::Site;
use crate::domain::time::Timestamp;
use crate::domain::user::User;
use crate::http::accounts::tokens::can;
use crate::http::guards::csrf::{CsrfForm, CsrfToken};
use crate::http::guards::signed_in::SignedIn;
use crate::http::responses::filters;
use crate::http::responses::page::{ErrorPage, Frame, Page};
use crate::secrets::random;
use crate::store::StoreError;

/// The lives that are offered where they are not too long.
const LIVES: [u64; 4] = [7, 30, 90, 365];

#[derive(askama::Template)]
#[template(path = "accounts/new_token.html")]
struct FormPage<'a> {
    frame: Frame,
    csrf: String,
    request: &'a str,
    typed: &'a Typed<'a>,
    lives: Vec<u64>,
    longest: u64,
    sites: Vec<Arc<Site>>,
    apis: Vec<ScopesAt>,
    everything: bool,
    problem: Option<Problem>,
}

impl FormPage<'_> {
    fn is_wrong(&self, field: Field) -> bool {
        self.problem.as_ref().is_some_and(|problem| problem.field == field)
    }
}

/// The token, this once.
#[derive(askama::Template)]
#[template(path = "accounts/made_token.html")]
struct MadePage<'a> {
    frame: Frame,
    token: &'a ApiToken,
    secret: &'a str,
    can: Vec<String>,
    site: Option<Arc<Site>>,
    example: Option<String>,
    now: Timestamp,
}

/// What whoever sends the form again gets in place of the token.
#[derive(askama::Template)]
#[template(path = "accounts/shown_token.html")]
struct ShownPage<'a> {
    frame: Frame,
    token: &'a ApiToken,
    now: Timestamp,
}

/// What somebody typed, which they need not type again.
struct Typed<'a> {
    label: &'a str,
    life: &'a str,
    days: &'a str,
    site: &'a str,
    everything: bool,
    scopes: Vec<&'a str>,
}

impl<'a> Typed<'a> {
    fn of(form: &'a CsrfForm) -> Self {
        Self {
            label: form.get("label"),
            life: form.get("life"),
            days: form.get("days"),
            site: form.get("site"),
            everything: form.get("reach") == "everything",
            scopes: form.all("scope").collect(),
        }
    }

    fn has_ticked(&self, scope: &str) -> bool {
        self.scopes.contains(&scope)
    }

    fn asks_for(&self, longest: u64, request: &str) -> Result<NewApiToken, Problem> {
        let label = self.label.parse().map_err(|_| Problem::label())?;
        let days = if self.days.trim().is_empty() { self.life } else { self.days };
        let days = days.trim().parse().map_err(|_| Problem::days(longest))?;
        let site_id = match self.site {
            "" => None,
            site => Some(site.parse().map_err(|_| Problem::site())?),
        };
        let reach = if self.everything {
            Reach::Everything
        } else {
            Reach::Scopes(self.scopes.join(" ").parse().map_err(|_| Problem::too_many_scopes())?)
        };
        let request = Some(request.to_owned()).filter(|request| !request.is_empty());
        Ok(NewApiToken { label, days, reach, site_id, request })
    }
}

/// A field of the form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Field {
    Label,
    Days,
    Site,
    Scope,
    /// None: it is about what there is already.
    Tokens,
}

/// Why no token was made.
#[derive(Debug)]
struct Problem {
    field: Field,
    words: String,
}

impl Problem {
    fn label() -> Self {
        Self { field: Field::Label, words: "A name has 1 to 64 characters on one line.".into() }
    }

    fn days(longest: u64) -> Self {
        Self { field: Field::Days, words: format!("A token lives for 1 to {longest} days.") }
    }

    fn site() -> Self {
        Self { field: Field::Site, words: "You are not a member of that site. Choose another.".into() }
    }

    fn too_many_scopes() -> Self {
        Self { field: Field::Scope, words: "A token is for at most 50 things. Choose fewer.".into() }
    }

    /// What of the form an error is about; the error itself if it is about none.
    fn of(error: ApiTokenError) -> Result<Self, ApiTokenError> {
        let (field, words) = match error {
            ApiTokenError::Days { longest } => return Ok(Self::days(longest)),
            ApiTokenError::OtherSite => return Ok(Self::site()),
            ApiTokenError::NoScope => (Field::Scope, "Choose at least one thing that the token is for.".into()),
            ApiTokenError::UnknownScope(name) => {
                (Field::Scope, format!("No API here knows {name:?}. Choose from the list."))
            }
            ApiTokenError::NotAnAdmin => {
                (Field::Scope, "Only administrators of this server may manage people's API tokens.".into())
            }
            ApiTokenError::EverythingRefused => {
                (Field::Scope, "A token for all that you may do is not allowed here. Choose what it is for.".into())
            }
            ApiTokenError::TooMany(most) => {
                (Field::Tokens, format!("Nobody may have more than {most} API tokens at a time, and you have them."))
            }
            error @ (ApiTokenError::Again(_) | ApiTokenError::Suspended | ApiTokenError::Store(_)) => {
                return Err(error);
            }
        };
        Ok(Self { field, words })
    }
}

type Server = State<Arc<AuthorizationServer>>;

/// Asks what the token is to be for.
#[rocket::get("/account/tokens/new")]
pub async fn show(server: &Server, signed_in: SignedIn, csrf: CsrfToken) -> Result<Page, ErrorPage> {
    let life = api_tokens::offered(server).to_string();
    let typed = Typed { label: "", life: &life, days: "", site: "", everything: false, scopes: Vec::new() };
    let request = random::form_value();
    form_page(server, &signed_in.user, csrf, (&typed, &request), None).await
}

/// Makes the token and shows it. The same form makes one, however often it is sent.
#[rocket::post("/account/tokens/new", data = "<form>")]
pub async fn make(server: &Server, signed_in: SignedIn, csrf: CsrfToken, form: CsrfForm) -> Result<Page, ErrorPage> {
    let (owner, typed, request) = (&signed_in.user, Typed::of(&form), form.get("request"));
    let made = match typed.asks_for(api_tokens::longest(server), request) {
        Ok(new) => api_tokens::make(server, owner, new, Actor::User(owner.id)).await.map_err(Problem::of),
        Err(problem) => Err(Ok(problem)),
    };
    match made {
        Ok(made) => made_page(server, owner, &made).await.map_err(|error| ErrorPage::failure(&error)),
        Err(Ok(problem)) => form_page(server, owner, csrf, (&typed, request), Some(problem)).await,
        Err(Err(ApiTokenError::Again(token))) => {
            let frame = Frame::wide(server, owner, "/account/tokens");
            Ok(Page::with_status(Status::Conflict, &ShownPage { frame, token: &token, now: server.now() }))
        }
        Err(Err(ApiTokenError::Store(error))) => Err(ErrorPage::failure(&error)),
        Err(Err(refused)) => {
            Err(ErrorPage::new(Status::Conflict, "This cannot be done").what_happened(&format!("{refused}.")))
        }
    }
}

async fn form_page(
    server: &AuthorizationServer,
    owner: &User,
    csrf: CsrfToken,
    (typed, request): (&Typed<'_>, &str),
    problem: Option<Problem>,
) -> Result<Page, ErrorPage> {
    let failed = |error: StoreError| ErrorPage::failure(&error);
    Ok(Page::ok(&FormPage {
        frame: Frame::wide(server, owner, "/account/tokens"),
        csrf: csrf.0,
        request,
        typed,
        lives: lives(api_tokens::longest(server), api_tokens::offered(server)),
        longest: api_tokens::longest(server),
        sites: sites_of(server, owner.id).await.map_err(failed)?,
        apis: api_tokens::choices(server, owner).await.map_err(failed)?,
        everything: server.config.api_tokens.everything,
        problem,
    }))
}

/// The lives to choose from, in days.
fn lives(longest: u64, offered: u64) -> Vec<u64> {
    let mut lives: Vec<u64> = LIVES.into_iter().chain([longest, offered]).filter(|days| *days <= longest).collect();
    lives.sort_unstable();
    lives.dedup();
    lives
}

async fn sites_of(server: &AuthorizationServer, user: UserId) -> Result<Vec<Arc<Site>>, StoreError> {
    let mut sites = Vec::new();
    for member in server.store.memberships(user).await? {
        sites.extend(server.store.site(member.site_id).await?);
    }
    Ok(sites)
}

async fn made_page(server: &AuthorizationServer, owner: &User, made: &MadeApiToken) -> Result<Page, StoreError> {
    let MadeApiToken { secret, token } = made;
    let site = match token.site_id {
        Some(id) => server.store.site(id).await?,
        None => None,
    };
    let credentials = format!("{}:{}", owner.email, secret.expose());
    let address = address(server, owner, &token.reach).await?;
    let example = address.map(|address| format!("curl -u {} {}", quoted(&credentials), quoted(&address)));
    let frame = Frame::wide(server, owner, "/account/tokens");
    let (secret, can, now) = (secret.expose(), can(server, &token.reach).await?, server.now());
    Ok(Page::ok(&MadePage { frame, token, secret, can, site, example, now }).with_script())
}

/// Where somebody may try the token: at the first API that it opens and whose address is known.
async fn address(server: &AuthorizationServer, owner: &User, reach: &Reach) -> Result<Option<String>, StoreError> {
    let resources = server.store.resources().await?;
    let opened = resources.iter().filter(|resource| !resource.reached_by(reach).is_empty());
    if let Some(address) = opened.filter_map(|resource| address_of(resource)).next() {
        return Ok(Some(address));
    }
    Ok(match reach {
        Reach::Scopes(scope) if scope.contains(MANAGE_API_TOKENS) => {
            Some(format!("{}/users/{}/manage/api-tokens", server.config.issuer.url.as_str(), owner.id))
        }
        Reach::Scopes(_) | Reach::Everything => None,
    })
}

fn address_of(resource: &ProtectedResource) -> Option<String> {
    let is_address = |identifier: &&str| identifier.starts_with("https://") || identifier.starts_with("http://");
    let base = resource.base_url.as_ref().map(|url| url.as_str());
    let identifier = || resource.identifiers.iter().map(|identifier| identifier.as_str()).find(is_address);
    base.or_else(identifier).map(str::to_owned)
}

/// One word for a shell, whatever is in it.
pub(in crate::http) fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lives_to_choose_from_end_with_the_longest() {
        assert_eq!(lives(365, 90), [7, 30, 90, 365]);
        assert_eq!(lives(60, 60), [7, 30, 60]);
        assert_eq!(lives(3, 1), [1, 3]);
    }

    #[test]
    fn a_shell_reads_one_word() {
        assert_eq!(quoted("o'neil@example.com:x"), r"'o'\''neil@example.com:x'");
    }
}
