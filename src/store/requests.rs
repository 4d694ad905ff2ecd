//! trait Requests: authorization requests in flight.

use async_trait::async_trait;

use crate::domain::authorization_request::{PushedRequest, Transaction};
use crate::domain::secret::TokenKey;
use crate::store::Result;

/// Authorization requests in flight, pushed (RFC 9126) or brought by a browser.
#[async_trait]
pub trait Requests {
    /// Keeps a pushed request.
    async fn push_request(&self, key: TokenKey, request: &PushedRequest) -> Result<()>;

    /// The pushed request. Whether it expired is for the caller to judge.
    async fn pushed_request(&self, key: TokenKey) -> Result<Option<PushedRequest>>;

    /// Uses a pushed request up. Of any number of callers at once, one gets it.
    async fn take_pushed_request(&self, key: TokenKey) -> Result<Option<PushedRequest>>;

    /// Keeps a transaction. May be lost: a person whose transaction is lost starts again from the app.
    async fn open_transaction(&self, key: TokenKey, transaction: &Transaction) -> Result<()>;

    /// The transaction. Whether it expired is for the caller to judge.
    async fn transaction(&self, key: TokenKey) -> Result<Option<Transaction>>;

    /// Replaces `old` by `new`; `false` if it is no longer `old`. May be lost.
    async fn advance_transaction(&self, key: TokenKey, old: &Transaction, new: &Transaction) -> Result<bool>;

    /// Ends a transaction with an answer. Of any number of callers at once, one gets `true`.
    async fn take_transaction(&self, key: TokenKey) -> Result<bool>;
}
