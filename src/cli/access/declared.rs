//! What a protected resource declares, read in the process that was called, so that its faults are told there.

use std::path::{Path, PathBuf};

use clap::Args;
use serde::{Deserialize, Serialize};

use crate::access::models;
use crate::cli::answer::CommandError;
use crate::cli::inputs;
use crate::cli::manifest::refused;
use crate::domain::access_model::{AccessModel, Faults, LONGEST_MODEL, WrittenModel};

/// Where it is written.
#[derive(Args, Serialize, Deserialize)]
#[group(skip)]
pub struct Declared {
    /// A file with a model in JSON; or the word assets, for the model of the Assets API that comes with this server.
    #[arg(long, value_name = "FILE|assets")]
    #[serde(skip)]
    pub(super) model: Option<PathBuf>,
    /// What was read there.
    #[arg(skip)]
    written: Option<WrittenModel>,
}

impl Declared {
    pub(super) fn read(&mut self) -> Result<(), CommandError> {
        if let Some(path) = &self.model {
            self.written = Some(model(path)?.written().clone());
        }
        Ok(())
    }

    /// The model that was read.
    pub(super) fn model(self) -> Result<AccessModel, CommandError> {
        let written = self.written.ok_or_else(|| CommandError::usage("no model was named; use --model"))?;
        AccessModel::of(written).map_err(|faults| CommandError::failed(Faults(&faults).to_string()))
    }
}

/// The model in a file, or one that comes with this server.
fn model(path: &Path) -> Result<AccessModel, CommandError> {
    let file = path.display().to_string();
    let text = match models::shipped(&file) {
        Some(shipped) => shipped.to_owned(),
        None => inputs::file_up_to(path, LONGEST_MODEL as u64)?,
    };
    AccessModel::read(&text).map_err(|faults| refused(&file, &faults))
}
