//! An authorization request that a person has yet to answer. It belongs to one browser, and is answered once.

use std::sync::Arc;

use crate::authorization_server::AuthorizationServer;
use crate::domain::authorization_request::{SignInDemand, Transaction};
use crate::domain::client::Client;
use crate::domain::secret::TokenKey;
use crate::secrets::token::{TokenKind, read};
use crate::store::StoreError;

/// A live transaction of this browser.
pub struct OpenTransaction {
    /// Where it is found.
    pub key: TokenKey,
    /// What is asked.
    pub transaction: Transaction,
    /// Who asks.
    pub client: Arc<Client>,
}

/// Why a transaction cannot go on.
#[derive(Debug, thiserror::Error)]
pub enum TransactionFault {
    /// It was answered, never was, or its client is gone.
    #[error("this request was answered already, or never made")]
    Unknown,
    /// Its time is over.
    #[error("this request has waited too long")]
    Expired,
    /// It was begun in another browser (RFC 9700 section 4.7).
    #[error("this request was begun in another browser")]
    OtherBrowser,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// The transaction of that name, for the browser with that cookie.
///
/// # Errors
/// [`TransactionFault`], by the first rule it breaks.
pub async fn open(
    server: &AuthorizationServer,
    txn: &str,
    browser: Option<TokenKey>,
) -> Result<OpenTransaction, TransactionFault> {
    let key = read(TokenKind::Transaction, txn).ok_or(TransactionFault::Unknown)?;
    let transaction = server.store.transaction(key).await?.ok_or(TransactionFault::Unknown)?;
    if browser.is_none_or(|browser| browser.digest != transaction.browser) {
        return Err(TransactionFault::OtherBrowser);
    }
    if transaction.expires.has_passed(server.now()) {
        return Err(TransactionFault::Expired);
    }
    let client = server.store.client(&transaction.request.client_id).await?.ok_or(TransactionFault::Unknown)?;
    Ok(OpenTransaction { key, transaction, client })
}

/// Notes that the person signed in, or chose their session, for this transaction.
///
/// # Errors
/// [`TransactionFault::Unknown`] if it was answered meanwhile.
pub async fn signed_in(
    server: &AuthorizationServer,
    open: &OpenTransaction,
    session: TokenKey,
) -> Result<(), TransactionFault> {
    let next = Transaction { sign_in: SignInDemand::Session(session), ..open.transaction.clone() };
    advance(server, open, next).await
}

/// Notes that a session of a certain kind is demanded after all.
///
/// # Errors
/// [`TransactionFault::Unknown`] if it was answered meanwhile.
pub async fn demand(
    server: &AuthorizationServer,
    open: &OpenTransaction,
    sign_in: SignInDemand,
) -> Result<(), TransactionFault> {
    advance(server, open, Transaction { sign_in, ..open.transaction.clone() }).await
}

/// Notes that the question was put to the person in this session: only there may it be answered.
///
/// # Errors
/// [`TransactionFault::Unknown`] if it was answered meanwhile.
pub async fn shown(
    server: &AuthorizationServer,
    open: &OpenTransaction,
    session: TokenKey,
) -> Result<(), TransactionFault> {
    if open.transaction.shown_to == Some(session) {
        return Ok(());
    }
    let next = Transaction { shown_to: Some(session), ..open.transaction.clone() };
    advance(server, open, next).await
}

async fn advance(
    server: &AuthorizationServer,
    open: &OpenTransaction,
    next: Transaction,
) -> Result<(), TransactionFault> {
    let advanced = server.store.advance_transaction(open.key, &open.transaction, &next).await?;
    if advanced { Ok(()) } else { Err(TransactionFault::Unknown) }
}
