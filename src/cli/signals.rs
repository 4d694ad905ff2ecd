//! The signals that ask a server to end, or to read its configuration again. They are listened for before anybody is told
//! that it runs.

use std::io::IsTerminal;

use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::cli::answer::CommandError;

/// Ctrl-C, what service managers send, and what tells a server of a new configuration.
pub struct Signals {
    interrupt: Signal,
    terminate: Signal,
    hangup: Signal,
    /// Whether somebody began it on a terminal, which sends the same signal when it is closed.
    terminal: bool,
}

/// What a signal asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asked {
    /// To end.
    End,
    /// To read the configuration again.
    Reload,
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
        Ok(Self {
            interrupt: listen(SignalKind::interrupt())?,
            terminate: listen(SignalKind::terminate())?,
            hangup: listen(SignalKind::hangup())?,
            terminal: std::io::stdin().is_terminal(),
        })
    }

    /// Waits for the next one.
    pub async fn next(&mut self) -> Asked {
        tokio::select! {
            _ = self.interrupt.recv() => Asked::End,
            _ = self.terminate.recv() => Asked::End,
            // A server that was begun on a terminal ends with it.
            _ = self.hangup.recv() => match self.terminal && !std::io::stdin().is_terminal() {
                true => Asked::End,
                false => Asked::Reload,
            },
        }
    }
}
