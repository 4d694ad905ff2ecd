//! The rules of docs/architecture.md, checked on the source tree; each rule is also shown to fail on a made-up file.

use std::fs;
use std::path::{Path, PathBuf};

/// The parts of `src/`, highest row first; a part uses lower rows and itself.
const ROWS: [&[&str]; 10] = [
    &["cli"],
    &["launch"],
    &["http", "front"],
    &["resource_server"],
    &["oauth", "apps", "accounts"],
    &["access"],
    &["authorization_server"],
    &["config", "secrets", "store", "throttle", "outbound"],
    &["telemetry"],
    &["domain"],
];

/// Each package and the only places that may name it.
const HOMES: [(&str, &[&str]); 22] = [
    ("rocket", &["http", "front", "launch", "resource_server", "cli", "config"]),
    ("hyper", &["front"]),
    ("tokio_rustls", &["front", "store/postgres"]),
    ("tokio_postgres", &["store/postgres"]),
    ("deadpool_postgres", &["store/postgres"]),
    ("tokio_postgres_rustls", &["store/postgres"]),
    ("rustls_native_certs", &["store/postgres"]),
    ("oxide_auth", &["oauth"]),
    ("askama", &["http", "cli/demo"]),
    ("sled", &["store/sled"]),
    ("argon2", &["secrets"]),
    ("rand", &["secrets"]),
    ("jsonwebtoken", &["secrets"]),
    ("aws_lc_rs", &["secrets", "front", "store/postgres"]),
    ("arc_swap", &["authorization_server", "front", "cli"]),
    ("lz4_flex", &["store/kept"]),
    ("saphyr_parser", &["apps/manifest"]),
    ("reqwest", &["resource_server", "cli", "front", "outbound"]),
    ("clap", &["cli"]),
    ("sd_notify", &["cli"]),
    ("prometheus_client", &["telemetry"]),
    ("governor", &["throttle"]),
];

/// A file past this length holds more than one idea.
const LONGEST: usize = 500;

/// One file of the tree.
struct Source {
    path: String,
    text: String,
}

impl Source {
    fn new(path: &str, text: &str) -> Self {
        Self { path: path.into(), text: text.into() }
    }

    /// What follows `src/`, without the extension: `oauth/token/mod`.
    fn place(&self) -> &str {
        self.path.trim_start_matches("src/").trim_end_matches(".rs")
    }

    /// The part of the crate that the file belongs to; none for `lib.rs`, which only declares.
    fn part(&self) -> Option<&str> {
        self.place().split('/').next().filter(|part| *part != "lib")
    }

    /// The text without comments and without what stands inside string literals.
    fn code(&self) -> String {
        code(&self.text)
    }

    /// The text before the unit tests, which stand last.
    fn without_tests(&self) -> &str {
        self.text.split("#[cfg(test)]\nmod ").next().unwrap_or_default()
    }
}

fn code(text: &str) -> String {
    let mut kept = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(next) = rest.chars().next() {
        if rest.starts_with("//") {
            rest = rest.find('\n').map_or("", |end| &rest[end..]);
        } else if rest.starts_with("/*") {
            rest = rest.find("*/").map_or("", |end| &rest[end + 2..]);
        } else if let Some(after) = after_raw_string(rest, kept.chars().last()) {
            rest = after;
            kept.push_str("\"\"");
        } else if next == '"' {
            rest = after_string(&rest[1..]);
            kept.push_str("\"\"");
        } else if let Some(length) = length_of_char_literal(rest) {
            kept.push_str("' '");
            rest = &rest[length..];
        } else {
            kept.push(next);
            rest = &rest[next.len_utf8()..];
        }
    }
    kept
}

fn after_raw_string(rest: &str, before: Option<char>) -> Option<&str> {
    let inside_a_word = before.is_some_and(|before| before != 'b' && (before.is_alphanumeric() || before == '_'));
    let hashes = rest.strip_prefix('r').filter(|_| !inside_a_word)?;
    let inside = hashes.trim_start_matches('#');
    let end = format!("\"{}", &hashes[..hashes.len() - inside.len()]);
    let inside = inside.strip_prefix('"')?;
    Some(inside.find(&end).map_or("", |at| &inside[at + end.len()..]))
}

