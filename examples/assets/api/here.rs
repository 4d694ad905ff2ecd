//! The workspace that a request is about, by what stands before the operation in its path.

use std::sync::Arc;

use hallmark::domain::protected_object::{ObjectRef, ProtectedObject};
use hallmark::resource_server::{Refusal, ResourceServer};
use rocket::fairing::{Fairing, Info, Kind};
use rocket::http::Status;
use rocket::http::uri::Origin;
use rocket::request::{FromRequest, Outcome};
use rocket::{Data, Request};

use super::answer::Fault;
use super::store::{Store, Workspace};

/// Where the routes are mounted.
pub const BASE: &str = "/v1";

/// Takes off what clients write before an operation: the workspace, and before that perhaps the site.
pub struct ByWorkspace;

/// The workspace that the path named.
#[derive(Default)]
struct Named(Option<String>);

/// The workspace of a request.
pub struct Here<'r> {
    /// Its identifier.
    pub workspace: &'r str,
    store: &'r Arc<Store>,
    guard: &'r ResourceServer,
}

#[rocket::async_trait]
impl Fairing for ByWorkspace {
    fn info(&self) -> Info {
        Info { name: "Workspaces", kind: Kind::Request }
    }

    async fn on_request(&self, request: &mut Request<'_>, _: &mut Data<'_>) {
        let target = request.uri().to_string();
        if let Some((workspace, rest)) = workspace_of(&target)
            && let Ok(uri) = Origin::parse_owned(format!("{BASE}{rest}"))
        {
            request.local_cache(|| Named(Some(workspace.to_owned())));
            request.set_uri(uri);
        }
    }
}

fn workspace_of(target: &str) -> Option<(&str, &str)> {
    let rest = match target.strip_prefix("/ex/jira/") {
        Some(rest) => rest.split_once('/')?.1,
        None => target.strip_prefix('/')?,
    };
    rest.strip_prefix("jsm/assets/workspace/")?.split_once("/v1").filter(|(_, rest)| rest.starts_with('/'))
}

#[rocket::async_trait]
impl<'r> FromRequest<'r> for Here<'r> {
    type Error = ();

    async fn from_request(request: &'r Request<'_>) -> Outcome<Self, ()> {
        let named = request.local_cache(Named::default).0.as_deref();
        let (store, guard) = (request.rocket().state::<Arc<Store>>(), request.rocket().state::<ResourceServer>());
        match (named, store, guard) {
            (Some(workspace), Some(store), Some(guard)) => Outcome::Success(Self { workspace, store, guard }),
            _ => Outcome::Forward(Status::NotFound),
        }
    }
}

impl Here<'_> {
    /// Where something of the workspace is reached, if the API knows where it is itself.
    pub fn url(&self, path: &str) -> String {
        let api = self.guard.url().map_or("", |url| url.as_str());
        format!("{api}/jsm/assets/workspace/{}/v1/{path}", self.workspace)
    }

    /// What is there.
    pub fn read<T>(&self, read: impl FnOnce(&Workspace) -> Result<T, Fault>) -> Result<T, Fault> {
        self.store.at(self.workspace, |workspace| read(workspace))
    }

    /// Changes what is there.
    pub fn change<T>(&self, change: impl FnOnce(&mut Workspace) -> Result<T, Fault>) -> Result<T, Fault> {
        self.store.at(self.workspace, change)
    }

    /// Tells Hallmark of something, which is there only once this is done.
    pub async fn tell(&self, object: ProtectedObject) -> Result<(), Refusal> {
        self.guard.tell_of(self.workspace, &[object]).await
    }

    /// Tells Hallmark that something is gone, with every role on it.
    pub async fn tell_end(&self, object: &ObjectRef) -> Result<(), Refusal> {
        self.guard.tell_end_of(self.workspace, object).await
    }
}
