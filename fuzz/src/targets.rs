//! The readers of what strangers send, each with what must hold of whatever bytes it is given: it does not panic, and what
//! it takes is what another reader would take it for.

use std::borrow::Cow;
use std::net::IpAddr;
use std::sync::LazyLock;

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use hallmark::access::basic::Basic;
use hallmark::access::models::ASSETS;
use hallmark::apps::connect::descriptor::{self, DescriptorFault};
use hallmark::apps::{manifest, openapi};
use hallmark::config::proxies::Proxies;
use hallmark::domain::access_model::{Access, AccessModel};
use hallmark::domain::canonical_request::{RequestTarget, canonical};
use hallmark::domain::client::PublicKey;
use hallmark::domain::id::{AppId, ClientId};
use hallmark::domain::manifest::Privileges;
use hallmark::domain::resource::ResourceIdentifier;
use hallmark::domain::scope::{OFFLINE_ACCESS, Scope};
use hallmark::domain::time::Timestamp;
use hallmark::domain::uri::{Issuer, LoopbackPorts, RedirectUri};
use hallmark::http::guards::json_body;
use hallmark::oauth::authorization::response::AuthorizationResponse;
use hallmark::oauth::client_authentication::Presented;
use hallmark::oauth::error::OAuthError;
use hallmark::oauth::evaluation::BatchRequest;
use hallmark::oauth::parameters::Parameters;
use hallmark::secrets::assertion;
use hallmark::secrets::hs256::{self, UnverifiedJwt};
use hallmark::secrets::token::{LENGTH, TokenKind, from_secret, read};
use rocket::http::Cookie;
use serde_json::{Map, Value};
use url::{Host, Url, form_urlencoded};

/// A reader with its property.
pub type Target = fn(&[u8]);

/// Every target, by the name of its folder of seeds.
pub const ALL: [(&str, Target); 19] = [
    ("access_model", access_model),
    ("assertion", assertion),
    ("basic_header", basic_header),
    ("canonical_request", canonical_request),
    ("connect_descriptor", connect_descriptor),
    ("connect_jwt", connect_jwt),
    ("cookie", cookie),
    ("form", form),
    ("forwarded_call", forwarded_call),
    ("forwarded_for", forwarded_for),
    ("json", json),
    ("manifest", manifest),
    ("openapi", openapi),
    ("question", question),
    ("redirect_uri", redirect_uri),
    ("resource_identifier", resource_identifier),
    ("scope", scope),
    ("script_credentials", script_credentials),
    ("token", token),
];

const NAMES: [&str; 5] = ["client_id", "code", "redirect_uri", "resource", "scope"];

const KINDS: [TokenKind; 12] = [
    TokenKind::Code,
    TokenKind::Access,
    TokenKind::Refresh,
    TokenKind::Session,
    TokenKind::Browser,
    TokenKind::Device,
    TokenKind::Link,
    TokenKind::Pushed,
    TokenKind::Transaction,
    TokenKind::ClientSecret,
    TokenKind::Api,
    TokenKind::Container,
];

/// The key of RFC 7515 appendix A.3.1: nobody who fuzzes has its private part at hand.
const EC_KEY: &str = r#"{"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}"#;

fn text(data: &[u8]) -> &str {
    std::str::from_utf8(data).unwrap_or_default()
}

/// A model that is taken is kept and read again as it was, and each of its requests leads to an operation of that shape.
pub fn access_model(data: &[u8]) {
    match AccessModel::read(text(data)) {
        Ok(model) => assert_model_holds(model),
        Err(faults) => assert!(!faults.is_empty()),
    }
}

fn assert_model_holds(model: AccessModel) {
    let access = Access::by(model);
    assert_eq!(Access::try_from(String::from(access.clone())), Ok(access.clone()));
    for shape in access.model.operations.iter().filter_map(|operation| operation.request.as_ref()) {
        let written = shape.to_string();
        let (method, path) = written.split_once(' ').expect("a method");
        let segments = path.split('/').map(|segment| if segment.starts_with('{') { "88" } else { segment });
        let path = segments.collect::<Vec<_>>().join("/");
        assert!(shape.matches(method, &path).is_some(), "{written}");
        if let Some(asked) = access.operation_at(method, &path) {
            let found = access.model.operations[asked.operation].request.as_ref().expect("a request");
            assert!(found.openness() <= shape.openness(), "{found} before {written}");
        }
    }
}

