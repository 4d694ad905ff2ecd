//! Requests on sled: one head each, and nothing beside it.

use async_trait::async_trait;

use crate::domain::authorization_request::{PushedRequest, Transaction};
use crate::domain::secret::TokenKey;
use crate::store::sled::SledStore;
use crate::store::{Requests, Result};

#[async_trait]
impl Requests for SledStore {
    async fn push_request(&self, key: TokenKey, request: &PushedRequest) -> Result<()> {
        self.pushed.put(key.to_bytes(), request)?;
        self.durable(()).await
    }

    async fn pushed_request(&self, key: TokenKey) -> Result<Option<PushedRequest>> {
        self.pushed.get(key.to_bytes())
    }

    async fn take_pushed_request(&self, key: TokenKey) -> Result<Option<PushedRequest>> {
        let taken = self.pushed.take(key.to_bytes())?;
        self.durable(taken).await
    }

    async fn open_transaction(&self, key: TokenKey, transaction: &Transaction) -> Result<()> {
        self.transactions.put(key.to_bytes(), transaction)
    }

    async fn transaction(&self, key: TokenKey) -> Result<Option<Transaction>> {
        self.transactions.get(key.to_bytes())
    }

    async fn advance_transaction(&self, key: TokenKey, old: &Transaction, new: &Transaction) -> Result<bool> {
        self.transactions.replace(key.to_bytes(), old, new)
    }

    async fn take_transaction(&self, key: TokenKey) -> Result<bool> {
        let taken = self.transactions.remove(key.to_bytes())?;
        self.durable(taken).await
    }
}
