//! The server's end of the control socket.

use std::fs::Permissions;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncWriteExt, BufReader};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::Semaphore;
use tokio::time::{sleep, timeout};

use crate::authorization_server::AuthorizationServer;
use crate::cli::answer::{Answer, CommandError};
use crate::cli::backup::crossing::{self, EXPORT};
use crate::cli::command::Command;
use crate::cli::control::{MAX_COMMAND, RELOAD, Reply, TIME_OUT, read_line, remove_socket, socket};
use crate::cli::reload::Reload;

const SOCKET_MODE: u32 = 0o600;
const ROOT: u32 = 0;

/// So many commands at once; who comes later waits.
const AT_ONCE: usize = 8;

/// A socket that is being listened at. It is removed when this is dropped.
pub struct Listener {
    listener: UnixListener,
    folder: PathBuf,
    /// Whom the socket belongs to, which is whom this process runs as.
    owner: u32,
}

impl Listener {
    /// Listens in the data folder. A socket that is there was left behind, unless somebody answers at it: two servers on one
    /// database may by mistake have one folder.
    ///
    /// # Errors
    /// What the operating system says, or that another server listens there.
    pub fn bind(folder: &Path) -> std::io::Result<Self> {
        let path = socket(folder);
        if std::os::unix::net::UnixStream::connect(&path).is_ok() {
            let fault = "another server has this data folder; give each its own with --data";
            return Err(std::io::Error::new(std::io::ErrorKind::AddrInUse, fault));
        }
        remove_socket(folder);
        let listener = UnixListener::bind(&path)?;
        std::fs::set_permissions(&path, Permissions::from_mode(SOCKET_MODE))?;
        let owner = std::fs::metadata(&path)?.uid();
        Ok(Self { listener, folder: folder.to_owned(), owner })
    }

    /// Carries out what is asked, until it is dropped.
    pub async fn listen(self, reload: Arc<Reload>) {
        let turns = Arc::new(Semaphore::new(AT_ONCE));
        loop {
            let Ok(turn) = turns.clone().acquire_owned().await else { return };
            match self.listener.accept().await {
                Ok((stream, _)) if self.may_speak(&stream) => {
                    let reload = reload.clone();
                    tokio::spawn(async move {
                        converse(stream, &reload).await;
                        drop(turn);
                    });
                }
                Ok(_) => tracing::warn!("another user of this machine was refused at the control socket"),
                Err(error) => {
                    tracing::warn!(%error, "the control socket");
                    sleep(Duration::from_millis(250)).await;
                }
            }
        }
    }

    fn may_speak(&self, stream: &UnixStream) -> bool {
        stream.peer_cred().is_ok_and(|peer| is_allowed(peer.uid(), self.owner))
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        remove_socket(&self.folder);
    }
}

fn is_allowed(peer: u32, owner: u32) -> bool {
    peer == owner || peer == ROOT
}

async fn converse(mut stream: UnixStream, reload: &Reload) {
    let server = &reload.server;
    let Ok(Ok(line)) = timeout(TIME_OUT, read_line(&mut BufReader::new(&mut stream), MAX_COMMAND)).await else {
        return;
    };
    if line.trim_end() == EXPORT {
        return export(stream, server).await;
    }
    let outcome = match serde_json::from_str::<Command>(&line) {
        Ok(command) => command.run(server).await,
        Err(_) if line.trim_end() == RELOAD => reload.run().await,
        Err(_) => Err(CommandError::failed(
            "the running server does not know this command; it may be of another version, so restart it",
        )),
    };
    let reply = outcome.map_or_else(Reply::Error, Reply::Answer);
    // Whoever hung up does not want the answer.
    let _ = say(&mut stream, &reply).await;
}

/// Everything that is kept follows the reply, which says what it is of.
async fn export(mut stream: UnixStream, server: &AuthorizationServer) {
    let header = serde_json::to_value(crossing::begin(server).await).unwrap_or_default();
    let sent = match say(&mut stream, &Reply::Answer(Answer::new("", header))).await {
        Ok(()) => crossing::send(&mut stream, server).await,
        unsaid => unsaid,
    };
    match sent {
        Ok(()) => tracing::info!("everything was sent for a backup"),
        Err(error) => tracing::warn!(%error, "a backup was given up by whoever asked for it"),
    }
}

async fn say(stream: &mut UnixStream, reply: &Reply) -> std::io::Result<()> {
    let mut line = serde_json::to_vec(reply)?;
    line.push(b'\n');
    timeout(TIME_OUT, stream.write_all(&line)).await?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_servers_user_and_root_may_speak() {
        assert!(is_allowed(1000, 1000) && is_allowed(ROOT, 1000));
        assert!(!is_allowed(1001, 1000) && !is_allowed(1000, ROOT));
    }
}
