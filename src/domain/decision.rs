//! Decision: whether what a live credential is good for covers an operation on an object, by scope (layer 2) and by role (layer 3).
//! Layer 1, whether it is live and meant for the resource that asks, comes before.

use crate::domain::access_model::{Access, Requirement};
use crate::domain::connect::Level;
use crate::domain::id::ContainerId;
use crate::domain::operation::Operation;
use crate::domain::role::RoleSet;
use crate::domain::scope::Scope;

/// What a credential may be used for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reaches {
    /// An access token: its scope, as far as it is good by now.
    Token(Scope),
    /// An API token for scopes.
    ApiToken(Scope),
    /// An API token for all that its owner may, with the scopes that this comes to.
    Everything(Scope),
    /// A request that a Connect app signed.
    Signed {
        /// What its own scopes come to.
        granted: Option<Level>,
        /// The levels that the resource asks for some of its scopes, whatever an operation would ask.
        levels: Vec<(String, Level)>,
    },
    /// The same, at a resource that does not count the scopes of Connect apps.
    SignedForAll,
    /// The token of an import source.
    Container(ContainerId),
}

/// What would have been enough at layer 2.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MissingScope<'a> {
    /// This scope.
    Scope(&'a str),
    /// A Connect app of this level.
    Level(Level),
    /// Nothing of this kind: such credentials are not for this operation.
    AnotherCredential,
}

impl MissingScope<'_> {
    /// The name of what would have been enough, if one has.
    pub fn required(&self) -> Option<String> {
        match self {
            MissingScope::Scope(scope) => Some((*scope).to_owned()),
            MissingScope::Level(level) => Some(level.name().to_owned()),
            MissingScope::AnotherCredential => None,
        }
    }
}

impl Reaches {
    /// Whether it covers `operation`, done to the import source `source` if to one (layer 2).
    ///
    /// # Errors
    /// [`MissingScope`] says what would.
    pub fn cover<'a>(&self, operation: &'a Operation, source: Option<&str>) -> Result<(), MissingScope<'a>> {
        let carries = |scope: &Scope| match &operation.scope {
            Some(required) if scope.contains(required) => Ok(()),
            Some(required) => Err(MissingScope::Scope(required)),
            None => Err(MissingScope::AnotherCredential),
        };
        let takes_connect = || operation.connect.ok_or(MissingScope::AnotherCredential);
        match self {
            Reaches::Token(scope) | Reaches::ApiToken(scope) => carries(scope),
            Reaches::Everything(_) if operation.scope.is_none() => Ok(()),
            Reaches::Everything(scope) => carries(scope),
            Reaches::SignedForAll => takes_connect().map(drop),
            Reaches::Signed { granted, levels } => {
                let usual = takes_connect()?;
                let asked = levels.iter().find(|(scope, _)| operation.scope.as_ref() == Some(scope));
                let level = asked.map_or(usual, |(_, level)| *level);
                if *granted >= Some(level) { Ok(()) } else { Err(MissingScope::Level(level)) }
            }
            Reaches::Container(own) => {
                let is_own = source.is_some_and(|source| source == own.to_string());
                if operation.container_token && is_own { Ok(()) } else { Err(MissingScope::AnotherCredential) }
            }
        }
    }
}

/// What is known of one object of a line that leads from the whole site down.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OnObject {
    /// The roles that the principal was given there, itself or by a group.
    pub held: RoleSet,
    /// The roles that somebody was given there.
    pub set: RoleSet,
}

/// The roles that are held at the end of a line of objects, the first of which is the whole site. Of an object that is not known
/// (`None`) only its type is.
///
/// Whoever holds a role holds all that it includes, there and beneath. Where a type overrides, a role that somebody was given on an
/// object is held there by whom it was given to and by nobody who only brings it from above; what else they bring, they keep.
pub fn roles_held(access: &Access, line: &[usize], known: &[Option<OnObject>], is_site_admin: bool) -> RoleSet {
    let model = &access.model;
    let mut held = RoleSet::NONE;
    for (kind, on_object) in line.iter().zip(known) {
        if model.objects[*kind].overrides {
            // Of what is not known, every role may be set.
            let set = on_object.as_ref().map_or_else(|| model.given_on(*kind), |on_object| on_object.set);
            held = held.without(set);
        }
        if let Some(on_object) = on_object {
            held = held | model.with_included(on_object.held);
        }
        if *kind == 0 && is_site_admin {
            let theirs = (0..model.roles.len()).filter(|number| model.roles[*number].held_by_site_admins);
            held = held | model.with_included(theirs.collect());
        }
    }
    held
}

/// Whether these roles are enough (layer 3).
pub fn suffices(held: RoleSet, required: Option<Requirement>) -> bool {
    required.is_none_or(|required| held.meets(required.any_of))
}
