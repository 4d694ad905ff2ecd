//! Groups of a site, and who is in them.

use hallmark::domain::group::Group;
use hallmark::domain::id::SiteId;
use hallmark::domain::site::{Member, SiteStanding};
use hallmark::secrets::random;
use hallmark::store::{Added, Result};

use super::Backend;
use super::samples::{NOW, site};

fn group(site_id: SiteId, name: &str) -> Group {
    Group { id: random::group_id(), site_id, name: name.parse().expect("a label"), created: NOW }
}

#[tokio::test]
async fn a_group_has_its_name_on_its_site_alone() -> Result<()> {
    let store = Backend::new().await;
    let (here, there) = (site(), site());
    let (admins, others) = (group(here.id, "Machine admins"), group(here.id, "Builders"));
    for group in [&admins, &others, &group(there.id, "Machine admins")] {
        assert_eq!(store.add_group(group).await?, Added::Done);
    }

    let again = group(here.id, "machine ADMINS");
    assert_eq!(store.add_group(&again).await?, Added::Taken("machine ADMINS".into()));
    let names: Vec<String> = store.groups_on(here.id).await?.iter().map(|group| group.name.to_string()).collect();
    assert_eq!(names, ["Builders", "Machine admins"]);

    assert!(store.remove_group(admins.id).await? && !store.remove_group(admins.id).await?);
    assert_eq!(store.add_group(&again).await?, Added::Done);
    assert_eq!(store.group(admins.id).await?, None);
    Ok(())
}

#[tokio::test]
async fn who_is_in_a_group_leaves_it_with_the_site_or_with_the_group() -> Result<()> {
    let store = Backend::new().await;
    let site = site();
    let (bob, eve) = (random::user_id(), random::user_id());
    for user_id in [bob, eve] {
        store.put_member(&Member { site_id: site.id, user_id, standing: SiteStanding::Member, since: NOW }).await?;
    }
    let (one, other) = (group(site.id, "One"), group(site.id, "Other"));
    for group in [&one, &other] {
        store.add_group(group).await?;
        assert!(store.add_to_group(group.id, bob).await? && !store.add_to_group(group.id, bob).await?);
        store.add_to_group(group.id, eve).await?;
    }

    assert!(store.remove_from_group(one.id, bob).await? && !store.remove_from_group(one.id, bob).await?);
    assert_eq!(store.groups_of(site.id, bob).await?, [other.id]);
    store.remove_group(other.id).await?;
    assert!(store.groups_of(site.id, bob).await?.is_empty());
    assert_eq!(store.groups_of(site.id, eve).await?, [one.id]);

    store.remove_member(site.id, eve).await?;
    store.put_member(&Member { site_id: site.id, user_id: eve, standing: SiteStanding::Member, since: NOW }).await?;
    assert!(store.groups_of(site.id, eve).await?.is_empty() && store.group_members(one.id).await?.is_empty());
    assert!(!store.add_to_group(other.id, eve).await?);
    Ok(())
}
