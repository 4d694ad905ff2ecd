//! Whose call it is: the credential that is shown, judged as introspection judges it; or, without one, whom a trusted resource names.

use std::sync::Arc;

use serde_json::Value;

use crate::access::sites;
use crate::authorization_server::AuthorizationServer;
use crate::domain::access_model::Access;
use crate::domain::decision::Reaches;
use crate::domain::id::{InstallationId, UserId};
use crate::domain::resource::ProtectedResource;
use crate::domain::role_binding::Principal;
use crate::domain::site::{Site, decides};
use crate::domain::user::UserState;
use crate::oauth::evaluation::EvaluationError;
use crate::oauth::evaluation::request::{Question, RequestContext, SubjectName};
use crate::oauth::introspection::{Introspection, RefusedJwt, RolesAre, introspect_where};
use crate::oauth::parameters::Parameters;

/// Who calls; nobody, where the credential is not live or not meant for the asker.
pub struct Subject {
    live: Option<Live>,
    refused: Option<Box<RefusedJwt>>,
}

/// Where the developer of a Connect app reads that a request was refused.
const DECISION: &str = "/access/v1/evaluation";

/// Somebody who calls.
pub struct Live {
    /// Whom the roles are asked of.
    pub principal: Principal,
    /// What the credential may be used for; nothing is asked of that where there is no credential.
    pub reaches: Option<Reaches>,
    /// Where.
    pub site: Arc<Site>,
    /// What introspection tells, where it was asked for.
    pub introspection: Option<Value>,
}

impl Subject {
    /// Who it is, if anybody.
    pub fn live(&self) -> Option<&Live> {
        self.live.as_ref()
    }

    /// Tells the developer of a Connect app why a request that it signed is nobody's, under the name of the refusal.
    pub fn tell_developer(&self, server: &AuthorizationServer, trace: &str) {
        if let Some(refused) = &self.refused {
            refused.remember(server, DECISION, trace);
        }
    }

    fn of(live: Option<Live>) -> Self {
        Self { live, refused: None }
    }

    /// What the audit trail calls them.
    pub fn name(&self) -> Option<String> {
        Some(match self.live()?.principal {
            Principal::Person { user_id, .. } => format!("user:{user_id}"),
            Principal::App(id) => format!("app:{id}"),
            Principal::ImportSource(id) => format!("import_source:{id}"),
            Principal::Client => "client".to_owned(),
        })
    }
}

/// Whose call it was that was judged last: the questions of one request are mostly about one.
#[derive(Default)]
pub struct Judged(Option<(SubjectName, RequestContext, Subject)>);

/// A credential is in the context.
const TOKEN: &str = "token";

impl Judged {
    /// Whose call a question is about.
    pub async fn subject(
        &mut self,
        server: &AuthorizationServer,
        asker: &Arc<ProtectedResource>,
        access: &Access,
        question: &Question,
    ) -> Result<&Subject, EvaluationError> {
        let Question { subject: name, context, .. } = question;
        let is_known = self.0.as_ref().is_some_and(|(known, of, _)| known == name && of == context);
        if !is_known {
            let subject = match (name.kind.as_str(), &context.token) {
                (TOKEN, Some(token)) => by_credential(server, asker, token, context).await?,
                (TOKEN, None) => return Err(EvaluationError::malformed("context.token is missing")),
                (_, Some(_)) => {
                    let why = "where context.token is the subject, the subject has the type \"token\"";
                    return Err(EvaluationError::malformed(why));
                }
                (_, None) if !access.asks_by_id => return Err(EvaluationError::NotTrusted),
                (_, None) => by_name(server, name, context).await?,
            };
            self.0 = Some((name.clone(), context.clone(), subject));
        }
        match &self.0 {
            Some((_, _, subject)) => Ok(subject),
            None => Err(EvaluationError::malformed("there is no subject")),
        }
    }
}

/// Whose credential the context has, on the site that it names.
pub(super) async fn by_credential(
    server: &AuthorizationServer,
    asker: &Arc<ProtectedResource>,
    token: &str,
    context: &RequestContext,
) -> Result<Subject, EvaluationError> {
    let address = context.client_ip.map(|address| address.to_string());
    let optional = [
        ("token_type_hint", &context.token_type_hint),
        ("site", &context.site),
        ("request_method", &context.request_method),
        ("request_target", &context.request_target),
        ("client_ip", &address),
    ];
    let optional = optional.into_iter().filter_map(|(name, value)| Some((name, value.as_deref()?)));
    let parameters = Parameters::of([("token", token)].into_iter().chain(optional));
    let found = introspect_where(server, Arc::clone(asker), &parameters, RolesAre::JudgedHere).await?;
    let Some(facts) = found.facts().await? else {
        let refused = if let Introspection::Inactive(refused) = found { refused } else { None };
        return Ok(Subject { live: None, refused });
    };
    let introspection = if context.introspection { serde_json::to_value(&found).ok() } else { None };
    let (principal, reaches, site) = (facts.principal, Some(facts.reaches), facts.site);
    Ok(Subject::of(Some(Live { principal, reaches, site, introspection })))
}

/// Whoever is named, if they are on the site.
async fn by_name(
    server: &AuthorizationServer,
    name: &SubjectName,
    context: &RequestContext,
) -> Result<Subject, EvaluationError> {
    let named = context.site.as_deref().ok_or_else(|| EvaluationError::malformed("context.site is missing"))?;
    let malformed = |_| EvaluationError::malformed("subject.id is no identifier");
    let Some(site) = sites::named(server, named).await? else { return Ok(Subject::of(None)) };
    let principal = match name.kind.as_str() {
        "user" => {
            let user_id: UserId = name.id.parse().map_err(malformed)?;
            let user = server.store.user(user_id).await?.filter(|user| user.state == UserState::Active);
            let member = server.store.member(site.id, user_id).await?;
            user.zip(member).map(|(user, member)| {
                let is_site_admin = decides(&user, Some(member.standing));
                Principal::Person { user_id, is_site_admin }
            })
        }
        "app" => {
            let id: InstallationId = name.id.parse().map_err(malformed)?;
            let installation = server.store.installation(id).await?;
            let is_there = installation.is_some_and(|app| app.site_id == site.id && app.is_active());
            is_there.then_some(Principal::App(id))
        }
        other => {
            return Err(EvaluationError::malformed(format!("subject.type is none of token, user, app: {other:?}")));
        }
    };
    Ok(Subject::of(principal.map(|principal| Live { principal, reaches: None, site, introspection: None })))
}
