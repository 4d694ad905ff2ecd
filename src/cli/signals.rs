//! The signals that ask a server to end. They are listened for before anybody is told that it runs.

use rocket::figment::Figment;
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

/// The settings of a Rocket that leaves signals to us: its own handlers begin only after it can be reached.
pub fn left_to_us(figment: Figment) -> Figment {
    figment.merge(("shutdown.ctrlc", false)).merge(("shutdown.signals", Vec::<String>::new()))
}
