//! Where a command runs: in the server that has the data folder, and where none has it, here. A database may be had here while
//! servers have it elsewhere.

use std::path::{Path, PathBuf};
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

/// Who carries commands out.
pub enum Reached {
    /// The server that has this data folder.
    Server(PathBuf),
    /// This process, which has the store for as long.
    Here(Box<Opened>),
}

/// Carries the command out.
///
/// # Errors
/// [`CommandError`] says what was refused or failed, or who has the folder and does not answer.
pub async fn run(settings: &Settings, command: Command) -> Result<Answer, CommandError> {
    let (reached, answer) = begin(settings, command).await?;
    reached.close().await?;
    Ok(answer)
}

/// Carries the first of several commands out, and leaves whoever did it ready for the next.
///
/// # Errors
/// As [`run`].
pub async fn begin(settings: &Settings, command: Command) -> Result<(Reached, Answer), CommandError> {
    let folder = &settings.config.store.folder;
    let mut attempts = 1..=ATTEMPTS;
    loop {
        match control::tell(folder, &command).await {
            Ok(Reply::Answer(answer)) => return Ok((Reached::Server(folder.clone()), answer)),
            Ok(Reply::Error(error)) => return Err(error),
            Err(Unreached::Failed(error)) => return Err(error),
            Err(Unreached::NobodyThere) if command.is_for_a_running_server() => {
                return Err(nobody_there(folder));
            }
            Err(Unreached::NobodyThere) => {}
        }
        match Opened::open(settings.config.clone()).await {
            Ok(opened) => {
                // Whoever has the folder is the only one who may listen, so a socket that is there was left behind.
                if opened.has_the_folder() {
                    control::remove_socket(folder);
                }
                let answer = command.run(&opened.server).await?;
                return Ok((Reached::Here(Box::new(opened)), answer));
            }
            Err(error) if error.exit == Exit::Locked && attempts.next().is_some() => tokio::time::sleep(PAUSE).await,
            Err(error) => return Err(error),
        }
    }
}

impl Reached {
    /// Carries one more command out.
    ///
    /// # Errors
    /// [`CommandError`] says what was refused or failed.
    pub async fn run(&self, command: Command) -> Result<Answer, CommandError> {
        match self {
            Reached::Here(opened) => command.run(&opened.server).await,
            Reached::Server(folder) => match control::tell(folder, &command).await {
                Ok(Reply::Answer(answer)) => Ok(answer),
                Ok(Reply::Error(error)) | Err(Unreached::Failed(error)) => Err(error),
                Err(Unreached::NobodyThere) => Err(nobody_there(folder)),
            },
        }
    }

    /// Makes everything durable that was done here.
    ///
    /// # Errors
    /// [`CommandError`] if the disk refused it.
    pub async fn close(self) -> Result<(), CommandError> {
        match self {
            Reached::Server(_) => Ok(()),
            Reached::Here(opened) => opened.close().await,
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
