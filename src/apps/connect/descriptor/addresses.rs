//! `baseUrl` and `lifecycle`: where an app is, and where it is told. A secret is sent there, so that no two programs may read an
//! address differently.

use url::Url;

use crate::apps::connect::descriptor::fault::Reading;
use crate::apps::connect::descriptor::json::Part;
use crate::apps::manifest::quoted;
use crate::domain::connect::Lifecycle;
use crate::domain::resource::BaseUrl;

const LIFECYCLE: [&str; 4] = ["installed", "uninstalled", "enabled", "disabled"];

/// Where the shape of a path is checked if `baseUrl` is none.
const NOWHERE: &str = "https://app.invalid";

const LONGEST: usize = 2048;

/// `baseUrl`.
pub fn base_url(root: &Part<'_>, reading: &mut Reading) -> Option<BaseUrl> {
    let Some(part) = root.get("baseUrl") else {
        reading.miss(root, "baseUrl", "the https:// URL at which the app is");
        return None;
    };
    let text = reading.text(&part)?;
    let read = read_base_url(text);
    if let Err(message) = &read {
        reading.refuse(&part, message);
    }
    read.ok()
}

fn read_base_url(text: &str) -> Result<BaseUrl, String> {
    let url = Url::parse(text).ok().filter(|url| matches!(url.scheme(), "http" | "https"));
    let url = url.ok_or_else(|| format!("expected an https:// URL, found {}", quoted(text)))?;
    check_parts(&url)?;
    if url.query().is_some() {
        return Err("expected a URL without a query, since paths are added to it".into());
    }
    // What is added to it begins with a slash.
    let text = text.strip_suffix('/').unwrap_or(text);
    let read = text.parse::<BaseUrl>().map_err(|_| not_as_read(url.as_str().trim_end_matches('/'), text))?;
    if !read.is_private() {
        return Err(
            "expected https://, since the secret that the app shares with a site is sent there; http:// is for an app \
                    on this machine alone"
                .into(),
        );
    }
    Ok(read)
}

/// `lifecycle`. Without an address for `installed` an app never gets the secret that it signs with.
pub fn lifecycle(root: &Part<'_>, base_url: Option<&BaseUrl>, reading: &mut Reading) -> Lifecycle {
    let Some(part) = root.get("lifecycle") else {
        reading.miss(
            root,
            "lifecycle",
            "an object with installed, the path at which the app is told its shared secret",
        );
        return Lifecycle::default();
    };
    let Some(part) = reading.object(part, &LIFECYCLE) else { return Lifecycle::default() };
    if part.get("installed").is_none() {
        reading.miss(&part, "installed", "the path at which the app is told its shared secret");
    }
    let mut address = |key| {
        let part = part.get(key)?;
        let text = reading.text(&part)?;
        let resolved = match base_url {
            Some(base_url) => resolved(base_url.as_str(), text),
            None if text.starts_with('/') => resolved(NOWHERE, text),
            None => return None,
        };
        if let Err(message) = &resolved {
            reading.refuse(&part, message);
        }
        resolved.ok()
    };
    Lifecycle {
        installed: address("installed"),
        enabled: address("enabled"),
        disabled: address("disabled"),
        uninstalled: address("uninstalled"),
    }
}

/// A path below the base URL, or a URL of its origin, as a URL.
fn resolved(base_url: &str, text: &str) -> Result<String, String> {
    let is_path = text.starts_with('/') && !text.starts_with("//");
    let written = if is_path { format!("{base_url}{text}") } else { text.to_owned() };
    let neither = || format!("expected a path such as /installed, or a URL below baseUrl, found {}", quoted(text));
    let url = Url::parse(&written).map_err(|_| neither())?;
    if !url.has_host() {
        return Err(neither());
    }
    check_parts(&url)?;
    if Url::parse(base_url).is_ok_and(|base_url| base_url.origin() != url.origin()) {
        return Err("expected the host and port of baseUrl, since nothing of a site is told anywhere else".into());
    }
    if url.as_str() != written {
        return Err(not_as_read(url.as_str(), text));
    }
    if written.len() > LONGEST {
        return Err(format!("expected a URL of at most {LONGEST} characters, found {}", written.len()));
    }
    Ok(written)
}

fn check_parts(url: &Url) -> Result<(), String> {
    if !url.username().is_empty() || url.password().is_some() {
        return Err("expected a URL without user information, which is easily taken for the host".into());
    }
    match url.fragment() {
        Some(_) => Err("expected a URL without a fragment, which no server is sent".into()),
        None => Ok(()),
    }
}

/// Dot segments, capitals in the host, a usual port, what must be escaped.
fn not_as_read(read: &str, text: &str) -> String {
    format!("expected a URL as it is read, found {}, which is read as {}", quoted(text), quoted(read))
}
