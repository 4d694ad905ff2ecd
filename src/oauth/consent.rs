//! The resource owner's decision: allow or deny, remember, and the code that follows.

use std::collections::BTreeMap;

use crate::access::choosing::{self, Choice, Vouching};
use crate::access::grouping::{ScopesAt, by_api, entries};
use crate::authorization_server::AuthorizationServer;
use crate::domain::authorization_code::AuthorizationCode;
use crate::domain::authorization_request::SignInDemand;
use crate::domain::error_code::ErrorCode;
use crate::domain::event::Event;
use crate::domain::grant::Grant;
use crate::domain::id::SiteId;
use crate::domain::scope::{OFFLINE_ACCESS, Risk, Scope};
use crate::domain::secret::TokenKey;
use crate::domain::time::Timestamp;
use crate::domain::user::User;
use crate::oauth::authorization::response::AuthorizationResponse;
use crate::oauth::error::OAuthError;
use crate::oauth::transaction::{OpenTransaction, TransactionFault};
use crate::secrets::random;
use crate::secrets::token::{TokenKind, mint};
use crate::store::StoreError;

/// The person behind a session.
pub struct Person<'a> {
    /// Their session.
    pub session: TokenKey,
    /// When they gave their password for it.
    pub signed_in: Timestamp,
    /// Who they are.
    pub user: &'a User,
}

/// What a transaction needs next.
pub enum Step {
    /// The person signs in, or chooses the account, as this demands.
    SignIn(SignInDemand),
    /// The person is asked.
    Ask(Box<Question>),
    /// The answer is there: everything was allowed before.
    Respond(AuthorizationResponse),
}

/// What a person is asked.
pub struct Question {
    /// New scopes that go together, by API.
    pub required: Vec<ScopesAt>,
    /// New scopes that may be left out, by API.
    pub optional: Vec<ScopesAt>,
    /// Whether access while the person is away is asked for.
    pub offline: Offline,
    /// What the person allowed before, by API; shown collapsed.
    pub already: Vec<ScopesAt>,
    /// The sites of the person, and on which of them they can allow the app.
    pub sites: Vec<Choice>,
    /// Who answers for the app.
    pub vouching: Vouching,
    /// What its developer says that scopes are for.
    pub purposes: BTreeMap<String, String>,
}

impl Question {
    /// The greatest risk of what is new.
    pub fn new_risk(&self) -> Risk {
        self.required.iter().chain(&self.optional).map(ScopesAt::risk).max().unwrap_or(Risk::Basic)
    }

    /// The sites on which the person can allow the app.
    pub fn open_sites(&self) -> Vec<&Choice> {
        self.sites.iter().filter(|choice| choice.is_open()).collect()
    }

    /// What the developer says that a scope is for.
    pub fn purpose(&self, scope: &str) -> Option<&String> {
        self.purposes.get(scope)
    }

    /// The greatest risk of all that the app could do.
    pub fn risk(&self) -> Risk {
        self.already.iter().map(ScopesAt::risk).max().unwrap_or(Risk::Basic).max(self.new_risk())
    }
}

/// Whether access while the person is away is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Offline {
    /// It is not, or was allowed before.
    NotAsked,
    /// With everything else.
    Required,
    /// If the person ticks it.
    Optional,
}

/// What a transaction needs next from `person`, if anybody is signed in.
///
/// # Errors
/// [`StoreError`] if the store fails.
pub async fn step(
    server: &AuthorizationServer,
    open: &OpenTransaction,
    person: Option<&Person<'_>>,
) -> Result<Step, StoreError> {
    let Some(person) = person.filter(|person| open.transaction.sign_in.is_met_by(person.session)) else {
        return Ok(Step::SignIn(open.transaction.sign_in));
    };
    let (now, lifetimes) = (server.now(), &server.config.lifetimes);
    let request = &open.transaction.request;
    let grant = server.store.grant_between(person.user.id, &open.client.id).await?;
    let sites = choosing::sites_for(server, &open.client, person.user).await?;
    let remembered = |grant: &&Grant| grant.answers(request, &open.client, lifetimes.remembered_consent, now);
    if let Some(grant) = grant.as_ref().filter(remembered)
        && let Some(site) = remembered_site(grant, &sites)
    {
        return respond(server, open, person, (grant, site)).await.map(Step::Respond);
    }
    let question = question(server, open, grant.as_ref(), sites).await?;
    if question.new_risk() == Risk::Manage && (person.signed_in + lifetimes.step_up).has_passed(now) {
        return Ok(Step::SignIn(SignInDemand::NewSession));
    }
    Ok(Step::Ask(Box::new(question)))
}

