//! A person's browser that is signed in already: keeps its cookies, reads hidden fields, does not follow redirects by
//! itself, since the tests look at each of them.

use std::net::SocketAddr;

use hallmark::domain::session::Session;
use hallmark::domain::user::User;
use hallmark::secrets::token::{TokenKind, mint};
use rocket::http::{Cookie, Header, Status};
use rocket::local::asynchronous::LocalRequest;

use crate::support::client::form;
use crate::support::server::TestServer;

/// A browser with its cookies.
pub struct Visitor<'a> {
    server: &'a TestServer,
    cookies: Vec<(String, String)>,
    /// Where it is; unknown unless a test says so.
    pub address: Option<SocketAddr>,
    /// What it sends with every request.
    pub headers: Vec<(String, String)>,
}

/// What a browser reads of an answer.
pub struct Shown {
    pub status: Status,
    pub location: Option<String>,
    pub headers: Vec<(String, String)>,
    pub html: String,
}

impl Shown {
    /// The value of the hidden field of that name; empty if there is none.
    pub fn field(&self, name: &str) -> String {
        let marker = format!("name=\"{name}\" value=\"");
        let value = self.html.split_once(&marker).map_or("", |(_, rest)| rest.split('"').next().unwrap_or(""));
        value.replace("&#38;", "&").replace("&amp;", "&")
    }

    /// The hidden fields of the form that is sent to `action`; none if the page has no such form.
    pub fn hidden_fields(&self, action: &str) -> Vec<(String, String)> {
        let attribute = |tag: &str, name: &str| {
            let (_, rest) = tag.split_once(&format!("{name}=\""))?;
            Some(rest.split('"').next().unwrap_or_default().to_owned())
        };
        let form = self.html.split("<form").find(|form| form.contains(&format!("action=\"{action}\"")));
        let form = form.and_then(|form| form.split("</form>").next()).unwrap_or_default();
        let hidden = form.split("<input").filter(|input| input.contains("type=\"hidden\""));
        hidden.filter_map(|input| Some((attribute(input, "name")?, attribute(input, "value")?))).collect()
    }

    /// Every cookie that the answer sets, as it is written.
    pub fn set_cookies(&self) -> Vec<&str> {
        let set = self.headers.iter().filter(|(name, _)| name.eq_ignore_ascii_case("Set-Cookie"));
        set.map(|(_, value)| value.as_str()).collect()
    }

    /// Where a page or a redirect leads: the header, or the link that the page refreshes to.
    pub fn leads_to(&self) -> String {
        let refresh = self.html.split_once("content=\"0;url=").and_then(|(_, rest)| rest.split('"').next());
        let there = self.location.as_deref().or(refresh).unwrap_or_default();
        there.replace("&#38;", "&").replace("&amp;", "&")
    }

    /// A parameter of the address that this leads to.
    pub fn answer(&self, name: &str) -> Option<String> {
        let base = url::Url::parse("https://hallmark.test").expect("a URL");
        let url = base.join(&self.leads_to()).expect("a URL");
        let mut values = url.query_pairs().filter(|(key, _)| key == name).map(|(_, value)| value.into_owned());
        let value = values.next();
        assert!(values.next().is_none(), "{name} is there twice in {url}");
        value
    }

    /// The first header of that name.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(header, _)| header.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }
}

impl TestServer {
    /// A browser in which nobody signed in.
    pub fn visitor(&self) -> Visitor<'_> {
        Visitor { server: self, cookies: Vec::new(), address: None, headers: Vec::new() }
    }

    /// A browser in which `user` signed in just now.
    pub async fn signed_in(&self, user: &User) -> Visitor<'_> {
        let mut visitor = self.visitor();
        visitor.sign_in(user).await;
        visitor
    }
}

