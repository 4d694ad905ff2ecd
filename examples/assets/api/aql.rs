//! AQL as far as it is equality: `objectType = "Server" AND Name = web-1`.

use super::answer::Fault;
use super::store::{Object, Workspace};

/// What an object must have: a field or an attribute by its name, and the value.
pub struct Query(Vec<(String, String)>);

#[derive(Debug, PartialEq, Eq)]
enum Word {
    Text(String),
    Quoted(String),
    Equals,
}

impl Query {
    /// The query that a text is.
    pub fn parse(text: &str) -> Result<Self, Fault> {
        let malformed = || Fault::Malformed(format!("this is not FIELD = VALUE, with AND between: {text}"));
        let words = words(text).ok_or_else(malformed)?;
        let mut conditions = Vec::new();
        for condition in words.split(|word| matches!(word, Word::Text(text) if text.eq_ignore_ascii_case("and"))) {
            match condition {
                [Word::Text(field) | Word::Quoted(field), Word::Equals, Word::Text(value) | Word::Quoted(value)] => {
                    conditions.push((field.clone(), value.clone()));
                }
                _ => return Err(malformed()),
            }
        }
        Ok(Self(conditions))
    }

    /// Whether an object has all of it.
    pub fn matches(&self, workspace: &Workspace, (id, object): (u64, &Object)) -> bool {
        self.0.iter().all(|(field, value)| has(workspace, (id, object), field, value))
    }
}

fn has(workspace: &Workspace, (id, object): (u64, &Object), field: &str, value: &str) -> bool {
    let is = |text: &str| text.eq_ignore_ascii_case(value);
    let kind = workspace.types.get(&object.object_type);
    match field.to_ascii_lowercase().as_str() {
        "objecttype" => kind.is_some_and(|kind| is(kind.name.as_str())),
        "objecttypeid" => is(&object.object_type.to_string()),
        "objectschema" => {
            kind.and_then(|kind| workspace.schemas.get(&kind.schema)).is_some_and(|schema| is(schema.name.as_str()))
        }
        "objectschemaid" => kind.is_some_and(|kind| is(&kind.schema.to_string())),
        "objectid" => is(&id.to_string()),
        "key" => is(&object.key(workspace, id)),
        "label" => is(object.label(workspace)),
        _ => workspace
            .attributes_of(object.object_type)
            .filter(|(_, attribute)| attribute.name.eq_ignore_ascii_case(field))
            .filter_map(|(attribute, _)| object.values.get(&attribute))
            .any(|values| values.iter().any(|one| is(one))),
    }
}

fn words(text: &str) -> Option<Vec<Word>> {
    let (mut words, mut rest) = (Vec::new(), text.trim_start());
    while let Some(first) = rest.chars().next() {
        let (word, after) = match first {
            '=' => (Word::Equals, &rest[1..]),
            '"' => {
                let (quoted, after) = rest[1..].split_once('"')?;
                (Word::Quoted(quoted.to_owned()), after)
            }
            _ => {
                let is_bare = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | '.' | ':');
                let end = rest.find(|c| !is_bare(c)).unwrap_or(rest.len());
                if end == 0 {
                    return None;
                }
                (Word::Text(rest[..end].to_owned()), &rest[end..])
            }
        };
        words.push(word);
        rest = after.trim_start();
    }
    Some(words)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> Option<Vec<(String, String)>> {
        Query::parse(text).ok().map(|query| query.0)
    }

    #[test]
    fn equality_is_read_with_and_between() {
        let pair = |field: &str, value: &str| (field.to_owned(), value.to_owned());
        let both = vec![pair("objectType", "Server"), pair("Name", "web-1")];
        assert_eq!(parsed("objectType = \"Server\" AND Name = \"web-1\""), Some(both.clone()));
        assert_eq!(parsed("objectType=Server and Name=web-1"), Some(both));
        assert_eq!(parsed("\"Host name\" = \"a AND b\""), Some(vec![pair("Host name", "a AND b")]));
    }

    #[test]
    fn whatever_else_aql_has_is_refused() {
        for text in [
            "",
            "Name",
            "Name =",
            "= x",
            "Name != x",
            "Name = x OR Name = y",
            "Name like x",
            "Name = \"x",
            "Name = x AND",
        ] {
            assert_eq!(parsed(text), None, "{text:?}");
        }
    }
}
