//! Sites.

use hallmark::domain::grant::Grant;
use hallmark::domain::site::{Member, Site, SiteStanding};
use hallmark::secrets::random;
use hallmark::store::{Added, Result};

use super::Backend;
use super::samples::{NOW, Story, grant, site};

#[tokio::test]
async fn the_first_site_is_the_one_that_stays() -> Result<()> {
    let store = Backend::new().await;
    let (first, second) = (site(), site());

    assert_eq!(*store.default_site(&first).await?, first);
    assert_eq!(*store.default_site(&second).await?, first);

    assert_eq!(store.site(first.id).await?.as_deref(), Some(&first));
    assert_eq!(store.site(second.id).await?, None);
    assert_eq!(store.site(random::site_id()).await?, None);
    Ok(())
}

#[tokio::test]
async fn a_site_is_found_by_its_url_as_long_as_it_has_it() -> Result<()> {
    let store = Backend::new().await;
    let acme = Site { url: Some("https://acme.example".into()), ..site() };
    let rival = Site { url: Some("https://acme.example".into()), ..site() };

    assert_eq!(store.add_site(&acme).await?, Added::Done);
    assert_eq!(store.add_site(&rival).await?, Added::Taken("https://acme.example".into()));
    assert_eq!(store.site_at("https://acme.example").await?.as_deref(), Some(&acme));
    assert_eq!(store.site(rival.id).await?, None);

    let moved = Site { name: "Acme".into(), url: Some("https://new.example".into()), ..acme.clone() };
    assert_eq!(store.change_site(&moved).await?, Some(Added::Done));
    assert_eq!(store.site_at("https://acme.example").await?, None);
    assert_eq!(store.site_at("https://new.example").await?.as_deref(), Some(&moved));
    assert_eq!(store.add_site(&rival).await?, Added::Done);
    assert_eq!(
        store.change_site(&Site { id: moved.id, ..rival.clone() }).await?,
        Some(Added::Taken("https://acme.example".into()))
    );
    assert_eq!(store.change_site(&site()).await?, None);
    assert_eq!(store.sites().await?.len(), 2);
    Ok(())
}

#[tokio::test]
async fn a_member_is_on_the_sites_they_were_put_on_and_no_other() -> Result<()> {
    let store = Backend::new().await;
    let (one, other) = (site(), site());
    let user = random::user_id();
    let member = Member { site_id: one.id, user_id: user, standing: SiteStanding::Member, since: NOW };

    store.put_member(&member).await?;
    assert_eq!(store.member(one.id, user).await?, Some(member));
    assert_eq!(store.member(other.id, user).await?, None);
    assert_eq!(store.members(one.id).await?, [member]);

    let admin = Member { standing: SiteStanding::Admin, ..member };
    store.put_member(&admin).await?;
    assert_eq!(store.memberships(user).await?, [admin]);

    assert!(store.remove_member(one.id, user).await?);
    assert!(!store.remove_member(one.id, user).await?);
    assert_eq!(store.members(one.id).await?, []);
    assert_eq!(store.memberships(user).await?, []);
    Ok(())
}

#[tokio::test]
async fn a_member_who_goes_takes_what_they_allowed_on_that_site_along_and_nothing_else() -> Result<()> {
    let store = Backend::new().await;
    let story = Story::begin(&*store).await?;
    let (user, home, other) = (story.user.id, story.site.id, site());
    let elsewhere = Grant { sites: vec![home, other.id], ..grant(user, "other-app", "read:a") };
    let elsewhere = store.record_consent(&elsewhere).await?;
    let redeemed = story.redeemed(&*store).await?;

    assert!(store.remove_member(home, user).await?);

    assert!(!redeemed.is_live(&*store).await?);
    assert_eq!(store.grant(story.grant.id).await?, None);
    assert_eq!(store.grant(elsewhere.id).await?.map(|grant| grant.sites), Some(vec![other.id]));
    Ok(())
}

#[tokio::test]
async fn who_becomes_a_member_begins_anew_and_whose_standing_changes_does_not() -> Result<()> {
    let store = Backend::new().await;
    let story = Story::begin(&*store).await?;
    let redeemed = story.redeemed(&*store).await?;
    let member = store.member(story.site.id, story.user.id).await?.expect("a member");

    store.put_member(&Member { standing: SiteStanding::Admin, ..member }).await?;
    assert!(redeemed.is_live(&*store).await?);

    // What was written between the end of a membership and the next is not of the next.
    store.remove_member(story.site.id, story.user.id).await?;
    let late = store.record_consent(&Grant { id: random::grant_id(), ..story.grant.clone() }).await?;
    store.put_member(&member).await?;
    assert_eq!(store.grant(late.id).await?, None);
    assert!(!redeemed.is_live(&*store).await?);
    Ok(())
}

#[tokio::test]
async fn a_grant_goes_with_its_last_site() -> Result<()> {
    let store = Backend::new().await;
    let (user, one, other) = (random::user_id(), site().id, site().id);
    let both = store.record_consent(&Grant { sites: vec![one, other], ..grant(user, "app", "read:a") }).await?;

    assert_eq!(store.narrow_grant(both.id, site().id).await?, None);
    assert_eq!(store.narrow_grant(both.id, one).await?.map(|grant| grant.sites), Some(vec![other]));
    assert_eq!(store.narrow_grant(both.id, one).await?, None);
    assert_eq!(store.narrow_grant(both.id, other).await?.map(|grant| grant.sites), Some(vec![]));
    assert_eq!(store.grant(both.id).await?, None);
    assert_eq!(store.grants_of(user).await?, []);
    Ok(())
}
