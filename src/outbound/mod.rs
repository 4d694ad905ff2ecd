//! Requests that this server makes to addresses that strangers named: in time, without following elsewhere, and not into
//! networks that the strangers could not reach themselves.
//!
//! | file | what |
//! |---|---|
//! | `address` | which addresses belong to the Internet |
//! | `fault` | what went wrong, in a sentence |
//! | `resolver` | names become addresses, and private ones are dropped |

mod address;
mod fault;
mod resolver;

pub use fault::{Unanswered, Unfetched, Untold};

use std::net::IpAddr;
use std::sync::OnceLock;
use std::time::Duration;

use reqwest::header::{AUTHORIZATION, HeaderValue, LOCATION};
use reqwest::{Client, RequestBuilder, Response, redirect};
use serde::Serialize;
use tokio::time::timeout;
use url::{Host, Url};

use crate::outbound::resolver::Resolver;

/// How long a whole exchange may take.
const DEADLINE: Duration = Duration::from_secs(10);

/// How long a connection may take to be there, with its name looked up and TLS agreed on.
const CONNECT: Duration = Duration::from_secs(5);

/// How often what is fetched may be somewhere else of the same origin.
const REDIRECTS: usize = 3;

const USER_AGENT: &str = concat!("Hallmark/", env!("CARGO_PKG_VERSION"));

/// Whether an address in somebody's own network may be asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PrivateAddresses {
    /// No: whoever names an address would reach through this server what they cannot reach themselves.
    Refused,
    /// Yes, since apps are in the same network.
    Allowed,
}

impl PrivateAddresses {
    fn admits(self, address: IpAddr) -> bool {
        self == PrivateAddresses::Allowed || address::is_public(address)
    }
}

/// What makes the requests. It reads the certificates of the machine at the first one, so that a machine that has none, and
/// makes none, is as well as any.
pub struct Outbound {
    http: OnceLock<Client>,
    private: PrivateAddresses,
    deadline: Duration,
}

impl Outbound {
    /// Nothing is asked yet.
    pub fn new(private: PrivateAddresses) -> Self {
        Self::within(DEADLINE, private)
    }

    fn within(deadline: Duration, private: PrivateAddresses) -> Self {
        Self { http: OnceLock::new(), private, deadline }
    }

    fn http(&self) -> Result<&Client, Unanswered> {
        if let Some(http) = self.http.get() {
            return Ok(http);
        }
        // A proxy would look names up itself, and a connection that is kept would outlive what was checked.
        let built = Client::builder()
            .user_agent(USER_AGENT)
            .connect_timeout(CONNECT)
            .redirect(redirect::Policy::none())
            .referer(false)
            .no_proxy()
            .dns_resolver(Resolver { private: self.private })
            .pool_max_idle_per_host(0)
            .build();
        let built = built.map_err(|error| Unanswered::no_tls(&error))?;
        Ok(self.http.get_or_init(|| built))
    }

    /// Posts `body` as JSON. It is told when the answer is a success; what else the answer says is not read.
    ///
    /// # Errors
    /// [`Untold`] says why it may not have been heard.
    pub async fn tell<B: Serialize + Sync + ?Sized>(
        &self,
        url: &str,
        authorization: &str,
        body: &B,
    ) -> Result<(), Untold> {
        let target = self.target(url)?;
        let mut authorization = HeaderValue::from_str(authorization)
            .map_err(|_| Unanswered::Unwritable("the credentials are no header".into()))?;
        authorization.set_sensitive(true);
        let request = self.http()?.post(target.clone()).header(AUTHORIZATION, authorization).json(body);
        let answer = self.in_time(&target, send(request, &target)).await?;
        match answer.status().as_u16() {
            200..300 => Ok(()),
            status if is_redirect(&answer) => Err(Untold::Redirected(status)),
            status => Err(Untold::Status(status)),
        }
    }

    /// Gets what is at `url`, at most `most` bytes of it.
    ///
    /// # Errors
    /// [`Unfetched`] says why it was not got.
    pub async fn fetch(&self, url: &str, most: usize) -> Result<Vec<u8>, Unfetched> {
        let target = self.target(url)?;
        self.in_time(&target, self.follow(target.clone(), most)).await
    }

    async fn follow(&self, mut target: Url, most: usize) -> Result<Vec<u8>, Unfetched> {
        for _ in 0..=REDIRECTS {
            let answer = send(self.http()?.get(target.clone()), &target).await?;
            match answer.status().as_u16() {
                200 => return body(answer, &target, most).await,
                _ if is_redirect(&answer) => target = self.next(&target, &answer)?,
                status => return Err(Unfetched::Status(status)),
            }
        }
        Err(Unfetched::TooManyRedirects(REDIRECTS))
    }

