//! Sites and who is a member of them, as operators and site admins see them.

use std::sync::Arc;

use crate::accounts::people::{find, presentable};
use crate::authorization_server::AuthorizationServer;
use crate::domain::event::{Actor, Event};
use crate::domain::id::{SiteId, UserId};
use crate::domain::site::{Member, Site, SiteStanding, SiteUrl, decides};
use crate::domain::user::{Email, User};
use crate::secrets::random;
use crate::store::{Added, StoreError};

/// A site to be added.
#[derive(Clone, Debug)]
pub struct NewSite {
    /// What people call it.
    pub name: String,
    /// Where people reach it; where they reach this server, if there is none.
    pub url: Option<SiteUrl>,
    /// The workspace that belongs to it; a new one, if none is named.
    pub workspace_id: Option<SiteId>,
}

/// What becomes of the URL of a site.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NewUrl {
    /// It stays.
    Kept,
    /// It is where people reach this server.
    Here,
    /// It is this one.
    At(SiteUrl),
}

/// Somebody on a site.
#[derive(Clone, Debug)]
pub struct Fellow {
    /// Who.
    pub user: User,
    /// Since when, and what they may do there.
    pub member: Member,
}

impl Fellow {
    /// Whether they say who is a member.
    pub fn is_admin(&self) -> bool {
        self.member.standing == SiteStanding::Admin
    }
}

/// Whether somebody is left who decides about a site.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Admins {
    /// Somebody is.
    Left,
    /// Nobody of the site is: admins of this server and operators do.
    NoneLeft,
}

