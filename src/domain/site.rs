//! Site: a tenant, and who is a member of it.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use url::Url;

use crate::domain::id::{SiteId, UserId};
use crate::domain::time::Timestamp;
use crate::domain::user::{Standing, User};

/// A tenant. What a person allows, they allow on sites; every grant and token names its site.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Site {
    /// The `cloudId`.
    pub id: SiteId,
    /// What people call it.
    pub name: String,
    /// Where people reach it; `None` where that is where they reach this server, whatever its address then is.
    pub url: Option<String>,
    /// The workspace that belongs to it.
    pub workspace_id: SiteId,
}

/// Where people reach a site: `http` or `https`, as a URL parser writes it and without a final slash, so that two spellings
/// of one place are one URL.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct SiteUrl(String);

/// Text that cannot be where people reach a site.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the URL of a site is http:// or https:// with a host, and without user information, query or fragment")]
pub struct MalformedSiteUrl;

impl SiteUrl {
    /// The URL, in its one spelling.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for SiteUrl {
    type Err = MalformedSiteUrl;
    fn from_str(text: &str) -> Result<Self, MalformedSiteUrl> {
        let url = Url::parse(text).map_err(|_| MalformedSiteUrl)?;
        let plain = matches!(url.scheme(), "http" | "https") && url.username().is_empty() && url.password().is_none();
        let bare = url.query().is_none() && url.fragment().is_none();
        if !plain || !bare || text.len() > 2048 {
            return Err(MalformedSiteUrl);
        }
        Ok(Self(url.as_str().trim_end_matches('/').to_owned()))
    }
}

impl TryFrom<String> for SiteUrl {
    type Error = MalformedSiteUrl;
    fn try_from(text: String) -> Result<Self, MalformedSiteUrl> {
        text.parse()
    }
}

impl From<SiteUrl> for String {
    fn from(url: SiteUrl) -> String {
        url.0
    }
}

/// The path of a URL without a final slash, as it is written: empty where the URL is that of a whole host.
pub fn path_of(url: &str) -> &str {
    let after_scheme = url.split_once("://").map_or(url, |(_, rest)| rest);
    after_scheme.find('/').map_or("", |at| after_scheme[at..].trim_end_matches('/'))
}

impl fmt::Display for SiteUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A person on a site. Whatever they allow there is good as long as they are a member.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Member {
    /// Where.
    pub site_id: SiteId,
    /// Who.
    pub user_id: UserId,
    /// What they may do there.
    pub standing: SiteStanding,
    /// Since when.
    pub since: Timestamp,
}

/// Whether `user` decides about a site on which they are what `standing` says: its admins do, and who manages people here.
pub fn decides(user: &User, standing: Option<SiteStanding>) -> bool {
    user.standing == Standing::Admin || standing == Some(SiteStanding::Admin)
}

/// What a member may do on a site.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SiteStanding {
    /// Allow apps what they may do themselves.
    Member,
    /// Install apps, approve what they ask for, and say who is a member.
    Admin,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_path_of_a_url_has_no_final_slash() {
        let paths =
            ["https://a.example", "https://a.example/", "https://a.example/wiki", "http://a:1/b/c/"].map(path_of);
        assert_eq!(paths, ["", "", "/wiki", "/b/c"]);
    }

    #[test]
    fn two_spellings_of_one_place_are_one_url() {
        let acme = "https://acme.example".parse::<SiteUrl>();
        assert_eq!("HTTPS://Acme.Example:443/".parse(), acme);
        assert_ne!("https://acme.example/jira".parse(), acme);
        for bad in [
            "",
            "acme.example",
            "ftp://acme.example",
            "https://a@acme.example",
            "https://acme.example/?a",
            "https://acme.example/#a",
        ] {
            assert_eq!(bad.parse::<SiteUrl>(), Err(MalformedSiteUrl), "{bad:?}");
        }
    }
}