    /// Where it redirects to. Only the same origin speaks for what it names; a redirect elsewhere is how a check of the first
    /// address is got around.
    fn next(&self, from: &Url, answer: &Response) -> Result<Url, Unfetched> {
        let location = answer.headers().get(LOCATION).and_then(|location| location.to_str().ok());
        let to = location.and_then(|location| from.join(location).ok()).ok_or(Unfetched::RedirectedNowhere)?;
        if to.origin() != from.origin() {
            return Err(Unfetched::RedirectedTo(to.origin().ascii_serialization()));
        }
        Ok(self.target(to.as_str())?)
    }

    /// The address, if it may be asked. A name is checked when it is resolved; an IP address is connected to as it is.
    fn target(&self, url: &str) -> Result<Url, Unanswered> {
        let url = Url::parse(url).map_err(|_| Unanswered::NotHttp)?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err(Unanswered::NotHttp);
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(Unanswered::UserInformation);
        }
        let admitted = match url.host() {
            Some(Host::Ipv4(address)) => self.private.admits(address.into()),
            Some(Host::Ipv6(address)) => self.private.admits(address.into()),
            Some(Host::Domain(_)) => true,
            None => return Err(Unanswered::NotHttp),
        };
        if admitted { Ok(url) } else { Err(Unanswered::PrivateAddress(host(&url))) }
    }

    async fn in_time<T, E: From<Unanswered>>(
        &self,
        target: &Url,
        exchange: impl Future<Output = Result<T, E>>,
    ) -> Result<T, E> {
        let late = || Unanswered::TimedOut { host: host(target), limit: self.deadline };
        timeout(self.deadline, exchange).await.unwrap_or_else(|_| Err(late().into()))
    }
}

async fn send(request: RequestBuilder, target: &Url) -> Result<Response, Unanswered> {
    request.send().await.map_err(|error| Unanswered::of(&error, &host(target)))
}

async fn body(mut answer: Response, target: &Url, most: usize) -> Result<Vec<u8>, Unfetched> {
    let mut read = Vec::new();
    while let Some(chunk) = answer.chunk().await.map_err(|error| Unanswered::of(&error, &host(target)))? {
        if read.len() + chunk.len() > most {
            return Err(Unfetched::TooLong(most));
        }
        read.extend_from_slice(&chunk);
    }
    Ok(read)
}

fn is_redirect(answer: &Response) -> bool {
    matches!(answer.status().as_u16(), 301 | 302 | 303 | 307 | 308)
}