fn after_string(inside: &str) -> &str {
    let mut escaped = false;
    for (at, character) in inside.char_indices() {
        match character {
            '\\' if !escaped => escaped = true,
            '"' if !escaped => return &inside[at + 1..],
            _ => escaped = false,
        }
    }
    ""
}

/// A quote begins a character where it also ends one; otherwise it is a lifetime.
fn length_of_char_literal(rest: &str) -> Option<usize> {
    let inside = rest.strip_prefix('\'')?;
    if inside.starts_with('\\') {
        return inside[2..].find('\'').map(|end| end + 4);
    }
    let character = inside.chars().next()?;
    inside[character.len_utf8()..].starts_with('\'').then(|| character.len_utf8() + 2)
}

fn row(part: &str) -> Option<usize> {
    ROWS.iter().rev().position(|row| row.contains(&part))
}

/// Where `name` stands as a whole word and not as the last segment of a path, and what follows it.
fn uses<'a>(code: &'a str, name: &'a str) -> impl Iterator<Item = &'a str> {
    code.match_indices(name).filter_map(move |(at, _)| {
        let (before, after) = (&code[..at], &code[at + name.len()..]);
        let in_word = |character: char| character.is_alphanumeric() || character == '_';
        let whole = !before.ends_with(in_word) && !after.starts_with(in_word) && !before.ends_with("::");
        whole.then_some(after)
    })
}

/// The parts that a file names by `crate::part` or `crate::{part, part::…}`.
fn parts_used(code: &str) -> Vec<String> {
    let mut parts = Vec::new();
    for after in uses(code, "crate").filter_map(|after| after.strip_prefix("::")) {
        match after.strip_prefix('{') {
            None => parts.push(first_word(after)),
            Some(list) => parts.extend(top_level_words(list)),
        }
    }
    parts
}

fn first_word(text: &str) -> String {
    text.trim_start().chars().take_while(|character| character.is_alphanumeric() || *character == '_').collect()
}

