//! What whoever starts the demonstration is told: where to go, with which passwords, and what the lines of docs/scripts.md need.

use serde_json::json;

use crate::cli::answer::Answer;
use crate::cli::demo::world::{API_ID, World};

/// The address, the people and the variables.
pub fn banner(world: &World) -> Answer {
    let (person, admin) = (&world.person, &world.admin);
    let [manifest, second] = &world.manifests;
    let text = format!(
        "\n  Open                     {}\n  Sign in as               {}   password {}\n  or as an admin           {}   password {}\n  \
         Remove the app at        {}/account/apps\n  The admin's apps are at  {}/console and {}/admin/sites\n  \
         Version 1 of the app     {}\n  Version 2                {}\n\n  \
         Connect, choose a site, allow, and see data fetched with the token; then call as the app and through the gateway.\n  \
         As the admin deploy version 2 in the console, and approve on the site what it asks for besides. Take the role\n  \
         user from the app among the roles of the site, and it is refused as itself; remove the app and fetch again: the same\n  \
         call is refused, and each refusal names its layer.\n\n  \
         For scripts, in a shell; docs/scripts.md goes on from there:\n\n{}\n  \
         Everything is in a temporary folder. Stop with Ctrl-C.\n",
        world.app_url,
        person.email,
        person.password,
        admin.email,
        admin.password,
        world.issuer,
        world.issuer,
        world.issuer,
        manifest.display(),
        second.display(),
        variables(world).map(|(name, value)| format!("  export {name}={value}\n")).concat(),
    );
    let variables: serde_json::Map<_, _> =
        variables(world).map(|(name, value)| (name.to_owned(), json!(value))).into_iter().collect();
    let json = json!({
        "app": world.app_url, "issuer": world.issuer, "api": world.api_url,
        "person": { "email": person.email, "password": person.password },
        "admin": { "email": admin.email, "password": admin.password },
        "manifests": world.manifests, "sites": world.sites.each_ref().map(|place| place.site.id),
        "scripts": variables,
    });
    Answer::new(text, json)
}

/// What the lines of docs/scripts.md need. No value has a character that a shell takes for anything else.
fn variables(world: &World) -> [(&'static str, String); 12] {
    let site = &world.sites[0].site;
    [
        ("ISSUER", world.issuer.clone()),
        ("API", world.api_url.clone()),
        ("EMAIL", world.person.email.clone()),
        ("TOKEN", world.scripts.token.clone()),
        ("ACCOUNT", world.person.id.to_string()),
        ("ADMIN_EMAIL", world.admin.email.clone()),
        ("ADMIN_TOKEN", world.scripts.admin_token.clone()),
        ("SITE", site.id.to_string()),
        ("WORKSPACE", site.workspace_id.to_string()),
        ("IMPORT_SOURCE", world.scripts.import_source.to_string()),
        ("API_ID", API_ID.to_owned()),
        ("API_SECRET", world.api_secret.clone()),
    ]
}