/// The site that the person chose before, where it is the only one they could mean: with several to choose from they are asked
/// again, since what they chose once is not what they choose now.
fn remembered_site(grant: &Grant, sites: &[Choice]) -> Option<SiteId> {
    let mut allowed = sites.iter().filter(|choice| choice.is_open() && grant.sites.contains(&choice.site.id));
    let only = allowed.next()?.site.id;
    allowed.next().is_none().then_some(only)
}

async fn question(
    server: &AuthorizationServer,
    open: &OpenTransaction,
    grant: Option<&Grant>,
    sites: Vec<Choice>,
) -> Result<Question, StoreError> {
    let (request, client) = (&open.transaction.request, &open.client);
    // Who is asked again for everything (prompt=consent, another publisher) sees everything; else only what is new.
    let new = grant.map_or_else(|| request.scope.clone(), |grant| grant.new_scope(request));
    let new = if request.prompt.consent || new.is_empty() { request.scope.clone() } else { new };

    let entries = entries(server, &request.scope).await?;
    let (asked, already): (Vec<_>, Vec<_>) = entries.into_iter().partition(|entry| new.contains(&entry.name));
    let already = already.into_iter().filter(|entry| grant.is_some_and(|grant| grant.scope.contains(&entry.name)));
    let already = already.collect();
    let (optional, required) = asked.into_iter().partition(|entry| client.optional_scope.contains(&entry.name));
    let offline = match (new.contains(OFFLINE_ACCESS), client.optional_scope.contains(OFFLINE_ACCESS)) {
        (false, _) => Offline::NotAsked,
        (true, false) => Offline::Required,
        (true, true) => Offline::Optional,
    };
    Ok(Question {
        required: by_api(server, required).await?,
        optional: by_api(server, optional).await?,
        offline,
        already: by_api(server, already).await?,
        sites,
        vouching: choosing::vouching(server, client).await?,
        purposes: choosing::purposes(server, client).await?,
    })
}

/// What the person said.
pub enum Decision {
    /// No.
    Deny,
    /// Yes, to what is required and to these optional scopes, on the site that was chosen.
    Allow {
        /// The optional scopes that were ticked.
        ticked: Scope,
        /// The site, if one was chosen; none has to be where there is only one.
        site: Option<SiteId>,
    },
}

