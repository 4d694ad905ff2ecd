//! Manifests in `manifests/`: which are read, and every fault with the words that tell it.
//!
//! Each file of `faults` has the words beside it; `GOLDEN=rewrite` writes them anew. The files of `corpus` are also read by
//! Forge's own validator, in `tests/node/clients/forge_manifest.test.mjs`.

use std::fs;
use std::path::{Path, PathBuf};

use hallmark::apps::manifest::{ManifestFault, ReadManifest, read};
use hallmark::domain::manifest::{Destination, Privileges};
use hallmark::domain::scope::Scope;

const APP: &str = "app: {id: ari:cloud:ecosystem::app/8d7d5b1c-2f0e-4a8e-9d3a-0f3f6b6b1a11}\n";

/// The manifests of a folder, in order.
fn manifests(folder: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/suite/apps/manifests").join(folder);
    let files = fs::read_dir(folder).expect("a folder of manifests").map(|file| file.expect("a file").path());
    let is_manifest = |path: &PathBuf| path.extension().is_some_and(|kind| kind == "yml" || kind == "json");
    let mut files: Vec<PathBuf> = files.filter(is_manifest).collect();
    files.sort();
    files
}

fn name(path: &Path) -> &str {
    path.file_name().and_then(|name| name.to_str()).expect("a name in UTF-8")
}

fn outcome(path: &Path) -> Result<ReadManifest, Vec<ManifestFault>> {
    read(&fs::read(path).expect("a manifest"), name(path), &Scope::default())
}

/// What the manifest asks for that begins with an app and goes on with `rest`.
fn privileges(rest: &str) -> Privileges {
    let manifest = read(format!("{APP}{rest}").as_bytes(), "manifest.yml", &Scope::default());
    manifest.unwrap_or_else(|faults| panic!("{}", told(&faults))).manifest.privileges
}

fn told(faults: &[ManifestFault]) -> String {
    faults.iter().map(|fault| format!("{fault}\n")).collect()
}

