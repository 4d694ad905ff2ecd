//! The objects of the API: what they belong to, by its own store; and the authorization server told of those on which roles are
//! given.

use reqwest::StatusCode;
use serde_json::{Value, json};
use url::Url;

use crate::domain::protected_object::{ObjectRef, ProtectedObject};
use crate::resource_server::{Refusal, ResourceServer};

/// Why an API does not know.
pub type Unknown = Box<dyn std::error::Error + Send + Sync>;

/// How an API knows what its objects belong to.
#[rocket::async_trait]
pub trait ObjectTree: Send + Sync {
    /// What an object belongs to, the nearest first; nothing of an object that there is not. The whole site need not be told. `site`
    /// is what the path of the request calls the site, or else the identifier of its workspace.
    ///
    /// # Errors
    /// Whatever went wrong; the request is answered with 503.
    async fn above(&self, site: &str, object: &ObjectRef) -> Result<Vec<ObjectRef>, Unknown>;
}

impl ResourceServer {
    /// Tells the authorization server of objects, each after what it belongs to. Once this is done, roles can be given on them.
    ///
    /// # Errors
    /// [`Refusal::Unavailable`] if the authorization server does not say that it knows them.
    pub async fn tell_of(&self, site: &str, objects: &[ProtectedObject]) -> Result<(), Refusal> {
        let object = |object: &ProtectedObject| {
            json!({
                "type": object.object.kind(), "id": object.object.id(), "label": object.label,
                "parent": object.parent.as_ref().map(|parent| json!({ "type": parent.kind(), "id": parent.id() })),
            })
        };
        let told: Vec<Value> = objects.iter().map(object).collect();
        let request =
            self.http.put(self.issuer.url("/access/v1/objects")).json(&json!({ "site": site, "objects": told }));
        self.send(request).await?.error_for_status().map(drop).map_err(|error| self.unasked(error))
    }

    /// Tells the authorization server that an object is gone, and with it what is beneath it and every role that was given there.
    ///
    /// # Errors
    /// [`Refusal::Unavailable`] if the authorization server does not say that it knows.
    pub async fn tell_end_of(&self, site: &str, object: &ObjectRef) -> Result<(), Refusal> {
        let mut url = Url::parse(&self.issuer.url("/access/v1/objects")).map_err(|_| Refusal::Unavailable)?;
        if let Ok(mut path) = url.path_segments_mut() {
            path.extend([object.kind(), object.id()]);
        }
        url.query_pairs_mut().append_pair("site", site);
        let answer = self.send(self.http.delete(url)).await?;
        match answer.status() {
            StatusCode::NOT_FOUND => Ok(()),
            _ => answer.error_for_status().map(drop).map_err(|error| self.unasked(error)),
        }
    }
}
