//! The signals that ask a server to end. They are listened for before anybody is told that it runs.

use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::cli::answer::CommandError;

/// Ctrl-C, and what service managers send.
pub struct Signals {
    interrupt: Signal,
    terminate: Signal,
}

impl Signals {
    /// Begins to listen; from here on a signal no longer ends the process by itself.
    ///
    /// # Errors
    /// [`CommandError`] if the operating system refuses.
    pub fn listen() -> Result<Self, CommandError> {
        let listen = |kind| {
            signal(kind).map_err(|error| CommandError::temporary(format!("signals cannot be listened for: {error}")))
        };
        Ok(Self { interrupt: listen(SignalKind::interrupt())?, terminate: listen(SignalKind::terminate())? })
    }

    /// Waits for the next one.
    pub async fn next(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}
