//! `demo --walk`: the whole story, without a browser.

use crate::support::operator::operator;

#[test]
fn the_walk_meets_no_surprise_and_tells_no_secret() {
    let said = operator().run("demo --walk");
    assert_eq!(said.exit, 0, "{}{}", said.out, said.err);
    assert!(said.out.contains("Everything went as it should."));
    let whole = |word: &str| word.len() >= 59 && word.starts_with("hm") && word.as_bytes()[3] == b'_';
    let words = || said.out.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
    assert!(!words().any(whole), "{}", said.out);
    assert!(words().any(|word| word == "hma_"), "tokens are told by their prefix: {}", said.out);
}