fn host(url: &Url) -> String {
    url.host_str().unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::{TcpListener, TcpStream};
    use tokio::task::JoinHandle;

    const SOON: Duration = Duration::from_millis(50);
    const AUTHORIZATION: &str = "JWT a.b.c";

    fn outbound(private: PrivateAddresses) -> Outbound {
        Outbound::new(private)
    }

    /// A server on this machine that answers one connection with each of `answers`, its address, and what it was sent.
    async fn answering(answers: &[&str]) -> (String, JoinHandle<Vec<String>>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let origin = format!("http://{}", listener.local_addr().expect("an address"));
        let answers: Vec<String> = answers.iter().map(|answer| answer.replace("ORIGIN", &origin)).collect();
        let serving = tokio::spawn(async move {
            let mut sent = Vec::new();
            for answer in answers {
                let (mut caller, _) = listener.accept().await.expect("a caller");
                sent.push(request(&mut caller).await);
                // A caller may hang up before the end of an answer that is too long.
                let _ = caller.write_all(answer.as_bytes()).await;
            }
            sent
        });
        (origin, serving)
    }

    async fn request(caller: &mut TcpStream) -> String {
        let mut read = Vec::new();
        loop {
            caller.read_buf(&mut read).await.expect("a request");
            let text = String::from_utf8_lossy(&read).into_owned();
            let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
            let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
            if body.len() >= length.map_or(0, |length| length.parse().expect("a length")) {
                return text;
            }
        }
    }

    async fn told(answer: &str) -> Result<(), Untold> {
        let (origin, _serving) = answering(&[answer]).await;
        outbound(PrivateAddresses::Allowed).tell(&origin, AUTHORIZATION, &json!({})).await
    }

    async fn fetched(answers: &[&str], most: usize) -> Result<Vec<u8>, Unfetched> {
        let (origin, _serving) = answering(answers).await;
        outbound(PrivateAddresses::Allowed).fetch(&format!("{origin}/at/first"), most).await
    }

    #[tokio::test]
    async fn what_is_told_arrives_as_json_with_its_credentials() {
        let (origin, serving) = answering(&["HTTP/1.1 204 No Content\r\n\r\n"]).await;

        let told = outbound(PrivateAddresses::Allowed)
            .tell(&format!("{origin}/installed?user_key=1"), AUTHORIZATION, &json!({ "key": "com.example" }))
            .await;

        assert_eq!(told, Ok(()));
        let sent = serving.await.expect("what was sent").remove(0);
        assert!(sent.starts_with("POST /installed?user_key=1 HTTP/1.1\r\n"), "{sent}");
        assert!(sent.ends_with("\r\n\r\n{\"key\":\"com.example\"}"), "{sent}");
        for header in [
            "authorization: JWT a.b.c",
            "content-type: application/json",
            &format!("user-agent: {USER_AGENT}"),
            &format!("host: {}", origin.trim_start_matches("http://")),
        ] {
            assert!(sent.contains(&format!("\r\n{header}\r\n")), "{header}: {sent}");
        }
    }

    #[tokio::test]
    async fn only_a_success_is_told() {
        assert_eq!(told("HTTP/1.1 200 OK\r\ncontent-length: 99999\r\n\r\n").await, Ok(()));
        assert_eq!(told("HTTP/1.1 401 Unauthorized\r\n\r\n").await, Err(Untold::Status(401)));
        assert_eq!(told("HTTP/1.1 503 Service Unavailable\r\n\r\n").await, Err(Untold::Status(503)));
        assert_eq!(told("HTTP/1.1 304 Not Modified\r\n\r\n").await, Err(Untold::Status(304)));
    }

    #[tokio::test]
    async fn what_is_told_follows_no_redirect_not_even_to_the_same_place() {
        let answer = "HTTP/1.1 307 Temporary Redirect\r\nlocation: ORIGIN/there\r\n\r\n";
        assert_eq!(told(answer).await, Err(Untold::Redirected(307)));
    }

    #[tokio::test]
    async fn an_exchange_has_an_end() {
        // The system accepts the connection, and nobody answers.
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let outbound = Outbound::within(SOON, PrivateAddresses::Allowed);
        let late = Unanswered::TimedOut { host: "127.0.0.1".into(), limit: SOON };

        assert_eq!(outbound.tell(&url, AUTHORIZATION, &json!({})).await, Err(late.clone().into()));
        assert_eq!(outbound.fetch(&url, 10).await, Err(late.clone().into()));
        assert_eq!(late.to_string(), "127.0.0.1 took longer than 50ms");
    }

    #[tokio::test]
    async fn a_body_that_does_not_end_is_left_in_time() {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let outbound = Outbound::within(SOON, PrivateAddresses::Allowed);
        let serving = tokio::spawn(async move {
            let (mut caller, _) = listener.accept().await.expect("a caller");
            request(&mut caller).await;
            caller.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhalf").await.expect("half an answer");
            caller
        });

        let fetched = outbound.fetch(&url, 10).await;

        assert!(matches!(fetched, Err(Unfetched::Unanswered(Unanswered::TimedOut { .. }))), "{fetched:?}");
        drop(serving);
    }

    #[tokio::test]
    async fn who_does_not_listen_cannot_be_reached() {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        drop(listener);

        let told = outbound(PrivateAddresses::Allowed).tell(&url, AUTHORIZATION, &json!({})).await;

        let told = told.expect_err("nobody");
        assert!(told.is_transient() && matches!(told, Untold::Unanswered(Unanswered::Unreachable { .. })), "{told:?}");
        assert!(told.to_string().starts_with("127.0.0.1 cannot be reached: Connection refused"), "{told}");
    }

    #[tokio::test]
    async fn half_an_answer_is_none() {
        let fetched = fetched(&["HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhalf"], 10).await;
        assert!(matches!(fetched, Err(Unfetched::Unanswered(Unanswered::BrokenOff { .. }))), "{fetched:?}");
        let told = told("what is this\r\n\r\n").await;
        assert!(matches!(told, Err(Untold::Unanswered(Unanswered::BrokenOff { .. }))), "{told:?}");
    }

    #[tokio::test]
    async fn what_is_fetched_has_a_length() {
        let answers = |length: usize| {
            let body = "x".repeat(length);
            let chunk = format!("{length:x}\r\n{body}\r\n0\r\n\r\n");
            [
                format!("HTTP/1.1 200 OK\r\ncontent-length: {length}\r\n\r\n{body}"),
                format!("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n{chunk}"),
                format!("HTTP/1.1 200 OK\r\n\r\n{body}"),
            ]
        };
        for answer in answers(100_000) {
            assert_eq!(fetched(&[&answer], 100_000).await, Ok(vec![b'x'; 100_000]));
        }
        for answer in answers(100_001) {
            assert_eq!(fetched(&[&answer], 100_000).await, Err(Unfetched::TooLong(100_000)));
        }
    }

    #[tokio::test]
    async fn what_is_fetched_is_there_or_not() {
        assert_eq!(fetched(&["HTTP/1.1 404 Not Found\r\n\r\n"], 10).await, Err(Unfetched::Status(404)));
        assert_eq!(fetched(&["HTTP/1.1 204 No Content\r\n\r\n"], 10).await, Err(Unfetched::Status(204)));
    }

    #[tokio::test]
    async fn what_is_fetched_may_be_elsewhere_of_the_same_origin() {
        let moved = "HTTP/1.1 302 Found\r\nlocation: ../there\r\n\r\n";
        let found = "HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nhere";
        assert_eq!(fetched(&[moved, moved, moved, found], 10).await, Ok(b"here".to_vec()));
        assert_eq!(fetched(&[moved; 4], 10).await, Err(Unfetched::TooManyRedirects(3)));
    }

    #[tokio::test]
    async fn what_is_fetched_is_at_no_other_host_scheme_or_port() {
        for (location, told) in [
            ("http://elsewhere.example/x", "http://elsewhere.example"),
            ("//elsewhere.example/x", "http://elsewhere.example"),
            ("https://127.0.0.1/x", "https://127.0.0.1"),
            ("http://127.0.0.1:1/x", "http://127.0.0.1:1"),
            ("file:///etc/passwd", "null"),
        ] {
            let answer = format!("HTTP/1.1 301 Moved Permanently\r\nlocation: {location}\r\n\r\n");
            assert_eq!(fetched(&[&answer], 10).await, Err(Unfetched::RedirectedTo(told.into())), "{location}");
        }
        let nowhere = "HTTP/1.1 301 Moved Permanently\r\n\r\n";
        assert_eq!(fetched(&[nowhere], 10).await, Err(Unfetched::RedirectedNowhere));
    }

    #[tokio::test]
    async fn a_private_address_is_refused_however_it_is_spelled() {
        let outbound = outbound(PrivateAddresses::Refused);
        for host in [
            "127.0.0.1",
            "127.0.0.1.",
            "127.1",
            "2130706433",
            "0x7f.1",
            "0x7f000001",
            "0177.0.0.1",
            "%31%32%37.0.0.1",
            "１２７.0.0.1",
            "127。0。0。1",
            "0",
            "10.0.0.1",
            "169.254.169.254",
            "[::]",
            "[::1]",
            "[0:0::0:1]",
            "[::ffff:127.0.0.1]",
            "[::ffff:7f00:1]",
            "[fd00::1]",
            "[2002:7f00:1::]",
            "[64:ff9b::a9fe:a9fe]",
        ] {
            let refused = outbound.fetch(&format!("http://{host}/"), 10).await;
            assert!(
                matches!(refused, Err(Unfetched::Unanswered(Unanswered::PrivateAddress(_)))),
                "{host}: {refused:?}"
            );
        }
    }

    #[tokio::test]
    async fn a_name_for_a_private_address_is_refused_when_it_is_resolved() {
        let (origin, _serving) = answering(&[]).await;
        let url = origin.replace("127.0.0.1", "localhost");

        let refused = outbound(PrivateAddresses::Refused).tell(&url, AUTHORIZATION, &json!({})).await;

        let refused = refused.expect_err("a private address");
        assert_eq!(refused, Unanswered::PrivateAddress("localhost".into()).into());
        assert!(refused.to_string().contains("connect.allow_private_addresses"), "{refused}");
    }

    #[tokio::test]
    async fn a_name_for_a_private_address_is_asked_where_that_is_allowed() {
        let (origin, _serving) = answering(&["HTTP/1.1 200 OK\r\n\r\n"]).await;
        let url = origin.replace("127.0.0.1", "localhost");
        assert_eq!(outbound(PrivateAddresses::Allowed).tell(&url, AUTHORIZATION, &json!({})).await, Ok(()));
    }

    #[tokio::test]
    async fn only_an_http_url_without_credentials_is_asked() {
        let outbound = outbound(PrivateAddresses::Allowed);
        for (url, told) in [
            ("", Unanswered::NotHttp),
            ("/there", Unanswered::NotHttp),
            ("ftp://app.example/", Unanswered::NotHttp),
            ("file:///etc/passwd", Unanswered::NotHttp),
            ("data:,x", Unanswered::NotHttp),
            ("http://", Unanswered::NotHttp),
            ("http://somebody@app.example/", Unanswered::UserInformation),
            ("http://:secret@app.example/", Unanswered::UserInformation),
        ] {
            assert_eq!(outbound.fetch(url, 10).await, Err(told.into()), "{url}");
        }
    }

    #[tokio::test]
    async fn credentials_that_are_no_header_are_not_sent() {
        let told = outbound(PrivateAddresses::Allowed).tell("http://app.example", "JWT a\r\nx: y", &json!({})).await;
        assert!(matches!(told, Err(Untold::Unanswered(Unanswered::Unwritable(_)))), "{told:?}");
    }
}
