//! The request guard of import sources: their own token (RFC 9396), or a credential that may run every import of the site.
//!
//! A container token carries no scope, so that [`Bearer`](crate::resource_server::Bearer) refuses it whatever scope a route asks
//! for. Here it is good for the import source, the workspace and the actions that its authorization details name.

use std::ops::Deref;

use rocket::Request;
use rocket::request::{FromRequest, Outcome};

use crate::domain::container::IMPORT_SCOPE;
use crate::domain::id::{ContainerId, SiteId};
use crate::resource_server::bearer::introspected;
use crate::resource_server::denied::Left;
use crate::resource_server::{AuthorizationDetail, Introspection, Refusal};

/// What is done at an import source, by the segment of the path that follows its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ImportAction {
    /// Its status.
    ConfigStatus,
    /// Which attributes its data goes to.
    Mapping,
    /// Its runs, and everything below each.
    Executions,
}

/// What the path of an import names:
/// `/jsm/assets/workspace/<workspace>/v1/importsource/<id>/<action>`, and perhaps more below that.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ImportSource {
    /// The workspace.
    pub workspace: SiteId,
    /// The import source.
    pub id: ContainerId,
    /// What is done there.
    pub action: ImportAction,
}

/// Proof that a request may act on the import source that its path names, and what the authorization server says of its
/// credential.
#[derive(Clone, Debug)]
pub struct Importer {
    /// The import source.
    pub source: ImportSource,
    introspection: Introspection,
}

impl Deref for Importer {
    type Target = Introspection;
    fn deref(&self) -> &Introspection {
        &self.introspection
    }
}

#[rocket::async_trait]
impl<'r> FromRequest<'r> for Importer {
    type Error = Refusal;

    async fn from_request(request: &'r Request<'_>) -> Outcome<Self, Refusal> {
        match prove(request).await {
            Ok(importer) => Outcome::Success(importer),
            Err(refusal) => {
                Left::with(request, refusal.into());
                Outcome::Error((refusal.status(), refusal))
            }
        }
    }
}

async fn prove(request: &Request<'_>) -> Result<Importer, Refusal> {
    let introspection = introspected(request).await?;
    let base = request.route().map_or("/", |route| route.uri.base());
    let path = request.uri().path().as_str();
    let source = path.strip_prefix(base.trim_end_matches('/')).and_then(ImportSource::of);
    let source =
        source.ok_or(Refusal::NotCovered("the path names no import source in the one way that it is written"))?;
    source.covered_by(&introspection)?;
    Ok(Importer { source, introspection })
}

impl ImportSource {
    /// What a path names that is written in the one way that everybody reads alike: nothing escaped, no parameter in a segment,
    /// no empty segment, and identifiers in lower case. What a proxy could read otherwise is none.
    fn of(path: &str) -> Option<Self> {
        let rest = path.strip_prefix("/jsm/assets/workspace/")?;
        let (workspace, rest) = rest.split_once("/v1/importsource/")?;
        let mut segments = rest.split('/');
        let (id, action) = (segments.next()?, segments.next()?);
        let source =
            Self { workspace: workspace.parse().ok()?, id: id.parse().ok()?, action: ImportAction::of(action)? };
        let is_canonical = source.workspace.to_string() == workspace && source.id.to_string() == id;
        (is_canonical && segments.all(is_plain)).then_some(source)
    }

    fn covered_by(self, introspection: &Introspection) -> Result<(), Refusal> {
        if introspection.allows(IMPORT_SCOPE) {
            let workspace = introspection.site.as_ref().map(|site| site.workspace_id.as_str());
            return match workspace == Some(&self.workspace.to_string()) {
                true => Ok(()),
                false => Err(Refusal::NotCovered("this credential is for another workspace")),
            };
        }
        let details = &introspection.authorization_details;
        if details.iter().any(|detail| self.is_in(detail)) {
            return Ok(());
        }
        Err(match details.is_empty() {
            true => Refusal::InsufficientScope { required: IMPORT_SCOPE },
            false => Refusal::NotCovered("this token is for another import source"),
        })
    }

    fn is_in(self, detail: &AuthorizationDetail) -> bool {
        match detail {
            AuthorizationDetail::AssetsImport { workspace, import_source, actions } => {
                (*workspace, *import_source) == (self.workspace, self.id)
                    && actions.iter().any(|action| ImportAction::of(action) == Some(self.action))
            }
            AuthorizationDetail::Unknown => false,
        }
    }
}

impl ImportAction {
    fn of(segment: &str) -> Option<Self> {
        match segment {
            "configstatus" => Some(ImportAction::ConfigStatus),
            "mapping" => Some(ImportAction::Mapping),
            "executions" => Some(ImportAction::Executions),
            _ => None,
        }
    }
}

