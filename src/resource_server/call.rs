//! A call, judged: one question to the authorization server for all three layers (AuthZEN section 6), or none where the API keeps
//! what it was told. Whatever it hears that is no yes is no yes.

use std::borrow::Cow;
use std::collections::BTreeMap;

use rocket::Request;
use serde::{Deserialize, Serialize};

use crate::domain::access_model::Access;
use crate::domain::id::SiteId;
use crate::domain::operation::Operation;
use crate::domain::protected_object::ObjectRef;
use crate::resource_server::credential::Credential;
use crate::resource_server::denied::{Denial, Denied};
use crate::resource_server::introspection::introspect;
use crate::resource_server::shown::{Context, Shown};
use crate::resource_server::{Introspection, Refusal, ResourceServer};

/// A call, as far as it is known before anybody is asked.
pub(super) struct Call<'r> {
    pub server: &'r ResourceServer,
    pub access: &'r Access,
    pub shown: Shown<'r>,
    /// What names the site in the path: all of these the same one.
    pub sites: Vec<&'r str>,
}

/// What an operation is done to.
#[derive(Clone, Copy, Debug)]
pub(super) enum Target<'a> {
    WholeSite,
    Object(&'a ObjectRef),
}

/// The question (AuthZEN section 6.1).
#[derive(Serialize)]
struct Question<'a> {
    subject: Named<'a>,
    action: Action<'a>,
    resource: Resource<'a>,
    context: Context<'a>,
}

/// A subject, or a resource: of a search its type alone.
#[derive(Serialize)]
pub(super) struct Named<'a> {
    #[serde(rename = "type")]
    pub kind: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<&'a str>,
}

impl Named<'static> {
    /// Whoever the credential in the context stands for.
    pub const SELF: Self = Self { kind: "token", id: Some("self") };
}

/// An operation.
#[derive(Serialize)]
pub(super) struct Action<'a> {
    pub name: &'a str,
}

#[derive(Serialize)]
struct Resource<'a> {
    #[serde(flatten)]
    object: Named<'a>,
    /// What it belongs to, by the types.
    properties: BTreeMap<&'a str, &'a str>,
}

/// The answer (AuthZEN section 6.2).
#[derive(Deserialize)]
struct Answer {
    decision: bool,
    context: serde_json::Value,
}

#[derive(Deserialize)]
struct Permit {
    introspection: Introspection,
}

impl<'r> Call<'r> {
    /// The call of a request.
    pub fn of(request: &'r Request<'_>) -> Result<Self, Refusal> {
        let shown = Shown::by(request)?;
        let server = ResourceServer::of(request)?;
        let access = server.access()?;
        let path = shown.line.path();
        let sites = match access.operation_at(shown.line.operation_method(), path) {
            Some(asked) => asked.sites,
            None => access.model.servers.iter().find_map(|at| at.strip(path)).map_or_else(Vec::new, |(sites, _)| sites),
        };
        let site = server.site.as_deref().or(sites.last().copied());
        Ok(Self { server, access, shown: Shown { site, ..shown }, sites })
    }

    /// What is told of the credential, if the operation may be done.
    pub async fn judge(&self, name: &str, target: Target<'_>) -> Result<Introspection, Denied> {
        let (number, operation) = self.operation(name)?;
        let whole_site;
        let object = match target {
            Target::Object(object) => object,
            Target::WholeSite => {
                whole_site = self.whole_site().await?;
                &whole_site
            }
        };
        let above = self.above(object).await?;
        if let Some(introspection) = self.allowed_by_facts((number, operation), object, &above).await? {
            return Ok(introspection);
        }
        self.ask(operation, object, &above).await
    }

    pub fn operation(&self, name: &str) -> Result<(usize, &'r Operation), Refusal> {
        self.access.operation(name).ok_or_else(|| {
            tracing::error!(operation = name, "the access model of this API has no such operation");
            Refusal::Unavailable
        })
    }

