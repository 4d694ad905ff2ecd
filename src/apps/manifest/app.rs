//! `app`: which app it is, and what it is called.

use crate::apps::clients::check_text;
use crate::apps::manifest::part::Fields;
use crate::apps::manifest::reading::Reading;
use crate::domain::id::AppId;

/// The keys below `app` that Forge knows. It keeps names elsewhere, and warns of `name`.
const KEYS: [&str; 11] = [
    "access",
    "compatibility",
    "connect",
    "description",
    "features",
    "id",
    "licensing",
    "name",
    "package",
    "runtime",
    "storage",
];

const EXAMPLE: &str = "ari:cloud:ecosystem::app/ and a UUID";

/// The app's id and its name.
pub fn read(root: &Fields<'_>, reading: &mut Reading<'_>) -> Option<(AppId, Option<String>)> {
    let app = root.required(reading, "app")?;
    let app = reading.open_fields(app, &KEYS)?;
    let id = app.required(reading, "id");
    let id = id.and_then(|part| reading.matching(&part, EXAMPLE, |ari| AppId::from_ari(ari).is_ok()));
    let name = app.get("name").and_then(|part| {
        let visible = |name: &str| check_text("a name", name).is_ok();
        reading.matching(&part, "1 to 60 visible characters on one line", visible)
    });
    let id = id.and_then(|ari| AppId::from_ari(ari).ok())?;
    Some((id, name.map(str::to_owned)))
}