fn top_level_words(list: &str) -> Vec<String> {
    let mut words = vec![first_word(list)];
    let mut depth = 0;
    for (at, character) in list.char_indices() {
        match character {
            '{' => depth += 1,
            '}' if depth == 0 => break,
            '}' => depth -= 1,
            ',' if depth == 0 => words.push(first_word(&list[at + 1..])),
            _ => {}
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

/// A rule says what is wrong with a file.
type Rule = fn(&Source) -> Vec<String>;

fn a_part_uses_lower_rows_and_itself(source: &Source) -> Vec<String> {
    let Some(part) = source.part() else { return Vec::new() };
    if part == "main" {
        return main_uses_only_cli(source);
    }
    let Some(own) = row(part) else { return vec![format!("{part} has no row")] };
    let outward = |used: &String| used != part && row(used).is_none_or(|row| row >= own);
    parts_used(&source.code()).into_iter().filter(outward).map(|used| format!("uses crate::{used}")).collect()
}

fn main_uses_only_cli(source: &Source) -> Vec<String> {
    let code = source.code();
    let paths = uses(&code, "hallmark").filter_map(|after| after.strip_prefix("::")).map(first_word);
    paths.filter(|part| part != "cli").map(|part| format!("uses hallmark::{part}")).collect()
}

fn paths_begin_at_crate(source: &Source) -> Vec<String> {
    let code = source.code();
    let climbs =
        uses(&code, "super").filter_map(|after| after.strip_prefix("::")).filter(|after| !after.starts_with('*'));
    climbs.map(|after| format!("climbs by super::{}", first_word(after))).collect()
}

fn a_package_is_named_only_at_home(source: &Source) -> Vec<String> {
    let code = source.code();
    let at_home = |homes: &[&str]| homes.iter().any(|home| Path::new(source.place()).starts_with(home));
    let named = |package| uses(&code, package).any(|after| after.starts_with("::") || after.starts_with(" as "));
    let strangers = HOMES.iter().filter(|(package, homes)| !at_home(homes) && named(package));
    strangers.map(|(package, _)| format!("names {package}")).collect()
}

fn a_file_opens_with_what_it_is(source: &Source) -> Vec<String> {
    let opens = source.text.starts_with("//! ");
    if opens { Vec::new() } else { vec!["does not open with `//! `".into()] }
}

fn nothing_is_left_to_do(source: &Source) -> Vec<String> {
    let marks = ["TODO", "FIXME", "XXX", "todo!", "unimplemented!"];
    marks.into_iter().filter(|mark| source.text.contains(mark)).map(|mark| format!("holds {mark}")).collect()
}

fn nothing_is_global(source: &Source) -> Vec<String> {
    let code = source.code();
    let mut allocator = false;
    let mut wrong = Vec::new();
    for line in code.lines().map(str::trim) {
        let item = line.trim_start_matches("pub ").trim_start_matches("pub(crate) ").trim_start_matches("pub(super) ");
        if (item.starts_with("static ") && !allocator)
            || line.contains("thread_local!")
            || line.contains("lazy_static!")
        {
            wrong.push(format!("keeps a global: {line}"));
        }
        allocator = line == "#[global_allocator]";
    }
    wrong
}

fn a_file_holds_one_idea(source: &Source) -> Vec<String> {
    let lines = source.text.lines().count();
    if lines <= LONGEST { Vec::new() } else { vec![format!("has {lines} lines, more than {LONGEST}")] }
}

/// The one script there is, as its own part of the templates has it.
const OUR_SCRIPT: &str = "<script src=\"{{ frame.script }}\" defer></script>";

/// The Content-Security-Policy forbids inline scripts and styles, so a page that has one is broken.
fn markup_has_no_inline_script_or_style(source: &Source) -> Vec<String> {
    let text = source.without_tests().replace(OUR_SCRIPT, "").to_ascii_lowercase();
    let inline = ["<script", "<style", "style=", " onclick=", " onload=", " onsubmit=", "javascript:"];
    inline.into_iter().filter(|mark| text.contains(mark)).map(|mark| format!("holds {mark}")).collect()
}

/// Askama escapes everything unless it is told not to.
fn a_template_escapes_everything(source: &Source) -> Vec<String> {
    let text = source.text.replace(' ', "");
    let raw = ["|safe", "escape=\"none\"", "{%autoescape"];
    raw.into_iter().filter(|mark| text.contains(mark)).map(|mark| format!("holds {mark}")).collect()
}

/// A store that acknowledges before anything is durable is for `examples/forgetful.rs` alone.
fn nothing_is_promised_early(source: &Source) -> Vec<String> {
    let early = source.code().contains("AtOnce") && source.place() != "store/sled/committer";
    early.then(|| "acknowledges at once".into()).into_iter().collect()
}

const RULES_OF_SOURCES: [Rule; 9] = [
    a_part_uses_lower_rows_and_itself,
    paths_begin_at_crate,
    a_package_is_named_only_at_home,
    a_file_opens_with_what_it_is,
    nothing_is_left_to_do,
    nothing_is_global,
    a_file_holds_one_idea,
    markup_has_no_inline_script_or_style,
    nothing_is_promised_early,
];

const RULES_OF_TESTS: [Rule; 2] = [a_file_opens_with_what_it_is, a_file_holds_one_idea];

const RULES_OF_TEMPLATES: [Rule; 2] = [markup_has_no_inline_script_or_style, a_template_escapes_everything];

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// Every file below `folder` with the extension, by its path from the root of the package.
fn files(folder: &str, extension: &str) -> Vec<Source> {
    let mut folders = vec![root().join(folder)];
    let mut found = Vec::new();
    while let Some(folder) = folders.pop() {
        let Ok(entries) = fs::read_dir(&folder) else { continue };
        for path in entries.map(|entry| entry.expect("an entry of the folder").path()) {
            if path.is_dir() {
                folders.extend((!path.ends_with("node_modules")).then_some(path));
            } else if path.extension().is_some_and(|found| found == extension) {
                let from_root =
                    path.strip_prefix(root()).expect("a path below the root").to_string_lossy().into_owned();
                found.push(Source { path: from_root, text: fs::read_to_string(&path).expect("text in UTF-8") });
            }
        }
    }
    found.sort_by(|one, other| one.path.cmp(&other.path));
    found
}

/// What the rules find wrong with the files, one line each.
fn faults(sources: &[Source], rules: &[Rule]) -> Vec<String> {
    let found = sources.iter().flat_map(|source| {
        let wrong = rules.iter().flat_map(|rule| rule(source));
        wrong.map(|what| format!("{}: {what}", source.path)).collect::<Vec<_>>()
    });
    found.collect()
}

fn assert_kept(sources: &[Source], rules: &[Rule]) {
    assert!(!sources.is_empty(), "there is nothing to check");
    let found = faults(sources, rules);
    assert!(found.is_empty(), "\n{}\n", found.join("\n"));
}

#[test]
fn the_sources_keep_the_rules() {
    assert_kept(&files("src", "rs"), &RULES_OF_SOURCES);
}

#[test]
fn the_tests_keep_the_rules() {
    assert_kept(&files("tests", "rs"), &RULES_OF_TESTS);
}

#[test]
fn the_templates_keep_the_rules() {
    assert_kept(&files("templates", "html"), &RULES_OF_TEMPLATES);
}

#[test]
fn every_folder_of_src_has_a_row() {
    let parts = files("src", "rs").into_iter().filter_map(|source| source.part().map(str::to_owned));
    let strangers: Vec<String> = parts.filter(|part| part != "main" && row(part).is_none()).collect();
    assert!(strangers.is_empty(), "{strangers:?}");
}

/// The only fault that `rule` finds in a file made up of `text`, or none.
fn fault(rule: Rule, path: &str, text: &str) -> Option<String> {
    let mut found = rule(&Source::new(path, text));
    assert!(found.len() <= 1, "{found:?}");
    found.pop()
}

#[test]
fn a_use_of_a_higher_row_or_of_a_peer_is_a_fault() {
    let rule = a_part_uses_lower_rows_and_itself;
    for (path, text, told) in [
        ("src/domain/id.rs", "use crate::store::Store;", "crate::store"),
        ("src/oauth/token/mod.rs", "fn f() { crate::accounts::people::list() }", "crate::accounts"),
        ("src/config/mod.rs", "use crate::secrets::random;", "crate::secrets"),
        ("src/access/issue.rs", "use crate::{domain::id, oauth::error};", "crate::oauth"),
        ("src/launch.rs", "use crate::cli;", "crate::cli"),
        ("src/elsewhere.rs", "", "no row"),
        ("src/domain/id.rs", "use crate::elsewhere;", "crate::elsewhere"),
        ("src/main.rs", "use hallmark::launch;", "hallmark::launch"),
    ] {
        let told_of = fault(rule, path, text).unwrap_or_default();
        assert!(told_of.contains(told), "{path}: {text}: {told_of:?}");
    }
}

#[test]
fn a_use_of_a_lower_row_or_of_itself_is_none() {
    let rule = a_part_uses_lower_rows_and_itself;
    for (path, text) in [
        ("src/oauth/token/mod.rs", "use crate::oauth::error; use crate::access::issue; use crate::domain::id;"),
        ("src/http/mod.rs", "use crate::{oauth::{error, token}, accounts::people};"),
        ("src/domain/id.rs", "/// Kept by [`crate::store`].\nconst A: &str = \"crate::store\"; // crate::http"),
        ("src/main.rs", "fn main() { hallmark::cli::run() }"),
        ("src/lib.rs", "pub use crate::resource_server::Guard;"),
    ] {
        assert_eq!(fault(rule, path, text), None, "{path}: {text}");
    }
}

#[test]
fn a_path_that_climbs_is_a_fault() {
    assert!(fault(paths_begin_at_crate, "src/oauth/token/mod.rs", "use super::super::accounts::people;").is_some());
    assert!(fault(paths_begin_at_crate, "src/oauth/token/mod.rs", "use super::error;").is_some());
    assert_eq!(fault(paths_begin_at_crate, "src/oauth/token/mod.rs", "pub(super) fn f() {} use super::*;"), None);
}

#[test]
fn a_package_away_from_home_is_a_fault() {
    let rule = a_package_is_named_only_at_home;
    for (path, text) in [
        ("src/oauth/mod.rs", "use rocket::State;"),
        ("src/accounts/mod.rs", "use oxide_auth::code_grant;"),
        ("src/cli/serve.rs", "use askama::Template;"),
        ("src/store/mod.rs", "fn f(db: sled::Db) {}"),
        ("src/store/sledge.rs", "fn f(db: sled::Db) {}"),
        ("src/domain/secret.rs", "use rand::Rng;"),
        ("src/accounts/sign_in.rs", "use argon2::Argon2;"),
        ("src/oauth/error.rs", "use jsonwebtoken as jwt;"),
        ("src/http/mod.rs", "use reqwest::Client;"),
        ("src/config/mod.rs", "use clap::Parser;"),
    ] {
        assert!(fault(rule, path, text).is_some(), "{path}: {text}");
    }
    for (path, text) in [
        ("src/http/mod.rs", "use rocket::State; use askama::Template;"),
        ("src/cli/demo/shop.rs", "use askama::Template; use clap::Parser;"),
        ("src/store/sled/mod.rs", "use sled::Db;"),
        ("src/cli/serve.rs", "launch::rocket(server); crate::store::sled::SledStore::open();"),
        ("src/domain/secret.rs", "// rand::Rng is not used here\nlet strand = 1;"),
    ] {
        assert_eq!(fault(rule, path, text), None, "{path}: {text}");
    }
}

#[test]
fn a_file_that_does_not_say_what_it_is_is_a_fault() {
    assert!(fault(a_file_opens_with_what_it_is, "src/domain/id.rs", "use std::fmt;\n//! Late.").is_some());
    assert_eq!(fault(a_file_opens_with_what_it_is, "src/domain/id.rs", "//! Identifiers."), None);
}

#[test]
fn a_thing_left_to_do_is_a_fault() {
    let mark = ["TO", "DO"].concat();
    assert!(fault(nothing_is_left_to_do, "src/domain/id.rs", &format!("// {mark}: later")).is_some());
    assert_eq!(fault(nothing_is_left_to_do, "src/domain/id.rs", "// to do it well takes time"), None);
}

#[test]
fn a_global_is_a_fault_but_for_the_allocator() {
    assert!(fault(nothing_is_global, "src/apps/catalogue.rs", "static SCOPES: LazyLock<u8> = x;").is_some());
    assert!(fault(nothing_is_global, "src/apps/catalogue.rs", "pub(crate) static mut N: u8 = 0;").is_some());
    assert!(fault(nothing_is_global, "src/apps/catalogue.rs", "thread_local! { }").is_some());
    assert_eq!(fault(nothing_is_global, "src/main.rs", "#[global_allocator]\nstatic A: Mi = Mi;"), None);
    assert_eq!(fault(nothing_is_global, "src/domain/id.rs", "const A: &'static str = \"static \";"), None);
}

#[test]
fn a_promise_before_the_disk_has_it_is_a_fault() {
    let text = "let how = Acknowledges::AtOnce;";
    assert!(fault(nothing_is_promised_early, "src/cli/open.rs", text).is_some());
    assert_eq!(fault(nothing_is_promised_early, "src/store/sled/committer.rs", text), None);
    assert_eq!(fault(nothing_is_promised_early, "src/cli/open.rs", "Acknowledges::WhenDurable"), None);
}

#[test]
fn a_file_that_grew_too_long_is_a_fault() {
    assert!(fault(a_file_holds_one_idea, "src/domain/id.rs", &"\n".repeat(LONGEST + 1)).is_some());
    assert_eq!(fault(a_file_holds_one_idea, "src/domain/id.rs", &"\n".repeat(LONGEST)), None);
}

#[test]
fn markup_that_the_policy_would_block_is_a_fault() {
    let rule = markup_has_no_inline_script_or_style;
    assert!(fault(rule, "templates/layout.html", "<SCRIPT src=\"/x.js\">").is_some());
    assert!(fault(rule, "templates/layout.html", &OUR_SCRIPT.replace("></", ">let a = 1;</")).is_some());
    assert_eq!(fault(rule, "templates/layout.html", OUR_SCRIPT), None);
    assert!(fault(rule, "templates/layout.html", "<p style=\"color:red\">").is_some());
    assert!(fault(rule, "src/http/mod.rs", "const A: &str = \"<script>\";").is_some());
    assert_eq!(
        fault(rule, "src/http/mod.rs", "fn f() {}\n#[cfg(test)]\nmod tests { const A: &str = \"<script>\"; }"),
        None
    );
}

#[test]
fn a_template_that_does_not_escape_is_a_fault() {
    let rule = a_template_escapes_everything;
    assert!(fault(rule, "templates/layout.html", "{{ name | safe }}").is_some());
    assert!(fault(rule, "templates/layout.html", "{% autoescape false %}").is_some());
    assert_eq!(fault(rule, "templates/layout.html", "{{ name }} is safe"), None);
}

#[test]
fn strings_and_comments_are_not_code() {
    let text = "a /* b */ \"c \\\" d\" r#\"e \" f\"# '\"' g 'h' &'i str // j\nk";
    assert_eq!(code(text), "a  \"\" \"\" ' ' g ' ' &'i str \nk");
}