/// No assertion proves anything without a key that signed it; a key set that is taken holds public keys alone.
pub fn assertion(data: &[u8]) {
    let text = text(data);
    let _ = assertion::unverified_subject(text);
    let key = PublicKey { kid: None, jwk: EC_KEY.into() };
    assert!(assertion::verify(text, &[]).is_err());
    assert!(assertion::verify(text, &[key]).is_err());
    if let Ok(keys) = assertion::read_key_set(text) {
        assert!(!keys.is_empty());
        let public = |key: &PublicKey| {
            !["\"d\"", "\"p\"", "\"q\"", "\"k\""].iter().any(|part| key.jwk.contains(&format!("{part}:")))
        };
        assert!(keys.iter().all(public), "{text}");
    }
}

/// Whatever the header says, it names whom its bytes name; what RFC 6749 section 2.3.1 encodes is read back.
pub fn basic_header(data: &[u8]) {
    let _ = Presented::read(Some(text(data)), &Parameters::default());
    let encoded = format!("Basic {}", STANDARD.encode(data));
    if let Ok(presented) = Presented::read(Some(&encoded), &Parameters::default()) {
        let id = text(data).split(':').next().unwrap_or_default();
        let pair = format!("id={}", id.replace('&', "%26"));
        let (_, decoded) = form_urlencoded::parse(pair.as_bytes()).next().unwrap_or_default();
        assert_eq!(presented.id.as_str(), decoded);
    }
    let (id, secret) = text(data).split_once(':').unwrap_or_default();
    if let Ok(id) = id.parse::<ClientId>() {
        let encode = |text: &str| form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
        let pair = format!("{}:{}", encode(id.as_str()), encode(secret));
        let header = format!("bAsIc {}", STANDARD.encode(pair));
        let presented = Presented::read(Some(&header), &Parameters::default());
        assert!(presented.is_ok_and(|presented| presented.id == id));
    }
}

/// Two lines, a method and a target: three parts, whatever the order of the parameters and wherever a `jwt` stands among them,
/// with the parameters that any other reader of the query finds.
pub fn canonical_request(data: &[u8]) {
    let (method, sent) = text(data).split_once('\n').unwrap_or(("GET", text(data)));
    let Ok(target) = RequestTarget::parse(sent) else { return };
    let request = |target: &str| canonical(method, &RequestTarget::parse(target).expect("a target"), "");
    let canonical_request = request(sent);
    let canonical_text = canonical_request.as_str();
    let (before_query, query) = sent.split_once('?').unwrap_or((sent, ""));
    let reference = || form_urlencoded::parse(query.as_bytes());

    let mut parts = canonical_text.splitn(3, '&');
    let (verb, path, parameters) = (parts.next(), parts.next().expect("a path"), parts.next().expect("a query"));
    assert_eq!(verb, Some(method.replace('&', "%26").to_ascii_uppercase().as_str()));
    assert!(path.starts_with('/'));

    let jwts: Vec<_> = reference().filter(|(key, _)| key == "jwt").map(|(_, value)| value).collect();
    assert!(target.jwts().eq(jwts));
    let mut meant: Vec<_> = reference().filter(|(key, _)| key != "jwt").collect();
    meant.sort();
    assert_eq!(parameters_of(parameters), meant, "{sent}");
    for other in canonical_request.others() {
        let other = other.as_str();
        assert!(other != canonical_text && other.starts_with(&format!("{}&/", verb.unwrap_or_default())));
        assert_eq!(parameters_of(other.splitn(3, '&').last().expect("a query")), meant, "{sent}");
    }

    let pairs: Vec<&str> = query.split('&').collect();
    for at in 0..=pairs.len() {
        let (before, after) = pairs.split_at(at);
        let turned = [after, &["%6Awt=a.b.c&"], before].concat().join("&");
        let jwt_within = [before, &["jwt=a.b.c"], after].concat().join("&");
        let reversed: Vec<&str> = pairs.iter().rev().copied().collect();
        for same in [turned, jwt_within, reversed.join("&")] {
            assert_eq!(request(&format!("{before_query}?{same}")), canonical_request, "{sent}");
        }
    }

    // What is canonical stays so, once the slash that was last is there again and each value has its name.
    let slash = if path.len() > 1 && path.ends_with('/') { "/" } else { "" };
    let again: Vec<String> = parameters_of(parameters).iter().map(|(key, value)| pair(key, value)).collect();
    assert_eq!(request(&format!("{path}{slash}?{}", again.join("&"))), canonical_request, "{sent}");
    if sent.starts_with('/') {
        let below = format!("/base{sent}");
        let below = RequestTarget::parse(&below).expect("a target");
        assert_eq!(canonical(method, &below, "/base"), canonical_request, "{sent}");
    }
}

