//! `app connect`: a descriptor becomes a version of a Connect app. `app check` says what one asks for.

use std::path::Path;

use clap::Args;
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::apps::connect::descriptor::{self, DescriptorFault, MAX_BYTES, ReadDescriptor};
use crate::apps::connect::registration::register;
use crate::authorization_server::AuthorizationServer;
use crate::cli::answer::{Answer, CommandError};
use crate::cli::deploy::told;
use crate::cli::manifest::{bytes, refused};
use crate::domain::connect::{Descriptor, LifecycleEvent};
use crate::domain::event::Actor;

/// What to register.
#[derive(Args, Serialize, Deserialize)]
pub struct Registration {
    /// The descriptor: a file, or the URL at which the app serves it, which the server fetches.
    #[arg(value_name = "FILE|URL")]
    descriptor: String,
    /// Who publishes the app; people read it on the consent page.
    #[arg(long, value_name = "NAME")]
    publisher: Option<String>,
    /// What the file holds.
    #[arg(skip)]
    text: Option<String>,
}

impl Registration {
    pub(super) fn read_inputs(&mut self) -> Result<(), CommandError> {
        let file = &self.descriptor;
        if is_url(file) {
            return Ok(());
        }
        let bytes =
            bytes(Path::new(file)).map_err(|error| CommandError::failed(format!("{file} cannot be read: {error}")))?;
        // What is no text cannot cross to the server, so that its faults are told here.
        let text = String::from_utf8(bytes)
            .map_err(|error| with_faults(file, &descriptor::read(error.as_bytes()).err().unwrap_or_default()))?;
        self.text = Some(text);
        Ok(())
    }

    pub(super) async fn run(self, server: &AuthorizationServer) -> Result<Answer, CommandError> {
        let from = &self.descriptor;
        let bytes = match self.text {
            Some(text) => text.into_bytes(),
            None => {
                let fetched = server.outbound.fetch(from, MAX_BYTES).await;
                fetched.map_err(|unfetched| CommandError::failed(format!("{from} was not fetched: {unfetched}")))?
            }
        };
        let ReadDescriptor { descriptor, warnings } =
            descriptor::read(&bytes).map_err(|faults| with_faults(from, &faults))?;
        let deployed = register(server, descriptor, self.publisher, Actor::Operator).await?;
        Ok(with_warnings(told(&deployed), from, &warnings))
    }
}

/// What a descriptor asks for.
pub fn check(file: &str, bytes: &[u8]) -> Result<Answer, CommandError> {
    let read = descriptor::read(bytes).map_err(|faults| with_faults(file, &faults))?;
    let Descriptor { key, name, base_url, lifecycle, scope } = &read.descriptor;
    let json = json!({
        "key": key, "name": name, "base_url": base_url, "lifecycle": lifecycle,
        "scopes": scope.iter().collect::<Vec<_>>(),
    });
    Ok(with_warnings(Answer::new(text(&read.descriptor), json), file, &read.warnings))
}

fn text(descriptor: &Descriptor) -> String {
    let Descriptor { key, name, base_url, lifecycle, scope } = descriptor;
    let mut lines = vec![format!("{key} ({name}) at {base_url} asks for:")];
    match scope.is_empty() {
        true => lines.push("nothing".into()),
        false => lines.extend(scope.iter().map(|scope| format!("scope     {scope}"))),
    }
    let events =
        [LifecycleEvent::Installed, LifecycleEvent::Enabled, LifecycleEvent::Disabled, LifecycleEvent::Uninstalled];
    let told = events.into_iter().filter_map(|event| Some((event, lifecycle.of(event)?)));
    lines.extend(told.map(|(event, url)| format!("told      {event} at {url}")));
    lines.join("\n")
}

fn is_url(text: &str) -> bool {
    let text = text.to_ascii_lowercase();
    text.starts_with("http://") || text.starts_with("https://")
}

fn with_faults(file: &str, faults: &[DescriptorFault]) -> CommandError {
    let lines: Vec<String> = faults.iter().map(|fault| format!("{file}: {fault}")).collect();
    refused(file, &lines)
}

fn with_warnings(answer: Answer, file: &str, warnings: &[String]) -> Answer {
    warnings.iter().fold(answer, |answer, warning| answer.warn(format!("{file}: {warning}")))
}
