//! HTTP requests, told to whoever watches with their secrets shortened.

use std::io::Write;
use std::time::Duration;

use reqwest::header::{HeaderMap, LOCATION, SET_COOKIE};
use reqwest::{Method, RequestBuilder};
use serde_json::Value;
use url::Url;

use crate::secrets::token::LENGTH;

/// Metadata is long, and nothing of what follows depends on all of it.
const MAX_TOLD: usize = 600;

const TIME_OUT: Duration = Duration::from_secs(10);

/// Whether exchanges are told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Telling {
    /// Each is printed.
    Printed,
    /// None is.
    Silent,
}

/// Something was not as the story goes.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct Surprise(pub String);

/// Makes HTTP requests.
#[derive(Clone)]
pub struct Wire {
    http: reqwest::Client,
    telling: Telling,
}

/// What was answered.
pub struct Heard {
    /// The status code.
    pub status: u16,
    /// The body, as text.
    pub text: String,
    headers: HeaderMap,
}

impl Heard {
    /// The body as JSON; null if it is none.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_default()
    }

    /// A text in the JSON body; empty if it is not there.
    pub fn field(&self, name: &str) -> String {
        self.json()[name].as_str().unwrap_or_default().to_owned()
    }

    /// Where it leads.
    pub fn location(&self) -> Option<&str> {
        self.headers.get(LOCATION).and_then(|value| value.to_str().ok())
    }

    /// What it says a client must do.
    pub fn challenge(&self) -> &str {
        self.headers.get("www-authenticate").and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    /// The cookies that it sets.
    pub fn cookies(&self) -> impl Iterator<Item = &str> {
        self.headers.get_all(SET_COOKIE).iter().filter_map(|value| value.to_str().ok())
    }
}

impl Wire {
    /// One that follows no redirect: each step of the story is to be seen.
    pub fn new(telling: Telling) -> Result<Self, Surprise> {
        let http = reqwest::Client::builder()
            .timeout(TIME_OUT)
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .build()
            .map_err(|error| Surprise(format!("no HTTP client: {error}")))?;
        Ok(Self { http, telling })
    }

    /// A request that is yet to be completed.
    pub fn request(&self, method: Method, url: &str) -> RequestBuilder {
        self.http.request(method, url)
    }

    /// Sends a request, and tells it with `said`, which is what of its content is worth telling.
    pub async fn send(&self, request: RequestBuilder, said: &str) -> Result<Heard, Surprise> {
        let request = request.build().map_err(|error| Surprise(error.to_string()))?;
        let line = format!("{} {}", request.method(), target(request.url()));
        self.tell(&format!("-> {line}  {said}"));
        let answer = self.http.execute(request).await.map_err(|error| Surprise(format!("{line}: {error}")))?;
        let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
        let text = answer.text().await.map_err(|error| Surprise(format!("{line}: {error}")))?;
        let heard = Heard { status, text, headers };
        self.tell(&format!("<- {status}  {}", summary(&heard)));
        Ok(heard)
    }

    /// Says what happens next.
    pub fn headline(&self, text: &str) {
        if self.telling == Telling::Printed {
            say(&format!("\n{text}"));
        }
    }

    fn tell(&self, text: &str) {
        if self.telling == Telling::Printed {
            say(&format!("   {}", shortened(text.trim_end())));
        }
    }
}

/// That the answer has this status, and where a layer refused, names it.
pub fn expect(heard: &Heard, status: u16, layer: Option<u64>) -> Result<(), Surprise> {
    let told = heard.json()["layer"].as_u64();
    if heard.status == status && told == layer {
        return Ok(());
    }
    Err(Surprise(format!(
        "{status} was expected of layer {layer:?}, and {} came of {told:?}: {}",
        heard.status, heard.text
    )))
}

/// That something is as it should be.
pub fn expect_that(condition: bool, surprise: &str) -> Result<(), Surprise> {
    condition.then_some(()).ok_or_else(|| Surprise(surprise.to_owned()))
}

/// Says it on standard output. Whoever stopped listening does not end the story.
fn say(text: &str) {
    let _ = writeln!(std::io::stdout(), "{text}");
}

/// A form as it is told: a password not at all, and of other secrets the end.
pub fn told_form(fields: &[(&str, &str)]) -> String {
    let told = fields.iter().map(|(name, value)| match *name {
        "password" => "password=…".to_owned(),
        "csrf" | "code_verifier" => {
            format!("{name}=…{}", value.get(value.len().saturating_sub(4)..).unwrap_or_default())
        }
        name => format!("{name}={value}"),
    });
    told.collect::<Vec<_>>().join(" ")
}

fn target(url: &Url) -> String {
    let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
    let query = url.query().map(|query| format!("?{query}")).unwrap_or_default();
    format!("{port}{}{query}", url.path())
}

/// What of an answer is worth telling: where it leads, what it demands, and its JSON.
fn summary(heard: &Heard) -> String {
    let json = heard.json();
    let body = if json.is_null() { String::new() } else { beginning(&json.to_string()) };
    [heard.location().unwrap_or_default(), heard.challenge(), &body]
        .into_iter()
        .filter(|part| !part.is_empty())
        .collect::<Vec<_>>()
        .join("  ")
}

/// As much of a long body as shows what it is. It is cut after its tokens are shortened, or half a token would stay whole.
fn beginning(body: &str) -> String {
    let body = shortened(body);
    if body.chars().count() > MAX_TOLD { body.chars().take(MAX_TOLD).chain(['…']).collect() } else { body }
}

/// The text with every token of ours shortened to its prefix and its last four characters.
fn shortened(text: &str) -> String {
    let mut short = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("hm") {
        let (before, from) = rest.split_at(at);
        short.push_str(before);
        let (token, after) = from.split_at(if is_token(from) { LENGTH } else { 2 });
        match token.len() {
            LENGTH => short.push_str(&format!("{}…{}", &token[..4], &token[LENGTH - 4..])),
            _ => short.push_str(token),
        }
        rest = after;
    }
    short + rest
}

fn is_token(text: &str) -> bool {
    let bytes = text.as_bytes();
    bytes.len() >= LENGTH
        && bytes[2].is_ascii_lowercase()
        && bytes[3] == b'_'
        && bytes[4..LENGTH].iter().all(u8::is_ascii_alphanumeric)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::time::Timestamp;
    use crate::secrets::token::{TokenKind, mint};

    #[test]
    fn no_token_is_told_whole() {
        let token = mint(TokenKind::Access, Timestamp(0)).token.expose().clone();
        let told = shortened(&format!("hm hma_ {{\"access_token\":\"{token}\"}} {token}"));
        assert!(!told.contains(&token[4..20]) && told.matches("hma_…").count() == 2, "{told}");
        assert!(told.ends_with(&token[LENGTH - 4..]) && told.starts_with("hm hma_ {"));
    }

    #[test]
    fn a_password_is_not_told_and_a_verifier_not_whole() {
        let fields = [("email", "a@b"), ("password", "correct horse"), ("code_verifier", "abcdefgh")];
        assert_eq!(told_form(&fields), "email=a@b password=… code_verifier=…efgh");
    }
}