/// Why something could not be done about a site.
#[derive(Debug, thiserror::Error)]
pub enum SiteError {
    /// There is none of that name.
    #[error("there is no such site")]
    Unknown,
    /// It would have no name.
    #[error("a site needs a name")]
    Nameless,
    /// Another site has the URL.
    #[error("another site has the URL {0}")]
    UrlTaken(String),
    /// Nobody has that address.
    #[error("nobody signs in as {0}")]
    NoAccount(Email),
    /// They are a member.
    #[error("{0} is a member already")]
    Member(Email),
    /// They are no member.
    #[error("there is no such member of this site")]
    NoMember,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Adds a site that nobody is a member of yet.
///
/// # Errors
/// [`SiteError::Nameless`], [`SiteError::UrlTaken`].
pub async fn add(server: &AuthorizationServer, new: NewSite, by: Actor) -> Result<Site, SiteError> {
    let site = Site {
        id: random::site_id(),
        name: named(&new.name)?,
        url: new.url.map(String::from),
        workspace_id: new.workspace_id.unwrap_or_else(random::site_id),
    };
    if let Added::Taken(url) = server.store.add_site(&site).await? {
        return Err(SiteError::UrlTaken(url));
    }
    server.record(Event::SiteAdded { site_id: site.id, name: site.name.clone(), by }).await;
    Ok(site)
}

/// Gives a site another name, and perhaps another URL.
///
/// # Errors
/// [`SiteError::Unknown`], [`SiteError::Nameless`], [`SiteError::UrlTaken`].
pub async fn change(
    server: &AuthorizationServer,
    id: SiteId,
    (name, url): (&str, NewUrl),
    by: Actor,
) -> Result<Site, SiteError> {
    let known = server.store.site(id).await?.ok_or(SiteError::Unknown)?;
    let url = match url {
        NewUrl::Kept => known.url.clone(),
        NewUrl::Here => None,
        NewUrl::At(url) => Some(url.into()),
    };
    let site = Site { name: named(name)?, url, ..known.as_ref().clone() };
    match server.store.change_site(&site).await? {
        None => return Err(SiteError::Unknown),
        Some(Added::Taken(url)) => return Err(SiteError::UrlTaken(url)),
        Some(Added::Done) => {}
    }
    server.record(Event::SiteChanged { site_id: site.id, name: site.name.clone(), by }).await;
    Ok(site)
}

/// Every site, by name.
///
/// # Errors
/// [`StoreError`] if the store fails.
pub async fn list(server: &AuthorizationServer) -> Result<Vec<Arc<Site>>, StoreError> {
    server.store.sites().await
}

/// A site, as somebody sees it.
#[derive(Clone, Debug)]
pub struct Seen {
    /// The site.
    pub site: Arc<Site>,
    /// What they may do there; `None` if they are no member.
    pub standing: Option<SiteStanding>,
    /// Whether they decide about it.
    pub decides: bool,
}

/// The sites that a person sees, by name: those of which they are a member or, if they manage people, all.
///
/// # Errors
/// [`StoreError`] if the store fails.
pub async fn seen_by(server: &AuthorizationServer, user: &User) -> Result<Vec<Seen>, StoreError> {
    let (sites, memberships) = (list(server).await?, server.store.memberships(user.id).await?);
    let seen = sites.into_iter().map(|site| {
        let standing = memberships.iter().find(|member| member.site_id == site.id).map(|member| member.standing);
        Seen { site, standing, decides: decides(user, standing) }
    });
    Ok(seen.filter(|seen| seen.decides || seen.standing.is_some()).collect())
}

/// Who is a member of a site, by address.
///
/// # Errors
/// [`StoreError`] if the store fails.
pub async fn members(server: &AuthorizationServer, site: SiteId) -> Result<Vec<Fellow>, StoreError> {
    let mut fellows = Vec::new();
    for member in server.store.members(site).await? {
        let user = server.store.user(member.user_id).await?;
        fellows.extend(user.map(|user| Fellow { user, member }));
    }
    fellows.sort_by(|one, other| one.user.email.as_str().cmp(other.user.email.as_str()));
    Ok(fellows)
}

/// One member of a site.
///
/// # Errors
/// [`SiteError::NoMember`] if they are none.
pub async fn member(server: &AuthorizationServer, site: SiteId, user: UserId) -> Result<Fellow, SiteError> {
    let member = server.store.member(site, user).await?.ok_or(SiteError::NoMember)?;
    let user = server.store.user(user).await?.ok_or(SiteError::NoMember)?;
    Ok(Fellow { user, member })
}

/// Makes somebody who has an account a member of a site.
///
/// # Errors
/// [`SiteError::Unknown`], [`SiteError::NoAccount`], [`SiteError::Member`].
pub async fn add_member(
    server: &AuthorizationServer,
    site: SiteId,
    (email, standing): (&Email, SiteStanding),
    by: Actor,
) -> Result<Fellow, SiteError> {
    if server.store.site(site).await?.is_none() {
        return Err(SiteError::Unknown);
    }
    let user = find(server, email).await?.ok_or_else(|| SiteError::NoAccount(email.clone()))?;
    if server.store.member(site, user.id).await?.is_some() {
        return Err(SiteError::Member(user.email));
    }
    let member = Member { site_id: site, user_id: user.id, standing, since: server.now() };
    server.store.put_member(&member).await?;
    server.record(Event::MemberAdded { site_id: site, user_id: user.id, standing, by }).await;
    Ok(Fellow { user, member })
}

/// Says what a member may do on a site.
///
/// # Errors
/// [`SiteError::NoMember`] if they are none.
pub async fn set_standing(
    server: &AuthorizationServer,
    (site, user): (SiteId, UserId),
    standing: SiteStanding,
    by: Actor,
) -> Result<(Fellow, Admins), SiteError> {
    let fellow = member(server, site, user).await?;
    let changed = Member { standing, ..fellow.member };
    server.store.put_member(&changed).await?;
    if fellow.member.standing != standing {
        server.record(Event::MemberChanged { site_id: site, user_id: user, standing, by }).await;
    }
    Ok((Fellow { member: changed, ..fellow }, admins(server, site).await?))
}

/// Ends a membership: nothing that the person allowed apps on the site is good any more.
///
/// # Errors
/// [`SiteError::NoMember`] if there was none.
pub async fn remove_member(
    server: &AuthorizationServer,
    (site, user): (SiteId, UserId),
    by: Actor,
) -> Result<Admins, SiteError> {
    // Asked of the store even where there is no membership: what a removal left undone that failed midway is done now.
    if !server.store.remove_member(site, user).await? {
        return Err(SiteError::NoMember);
    }
    server.record(Event::MemberRemoved { site_id: site, user_id: user, by }).await;
    Ok(admins(server, site).await?)
}

async fn admins(server: &AuthorizationServer, site: SiteId) -> Result<Admins, StoreError> {
    let is_admin = |member: &Member| member.standing == SiteStanding::Admin;
    let left = server.store.members(site).await?.iter().any(is_admin);
    Ok(if left { Admins::Left } else { Admins::NoneLeft })
}

fn named(name: &str) -> Result<String, SiteError> {
    let name = presentable(name);
    if name.is_empty() { Err(SiteError::Nameless) } else { Ok(name) }
}