/// The parameters in the query of a canonical request, sorted.
fn parameters_of(query: &str) -> Vec<(Cow<'_, str>, Cow<'_, str>)> {
    // Without `=` a text is a name.
    fn decode(text: &str) -> Cow<'_, str> {
        form_urlencoded::parse(text.as_bytes()).next().unwrap_or_default().0
    }
    let named = query.split('&').filter_map(|parameter| parameter.split_once('='));
    let mut parameters: Vec<_> =
        named.flat_map(|(key, values)| values.split(',').map(move |value| (decode(key), decode(value)))).collect();
    parameters.sort();
    parameters
}

fn pair(key: &str, value: &str) -> String {
    form_urlencoded::Serializer::new(String::new()).append_pair(key, value).finish()
}

/// A token, or two lines that become header and claims of one: it has one spelling, says HS256, and nobody who fuzzes knows the
/// secret.
pub fn connect_jwt(data: &[u8]) {
    let (header, claims) = data.split_at(data.iter().position(|byte| *byte == b'\n').unwrap_or(data.len()));
    let made = [header, claims, &[0; 32]].map(|part| URL_SAFE_NO_PAD.encode(part)).join(".");
    for token in [text(data), &made] {
        let Ok(jwt) = UnverifiedJwt::read(token) else { continue };
        assert!(!jwt.is_signed_with(b"") && !jwt.is_signed_with(b"gotcha"));
        let parts: Vec<_> = token.split('.').map(|part| URL_SAFE_NO_PAD.decode(part).expect("base64url")).collect();
        let [header, claims, signature] = &parts[..] else { panic!("{token} has three parts") };
        assert_eq!([header, claims, signature].map(|part| URL_SAFE_NO_PAD.encode(part)).join("."), token);
        assert_eq!(signature.len(), 32);
        // What we ignore may be more than this reader takes, such as a number with a thousand digits.
        if let Ok(header) = serde_json::from_slice::<Value>(header) {
            assert!(header["alg"] == "HS256" && header.get("crit").is_none(), "{header}");
        }
        if let Ok(Value::Object(claims)) = serde_json::from_slice(claims) {
            assert_eq!(claims["iss"], jwt.claims().iss);
            assert_eq!(claims["exp"].as_f64().map(|exp| exp as u64), Some(jwt.claims().exp));
            assert_eq!(claims.get("qsh").and_then(Value::as_str), jwt.claims().qsh.as_deref());
            assert_signed_by_its_secret_alone(&claims);
        }
    }
}

fn assert_signed_by_its_secret_alone(claims: &Map<String, Value>) {
    let signed = hs256::sign(claims, b"gotcha").expect("a token");
    if signed.len() <= hs256::LONGEST {
        let jwt = UnverifiedJwt::read(&signed).expect("what is signed is read");
        assert!(jwt.is_signed_with(b"gotcha") && !jwt.is_signed_with(b"gotchb") && !jwt.is_signed_with(b""));
    }
}

