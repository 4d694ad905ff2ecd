//! Reading an OpenAPI 3 document: the operations of a protected resource, and by extensions what they take.
//!
//! | where | key | what |
//! |---|---|---|
//! | document | `x-hallmark-access` | `objects`, `roles` and `settings`, as an access model has them |
//! | document | `servers` | where in the paths of requests operations begin; `{site}` names the site |
//! | document, operation | `security` | the one OAuth scope that an operation takes |
//! | operation | `x-hallmark-role` | the role, permission or setting that it takes |
//! | operation | `x-hallmark-role-on-site` | the same, where it is done to the whole site |
//! | operation | `x-hallmark-object` | on what: `{type, id}`, of which `id` is a parameter of the path; without it the whole site |
//! | operation | `x-hallmark-connect` | the level that a Connect app must have |
//! | operation | `x-hallmark-filter` | `true` if its answer must leave out what the caller has no role on |
//! | operation | `x-hallmark-container-token` | `true` if the token of an import source opens it |
//!
//! References (`$ref`) to paths, operations and security schemes are not followed.

mod declared;
mod operations;
mod security;

use std::collections::BTreeMap;

use crate::apps::manifest::ManifestFault;
use crate::apps::manifest::fault::Faults;
use crate::apps::manifest::node::Place;
use crate::apps::manifest::part::{Fields, Part};
use crate::apps::manifest::reading::Reading;
use crate::apps::manifest::{escapes, limits, yaml};
use crate::domain::access_model::{AccessModel, WrittenModel};
use crate::domain::scope::Scope;

/// The longest document that is read, in bytes.
pub const MAX_BYTES: usize = limits::OPENAPI.bytes;

/// What this server's extensions begin with. One that is misspelt would leave an operation without what it takes.
const OWN: &str = "x-hallmark-";

/// Where the parts of a model are written, by what its faults call them.
type Places = BTreeMap<String, Place>;

/// The model that a document declares. `file` is what faults call it; where there are `roles`, the objects, roles and settings
/// are theirs, and of the document only its operations are read.
///
/// # Errors
/// Everything that is wrong with it, by its place.
pub fn read(bytes: &[u8], file: &str, roles: Option<&WrittenModel>) -> Result<AccessModel, Vec<ManifestFault>> {
    let known = Scope::default();
    let mut reading = Reading { faults: Faults::of(file), unknown_keys: Vec::new(), known: &known };
    let mut places = Places::new();
    let written = written(bytes, roles, &mut reading, &mut places);
    let model = match written {
        Some(written) if reading.faults.is_empty() => AccessModel::of(written),
        _ => return Err(reading.faults.in_order()),
    };
    model.map_err(|faults| {
        for fault in faults {
            let place = places.get(&fault.place).copied().unwrap_or(Place::START);
            reading.faults.add(place, &fault.place, fault.wrong);
        }
        reading.faults.in_order()
    })
}

fn written(
    bytes: &[u8],
    roles: Option<&WrittenModel>,
    reading: &mut Reading<'_>,
    places: &mut Places,
) -> Option<WrittenModel> {
    let text = limits::text_of(bytes, &limits::OPENAPI, &mut reading.faults)?;
    let root = yaml::read(&escapes::in_yaml(text), &limits::OPENAPI, &mut reading.faults)?;
    let root = reading.map(Part::new(&root, ""))?;
    version(&root, reading);
    declared::refuse_unknown(&root, reading);
    let mut model = match roles {
        Some(roles) => roles.clone(),
        None => declared::read(&root, reading, places)?,
    };
    if let Some(servers) = declared::servers(&root, reading, places) {
        model.servers = servers;
    }
    let whole_site = declared::whole_site(&model);
    model.operations = operations::read(&root, &whole_site, reading, places);
    Some(model)
}

fn version(root: &Fields<'_>, reading: &mut Reading<'_>) {
    if let Some(version) = root.required(reading, "openapi") {
        reading.matching(&version, "a version of OpenAPI 3, in quotes", |version| version.starts_with("3."));
    }
}
