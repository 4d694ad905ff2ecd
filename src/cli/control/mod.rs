//! The Unix socket in the data folder by which a running server is told a command: one JSON line there, one back.
//!
//! Only the user that the server runs as, and root, may speak. The folder and the socket are closed to others, and the
//! kernel's word on who is at the other end is asked for besides.

mod listener;

pub use listener::Listener;

use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tokio::io::{AsyncBufRead, AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::UnixStream;
use tokio::time::timeout;

use crate::cli::answer::{Answer, CommandError};
use crate::cli::command::Command;

/// A command with a key set fits; a list of every person of a large installation fits the answer.
const MAX_COMMAND: u64 = 1024 * 1024;
const MAX_REPLY: u64 = 256 * 1024 * 1024;

/// How long either side waits for the other's line.
const TIME_OUT: Duration = Duration::from_secs(10);
const REPLY_TIME_OUT: Duration = Duration::from_secs(60);

/// What a server says to a command.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reply {
    /// It was carried out.
    Answer(Answer),
    /// It was not.
    Error(CommandError),
}

/// Why there is no reply.
pub enum Unreached {
    /// Nobody listens.
    NobodyThere,
    /// Somebody does, and something went wrong.
    Failed(CommandError),
}

/// Where the socket of a data folder is.
pub fn socket(folder: &Path) -> PathBuf {
    folder.join("control.sock")
}

/// Removes the socket of a data folder, if there is one.
pub fn remove_socket(folder: &Path) {
    // One that is not there is what is wanted; one that cannot be removed is told of when it is bound.
    let _ = std::fs::remove_file(socket(folder));
}

/// The line that asks for a reload, which is of the process and not of what it keeps.
const RELOAD: &str = "\"reload\"";

/// Tells the server that has the data folder to read its configuration again.
///
/// # Errors
/// [`Unreached`] if no reply came.
pub async fn reload(folder: &Path) -> Result<Reply, Unreached> {
    ask(folder, RELOAD).await.map(|(reply, _)| reply)
}

/// Tells the server that has the data folder a command.
///
/// # Errors
/// [`Unreached`] if no reply came.
pub async fn tell(folder: &Path, command: &Command) -> Result<Reply, Unreached> {
    let line = serde_json::to_string(command).map_err(|error| failed(format!("was not told: {error}")))?;
    ask(folder, &line).await.map(|(reply, _)| reply)
}

/// Says a line to the server that has the data folder; its reply, and the stream behind it.
///
/// # Errors
/// [`Unreached`] if no reply came.
pub async fn ask(folder: &Path, line: &str) -> Result<(Reply, BufReader<UnixStream>), Unreached> {
    let mut stream = match UnixStream::connect(socket(folder)).await {
        Ok(stream) => stream,
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::ConnectionRefused) => {
            return Err(Unreached::NobodyThere);
        }
        // A path too long for a socket address is one that no server listens at either.
        Err(error) if error.kind() == ErrorKind::InvalidInput => return Err(Unreached::NobodyThere),
        Err(error) => return Err(failed(format!("cannot be spoken to: {error}"))),
    };
    let line = format!("{line}\n");
    if line.len() as u64 > MAX_COMMAND {
        return Err(failed("was not told: the command is too long".into()));
    }
    stream.write_all(line.as_bytes()).await.map_err(|error| failed(format!("hung up: {error}")))?;
    let mut stream = BufReader::new(stream);
    let reply = timeout(REPLY_TIME_OUT, read_line(&mut stream, MAX_REPLY))
        .await
        .map_err(|_| failed("did not answer in a minute; look at its log".into()))?
        .map_err(|error| failed(format!("hung up: {error}; look at its log")))?;
    let reply = serde_json::from_str(&reply)
        .map_err(|_| failed("answered something else; it may be of another version, so restart it".into()))?;
    Ok((reply, stream))
}

fn failed(fault: String) -> Unreached {
    Unreached::Failed(CommandError::failed(format!("the running server {fault}")))
}

/// One line of at most `limit` bytes.
async fn read_line(stream: &mut (impl AsyncBufRead + Unpin), limit: u64) -> std::io::Result<String> {
    let mut line = String::new();
    stream.take(limit).read_line(&mut line).await?;
    if line.ends_with('\n') { Ok(line) } else { Err(ErrorKind::UnexpectedEof.into()) }
}