impl Visitor<'_> {
    /// Begins a session of `user` here, as the sign-in page would.
    pub async fn sign_in(&mut self, user: &User) {
        let now = self.server.core.now();
        let expires = now + self.server.core.config.lifetimes.session_absolute;
        let minted = mint(TokenKind::Session, expires);
        let session = Session {
            user_id: user.id,
            created: now,
            last_seen: now,
            expires,
            user_agent: "a test".into(),
            address: None,
        };
        self.server.core.store.open_session(minted.key, &session).await.expect("a store");
        self.keep("__Host-hallmark-session", minted.token.expose());
    }

    /// Keeps a cookie.
    pub fn keep(&mut self, name: &str, value: &str) {
        self.cookies.retain(|(there, _)| there != name);
        self.cookies.push((name.to_owned(), value.to_owned()));
    }

    /// The value of the cookie of that name; empty if there is none.
    pub fn cookie(&self, name: &str) -> String {
        self.cookies.iter().find(|(there, _)| there == name).map(|(_, value)| value.clone()).unwrap_or_default()
    }

    /// The values of all its cookies.
    pub fn cookies(&self) -> impl Iterator<Item = &str> {
        self.cookies.iter().map(|(_, value)| value.as_str())
    }

    /// Forgets a cookie.
    pub fn forget(&mut self, name: &str) {
        self.cookies.retain(|(there, _)| there != name);
    }

    /// Fills in the form on `page` that is sent to `action` and sends it.
    pub async fn fill(&mut self, page: &Shown, action: &str, fields: &[(&str, &str)]) -> Shown {
        let hidden = page.hidden_fields(action);
        assert!(!hidden.is_empty(), "there is no form to {action} in {}", page.html);
        let mut all: Vec<(&str, &str)> = hidden.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        all.extend_from_slice(fields);
        self.submit(action, &all).await
    }

    /// Opens the page at `path`, fills in its form to `action` and sends it.
    pub async fn open_and_fill(&mut self, path: &str, action: &str, fields: &[(&str, &str)]) -> Shown {
        let page = self.open(path).await;
        self.fill(&page, action, fields).await
    }

    /// Signs in on the sign-in page.
    pub async fn log_in(&mut self, email: &str, password: &str) -> Shown {
        self.open_and_fill("/login", "/login", &[("email", email), ("password", password)]).await
    }

    /// Whether somebody is signed in here.
    pub async fn is_signed_in(&mut self) -> bool {
        self.open("/account").await.status.code == 200
    }

    /// Opens an address.
    pub async fn open(&mut self, path: &str) -> Shown {
        let request = self.server.local.get(path.to_owned());
        self.send(request).await
    }

    /// Sends a form of one of our pages, as Chromium does.
    pub async fn submit(&mut self, path: &str, fields: &[(&str, &str)]) -> Shown {
        self.submit_with(path, fields, &[("Origin", "https://hallmark.test"), ("Sec-Fetch-Site", "same-origin")]).await
    }

    /// Sends a form with these headers.
    pub async fn submit_with(&mut self, path: &str, fields: &[(&str, &str)], headers: &[(&str, &str)]) -> Shown {
        let mut request = self
            .server
            .local
            .post(path.to_owned())
            .header(Header::new("Content-Type", "application/x-www-form-urlencoded"))
            .body(form(fields));
        for (name, value) in headers {
            request = request.header(Header::new((*name).to_owned(), (*value).to_owned()));
        }
        self.send(request).await
    }

    /// Sends a form with a file in it, as Chromium does.
    pub async fn upload(&mut self, path: &str, fields: &[(&str, &str)], file: Option<(&str, &str)>) -> Shown {
        const BOUNDARY: &str = "----WebKitFormBoundary7MA4YWxkTrZu0gW";
        let mut body = String::new();
        for (name, value) in fields {
            body += &format!("--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n");
        }
        if let Some((name, content)) = file {
            let chosen = if content.is_empty() { "" } else { "manifest.yml" };
            body +=
                &format!("--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"{name}\"; filename=\"{chosen}\"\r\n");
            body += &format!("Content-Type: application/octet-stream\r\n\r\n{content}\r\n");
        }
        body += &format!("--{BOUNDARY}--\r\n");
        let request = self
            .server
            .local
            .post(path.to_owned())
            .header(Header::new("Content-Type", format!("multipart/form-data; boundary={BOUNDARY}")))
            .header(Header::new("Origin", "https://hallmark.test"))
            .header(Header::new("Sec-Fetch-Site", "same-origin"))
            .body(body);
        self.send(request).await
    }

    async fn send(&mut self, mut request: LocalRequest<'_>) -> Shown {
        for (name, value) in &self.cookies {
            request = request.cookie(Cookie::new(name.clone(), value.clone()));
        }
        for (name, value) in &self.headers {
            request = request.header(Header::new(name.clone(), value.clone()));
        }
        if let Some(address) = self.address {
            request = request.remote(address);
        }
        let response = request.dispatch().await;
        let set: Vec<Cookie<'static>> = response.cookies().iter().map(|cookie| cookie.clone().into_owned()).collect();
        for cookie in set {
            match cookie.max_age() {
                Some(age) if age.is_zero() => self.forget(cookie.name()),
                _ => self.keep(cookie.name(), cookie.value()),
            }
        }
        Shown {
            status: response.status(),
            location: response.headers().get_one("Location").map(str::to_owned),
            headers: response.headers().iter().map(|h| (h.name().to_string(), h.value().to_owned())).collect(),
            html: response.into_string().await.unwrap_or_default(),
        }
    }

    /// Opens an authorization request and gives the consent page it leads to.
    pub async fn consent_page(&mut self, authorize: &str) -> Shown {
        let redirect = self.open(authorize).await;
        assert_eq!(redirect.status.code, 303, "{}", redirect.html);
        let location = redirect.leads_to();
        assert!(location.starts_with("/consent?txn="), "{location}");
        self.open(&location).await
    }

    /// Answers a consent page.
    pub async fn decide(&mut self, page: &Shown, decision: &str, more: &[(&str, &str)]) -> Shown {
        let (csrf, txn) = (page.field("csrf"), page.field("txn"));
        let mut fields = vec![("csrf", csrf.as_str()), ("txn", txn.as_str()), ("decision", decision)];
        fields.extend_from_slice(more);
        self.submit("/consent", &fields).await
    }
}
