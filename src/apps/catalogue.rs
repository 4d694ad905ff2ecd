//! What a scope is called where nobody said: the texts shipped in `scopes.json`, then words made from its name.
//! Those that Forge knows are described here though no protected resource of this server owns them.

use serde::Deserialize;

use crate::apps::RegistryError;
use crate::apps::forge_scopes;
use crate::domain::connect::{ACCESS_EMAIL_ADDRESSES, ACT_AS_USER};
use crate::domain::id::ResourceId;
use crate::domain::scope::{Risk, Scope, ScopeEntry, is_reserved};

/// A scope as an operator writes it; what is left out has a default.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WrittenScope {
    /// The scope token.
    pub name: String,
    /// A few words, verb first.
    pub title: Option<String>,
    /// One plain sentence.
    pub sentence: Option<String>,
    /// What is at stake.
    pub risk: Option<Risk>,
}

impl WrittenScope {
    /// A scope of which only the name, and perhaps the title, is known: `NAME` or `NAME=TITLE`.
    pub fn from_argument(text: &str) -> Self {
        let (name, title) = text.split_once('=').map_or((text, None), |(name, title)| (name, Some(title.to_owned())));
        Self { name: name.to_owned(), title, sentence: None, risk: None }
    }

    /// The catalogue entry.
    pub fn entry(self, resource: &ResourceId) -> ScopeEntry {
        let nameless = || Self { title: None, sentence: None, risk: None, name: String::new() };
        let known = shipped().into_iter().find(|known| known.name == self.name).unwrap_or_else(nameless);
        ScopeEntry {
            title: self.title.or(known.title).unwrap_or_else(|| title_of_name(&self.name)),
            sentence: self.sentence.or(known.sentence).unwrap_or_default(),
            risk: self.risk.or(known.risk).unwrap_or_else(|| Risk::of_name(&self.name)),
            resource: resource.clone(),
            name: self.name,
        }
    }
}

/// What a scope is, whoever owns it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScopeDescription {
    /// A few words, verb first.
    pub title: String,
    /// One plain sentence, or two; empty if there is nothing to add.
    pub sentence: String,
    /// What is at stake.
    pub risk: Risk,
}

/// What a scope of a Connect app is; nothing for any other.
pub fn describe_connect(name: &str) -> Option<ScopeDescription> {
    let (title, sentence, risk) = match name {
        "READ" => ("Read data", "See whatever its own account may see.", Risk::Private),
        "WRITE" => ("Create and change data", "Add and change whatever its own account may.", Risk::Change),
        "DELETE" => ("Delete data", "Delete whatever its own account may. It cannot be brought back.", Risk::Manage),
        "PROJECT_ADMIN" => ("Administer projects", "Change how projects are set up.", Risk::Manage),
        "SPACE_ADMIN" => ("Administer spaces", "Change how spaces are set up.", Risk::Manage),
        "ADMIN" => ("Administer the products of this site", "Change how the products are set up.", Risk::Manage),
        ACT_AS_USER => (
            "Act as any member of this site",
            "Do in their name whatever they may do and the other scopes cover, without asking them.",
            Risk::Manage,
        ),
        ACCESS_EMAIL_ADDRESSES => ("See e-mail addresses", "See the e-mail addresses of people.", Risk::Private),
        _ => return None,
    };
    Some(ScopeDescription { title: title.into(), sentence: sentence.into(), risk })
}

/// What a scope is that Forge knows; nothing for any other.
pub fn describe(name: &str) -> Option<ScopeDescription> {
    if !forge_scopes::is_known(name) {
        return None;
    }
    let known = shipped().into_iter().find(|known| known.name == name);
    let (title, sentence, risk) = known.map_or((None, None, None), |known| (known.title, known.sentence, known.risk));
    Some(ScopeDescription {
        title: title.unwrap_or_else(|| title_of_name(name)),
        sentence: sentence.unwrap_or_default(),
        risk: risk.unwrap_or_else(|| Risk::of_name(name)),
    })
}

/// Our own words for the scopes that many installations have.
fn shipped() -> Vec<WrittenScope> {
    serde_json::from_str(include_str!("scopes.json")).unwrap_or_default()
}

/// The scope as a set, if it is one token and may belong to a protected resource.
pub(super) fn check_name(name: &str) -> Result<Scope, RegistryError> {
    match name.parse::<Scope>() {
        Ok(scope) if scope.as_str() == name && scope.iter().count() == 1 && !is_reserved(name) => Ok(scope),
        _ => Err(RegistryError::ScopeName(name.to_owned())),
    }
}

