//! What protected resources declare of their objects, roles and operations, and what an operator decides about that.

use std::sync::Arc;

use crate::authorization_server::AuthorizationServer;
use crate::domain::access_model::{Access, AccessModel, ChoiceFault};
use crate::domain::event::{Actor, Event};
use crate::domain::id::ResourceId;
use crate::store::StoreError;

/// The model of the Assets API: admin > schema manager > developer > user > viewer, roles of object types, and its 66 operations.
pub const ASSETS: &str = include_str!("assets.json");

/// The model that comes with this server under that name.
pub fn shipped(name: &str) -> Option<&'static str> {
    (name == "assets").then_some(ASSETS)
}

/// Why nothing was decided.
#[derive(Debug, thiserror::Error)]
pub enum ModelError {
    /// There is no such protected resource.
    #[error("there is no protected resource {0}")]
    Unknown(ResourceId),
    /// The resource declares nothing yet.
    #[error("{0} declares no roles; give it a model first")]
    NoModel(ResourceId),
    /// An operation takes a scope that the resource does not own.
    #[error("{operation:?} takes the scope {scope:?}, which {resource} does not own")]
    NotOwn {
        /// The operation.
        operation: String,
        /// The scope.
        scope: String,
        /// The resource.
        resource: ResourceId,
    },
    /// It cannot be chosen.
    #[error(transparent)]
    Choice(#[from] ChoiceFault),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Has decisions for a resource made by a model. What was chosen before stays where it can be.
///
/// # Errors
/// [`ModelError::Unknown`] and [`ModelError::NotOwn`].
pub async fn set(
    server: &AuthorizationServer,
    id: &ResourceId,
    model: AccessModel,
    by: Actor,
) -> Result<Arc<Access>, ModelError> {
    let resource = server.store.resource(id).await?.ok_or_else(|| ModelError::Unknown(id.clone()))?;
    for operation in &model.operations {
        if let Some(scope) = operation.scope.as_ref().filter(|scope| !resource.scope.contains(scope)) {
            let (operation, scope) = (operation.name.clone(), scope.clone());
            return Err(ModelError::NotOwn { operation, scope, resource: id.clone() });
        }
    }
    let operations = model.operations.len();
    let access = match server.store.access(id).await? {
        Some(former) => former.by_another(model),
        None => Access::by(model),
    };
    let access = keep(server, id, access).await?;
    server.record(Event::AccessModelSet { resource_id: id.clone(), operations, by }).await;
    Ok(access)
}

/// Decides who may do something.
///
/// # Errors
/// [`ModelError`].
pub async fn choose(
    server: &AuthorizationServer,
    id: &ResourceId,
    (setting, role): (&str, &str),
    by: Actor,
) -> Result<Arc<Access>, ModelError> {
    let access = keep(server, id, known(server, id).await?.choosing(setting, role)?).await?;
    let (setting, role) = (setting.to_owned(), role.to_owned());
    server.record(Event::RoleSettingSet { resource_id: id.clone(), setting, role, by }).await;
    Ok(access)
}

/// Lets a resource ask about people and app accounts that it names, or no more.
///
/// # Errors
/// [`ModelError`].
pub async fn ask_by_id(
    server: &AuthorizationServer,
    id: &ResourceId,
    asks_by_id: bool,
    by: Actor,
) -> Result<Arc<Access>, ModelError> {
    let access = Access::clone(&*known(server, id).await?).asking_by_id(asks_by_id);
    let access = keep(server, id, access).await?;
    server.record(Event::AskingByIdSet { resource_id: id.clone(), asks_by_id, by }).await;
    Ok(access)
}

/// By what decisions are made for a resource.
///
/// # Errors
/// [`ModelError::NoModel`] if it declares nothing.
pub async fn known(server: &AuthorizationServer, id: &ResourceId) -> Result<Arc<Access>, ModelError> {
    server.store.access(id).await?.ok_or_else(|| ModelError::NoModel(id.clone()))
}

async fn keep(server: &AuthorizationServer, id: &ResourceId, access: Access) -> Result<Arc<Access>, ModelError> {
    let access = Arc::new(access);
    if server.store.set_access(id, &access).await? { Ok(access) } else { Err(ModelError::Unknown(id.clone())) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_model_of_assets_has_its_66_operations_and_no_fault() {
        let model = AccessModel::read(ASSETS).expect("a model");
        let requests = model.operations.iter().filter(|operation| operation.request.is_some());
        assert_eq!(requests.clone().count(), 66);
        assert_eq!(requests.filter(|operation| operation.scope.is_none()).count(), 3);
        let kept: Access = String::from(Access::by(model.clone())).try_into().expect("read again");
        assert_eq!(kept, Access::by(model));
    }
}