/// A cookie opens something only if it is a token letter by letter, and nothing that stands before it hides it.
pub fn cookie(data: &[u8]) {
    let header = text(data);
    let cookies = |header: &str| -> Vec<Cookie<'static>> {
        // As Rocket reads the header.
        let parsed = header.split(';').filter_map(|cookie| Cookie::parse_encoded(cookie.trim().to_owned()).ok());
        parsed.collect()
    };
    for cookie in cookies(header) {
        for kind in KINDS.into_iter().filter(|kind| read(*kind, cookie.value()).is_some()) {
            assert!(cookie.value().len() == LENGTH && cookie.value().starts_with(kind.prefix()));
        }
    }
    let ours = from_secret(TokenKind::Session, Timestamp(0), [7; 32]);
    let with_ours = format!("{header}; __Host-hallmark-session={}", ours.token.expose());
    let mut found = cookies(&with_ours).into_iter().filter_map(|cookie| read(TokenKind::Session, cookie.value()));
    assert!(found.next_back() == Some(ours.key));
}

/// What is taken reads as any other form decoder reads it.
pub fn form(data: &[u8]) {
    let text = text(data);
    let Ok(parameters) = Parameters::from_form(text) else { return };
    let reference: Vec<_> = form_urlencoded::parse(text.as_bytes()).collect();
    for name in NAMES {
        let values = reference.iter().filter(|(sent, value)| sent == name && !value.is_empty());
        assert!(parameters.all(name).eq(values.map(|(_, value)| value.as_ref())), "{name} in {text:?}");
        if parameters.each_once_but(&[]).is_ok() {
            assert_eq!(parameters.once(name).expect("it is there once"), parameters.all(name).next());
        }
    }
    assert!(parameters.clone().into_owned() == parameters);
}

/// Only a trusted peer is believed, and only about whom the last trusted proxy saw.
pub fn forwarded_for(data: &[u8]) {
    let list = text(data);
    let trusted = ["10.0.0.0/8", "fd00::/8"].map(|network| network.parse().expect("a network")).to_vec();
    let proxies = Proxies { trusted };
    let is_trusted = |address: IpAddr| proxies.trusted.iter().any(|network| network.contains(&address));
    let (stranger, proxy) = (IpAddr::from([192, 0, 2, 1]), IpAddr::from([10, 0, 0, 1]));

    assert_eq!(proxies.origin(stranger, Some(list)), stranger);
    let origin = proxies.origin(proxy, Some(list));
    if origin != proxy {
        assert!(!is_trusted(origin));
        let behind = list.rsplit(',').map(|named| named.trim().parse::<IpAddr>());
        let mut unseen = behind.skip_while(|named| named.as_ref().is_ok_and(|address| is_trusted(*address)));
        assert_eq!(unseen.next(), Some(Ok(origin)));
    }
}

/// A descriptor that is taken says what any reader of JSON finds in it, and nothing of it leads away from its origin; one that
/// is refused has faults whose pointers lead to a part, or to where one is missing.
pub fn connect_descriptor(data: &[u8]) {
    let json: Option<Value> = serde_json::from_str(text(data).trim_start_matches('\u{feff}')).ok();
    let read = match descriptor::read(data) {
        Ok(read) => read.descriptor,
        Err(faults) => return assert_faults_lead_somewhere(&faults, json.as_ref()),
    };
    let json = json.expect("what is taken is JSON");
    assert_eq!(json["key"], read.key.as_str());
    assert!(json.get("name").is_none_or(|name| *name == *read.name));
    let base_url = Url::parse(read.base_url.as_str()).expect("a base URL is one");
    assert!(json["baseUrl"].as_str().is_some_and(|url| url.strip_suffix('/').unwrap_or(url) == read.base_url.as_str()));
    assert!(read.lifecycle.installed.is_some());
    let lifecycle = [&read.lifecycle.installed, &read.lifecycle.enabled, &read.lifecycle.disabled];
    for told in lifecycle.into_iter().chain([&read.lifecycle.uninstalled]).flatten() {
        let url = Url::parse(told).expect("an address is a URL");
        assert_eq!((url.as_str(), url.origin()), (told.as_str(), base_url.origin()));
        assert!(url.username().is_empty() && url.password().is_none() && url.fragment().is_none());
    }
    let named = json["scopes"].as_array().map(Vec::as_slice).unwrap_or_default();
    let named: Vec<String> = named.iter().filter_map(Value::as_str).map(str::to_ascii_uppercase).collect();
    assert_eq!(read.scope, Scope::of(named.iter().map(String::as_str).filter(|name| *name != "NONE")));
}

