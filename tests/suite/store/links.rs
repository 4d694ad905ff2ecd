//! One-time links.

use hallmark::domain::link::{LinkPurpose, OneTimeLink};
use hallmark::domain::time::Lifetime;
use hallmark::secrets::random;
use hallmark::store::Result;

use super::Backend;
use super::samples::{after, key};

fn link(purpose: LinkPurpose) -> OneTimeLink {
    OneTimeLink { purpose, expires: after(Lifetime::minutes(30)) }
}

#[tokio::test]
async fn a_link_can_be_looked_at_often_and_used_once() -> Result<()> {
    let store = Backend::new().await;
    for purpose in [LinkPurpose::Setup, LinkPurpose::Invite(random::user_id())] {
        let (name, link) = (key(link(purpose).expires), link(purpose));
        store.add_link(name, &link).await?;
        assert_eq!(store.link(name).await?, Some(link.clone()));
        assert_eq!(store.link(name).await?, Some(link));

        assert!(store.take_link(name).await?);

        assert!(!store.take_link(name).await?);
        assert_eq!(store.link(name).await?, None);
    }
    Ok(())
}

#[tokio::test]
async fn a_new_setup_link_voids_the_former_and_no_other_link() -> Result<()> {
    let store = Backend::new().await;
    let expires = after(Lifetime::minutes(30));
    let [former, invite, new] = [key(expires), key(expires), key(expires)];
    store.add_link(former, &link(LinkPurpose::Setup)).await?;
    store.add_link(invite, &link(LinkPurpose::Invite(random::user_id()))).await?;

    store.add_link(new, &link(LinkPurpose::Setup)).await?;

    assert_eq!(store.link(former).await?, None);
    assert!(!store.take_link(former).await?);
    assert!(store.link(invite).await?.is_some());
    assert!(store.take_link(new).await? && store.take_link(invite).await?);
    Ok(())
}
