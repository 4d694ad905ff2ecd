//! What a service manager is told (sd_notify(3)): that the server can be reached, and that it is about to end.

use sd_notify::NotifyState;

/// The server can be reached.
pub fn ready() {
    tell(NotifyState::Ready);
}

/// The server was asked to end, and answers what is under way.
pub fn stopping() {
    tell(NotifyState::Stopping);
}

/// Tells nobody where no manager listens.
fn tell(state: NotifyState<'_>) {
    if let Err(error) = sd_notify::notify(&[state]) {
        tracing::warn!(%error, "the service manager could not be told how far the server is");
    }
}
