//! What a protected resource declares, read in the process that was called, so that its faults are told there.

use std::path::{Path, PathBuf};

use clap::Args;
use serde::{Deserialize, Serialize};

use crate::access::models;
use crate::apps::openapi;
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
    /// An OpenAPI 3 document, in YAML or JSON: its operations, and what its extensions say.
    #[arg(long, value_name = "FILE", conflicts_with = "model")]
    #[serde(skip)]
    pub(super) openapi: Option<PathBuf>,
    /// A model with the objects, roles and settings, of which the document says nothing then.
    #[arg(long, value_name = "FILE|assets", requires = "openapi")]
    #[serde(skip)]
    roles: Option<PathBuf>,
    /// What was read there.
    #[arg(skip)]
    written: Option<Box<WrittenModel>>,
}

impl Declared {
    pub(super) fn read(&mut self) -> Result<(), CommandError> {
        let model = match (&self.model, &self.openapi) {
            (Some(path), _) => model(path)?,
            (None, Some(path)) => openapi(path, self.roles.as_deref())?,
            (None, None) => return Ok(()),
        };
        self.written = Some(Box::new(model.written().clone()));
        Ok(())
    }

    /// Whether anything was named.
    pub(super) fn is_named(&self) -> bool {
        self.written.is_some()
    }

    /// The model that was read.
    pub(super) fn model(self) -> Result<AccessModel, CommandError> {
        let written =
            self.written.ok_or_else(|| CommandError::usage("no model was named; use --model or --openapi"))?;
        AccessModel::of(*written).map_err(|faults| CommandError::failed(Faults(&faults).to_string()))
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

/// The model that an OpenAPI document declares.
fn openapi(path: &Path, roles: Option<&Path>) -> Result<AccessModel, CommandError> {
    let file = path.display().to_string();
    let roles = roles.map(model).transpose()?;
    let text = inputs::file_up_to(path, openapi::MAX_BYTES as u64)?;
    openapi::read(text.as_bytes(), &file, roles.as_ref().map(AccessModel::written))
        .map_err(|faults| refused(&file, &faults))
}
