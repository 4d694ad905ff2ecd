//! Role: what may be done with an object by whoever holds it there, and with everything beneath it.

use std::ops::BitOr;

/// So many roles at most does a protected resource have.
pub const MOST_ROLES: usize = 32;

/// Some of the roles of one protected resource.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RoleSet(u32);

impl RoleSet {
    /// No role.
    pub const NONE: RoleSet = RoleSet(0);

    /// The role of that number alone, counted from the least.
    pub fn of(number: usize) -> Self {
        debug_assert!(number < MOST_ROLES);
        Self(1 << (number % MOST_ROLES))
    }

    /// Whether the role of that number is among them.
    pub fn contains(self, number: usize) -> bool {
        self.meets(Self::of(number))
    }

    /// Whether some role is in both.
    pub fn meets(self, other: RoleSet) -> bool {
        self.0 & other.0 != 0
    }

    /// Those that are not in `other`.
    #[must_use]
    pub fn without(self, other: RoleSet) -> Self {
        Self(self.0 & !other.0)
    }

    /// Whether there is none.
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// The numbers, from the least.
    pub fn numbers(self) -> impl DoubleEndedIterator<Item = usize> {
        (0..MOST_ROLES).filter(move |number| self.contains(*number))
    }
}

impl BitOr for RoleSet {
    type Output = Self;
    fn bitor(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

impl FromIterator<usize> for RoleSet {
    fn from_iter<I: IntoIterator<Item = usize>>(numbers: I) -> Self {
        numbers.into_iter().fold(Self::NONE, |set, number| set | Self::of(number))
    }
}

/// A role as its protected resource declares it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Role {
    /// Its name.
    pub name: String,
    /// What people call it.
    pub title: String,
    /// One plain sentence on what it allows; empty if there is nothing to add.
    pub sentence: String,
    /// On which types of objects it can be given.
    pub on: Vec<String>,
    /// The role itself and every role that it includes.
    pub includes: RoleSet,
    /// What it allows, beside what is allowed to whoever holds a role.
    pub permissions: Vec<String>,
    /// Whether the admins of a site hold it on the whole site.
    pub held_by_site_admins: bool,
}

/// A type of objects.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ObjectType {
    /// Its name.
    pub name: String,
    /// What people call one.
    pub title: String,
    /// The type of what an object of this type belongs to; nothing for the whole site, which is the first.
    pub parent: Option<usize>,
    /// Whether a role that is given on an object of this type is there held by nobody else, but for roles that are given to them there.
    pub overrides: bool,
}

/// Who may do something that protected resources of this kind do not agree about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RoleSetting {
    /// Its name, by which operations ask for it.
    pub name: String,
    /// The question: "Who may delete objects".
    pub title: String,
    /// The roles that can be the least that may; the first is meant where nothing was chosen.
    pub choices: Vec<usize>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_of_roles_is_a_set() {
        let some: RoleSet = [0, 3].into_iter().collect();
        assert!(some.contains(0) && some.contains(3) && !some.contains(1));
        assert_eq!(some.without(RoleSet::of(3)), RoleSet::of(0));
        assert_eq!(some.numbers().collect::<Vec<_>>(), [0, 3]);
        assert!(!some.meets(RoleSet::of(1) | RoleSet::of(2)) && RoleSet::NONE.is_empty());
    }
}
