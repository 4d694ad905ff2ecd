//! Redirection URIs as a form has them: one on each line.

use crate::apps::console::MOST_REDIRECT_URIS;
use crate::domain::uri::RedirectUri;

/// The URIs, one on each line, each once; or what is wrong, a sentence for each.
pub fn read(text: &str) -> Result<Vec<RedirectUri>, Vec<String>> {
    let (mut uris, mut problems) = (Vec::new(), Vec::new());
    for line in text.lines().map(str::trim).filter(|line| !line.is_empty()) {
        match line.parse::<RedirectUri>() {
            Ok(uri) if uris.contains(&uri) => {}
            Ok(uri) => uris.push(uri),
            Err(fault) => problems.push(format!("{}: {fault}.", line.chars().take(200).collect::<String>())),
        }
    }
    if uris.len() > MOST_REDIRECT_URIS {
        problems.push(format!("There are {} redirection URIs; an app has at most {MOST_REDIRECT_URIS}.", uris.len()));
    }
    if problems.is_empty() { Ok(uris) } else { Err(problems) }
}

/// The URIs as a form has them.
pub fn text(uris: &[RedirectUri]) -> String {
    uris.iter().map(RedirectUri::as_str).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_is_judged_by_itself() {
        let read_ = |text: &str| read(text).map(|uris| self::text(&uris));
        assert_eq!(read_(" https://a.example/cb \r\n\nhttps://a.example/cb"), Ok("https://a.example/cb".into()));
        let problems = read_("http://a.example/cb\nhttps://a.example/#x\nhttps://b.example/").err().unwrap_or_default();
        assert!(problems.len() == 2 && problems[0].starts_with("http://a.example/cb: "), "{problems:?}");
        let many: Vec<String> = (0..21).map(|n| format!("https://a.example/{n}")).collect();
        assert!(read_(&many.join("\n")).is_err());
    }
}
