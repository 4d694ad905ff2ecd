//! Sites.

use hallmark::secrets::random;
use hallmark::store::Result;

use super::Backend;
use super::samples::site;

#[tokio::test]
async fn the_first_site_is_the_one_that_stays() -> Result<()> {
    let store = Backend::new();
    let (first, second) = (site(), site());

    assert_eq!(*store.default_site(&first).await?, first);
    assert_eq!(*store.default_site(&second).await?, first);

    assert_eq!(store.site(first.id).await?.as_deref(), Some(&first));
    assert_eq!(store.site(second.id).await?, None);
    assert_eq!(store.site(random::site_id()).await?, None);
    Ok(())
}
