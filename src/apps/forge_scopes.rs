//! The scopes that Forge knows, and what each is called: words made from its name, where `scopes.json` has none.

/// The names, in order. Beside the scopes of this server's own protected resources, a manifest may ask for these.
pub fn names() -> impl Iterator<Item = &'static str> {
    include_str!("forge_scopes.txt").lines()
}

/// Whether Forge knows the scope.
pub fn is_known(name: &str) -> bool {
    names().any(|known| known == name)
}

/// A few words, verb first: "Read comments in Jira" for `read:comment:jira`.
pub(super) fn title(name: &str) -> String {
    let parts: Vec<&str> = name.split(':').collect();
    match parts.as_slice() {
        [verb, "graph", noun, product] => {
            format!("{} {} of {} in the teamwork graph", verb_of(verb), plural(noun), product_of(product))
        }
        [verb, "graph", product] => format!("{} {} in the teamwork graph", verb_of(verb), product_of(product)),
        [verb, product, "agent-interface"] => format!("{} {} through agents", verb_of(verb), product_of(product)),
        [verb, of, noun, product] => {
            format!("{} {} {} in {}", verb_of(verb), words_of(of), plural(noun), product_of(product))
        }
        [verb, noun, product] => format!("{} {} in {}", verb_of(verb), plural(noun), product_of(product)),
        [verb, noun] => format!("{} {}", verb_of(verb), plural(noun)),
        _ => name.to_owned(),
    }
}

fn verb_of(verb: &str) -> String {
    match verb {
        "write" => "Create and change".into(),
        "admin" => "Administer".into(),
        "view" => "See".into(),
        "readonly" => "Read".into(),
        verb => capital(&words_of(verb)),
    }
}

fn product_of(product: &str) -> String {
    let words: Vec<String> = match product {
        "atlassian" => return "the platform".into(),
        "external" => return "other services".into(),
        "artifacts" => return "the artifact store".into(),
        "brie" => return "the backup service".into(),
        "ccg" | "fsag" => return product.to_uppercase(),
        "cmdb" => return "Assets".into(),
        "realtime" => return "the realtime service".into(),
        "support-api-gateway" => return "the support gateway".into(),
        product => product.split('-').map(capital).collect(),
    };
    words.join(" ")
}

/// The word as it is said, where a name runs words together or cuts them short.
fn word_of(word: &str) -> &str {
    match word {
        "blogpost" => "blog post",
        "dev" => "development",
        "devops" => "DevOps",
        "ops" => "operations",
        "org" => "organization",
        "organisation" => "organization",
        "email" => "e-mail",
        "forge" => "Forge",
        "info" => "information",
        "admin" => "administration",
        "config" => "configuration",
        "inlinetask" => "inline task",
        "jira" => "Jira",
        "jql" => "JQL",
        "knowledgebase" => "knowledge base",
        "meta" => "metadata",
        "pullrequest" => "pull request",
        "requesttype" => "request type",
        "rovo" => "Rovo",
        "servicedesk" => "service desk",
        "sla" => "SLA",
        "temp" => "(temporary)",
        other => other,
    }
}

fn words_of(name: &str) -> String {
    name.split(['-', '.', '_']).map(word_of).collect::<Vec<_>>().join(" ").replace("non ", "non-")
}

/// More than one of what the name says, where there can be more than one.
fn plural(name: &str) -> String {
    let words = words_of(name);
    if let Some(words) = words.strip_suffix(" (temporary)") {
        return format!("temporary {}", plural(words));
    }
    let last = words.rsplit(' ').next().unwrap_or_default();
    let countless = [
        "JQL",
        "administration",
        "adjustments",
        "analytics",
        "changelog",
        "code",
        "configuration",
        "connectivity",
        "content",
        "data",
        "feedback",
        "information",
        "metadata",
        "notes",
        "processing",
        "realtime",
        "storage",
        "tracking",
        "work",
    ];
    if words == "security" {
        return "security information".into();
    }
    if last == "status" || last.ends_with("ss") {
        return format!("{words}es");
    }
    if countless.contains(&last) || last.ends_with('s') {
        return words;
    }
    match words.strip_suffix('y') {
        Some(stem) if !stem.ends_with(['a', 'e', 'o', 'u']) => format!("{stem}ies"),
        _ if last.ends_with("ch") || last.ends_with("sh") || last.ends_with('x') => format!("{words}es"),
        _ => format!("{words}s"),
    }
}

fn capital(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().into_iter().flat_map(char::to_uppercase).chain(letters).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn there_are_652_scopes_in_order() {
        let all: Vec<&str> = names().collect();
        assert_eq!(all.len(), 652);
        assert!(all.windows(2).all(|pair| pair[0] < pair[1]));
        assert!(is_known("read:cmdb-object:jira") && is_known("storage:app") && !is_known("offline_access"));
    }

    #[test]
    fn a_title_is_made_of_what_the_name_says() {
        for (name, told) in [
            ("read:comment:jira", "Read comments in Jira"),
            ("write:issue-type-hierarchy:jira", "Create and change issue type hierarchies in Jira"),
            ("delete:blogpost:confluence", "Delete blog posts in Confluence"),
            ("admin:repository:bitbucket", "Administer repositories in Bitbucket"),
            ("read:graph:pull-request:external", "Read pull requests of other services in the teamwork graph"),
            ("read:graph:jira", "Read Jira in the teamwork graph"),
            ("search:jira:agent-interface", "Search Jira through agents"),
            (
                "read:customer:entitlement:jira-service-management",
                "Read customer entitlements in Jira Service Management",
            ),
            ("read:request.status:jira-service-management", "Read request statuses in Jira Service Management"),
            ("validate:jql:jira", "Validate JQL in Jira"),
            ("read:email-address:jira", "Read e-mail addresses in Jira"),
            ("view:team-temp:teams", "See temporary teams in Teams"),
            ("read:non-project-work:capacity-planning", "Read non-project work in Capacity Planning"),
            ("write:storage:brie", "Create and change storage in the backup service"),
        ] {
            assert_eq!(title(name), told);
        }
    }

    #[test]
    fn only_two_scopes_that_forge_spells_twice_share_a_title() {
        let mut seen = BTreeSet::new();
        let again: Vec<&str> = names().filter(|name| !seen.insert(title(name))).collect();
        assert_eq!(again, ["read:field.options:jira", "read:issue.votes:jira"]);
    }
}
