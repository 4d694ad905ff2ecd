//! A person without a browser: keeps cookies, follows redirects of the one server, fills in forms.

use std::collections::BTreeMap;

use reqwest::Method;
use reqwest::header::{COOKIE, ORIGIN};
use url::Url;

use crate::cli::demo::wire::{Heard, Surprise, Wire, told_form};

/// More redirects than a flow needs.
const MAX_HOPS: usize = 5;

/// A browser of the authorization server's pages.
pub struct Browser {
    wire: Wire,
    origin: Url,
    cookies: BTreeMap<String, String>,
}

/// A page, and where it is.
pub struct Page {
    /// Its address.
    pub url: Url,
    /// Its HTML.
    pub html: String,
}

/// A form as a page shows it: what it sends without being filled in.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Form {
    /// Where it is sent.
    pub action: String,
    fields: Vec<(String, String)>,
}

impl Browser {
    /// One that was never here before.
    pub fn new(wire: Wire, issuer: &str) -> Result<Self, Surprise> {
        let origin = Url::parse(issuer).map_err(|error| Surprise(error.to_string()))?;
        Ok(Self { wire, origin, cookies: BTreeMap::new() })
    }

    /// Opens an address.
    pub async fn open(&mut self, address: &str) -> Result<Page, Surprise> {
        let url = self.origin.join(address).map_err(|error| Surprise(error.to_string()))?;
        self.follow(Method::GET, url, &[]).await
    }

    /// Sends a form of `page`, filled in.
    pub async fn send(&mut self, page: &Page, form: &Form, filled: &[(&str, &str)]) -> Result<Page, Surprise> {
        let url = page.url.join(&form.action).map_err(|error| Surprise(error.to_string()))?;
        let own = form.fields.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        let kept = own.filter(|(name, _)| filled.iter().all(|(other, _)| other != name));
        let fields: Vec<(&str, &str)> = kept.chain(filled.iter().copied()).collect();
        self.follow(Method::POST, url, &fields).await
    }

    async fn follow(&mut self, method: Method, url: Url, fields: &[(&str, &str)]) -> Result<Page, Surprise> {
        let mut heard = self.exchange(method, &url, fields).await?;
        let mut url = url;
        for _ in 0..MAX_HOPS {
            let Some(location) = heard.location().filter(|_| heard.status == 303) else { break };
            url = url.join(location).map_err(|error| Surprise(error.to_string()))?;
            heard = self.exchange(Method::GET, &url, &[]).await?;
        }
        match heard.status {
            200 => Ok(Page { url, html: heard.text }),
            status => Err(Surprise(format!("{} answered {status}", url.path()))),
        }
    }

    async fn exchange(&mut self, method: Method, url: &Url, fields: &[(&str, &str)]) -> Result<Heard, Surprise> {
        if url.origin() != self.origin.origin() {
            return Err(Surprise(format!("{} leads away from {}", url.path(), self.origin)));
        }
        let cookies: Vec<String> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let mut request = self.wire.request(method.clone(), url.as_str()).header(COOKIE, cookies.join("; "));
        if method == Method::POST {
            request = request.header(ORIGIN, self.origin.origin().ascii_serialization()).form(fields);
        }
        let heard = self.wire.send(request, &told_form(fields)).await?;
        for cookie in heard.cookies() {
            self.keep(cookie);
        }
        Ok(heard)
    }

    fn keep(&mut self, set_cookie: &str) {
        let mut parts = set_cookie.split(';').map(str::trim);
        let Some((name, value)) = parts.next().and_then(|pair| pair.split_once('=')) else { return };
        if value.is_empty() || parts.any(|part| part.eq_ignore_ascii_case("max-age=0")) {
            self.cookies.remove(name);
        } else {
            self.cookies.insert(name.to_owned(), value.to_owned());
        }
    }
}

impl Page {
    /// The first form that `fits`.
    pub fn form(&self, fits: impl Fn(&Form) -> bool) -> Result<Form, Surprise> {
        let fitting = forms(&self.html).into_iter().find(|form| fits(form));
        fitting.ok_or_else(|| Surprise(format!("{} shows no such form", self.url.path())))
    }

