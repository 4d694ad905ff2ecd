//! Where a command runs: in the server that has the data folder, and where none has it, here.

use std::path::Path;
use std::time::Duration;

use crate::cli::answer::{Answer, CommandError, Exit};
use crate::cli::arguments::Place;
use crate::cli::command::Command;
use crate::cli::control::{self, Reply, Unreached};
use crate::cli::open::Opened;
use crate::cli::settings::Settings;

/// A server that is just starting or stopping has the folder but not the socket, and another command has it for a moment.
pub const ATTEMPTS: u32 = 50;
/// How long to wait between.
pub const PAUSE: Duration = Duration::from_millis(100);

/// Carries the command out.
///
/// # Errors
/// [`CommandError`] says what was refused or failed, or who has the folder and does not answer.
pub async fn run(settings: &Settings, command: Command) -> Result<Answer, CommandError> {
    let folder = &settings.config.store.folder;
    let mut attempts = 1..=ATTEMPTS;
    loop {
        match control::tell(folder, &command).await {
            Ok(Reply::Answer(answer)) => return Ok(answer),
            Ok(Reply::Error(error)) => return Err(error),
            Err(Unreached::Failed(error)) => return Err(error),
            Err(Unreached::NobodyThere) if command.is_for_a_running_server() => {
                return Err(nobody_there(folder));
            }
            Err(Unreached::NobodyThere) => {}
        }
        match Opened::open(settings.config.clone()).await {
            Ok(opened) => return alone(opened, command).await,
            Err(error) if error.exit == Exit::Locked && attempts.next().is_some() => tokio::time::sleep(PAUSE).await,
            Err(error) => return Err(error),
        }
    }
}

/// Tells the running server to read its configuration again. Where the caller names its folder, only the server reads that
/// configuration, which is where it counts.
///
/// # Errors
/// [`CommandError`] names the key that is wrong, or says that no server runs.
pub async fn reload(place: &Place) -> Result<Answer, CommandError> {
    let folder = match &place.data {
        Some(folder) => folder.clone(),
        None => Settings::read(place)?.config.store.folder,
    };
    match control::reload(&folder).await {
        Ok(Reply::Answer(answer)) => Ok(answer),
        Ok(Reply::Error(error)) | Err(Unreached::Failed(error)) => Err(error),
        Err(Unreached::NobodyThere) => Err(nobody_there(&folder)),
    }
}

fn nobody_there(folder: &Path) -> CommandError {
    CommandError::failed(format!("no server runs on {}; start it with `hallmark serve`", folder.display()))
}

async fn alone(opened: Opened, command: Command) -> Result<Answer, CommandError> {
    // Whoever has the store is the only one who may listen, so a socket that is there was left behind.
    control::remove_socket(&opened.server.config.store.folder);
    let answer = command.run(&opened.server).await?;
    opened.close().await?;
    Ok(answer)
}