    async fn ask(
        &self,
        operation: &Operation,
        object: &ObjectRef,
        above: &[ObjectRef],
    ) -> Result<Introspection, Denied> {
        let question = Question {
            subject: Named::SELF,
            action: Action { name: &operation.name },
            resource: Resource {
                object: Named { kind: object.kind(), id: Some(object.id()) },
                properties: above.iter().map(|object| (object.kind(), object.id())).collect(),
            },
            context: self.shown.context(),
        };
        let request = self.server.http.post(self.server.issuer.url("/access/v1/evaluation")).json(&question);
        let Answer { decision, context } = self.server.ask(request).await?;
        if !decision {
            let denial: Denial = understood(serde_json::from_value(context))?;
            return Err(Denied::There(Box::new(denial)));
        }
        let Permit { introspection } = understood(serde_json::from_value(context))?;
        let introspection = introspection.about(self.server, self.shown.credential)?;
        self.is_on_site(&introspection)?;
        Ok(introspection)
    }

    /// That each name of the site in the path is one of the site that the credential is good on.
    fn is_on_site(&self, introspection: &Introspection) -> Result<(), Refusal> {
        let is_named = |name: &&str| {
            introspection.site.as_ref().is_some_and(|site| site.id == **name || site.workspace_id == **name)
        };
        match self.sites.iter().all(is_named) {
            true => Ok(()),
            false => Err(Refusal::NotCovered("the path names another site, or names it in another way")),
        }
    }

    /// What keeps a yes from being asked for: facts that are fresh enough. A no by these is asked about, so that the audit trail has
    /// each refusal and a role that was given meanwhile counts at once.
    async fn allowed_by_facts(
        &self,
        (number, operation): (usize, &Operation),
        object: &ObjectRef,
        above: &[ObjectRef],
    ) -> Result<Option<Introspection>, Refusal> {
        let Some(facts) = &self.server.facts else { return Ok(None) };
        // What signs one request tells nothing of the next.
        if matches!(self.shown.credential, Credential::Signature(_)) {
            return Ok(None);
        }
        let introspection = facts.told(&self.shown, self.server).await?;
        let is_enough = introspection.suffices(self.access, (number, operation), object, above);
        if !is_enough || self.is_on_site(&introspection).is_err() {
            return Ok(None);
        }
        Ok(Some(introspection))
    }

    /// What an object belongs to, by the API's own store, nearest first.
    async fn above(&self, object: &ObjectRef) -> Result<Vec<ObjectRef>, Refusal> {
        let Some(tree) = &self.server.tree else { return Ok(Vec::new()) };
        tree.above(&self.site().await?, object).await.map_err(|error| {
            tracing::error!(error = &*error as &dyn std::error::Error, "what an object belongs to could not be found");
            Refusal::Unavailable
        })
    }

    /// The whole site as an object.
    async fn whole_site(&self) -> Result<ObjectRef, Refusal> {
        let first = self.access.model.objects.first().map_or("", |kind| kind.name.as_str());
        ObjectRef::new(first, &self.site().await?).map_err(|_| Refusal::NotCovered("the path names no site"))
    }

    /// The site by its name in the path or its identifier in the settings; where it has neither it is that on which the credential
    /// is good, which takes another question.
    async fn site(&self) -> Result<Cow<'_, str>, Refusal> {
        let is_id = |name: &&str| name.parse::<SiteId>().is_ok();
        if let Some(named) = self.sites.last().copied().or(self.server.site.as_deref().filter(is_id)) {
            return Ok(named.into());
        }
        let told = introspect(self.server, &self.shown).await?;
        let site = told.site.ok_or(Refusal::NotCovered("the credential is good on no site"))?;
        Ok(site.workspace_id.into())
    }
}

/// What was said, if it can be read.
pub(super) fn understood<T>(read: serde_json::Result<T>) -> Result<T, Refusal> {
    read.map_err(|error| {
        tracing::error!(%error, "the authorization server said something that is no answer");
        Refusal::Unavailable
    })
}
