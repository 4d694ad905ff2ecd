//! Many callers at once: all wait at one barrier, then all go.

use std::future::Future;
use std::sync::Arc;

use tokio::sync::Barrier;

/// What each of `count` callers got.
pub async fn race<T, F>(count: usize, call: impl Fn(usize) -> F) -> Vec<T>
where
    T: Send + 'static,
    F: Future<Output = T> + Send + 'static,
{
    let barrier = Arc::new(Barrier::new(count));
    let callers: Vec<_> = (0..count)
        .map(|number| {
            let (barrier, caller) = (barrier.clone(), call(number));
            tokio::spawn(async move {
                barrier.wait().await;
                caller.await
            })
        })
        .collect();
    let mut answers = Vec::with_capacity(count);
    for caller in callers {
        answers.push(caller.await.expect("no panic"));
    }
    answers
}
