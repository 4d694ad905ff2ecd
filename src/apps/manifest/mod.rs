//! Reading a Forge manifest: what matters to authorization of it, or everything that is wrong with it.
//!
//! | file | what |
//! |---|---|
//! | `limits`, `escapes`, `yaml` | what a file may hold; from text, also in JSON, to nodes |
//! | `node`, `part`, `reading` | a part with its place; its path; what every part is read by |
//! | `variables` | the defaults of `environment.variables` in place of `${NAME}` |
//! | `app` | `app.id` and `app.name` |
//! | `scopes`, `content`, `egress`, `address` | `permissions`, by key |
//! | `remotes`, `providers`, `modules` | those keys |
//! | `agreement` | what must hold between remotes, providers, modules and permissions |
//! | `fault` | what is wrong, where, and what was probably meant |

mod address;
mod agreement;
mod app;
mod content;
mod egress;
pub(in crate::apps) mod escapes;
pub(in crate::apps) mod fault;
pub(in crate::apps) mod limits;
mod modules;
pub(in crate::apps) mod node;
pub(in crate::apps) mod part;
mod providers;
pub(in crate::apps) mod reading;
mod remotes;
mod scopes;
mod variables;
pub(in crate::apps) mod yaml;

pub use fault::ManifestFault;
pub(super) use fault::{nearest, quoted};
pub use limits::MAX_BYTES;
pub use reading::UnknownKey;

use crate::apps::manifest::agreement::Written;
use crate::apps::manifest::fault::Faults;
use crate::apps::manifest::part::{Fields, Part};
use crate::apps::manifest::reading::Reading;
use crate::domain::manifest::{Manifest, Privileges};
use crate::domain::scope::Scope;

/// The keys of a manifest that Forge knows.
const KEYS: [&str; 11] = [
    "app",
    "connectModules",
    "environment",
    "modules",
    "overrides",
    "permissions",
    "providers",
    "remotes",
    "resources",
    "services",
    "translations",
];

/// The keys below `permissions`.
const PERMISSIONS: [&str; 5] = ["content", "enforcement", "external", "sandbox", "scopes"];

/// A manifest, and what of it was not read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReadManifest {
    /// What matters to authorization.
    pub manifest: Manifest,
    /// The keys that neither we nor Forge know, in the order of the file.
    pub unknown_keys: Vec<UnknownKey>,
}

/// Reads a manifest. `file` is what faults call it; `known` are the scopes of this server's own protected resources, which
/// a manifest may ask for beside those of Forge.
///
/// # Errors
/// Everything that is wrong with it, by its place, at most fifty faults.
pub fn read(bytes: &[u8], file: &str, known: &Scope) -> Result<ReadManifest, Vec<ManifestFault>> {
    let mut reading = Reading { faults: Faults::of(file), unknown_keys: Vec::new(), known };
    let manifest = manifest_of(bytes, &mut reading);
    match manifest {
        Some(manifest) if reading.faults.is_empty() => {
            reading.unknown_keys.sort_by_key(|key| (key.line, key.column));
            Ok(ReadManifest { manifest, unknown_keys: reading.unknown_keys })
        }
        _ => Err(reading.faults.in_order()),
    }
}

fn manifest_of(bytes: &[u8], reading: &mut Reading<'_>) -> Option<Manifest> {
    let text = limits::text_of(bytes, &limits::MANIFEST, &mut reading.faults)?;
    let mut root = yaml::read(&escapes::in_yaml(text), &limits::MANIFEST, &mut reading.faults)?;
    variables::fill(&mut root, reading);
    let root = reading.open_fields(Part::new(&root, ""), &KEYS)?;
    let app = app::read(&root, reading);
    let written = Written {
        scopes: Vec::new(),
        egress: Vec::new(),
        remotes: remotes::read(&root, reading),
        providers: providers::read(&root, reading),
        modules: modules::read(&root, reading),
    };
    let (written, content) = permissions(&root, written, reading);
    written.check(reading);
    let (app_id, name) = app?;
    Some(Manifest { app_id, name, privileges: written.privileges(content) })
}

/// `permissions`.
fn permissions<'n>(
    root: &Fields<'n>,
    mut written: Written<'n>,
    reading: &mut Reading<'_>,
) -> (Written<'n>, Vec<String>) {
    let Some(permissions) = root.get("permissions").and_then(|part| reading.fields(part, &PERMISSIONS)) else {
        return (written, Vec::new());
    };
    written.scopes = scopes::read(&permissions, reading);
    written.egress = egress::read(&permissions, reading);
    let content = content::read(&permissions, reading);
    (written, content)
}

/// Sorted, each once.
fn sorted<T: Ord>(mut all: Vec<T>) -> Vec<T> {
    all.sort();
    all.dedup();
    all
}

impl Written<'_> {
    fn privileges(self, content: Vec<String>) -> Privileges {
        Privileges {
            scopes: sorted(self.scopes),
            egress: sorted(self.egress.into_iter().map(|written| written.egress).collect()),
            content: sorted(content),
            remotes: sorted(self.remotes.into_iter().map(|written| written.remote).collect()),
            endpoints: sorted(self.modules.endpoints.into_iter().filter_map(|written| written.endpoint).collect()),
            providers: sorted(self.providers.into_iter().map(|written| written.provider).collect()),
        }
    }
}