fn assert_faults_lead_somewhere(faults: &[DescriptorFault], json: Option<&Value>) {
    assert!((1..=50).contains(&faults.len()));
    for fault in faults {
        assert!(!fault.message.is_empty());
        let cut = fault.pointer.ends_with('…');
        let parent = fault.pointer.rsplit_once('/').map(|(parent, _)| parent);
        // Of a key that is there twice, the other reader may have another part.
        let twice = faults.iter().any(|fault| fault.message.contains("twice"));
        if let (Some(json), Some(parent), false) = (json, parent, cut || twice) {
            assert!(json.pointer(parent).is_some(), "{fault}");
        }
    }
}

/// What is taken is an object of strings in which nothing counts twice.
pub fn json(data: &[u8]) {
    let text = text(data);
    let Ok(parameters) = Parameters::from_json(text) else { return };
    let reference: Value = serde_json::from_str(text).expect("what is taken is JSON");
    let object = reference.as_object().expect("what is taken is an object");
    if parameters.each_once_but(&[]).is_ok() {
        for name in NAMES {
            let sent = object.get(name).and_then(Value::as_str).filter(|value| !value.is_empty());
            let listed = object.get(name).is_some_and(Value::is_array);
            assert!(listed || parameters.once(name).expect("it is there once") == sent, "{name} in {text:?}");
        }
    }
}

/// A manifest that is taken says what any reader of JSON finds in it, each thing once and in order; one that is refused has
/// faults, by their places.
pub fn manifest(data: &[u8]) {
    let known = Scope::default();
    let read = match manifest::read(data, "manifest.yml", &known) {
        Ok(read) => read,
        Err(faults) => return assert_faults_are_in_the_file(&faults, data),
    };
    let Privileges { scopes, egress, remotes, endpoints, .. } = &read.manifest.privileges;
    assert!(scopes.is_sorted() && egress.is_sorted() && remotes.is_sorted() && endpoints.is_sorted());
    assert!(scopes.windows(2).all(|pair| pair[0].name < pair[1].name));
    assert!(remotes.windows(2).all(|pair| pair[0].key != pair[1].key));
    assert!(read.manifest.privileges.changes_since(&read.manifest.privileges).is_empty());
    let json: Option<Value> = serde_json::from_slice(data).ok();
    if let Some(json) = json.filter(|json| json.get("environment").is_none()) {
        let id = json["app"]["id"].as_str().expect("an app has an id");
        assert_eq!(AppId::from_ari(id), Ok(read.manifest.app_id));
        let named: Vec<&str> = match &json["permissions"]["scopes"] {
            Value::Array(names) => names.iter().filter_map(Value::as_str).collect(),
            Value::Object(names) => names.keys().map(String::as_str).collect(),
            _ => Vec::new(),
        };
        assert_eq!(read.manifest.privileges.scope(), Scope::of(named));
    }
}

/// What a document declares is a model like any other; what is wrong with it has its place.
pub fn openapi(data: &[u8]) {
    match openapi::read(data, "manifest.yml", None) {
        Ok(model) => assert_model_holds(model),
        Err(faults) => assert_faults_are_in_the_file(&faults, data),
    }
}

fn assert_faults_are_in_the_file(faults: &[manifest::ManifestFault], data: &[u8]) {
    let lines = String::from_utf8_lossy(data).split(['\n', '\r', '\u{85}', '\u{2028}', '\u{2029}']).count();
    assert!((1..=50).contains(&faults.len()));
    assert!(faults.is_sorted_by_key(|fault| (fault.line, fault.column)));
    assert!(faults.iter().all(|fault| (1..=lines + 1).contains(&fault.line) && fault.column >= 1));
    assert!(faults.iter().all(|fault| !fault.message.is_empty()));
}