/// "Read companies" for `read:company:crm`; a name of another form is its own title.
fn title_of_name(name: &str) -> String {
    if forge_scopes::is_known(name) {
        return forge_scopes::title(name);
    }
    let mut parts = name.split(':');
    let (Some(verb), Some(noun)) = (parts.next(), parts.next()) else { return name.to_owned() };
    let mut letters = verb.chars();
    let capital: String = letters.next().into_iter().flat_map(char::to_uppercase).collect();
    format!("{capital}{} {}", letters.as_str(), plural(&noun.replace(['-', '_', '.'], " ")))
}

fn plural(noun: &str) -> String {
    match noun.strip_suffix('y') {
        _ if noun.ends_with('s') => noun.to_owned(),
        Some(stem) if !stem.ends_with(['a', 'e', 'o', 'u']) => format!("{stem}ies"),
        _ => format!("{noun}s"),
    }
}

/// The known scope that is spelt most like `name`, if any is near enough to be a slip.
pub(super) fn nearest<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> Option<String> {
    // A name is at least as far from another as it is longer, and to compare two takes long.
    known
        .filter(|known| known.len().abs_diff(name.len()) <= known.len().max(name.len()) / 3)
        .map(|known| (strsim::damerau_levenshtein(name, known), known))
        .min()
        .filter(|(distance, known)| *distance <= known.len().max(name.len()) / 3)
        .map(|(_, known)| known.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(argument: &str) -> ScopeEntry {
        WrittenScope::from_argument(argument).entry(&"assets".parse().expect("an id"))
    }

    #[test]
    fn every_shipped_scope_says_what_it_allows() {
        assert_eq!(shipped().len(), 18 + 47);
        for scope in shipped() {
            assert!(check_name(&scope.name).is_ok() || is_reserved(&scope.name), "{}", scope.name);
            let entry = entry(&scope.name);
            assert!(!entry.title.is_empty() && entry.sentence.ends_with('.'), "{}", scope.name);
            assert!(!entry.title.contains("cmdb"), "{}", scope.name);
        }
        assert_eq!(entry("write:cmdb-config:jira").risk, Risk::Manage);
        let own = ScopeEntry::read_me();
        assert_eq!(ScopeEntry { resource: own.resource.clone(), ..entry("read:me") }, own, "said in the same words");
    }

    #[test]
    fn a_scope_that_nobody_described_is_described_by_its_name() {
        assert_eq!(entry("read:issue-comment:jira").title, "Read issue comments");
        assert_eq!(entry("write:company:crm").title, "Write companies");
        assert_eq!(entry("read:display:jira").title, "Read displays");
        assert_eq!(entry("profile").title, "profile");
        assert_eq!(entry("delete:page:confluence").risk, Risk::Manage);
        assert_eq!(entry("delete:page:confluence").title, "Delete pages in Confluence");
    }

    #[test]
    fn every_scope_of_forge_is_described_in_words() {
        for name in forge_scopes::names() {
            let described = describe(name).unwrap_or_else(|| panic!("{name} is not described"));
            assert!(
                described.title.len() < 100 && !described.title.contains([':', '.']),
                "{name}: {}",
                described.title
            );
            assert!(described.sentence.is_empty() || described.sentence.ends_with('.'), "{name}");
        }
        let classic = describe("manage:jira-configuration").map(|described| (described.title, described.risk));
        assert_eq!(classic, Some(("Manage the Jira configuration".into(), Risk::Manage)));
        assert_eq!(describe("mail:send"), None);
    }

    #[test]
    fn what_the_operator_wrote_wins() {
        let entry = entry("read:cmdb-object:jira=Look at servers");
        assert_eq!(entry.title, "Look at servers");
        assert_eq!(entry.risk, Risk::Private);
    }

    #[test]
    fn a_scope_name_is_one_token_and_not_ours() {
        for bad in ["", "a b", " a", "a\"", "é", "offline_access", "read:me"] {
            assert!(check_name(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn a_slip_is_told_the_nearest_name_and_a_stranger_none() {
        let known = ["read:cmdb-object:jira", "write:cmdb-object:jira"];
        assert_eq!(nearest("raed:cmdb-object:jira", known.into_iter()).as_deref(), Some(known[0]));
        assert_eq!(nearest("mail:send", known.into_iter()), None);
    }
}
