//! Signing keys, and the check of the seal.

use hallmark::domain::signing_key::{KeyRing, KeyState, SignatureAlgorithm, SigningKey};
use hallmark::store::Result;

use super::Backend;
use super::samples::NOW;

fn ring(kids: &[&str]) -> KeyRing {
    let mut ring = KeyRing::default();
    for kid in kids {
        let key = SigningKey {
            kid: (*kid).into(),
            algorithm: SignatureAlgorithm::EdDSA,
            public: "{}".into(),
            private: vec![1, 2, 3],
            state: KeyState::Published { since: NOW },
        };
        ring.publish(key, NOW);
    }
    ring
}

#[tokio::test]
async fn a_ring_is_replaced_only_by_who_knows_it() -> Result<()> {
    let store = Backend::new().await;
    assert_eq!(store.key_ring().await?, KeyRing::default());
    assert!(store.replace_key_ring(&KeyRing::default(), &ring(&["a"])).await?);

    assert!(!store.replace_key_ring(&KeyRing::default(), &ring(&["thief"])).await?);
    assert!(!store.replace_key_ring(&ring(&["b"]), &ring(&["thief"])).await?);

    assert!(store.replace_key_ring(&ring(&["a"]), &ring(&["a", "b"])).await?);
    assert_eq!(store.key_ring().await?, ring(&["a", "b"]));
    Ok(())
}

#[tokio::test]
async fn the_first_check_of_the_seal_stays() -> Result<()> {
    let store = Backend::new().await;
    assert_eq!(store.seal_check().await?, None);
    assert_eq!(store.begin_seal_check(b"first").await?, b"first");
    assert_eq!(store.begin_seal_check(b"second").await?, b"first");
    assert_eq!(store.seal_check().await?, Some(b"first".to_vec()));
    Ok(())
}
