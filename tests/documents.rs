//! What the documents cite is there: files, tests and settings. A document that cites something gone is worse than none.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).expect(path)
}

fn texts_below(folder: &str) -> Vec<String> {
    let mut folders = vec![root().join(folder)];
    let mut texts = Vec::new();
    while let Some(folder) = folders.pop() {
        for path in fs::read_dir(&folder).expect("a folder").map(|entry| entry.expect("an entry").path()) {
            let is_source = ["rs", "mjs", "py"].iter().any(|kind| path.extension().is_some_and(|found| found == *kind));
            if path.is_dir() && !path.ends_with("node_modules") {
                folders.push(path);
            } else if is_source {
                texts.push(fs::read_to_string(&path).expect("text in UTF-8"));
            }
        }
    }
    texts
}

/// The names of all tests, in Rust by their attribute, in JavaScript and Python by how their runners find them.
fn tests_in(texts: &[String]) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for text in texts {
        let mut is_test = false;
        for line in text.lines().map(str::trim) {
            let function = line.trim_start_matches("pub ").trim_start_matches("async ");
            if let Some(rest) = function.strip_prefix("fn ").filter(|_| is_test) {
                names.insert(word(rest));
            }
            if let Some(rest) = line.strip_prefix("test(\"").or_else(|| line.strip_prefix("def ")) {
                names.insert(word(rest));
            }
            let is_attribute = line.starts_with("#[");
            is_test = is_attribute && (is_test || line.contains("test]") || line.contains("test("));
        }
    }
    names
}

fn word(text: &str) -> String {
    text.chars().take_while(|character| character.is_alphanumeric() || *character == '_').collect()
}

/// What stands between backticks.
fn quoted(text: &str) -> impl Iterator<Item = &str> {
    text.split('`').skip(1).step_by(2)
}

/// The rows of all tables below the heading, each as its cells; head and rule are left out.
fn rows(document: &str) -> Vec<Vec<&str>> {
    let lines: Vec<&str> = document.lines().collect();
    let is_row = |line: &str| line.starts_with('|') && !line.starts_with("|-");
    let body = lines.iter().enumerate().filter(|(at, line)| {
        let is_head = lines.get(at + 1).is_some_and(|next| next.starts_with("|-"));
        is_row(line) && !is_head
    });
    body.map(|(_, line)| line.trim_matches('|').split('|').map(str::trim).collect()).collect()
}

/// What a document cites that is not there, and rows that cite no test.
fn broken_citations(document: &str, tests: &BTreeSet<String>, exists: impl Fn(&str) -> bool) -> Vec<String> {
    let mut broken = Vec::new();
    for cells in rows(document) {
        let (Some(first), Some(last)) = (cells.first(), cells.last()) else { continue };
        for cited in cells.iter().flat_map(|cell| quoted(cell)).filter(|cited| is_path(cited)) {
            if !exists(cited) {
                broken.push(format!("{first}: there is no {cited}"));
            }
        }
        let named: Vec<&str> = quoted(last).filter(|cited| !is_path(cited)).collect();
        for name in named.iter().filter(|name| !tests.contains(**name)) {
            broken.push(format!("{first}: there is no test {name}"));
        }
        if named.is_empty() && !last.starts_with('–') {
            broken.push(format!("{first}: cites no test, and does not say why (– …)"));
        }
    }
    broken
}

fn is_path(cited: &str) -> bool {
    let known = ["src/", "tests/", "fuzz/", "templates/", "static/", "docs/", "scripts/"];
    known.iter().any(|folder| cited.starts_with(folder)) && !cited.contains(' ')
}

fn assert_cites_what_is_there(path: &str) {
    let tests = tests_in(&[texts_below("src"), texts_below("tests")].concat());
    let broken = broken_citations(&read(path), &tests, |cited| root().join(cited).exists());
    assert!(broken.is_empty(), "\n{path}\n{}\n", broken.join("\n"));
}

#[test]
fn the_table_of_rfcs_cites_files_and_tests_that_are_there() {
    assert_cites_what_is_there("docs/rfcs.md");
}

#[test]
fn the_threat_model_cites_files_and_tests_that_are_there() {
    assert_cites_what_is_there("docs/threat_model.md");
}