/// Why an answer is not taken.
#[derive(Debug, thiserror::Error)]
pub enum AnswerFault {
    /// The question was put to another session, or the person must sign in first.
    #[error("the question was put to somebody else")]
    OtherSession,
    /// No site was chosen, or one on which the person cannot allow the app. The question can still be answered.
    #[error("no site was chosen on which the app can be allowed")]
    NoSite,
    /// The transaction is over.
    #[error(transparent)]
    Transaction(#[from] TransactionFault),
}

impl From<StoreError> for AnswerFault {
    fn from(error: StoreError) -> Self {
        AnswerFault::Transaction(error.into())
    }
}

/// Takes the answer of the person whom the question was put to. The transaction is over with it.
///
/// # Errors
/// [`AnswerFault`] if the question was put to somebody else or is answered already.
pub async fn answer(
    server: &AuthorizationServer,
    open: &OpenTransaction,
    person: &Person<'_>,
    decision: Decision,
) -> Result<AuthorizationResponse, AnswerFault> {
    let transaction = &open.transaction;
    if transaction.shown_to != Some(person.session) || !transaction.sign_in.is_met_by(person.session) {
        return Err(AnswerFault::OtherSession);
    }
    let decision = match decision {
        Decision::Deny => None,
        Decision::Allow { ticked, site } => Some((ticked, chosen(server, open, person, site).await?)),
    };
    if !server.store.take_transaction(open.key).await? {
        return Err(TransactionFault::Unknown.into());
    }
    match decision {
        None => Ok(deny(server, open, person).await),
        Some((ticked, site)) => {
            let grant = server.store.record_consent(&consent(server, open, person, (&ticked, site))).await?;
            let scope = transaction.request.scope.intersection(&grant.scope).to_string();
            let (user_id, client_id, grant_id) = (grant.user_id, grant.client_id.clone(), grant.id);
            server.record(Event::ConsentGiven { user_id, client_id, grant_id, scope }).await;
            Ok(respond(server, open, person, (&grant, site)).await?)
        }
    }
}

/// The site that was chosen, or the only one there is. What the form says is judged anew: the person may have left the site, or
/// the app, since it was shown.
async fn chosen(
    server: &AuthorizationServer,
    open: &OpenTransaction,
    person: &Person<'_>,
    site: Option<SiteId>,
) -> Result<SiteId, AnswerFault> {
    let choices = choosing::sites_for(server, &open.client, person.user).await?;
    let mut possible = choices.iter().filter(|choice| choice.is_open()).map(|choice| choice.site.id);
    let chosen = match site {
        Some(site) => possible.find(|possible| *possible == site),
        None => possible.next().filter(|_| possible.next().is_none()),
    };
    chosen.ok_or(AnswerFault::NoSite)
}

async fn deny(server: &AuthorizationServer, open: &OpenTransaction, person: &Person<'_>) -> AuthorizationResponse {
    let request = &open.transaction.request;
    let (client_id, scope) = (request.client_id.clone(), request.scope.to_string());
    server.record(Event::ConsentDenied { user_id: person.user.id, client_id, scope }).await;
    let (issuer, state) = (&server.config.issuer.url, request.state.as_deref());
    server.telemetry.refused(ErrorCode::AccessDenied);
    AuthorizationResponse::error(issuer, &request.redirect_uri, state, &OAuthError::AccessDenied)
}

/// What the person just allowed, as a grant of its own; the store joins it with what was allowed before.
fn consent(
    server: &AuthorizationServer,
    open: &OpenTransaction,
    person: &Person<'_>,
    (ticked, site): (&Scope, SiteId),
) -> Grant {
    let (request, client) = (&open.transaction.request, &open.client);
    let scope = request.scope.filter(|token| !client.optional_scope.contains(token) || ticked.contains(token));
    let now = server.now();
    Grant {
        id: random::grant_id(),
        user_id: person.user.id,
        client_id: client.id.clone(),
        sites: vec![site],
        declined: request.scope.without(&scope),
        scope,
        publisher: client.publisher.clone(),
        destinations: vec![request.redirect_uri.destination()],
        created: now,
        consented: now,
    }
}

/// A code for what of the request is allowed.
async fn respond(
    server: &AuthorizationServer,
    open: &OpenTransaction,
    person: &Person<'_>,
    (grant, site_id): (&Grant, SiteId),
) -> Result<AuthorizationResponse, StoreError> {
    let request = &open.transaction.request;
    let expires = server.now() + server.config.lifetimes.authorization_code;
    let minted = mint(TokenKind::Code, expires);
    let code = AuthorizationCode {
        client_id: request.client_id.clone(),
        user_id: person.user.id,
        epoch: person.user.epoch,
        grant_id: grant.id,
        site_id,
        redirect_uri: request.redirect_uri.clone(),
        redirect_uri_presence: request.redirect_uri_presence,
        code_challenge: request.code_challenge.clone(),
        scope: request.scope.intersection(&grant.scope),
        resources: request.resources.clone(),
        expires,
    };
    server.store.add_code(minted.key, &code).await?;
    Ok(AuthorizationResponse::code(&server.config.issuer.url, request, &minted.token))
}

impl OpenTransaction {
    /// Whether the person must give their password even if they are signed in.
    pub fn demands_password(&self) -> bool {
        self.transaction.sign_in == SignInDemand::NewSession
    }
}
