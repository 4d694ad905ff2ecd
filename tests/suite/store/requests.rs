//! Authorization requests in flight.

use hallmark::domain::authorization_request::{SignInDemand, Transaction};
use hallmark::store::Result;

use super::Backend;
use super::samples::{key, pushed_request, transaction};

#[tokio::test]
async fn a_pushed_request_is_used_once() -> Result<()> {
    let store = Backend::new().await;
    let pushed = pushed_request();
    let name = key(pushed.expires);
    store.push_request(name, &pushed).await?;
    assert_eq!(store.pushed_request(name).await?, Some(pushed.clone()));

    assert_eq!(store.take_pushed_request(name).await?, Some(pushed));

    assert_eq!(store.take_pushed_request(name).await?, None);
    assert_eq!(store.pushed_request(name).await?, None);
    Ok(())
}

#[tokio::test]
async fn a_transaction_advances_from_what_it_was_and_ends_once() -> Result<()> {
    let store = Backend::new().await;
    let opened = transaction();
    let name = key(opened.expires);
    store.open_transaction(name, &opened).await?;
    let advanced = Transaction { sign_in: SignInDemand::Session(key(opened.expires)), ..opened.clone() };

    assert!(store.advance_transaction(name, &opened, &advanced).await?);
    assert!(!store.advance_transaction(name, &opened, &advanced).await?);
    assert_eq!(store.transaction(name).await?, Some(advanced.clone()));

    assert!(store.take_transaction(name).await?);
    assert!(!store.take_transaction(name).await?);
    assert!(!store.advance_transaction(name, &advanced, &opened).await?);
    assert_eq!(store.transaction(name).await?, None);
    Ok(())
}