#[test]
fn the_kinds_of_tests_are_told_by_tests_that_are_there() {
    assert_cites_what_is_there("docs/testing.md");
}

#[test]
fn the_faults_are_told_with_tests_that_are_there() {
    assert_cites_what_is_there("docs/reliability.md");
}

#[test]
fn a_citation_of_nothing_is_noticed() {
    let tests = BTreeSet::from(["a_code_is_redeemed_once".to_owned()]);
    let document = "| § | file | test |\n|---|---|---|\n| 1 | `src/lib.rs` | `a_code_is_redeemed_once` |\n\
                    | 2 | `src/gone.rs` | `a_test_that_is_gone` |\n| 3 | `src/lib.rs` | |\n| 4 | `src/lib.rs` | – by design |";
    let broken = broken_citations(document, &tests, |path| path == "src/lib.rs");
    assert_eq!(broken.len(), 3, "{broken:?}");
    assert!(
        broken[0].contains("src/gone.rs") && broken[1].contains("a_test_that_is_gone") && broken[2].starts_with("3:")
    );
}

#[test]
fn tests_are_found_by_their_attribute() {
    let texts = [
        "#[test]\nfn one() {}\nfn helper() {}\n#[rocket::async_test]\n#[ignore]\nasync fn two() {}",
        "test(\"three\", async () => {})",
        "def test_four(self):",
    ];
    let found = tests_in(&texts.map(str::to_owned));
    assert_eq!(found.iter().map(String::as_str).collect::<Vec<_>>(), ["one", "test_four", "three", "two"]);
}

/// The keys that a file of `src/config` reads: the fields of its structs that are deserialised.
fn keys_of(source: &str) -> Vec<&str> {
    let mut keys = Vec::new();
    let (mut read, mut inside) = (false, false);
    for line in source.lines() {
        read = if line.starts_with("#[derive") { line.contains("Deserialize") } else { read };
        inside = (inside || line.contains("struct ")) && line != "}";
        let field = line.trim_start().trim_start_matches("pub ").split_once(": ").map(|(name, _)| name);
        if let Some(name) =
            field.filter(|name| read && inside && name.chars().all(|c| c.is_ascii_lowercase() || c == '_'))
        {
            keys.push(name);
        }
    }
    keys
}

/// The keys that the section of a table documents.
fn documented<'a>(document: &'a str, table: &str) -> Vec<&'a str> {
    let section = document.split("\n## ").find(|section| section.starts_with(&format!("`[{table}]`")));
    let rows = rows(section.unwrap_or_default());
    rows.iter().filter_map(|cells| quoted(cells[0]).next()).collect()
}

#[test]
fn every_setting_is_documented_and_every_documented_setting_is_read() {
    let document = read("docs/configuration.md");
    for entry in fs::read_dir(root().join("src/config")).expect("src/config") {
        let path = entry.expect("an entry").path();
        let table = path.file_stem().and_then(|stem| stem.to_str()).expect("a name in UTF-8");
        if table == "mod" {
            continue;
        }
        let source = fs::read_to_string(Path::new(&path)).expect("text in UTF-8");
        let read: BTreeSet<&str> = keys_of(&source).into_iter().collect();
        let told: BTreeSet<&str> = documented(&document, table).into_iter().collect();
        assert!(!read.is_empty(), "no key was found in {}", path.display());
        assert_eq!(read, told, "[{table}]: on the left what is read, on the right what docs/configuration.md tells");
    }
}

#[test]
fn a_setting_that_is_not_documented_is_noticed() {
    let source = "#[derive(Clone, Deserialize)]\npub struct Cors {\n    /// Which: those.\n    pub origins: Vec<String>,\n}\n\
                  #[derive(Clone)]\npub struct Made {\n    pub url: Issuer,\n}";
    assert_eq!(keys_of(source), ["origins"]);
    assert_eq!(documented("# x\n## `[cors]`\n\n| key | what |\n|---|---|\n| `origin` | x |\n## y", "cors"), ["origin"]);
}

#[test]
fn the_readme_has_two_commands_and_they_are_there() {
    let readme = read("README.md");
    for command in ["cargo run --release -- demo", "scripts/test"] {
        assert!(readme.lines().any(|line| line == command), "README.md does not tell {command}");
    }
    assert!(root().join("scripts/test").exists());
}
