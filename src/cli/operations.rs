//! The listener that operators have for themselves, beside that of `serve`.

use std::sync::Arc;

use rocket::figment::Figment;

use crate::authorization_server::AuthorizationServer;
use crate::cli::answer::CommandError;
use crate::config::connections::Connections;
use crate::config::operations::OperationsListener;
use crate::front::{Front, FrontError, Settings};
use crate::launch;

/// Whoever asks how the server is needs few connections.
const AT_ONCE: usize = 64;

/// Begins to listen where the settings say. The usual address may be taken, by a second server or by what collects
/// metrics, and that keeps no server from starting; one that was named must be free.
///
/// # Errors
/// [`CommandError`] if the address that was named cannot be listened at.
pub async fn bind(server: &Arc<AuthorizationServer>, figment: &Figment) -> Result<Option<Front>, CommandError> {
    let listener = server.config.operations;
    let Some(address) = listener.address() else { return Ok(None) };
    let rocket = launch::operations(server.clone(), figment.clone());
    let connections = Connections { per_address: AT_ONCE, total: AT_ONCE, ..server.config.connections.clone() };
    let settings = Settings { connections, ..Settings::default() };
    match Front::bind(rocket, (&address.ip().to_string(), address.port()), settings).await {
        Ok(front) => {
            let bound = front.address().unwrap_or(address);
            tracing::info!(address = %bound, "health and metrics");
            Ok(Some(front))
        }
        Err(error @ FrontError::Address { .. }) if listener == OperationsListener::Usual => {
            tracing::warn!(%error, "no health and metrics for operators; set operations.address to another or to \"off\"");
            Ok(None)
        }
        Err(FrontError::Address { address, fault }) => Err(CommandError::failed(format!(
            "operations.address = {address} cannot be listened at: {fault}; choose another, or \"off\""
        ))),
        Err(error) => Err(error.into()),
    }
}