/// Two lines, a registered URI and a requested one: what matches leads to the host and the path that were registered, and
/// the answer goes there too.
pub fn redirect_uri(data: &[u8]) {
    let (registered, requested) = text(data).split_once('\n').unwrap_or((text(data), text(data)));
    let Ok(uri) = registered.parse::<RedirectUri>() else { return };
    assert!(uri.as_str() == registered && uri.matches(registered, LoopbackPorts::Exact));
    let there = Url::parse(registered).expect("what is registered is a URL");
    let loopback = match there.host() {
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        Some(Host::Domain(name)) => name == "localhost",
        None => false,
    };
    for ports in [LoopbackPorts::Exact, LoopbackPorts::Addresses, LoopbackPorts::AddressesAndLocalhost] {
        if !uri.matches(requested, ports) {
            continue;
        }
        let leads_to = Url::parse(requested).expect("what matches is a URL");
        assert_eq!((leads_to.scheme(), leads_to.host()), (there.scheme(), there.host()));
        assert_eq!((leads_to.path(), leads_to.query()), (there.path(), there.query()));
        assert!(leads_to.username().is_empty() && leads_to.password().is_none() && leads_to.fragment().is_none());
        assert!(leads_to.port() == there.port() || loopback && ports != LoopbackPorts::Exact);
    }
    assert_answer_goes_to(&uri, &there);
}

fn assert_answer_goes_to(uri: &RedirectUri, there: &Url) {
    let issuer: Issuer = "https://hallmark.test".parse().expect("an issuer");
    let answer = AuthorizationResponse::error(&issuer, uri, Some("a&b#c"), &OAuthError::AccessDenied);
    let answer = Url::parse(answer.url()).expect("an answer goes to a URL");
    assert_eq!((answer.scheme(), answer.host(), answer.port()), (there.scheme(), there.host(), there.port()));
    assert_eq!((answer.path(), answer.fragment()), (there.path(), None));
    for (name, value) in [("error", "access_denied"), ("state", "a&b#c"), ("iss", "https://hallmark.test")] {
        let sent: Vec<_> = answer.query_pairs().filter(|(sent, _)| sent == name).collect();
        assert!(sent.len() == 1 && sent[0].1 == value, "{name} in {answer}");
    }
}

/// What is taken is kept as it is written, and has no fragment.
pub fn resource_identifier(data: &[u8]) {
    let text = text(data);
    if let Ok(identifier) = text.parse::<ResourceIdentifier>() {
        assert_eq!(identifier.as_str(), text);
        assert!(Url::parse(text).map_or_else(|_| !text.contains([':', '/']), |url| url.fragment().is_none()));
    }
}

/// Two lines, each a scope: one spelling for each set, and the laws of sets.
pub fn scope(data: &[u8]) {
    let (one, other) = text(data).split_once('\n').unwrap_or((text(data), ""));
    let (Ok(one), Ok(other)) = (one.parse::<Scope>(), other.parse::<Scope>()) else { return };
    let tokens: Vec<&str> = one.iter().collect();
    assert!(tokens.is_sorted() && tokens.windows(2).all(|pair| pair[0] != pair[1]));
    assert_eq!(one.as_str().parse(), Ok(one.clone()));
    let (both, either) = (one.intersection(&other), one.union(&other));
    assert!(one.covers(&both) && other.covers(&both) && either.covers(&one) && either.covers(&other));
    assert_eq!(both, other.intersection(&one));
    assert_eq!(one.without(&other).union(&both), one);
    assert!(one.without(&other).intersection(&other).is_empty());
    assert!(!one.of_resources().contains(OFFLINE_ACCESS));
}

/// The payload of a script's Basic header has one spelling, and is an address and an API token with a colon between.
pub fn script_credentials(data: &[u8]) {
    let Ok(payload) = std::str::from_utf8(data) else { return };
    let Some(basic) = Basic::read(payload) else { return };
    let decoded = STANDARD.decode(payload).expect("what was read is base64");
    assert_eq!(STANDARD.encode(&decoded), payload);
    let text = String::from_utf8(decoded).expect("what was read is text");
    let (email, token) = text.split_once(':').expect("what was read has a colon");
    assert!(email.contains('@') && read(TokenKind::Api, token) == Some(basic.key));
}

