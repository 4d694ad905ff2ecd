//! What a Connect app may, in the scopes of the resource that asks: a resource need not know what Connect's scopes are.

use crate::domain::connect::Level;
use crate::domain::resource::ProtectedResource;
use crate::domain::scope::Scope;

/// The scopes of `asker` that an app of that level may use.
pub(super) fn covered(asker: &ProtectedResource, granted: Option<Level>) -> Scope {
    let is_covered = |name: &str| asker.connect.covers(granted, name);
    if asker.scope.iter().all(is_covered) { asker.scope.clone() } else { asker.scope.filter(is_covered) }
}