#[test]
fn every_fault_of_a_manifest_is_told_with_its_place() {
    let rewrite = std::env::var_os("GOLDEN").is_some_and(|value| value == "rewrite");
    let mut wrong = Vec::new();
    for path in manifests("faults") {
        let faults = outcome(&path).expect_err(name(&path));
        assert!(!faults.is_empty(), "{}", path.display());
        let golden = path.with_extension("txt");
        if rewrite {
            fs::write(&golden, told(&faults)).expect("a golden file");
        }
        if fs::read_to_string(&golden).unwrap_or_default() != told(&faults) {
            wrong.push(format!("{}:\n{}", path.display(), told(&faults)));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_manifest_of_the_corpus_is_read_or_refused_as_its_name_says() {
    let all = manifests("corpus");
    assert!(all.len() >= 60, "{}", all.len());
    for path in all {
        let accepts = name(&path).starts_with("accept_") || name(&path).starts_with("differs_accept_");
        match outcome(&path) {
            Ok(_) => assert!(accepts, "{} is read", path.display()),
            Err(faults) => assert!(!accepts, "{}: {}", path.display(), told(&faults)),
        }
    }
}

#[test]
fn scopes_are_read_from_a_list_and_from_a_map_with_settings() {
    let listed = privileges("permissions: {scopes: [write:jira-work, read:jira-work, read:jira-work]}");
    assert_eq!(listed.scope().as_str(), "read:jira-work write:jira-work");
    assert!(listed.optional_scope().is_empty() && listed.impersonation_scope().is_empty());

    let set = privileges(
        "permissions:\n  scopes:\n    read:jira-work: {allowImpersonation: true, purpose: To list tickets.}\n    \
         write:jira-work: {optional: true}\n    read:me: {}\n",
    );
    assert_eq!(set.scope().as_str(), "read:jira-work read:me write:jira-work");
    assert_eq!(set.optional_scope().as_str(), "write:jira-work");
    assert_eq!(set.impersonation_scope().as_str(), "read:jira-work");
    assert_eq!(set.scopes[0].purpose.as_deref(), Some("To list tickets."));
}

#[test]
fn nobody_who_is_away_is_acted_for_by_a_scope_that_needs_them_to_be_there() {
    let asked = privileges(
        "permissions:\n  scopes:\n    read:me: {allowImpersonation: true}\n    read:account: {allowImpersonation: true}\n",
    );
    assert_eq!(asked.scope().as_str(), "read:account read:me");
    assert!(asked.impersonation_scope().is_empty());
}

#[test]
fn a_scope_of_a_protected_resource_of_this_server_may_be_asked_for() {
    let known: Scope = "bills:read".parse().expect("a scope");
    let text = format!("{APP}permissions: {{scopes: [bills:read]}}");
    assert!(read(text.as_bytes(), "manifest.yml", &known).is_ok());
    let misspelt = text.replace("bills:read", "bill:read");
    let faults = read(misspelt.as_bytes(), "manifest.yml", &known).expect_err("a scope that is not there");
    assert_eq!(faults[0].nearest.as_deref(), Some("bills:read"));
}

#[test]
fn remotes_endpoints_and_egress_are_read_with_their_tokens() {
    let asked = privileges(
        "permissions:\n  scopes: [read:jira-work]\n  external: {fetch: {backend: [{remote: backend}]}, images: ['*']}\n\
         remotes:\n  - key: backend\n    baseUrl: {default: https://a.example, EU: https://eu.example}\n    \
         auth: {appUserToken: {enabled: true}}\nmodules:\n  endpoint:\n    - key: call\n      remote: backend\n      \
         route: {path: /events}\n      auth: {appSystemToken: {enabled: true}}\n",
    );
    let to: Vec<&Destination> = asked.egress.iter().map(|egress| &egress.to).collect();
    assert_eq!(to, [&Destination::Remote("backend".into()), &Destination::Address("*".into())]);
    let remote = &asked.remotes[0];
    assert_eq!(remote.base_urls.len(), 2);
    assert!(remote.user_token && !remote.system_token && !remote.configurable);
    let endpoint = &asked.endpoints[0];
    assert_eq!(
        (endpoint.path.as_deref(), endpoint.system_token, endpoint.user_token),
        (Some("/events"), Some(true), None)
    );
}

#[test]
fn a_variable_stands_for_its_default_and_never_for_the_environment_of_the_server() {
    let asked = |default: &str| {
        privileges(&format!(
            "environment: {{variables: [{{key: PATH, default: {default}}}]}}\n\
             remotes: [{{key: backend, baseUrl: 'https://${{PATH}}.example/${{HOME}}'}}]\n"
        ))
    };
    assert_eq!(asked("here").remotes[0].base_urls[0].1, "https://here.example/${HOME}");
}

#[test]
fn a_key_that_nobody_knows_is_accepted_and_listed_with_its_place() {
    let text = format!("{APP}permision: {{scopes: [read:me]}}\nmodules: {{jira:issuePanel: [{{key: a, own: b}}]}}\n");
    let read = read(text.as_bytes(), "manifest.yml", &Scope::default()).expect("a manifest");
    let [key] = read.unknown_keys.as_slice() else { panic!("{:?}", read.unknown_keys) };
    assert_eq!((key.path.as_str(), key.line, key.column), ("permision", 2, 1));
    assert_eq!(key.nearest.as_deref(), Some("permissions"));
}

#[test]
fn a_name_is_there_only_where_the_manifest_has_one() {
    let named = read(format!("{}, name: Inventory}}\n", &APP[..APP.len() - 2]).as_bytes(), "m", &Scope::default());
    assert_eq!(named.expect("a manifest").manifest.name.as_deref(), Some("Inventory"));
    assert_eq!(read(APP.as_bytes(), "m", &Scope::default()).expect("a manifest").manifest.name, None);
}

#[test]
fn at_most_fifty_faults_are_told_and_a_long_file_of_them_is_told_soon() {
    let scopes: String = (0..5_000).map(|n| format!("    - read:jira-wor{n}-and-more\n")).collect();
    let text = format!("{APP}permissions:\n  scopes:\n{scopes}");
    let faults = read(text.as_bytes(), "manifest.yml", &Scope::default()).expect_err("faults");
    assert_eq!(faults.len(), 50);
    assert!(faults.windows(2).all(|pair| pair[0].line < pair[1].line));
}