/// Whether a segment is what it looks like to whoever decodes or tidies it.
fn is_plain(segment: &str) -> bool {
    !segment.is_empty() && segment.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    const WORKSPACE: &str = "0a4c1d2e-0c1a-4d0e-9a57-0d3f6a1b2c3d";
    const SOURCE: &str = "5b4c1d2e-0c1a-4d0e-9a57-0d3f6a1b2c3d";
    const OTHER: &str = "5b4c1d2e-0c1a-4d0e-9a57-0d3f6a1b2c3e";

    fn path(workspace: &str, source: &str, rest: &str) -> String {
        format!("/jsm/assets/workspace/{workspace}/v1/importsource/{source}/{rest}")
    }

    fn source(workspace: &str, id: &str, rest: &str) -> ImportSource {
        ImportSource::of(&path(workspace, id, rest)).expect("an import source")
    }

    fn told(claims: Value) -> Introspection {
        let mut answer = json!({ "active": true, "site": { "id": "1", "workspace_id": WORKSPACE } });
        if let (Some(answer), Value::Object(claims)) = (answer.as_object_mut(), claims) {
            answer.extend(claims);
        }
        serde_json::from_value(answer).expect("an answer")
    }

    fn container_token() -> Introspection {
        told(json!({ "authorization_details": [
            { "type": "something_new", "anything": 1 },
            { "type": "assets_import", "workspace": WORKSPACE, "import_source": SOURCE, "actions": ["configstatus", "executions", "new"] },
        ] }))
    }

    #[test]
    fn an_import_source_is_written_in_one_way() {
        let read = source(WORKSPACE, SOURCE, "executions/1f-2_A/data");
        assert_eq!((read.workspace.to_string(), read.id.to_string()), (WORKSPACE.to_owned(), SOURCE.to_owned()));
        assert_eq!(read.action, ImportAction::Executions);

        let (upper, bare) = (SOURCE.to_uppercase(), SOURCE.replace('-', ""));
        let escaped = SOURCE.replace('5', "%35");
        for other in
            [&upper, &bare, &escaped, &format!("{{{SOURCE}}}"), &format!("urn:uuid:{SOURCE}"), &format!("{SOURCE};v=1")]
        {
            assert_eq!(ImportSource::of(&path(WORKSPACE, other, "mapping")), None, "{other}");
            assert_eq!(ImportSource::of(&path(other, SOURCE, "mapping")), None, "{other}");
        }
        for rest in [
            "",
            "token",
            "Mapping",
            "mapping/",
            "mapping;x",
            "m%61pping",
            "mapping%2f",
            "executions//data",
            "executions/..",
            "executions/../mapping",
            "executions/%2e%2e/mapping",
            "executions/.",
            "executions/a;b",
            "executions\\..\\mapping",
        ] {
            assert_eq!(ImportSource::of(&path(WORKSPACE, SOURCE, rest)), None, "{rest}");
        }
        for whole in [
            format!("/jsm/assets/workspace/{WORKSPACE}/v1/importsource/{OTHER}/../{SOURCE}/mapping"),
            format!("/jsm/assets/workspace/{WORKSPACE}/v1/importsource//{SOURCE}/mapping"),
            format!("/jsm/assets/workspace//{WORKSPACE}/v1/importsource/{SOURCE}/mapping"),
            format!("//jsm/assets/workspace/{WORKSPACE}/v1/importsource/{SOURCE}/mapping"),
            format!("/jsm/assets/workspace/{WORKSPACE}/v1/object/87"),
        ] {
            assert_eq!(ImportSource::of(&whole), None, "{whole}");
        }
    }

    #[test]
    fn a_container_token_is_for_its_own_import_source_workspace_and_actions() {
        let token = container_token();
        for rest in ["configstatus", "executions", "executions/1/data"] {
            assert_eq!(source(WORKSPACE, SOURCE, rest).covered_by(&token), Ok(()), "{rest}");
        }
        for other in [
            source(WORKSPACE, OTHER, "configstatus"),
            source(OTHER, SOURCE, "configstatus"),
            source(WORKSPACE, SOURCE, "mapping"),
        ] {
            assert!(matches!(other.covered_by(&token), Err(Refusal::NotCovered(_))), "{other:?}");
        }
    }

    #[test]
    fn whoever_runs_imports_runs_those_of_the_site_alone() {
        let importer = told(json!({ "scope": format!("read:x {IMPORT_SCOPE}") }));
        assert_eq!(source(WORKSPACE, SOURCE, "mapping").covered_by(&importer), Ok(()));
        assert!(matches!(source(OTHER, SOURCE, "mapping").covered_by(&importer), Err(Refusal::NotCovered(_))));
        let reader = told(json!({ "scope": "read:x" }));
        let refused = source(WORKSPACE, SOURCE, "mapping").covered_by(&reader);
        assert_eq!(refused, Err(Refusal::InsufficientScope { required: IMPORT_SCOPE }));
        let nowhere = told(json!({ "scope": IMPORT_SCOPE, "site": null }));
        assert!(matches!(source(WORKSPACE, SOURCE, "mapping").covered_by(&nowhere), Err(Refusal::NotCovered(_))));
    }

    #[test]
    fn an_authorization_detail_that_lacks_what_it_is_for_makes_no_answer() {
        let detail = json!({ "type": "assets_import", "workspace": WORKSPACE, "actions": ["mapping"] });
        let answer = json!({ "active": true, "authorization_details": [detail] });
        assert!(serde_json::from_value::<Introspection>(answer).is_err());
    }
}