/// What is minted is read back as what it is, and as nothing else once a letter of it is another.
pub fn token(data: &[u8]) {
    for kind in KINDS.into_iter().filter(|kind| read(*kind, text(data)).is_some()) {
        assert!(data.len() == LENGTH && data.starts_with(kind.prefix().as_bytes()));
    }
    let (Some(secret), Some([chosen, at, letter])) = (data.first_chunk::<32>(), data.last_chunk::<3>()) else { return };
    let kind = KINDS[usize::from(*chosen) % KINDS.len()];
    let minted = from_secret(kind, Timestamp(u64::from(*letter) << 32), *secret);
    let text = minted.token.expose();
    for other in KINDS {
        assert_eq!(read(other, text), (other == kind).then_some(minted.key));
    }
    let mut mistyped = text.clone().into_bytes();
    let at = usize::from(*at) % LENGTH;
    if letter.is_ascii() && mistyped[at] != *letter {
        mistyped[at] = *letter;
        let mistyped = String::from_utf8(mistyped).expect("ASCII");
        assert!(KINDS.into_iter().all(|kind| read(kind, &mistyped).is_none()), "{mistyped}");
    }
}

/// A question is taken only if every reader of JSON takes it for the same: it is an object, and whoever keeps one of two values
/// of a name keeps the only one.
pub fn question(data: &[u8]) {
    let Ok(asked) = json_body::of::<BatchRequest>(data) else { return };
    let reference: Value = serde_json::from_slice(data).expect("what is taken is JSON");
    assert!(reference.is_object(), "{reference}");
    let again: BatchRequest = json_body::of(reference.to_string().as_bytes()).expect("what is taken is taken again");
    assert_eq!(format!("{again:?}"), format!("{asked:?}"));
    for (at, one) in asked.evaluations.into_iter().enumerate() {
        let Ok(one) = one.or(&asked.default).question() else { continue };
        let said = |part: &str, name: &str| {
            let own = &reference["evaluations"][at][part];
            let part = if own.is_null() { &reference[part] } else { own };
            part[name].as_str().unwrap_or_default().to_owned()
        };
        let read = [one.subject.kind, one.subject.id, one.action, one.kind, one.id];
        let told = [said("subject", "type"), said("subject", "id"), said("action", "name")];
        assert_eq!(read, [told.as_slice(), &[said("resource", "type"), said("resource", "id")]].concat()[..]);
        assert_eq!(one.context.token.unwrap_or_default(), said("context", "token"));
    }
}

/// The path of a call leads to an operation only if nobody who decodes or tidies it makes another of it; what it names is in it.
pub fn forwarded_call(data: &[u8]) {
    static ASSETS_API: LazyLock<Access> =
        LazyLock::new(|| Access::by(AccessModel::read(ASSETS).unwrap_or_else(|faults| panic!("{faults:?}"))));
    let (method, path) = text(data).split_once(' ').unwrap_or_default();
    let Some(asked) = ASSETS_API.operation_at(method, path) else { return };
    let url = Url::parse(&format!("https://api.example{path}")).expect("what is taken is a path");
    assert_eq!((url.path(), url.query(), url.fragment()), (path, None, None));
    assert!(!path.contains(['%', ';', '\\', '+', '\0']) && !path.contains("//"), "{path:?}");
    let segments: Vec<&str> = path.split('/').skip(1).collect();
    assert!(segments.iter().all(|segment| !matches!(*segment, "" | "." | "..")), "{path:?}");
    assert!(
        !asked.sites.is_empty() && asked.sites.iter().chain(&asked.id).all(|name| segments.contains(name)),
        "{path:?}"
    );
    let name = &ASSETS_API.model.operations[asked.operation].name;
    let (of, shape) = name.split_once(' ').expect("a method and a path");
    assert_eq!(method, of);
    let shape: Vec<&str> = shape.split('/').skip(1).collect();
    let tail = &segments[segments.len() - shape.len()..];
    assert!(
        shape.iter().zip(tail).all(|(shape, segment)| shape.starts_with('{') || shape == segment),
        "{name}: {path:?}"
    );
}