    /// The first link into `folder`.
    pub fn link(&self, folder: &str) -> Result<String, Surprise> {
        let links = tags(&self.html, "a").filter_map(|tag| attribute(tag, "href"));
        let mut fitting = links.filter(|href| href.len() > folder.len() && href.starts_with(folder));
        fitting.next().ok_or_else(|| Surprise(format!("{} shows no link into {folder}", self.url.path())))
    }

    /// The address that the page leads on to.
    pub fn way_on(&self) -> Result<Url, Surprise> {
        let tag = tags(&self.html, "meta").find(|tag| attribute(tag, "http-equiv").as_deref() == Some("refresh"));
        let content = tag.and_then(|tag| attribute(tag, "content")).unwrap_or_default();
        let address = content.split_once("url=").map(|(_, address)| address).unwrap_or_default();
        Url::parse(address).map_err(|_| Surprise(format!("{} leads nowhere", self.url.path())))
    }
}

impl Form {
    /// Whether it has a field of that name.
    pub fn asks_for(&self, name: &str) -> bool {
        self.fields.iter().any(|(field, _)| field == name)
    }
}

/// The forms of a page. Our own templates are read, so it need not be a parser for every HTML there is.
fn forms(html: &str) -> Vec<Form> {
    let read = |chunk: &str| {
        let (opening, rest) = chunk.split_once('>').unwrap_or((chunk, ""));
        let inside = rest.split("</form").next().unwrap_or_default();
        let field = |tag: &str| Some((attribute(tag, "name")?, attribute(tag, "value").unwrap_or_default()));
        let ticked = |tag: &&str| !matches!(attribute(tag, "type").as_deref(), Some("checkbox" | "radio"));
        Form {
            action: attribute(opening, "action").unwrap_or_default(),
            fields: tags(inside, "input").filter(ticked).filter_map(field).collect(),
        }
    };
    html.split("<form").skip(1).map(read).collect()
}

/// What stands between `<name` and `>`, for every such tag.
fn tags<'a>(html: &'a str, name: &str) -> impl Iterator<Item = &'a str> {
    let opening = format!("<{name} ");
    let starts: Vec<usize> = html.match_indices(&opening).map(|(at, _)| at + opening.len()).collect();
    starts.into_iter().map(|at| html[at..].split('>').next().unwrap_or_default())
}

fn attribute(tag: &str, name: &str) -> Option<String> {
    let tag = format!(" {tag}");
    let (_, rest) = tag.split_once(&format!(" {name}=\""))?;
    Some(unescaped(rest.split('"').next()?))
}

/// Text as it was before it was escaped for HTML.
fn unescaped(text: &str) -> String {
    [
        ("&#34;", "\""),
        ("&quot;", "\""),
        ("&#39;", "'"),
        ("&#60;", "<"),
        ("&lt;", "<"),
        ("&#62;", ">"),
        ("&gt;", ">"),
        ("&#38;", "&"),
        ("&amp;", "&"),
    ]
    .into_iter()
    .fold(text.to_owned(), |text, (escaped, plain)| text.replace(escaped, plain))
}

#[cfg(test)]
mod tests {
    use super::*;

    const HTML: &str = r#"<meta http-equiv="refresh" content="0;url=http://localhost:1/cb?code=a&#38;state=b">
        <form method="post" action="/consent"><input type="hidden" name="csrf" value="x&#38;y">
        <input type="checkbox" name="scope" value="offline_access"><button name="decision" value="deny">No</button></form>
        <form method="post" action="/logout"></form>"#;

    #[test]
    fn a_form_sends_what_it_holds_and_what_is_not_left_out() {
        let forms = forms(HTML);
        assert_eq!(forms.len(), 2);
        assert_eq!(forms[0], Form { action: "/consent".into(), fields: vec![("csrf".into(), "x&y".into())] });
    }

    #[test]
    fn a_page_leads_on_by_its_refresh() {
        let page = Page { url: Url::parse("http://127.0.0.1/consent").expect("a URL"), html: HTML.into() };
        assert_eq!(page.way_on().map(String::from).unwrap_or_default(), "http://localhost:1/cb?code=a&state=b");
    }
}
