//! The last chapter of the story: a person's script, the admin's script, and the script of an import source, each refused
//! where it has no business.

use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};

use crate::cli::demo::wire::{Heard, Surprise, Wire, expect, expect_that};
use crate::cli::demo::world::{Person, World};
use crate::domain::id::ContainerId;
use crate::secrets::random;

/// Plays it.
///
/// # Errors
/// [`Surprise`], the first.
pub async fn walk(world: &World, wire: &Wire) -> Result<(), Surprise> {
    let walk = Walk { world, wire };
    walk.call().await?;
    let token = walk.make_token().await?;
    walk.import(&token).await?;
    walk.stray(&token).await?;
    let next = walk.replace(&token).await?;
    walk.leak(&next).await
}

struct Walk<'w> {
    world: &'w World,
    wire: &'w Wire,
}

/// How a script shows its token.
#[derive(Clone, Copy)]
enum Shown<'t> {
    Basic(&'t Person, &'t str),
    Bearer(&'t str),
}

impl Walk<'_> {
    async fn call(&self) -> Result<(), Surprise> {
        self.wire.headline("18. A script of the person calls the API with their e-mail address and an API token");
        let World { person, admin, scripts, .. } = self.world;
        let object = self.at("object/87");
        expect(&self.get(&object, Shown::Basic(person, &scripts.token)).await?, 200, None)?;
        expect(&self.get(&object, Shown::Bearer(&scripts.token)).await?, 200, None)?;

        self.wire.headline("19. Neither the token under another address nor a password is good for anything");
        expect(&self.get(&object, Shown::Basic(admin, &scripts.token)).await?, 401, Some(1))?;
        expect(&self.get(&object, Shown::Basic(person, &person.password)).await?, 401, Some(1))
    }

    async fn make_token(&self) -> Result<String, Surprise> {
        self.wire.headline("20. A script of the admin makes the token of an import source; the person's may not");
        let World { person, scripts, .. } = self.world;
        let refused = self.post_token(Shown::Basic(person, &scripts.token)).await?;
        expect(&refused, 403, Some(2))?;
        self.token().await
    }

    async fn import(&self, token: &str) -> Result<(), Surprise> {
        self.wire.headline("21. With it the import source's own script finds its way, and imports");
        let heard =
            self.get(&format!("{}/jsm/assets/v1/imports/info", self.world.issuer), Shown::Bearer(token)).await?;
        expect(&heard, 200, None)?;
        let link = |name: &str| heard.json()["links"][name].as_str().unwrap_or_default().to_owned();
        let status = self.get(&link("getStatus"), Shown::Bearer(token)).await?;
        expect_that(status.field("status") == "MISSING_MAPPING", "an import source begins with a mapping")?;
        let early = self.send(Method::POST, &link("start"), Shown::Bearer(token), &json!({})).await?;
        expect(&early, 409, None)?;
        expect(
            &self.send(Method::PUT, &link("mapping"), Shown::Bearer(token), &json!({ "schema": {} })).await?,
            200,
            None,
        )?;
        let started = self.send(Method::POST, &link("start"), Shown::Bearer(token), &json!({})).await?;
        expect(&started, 200, None)?;
        let results = started.json()["links"]["submitResults"].as_str().unwrap_or_default().to_owned();
        let data = json!({ "data": {}, "clientGeneratedId": "1", "completed": true });
        expect(&self.send(Method::POST, &results, Shown::Bearer(token), &data).await?, 200, None)
    }

    async fn stray(&self, token: &str) -> Result<(), Surprise> {
        self.wire.headline(
            "22. It is refused by layer 2 at another import source and at everything else, and by layer 1 in another workspace",
        );
        let own = self.import_source(self.world.scripts.import_source);
        let here = self.world.sites[0].site.workspace_id.to_string();
        let elsewhere = own.replace(&here, &self.world.sites[1].site.workspace_id.to_string());
        let other = self.import_source(random::container_id());
        for (source, status, layer) in [(other, 403, 2), (elsewhere, 401, 1)] {
            let url = format!("{source}/executions");
            expect(&self.send(Method::POST, &url, Shown::Bearer(token), &json!({})).await?, status, Some(layer))?;
        }
        expect(&self.get(&self.at("object/87"), Shown::Bearer(token)).await?, 403, Some(2))?;
        expect(&self.post_token(Shown::Bearer(token)).await?, 401, Some(1))
    }

    async fn replace(&self, former: &str) -> Result<String, Surprise> {
        self.wire.headline("23. The admin's script makes another token, and the former is over");
        let token = self.token().await?;
        let status = format!("{}/configstatus", self.import_source(self.world.scripts.import_source));
        expect(&self.get(&status, Shown::Bearer(former)).await?, 401, Some(1))?;
        expect(&self.get(&status, Shown::Bearer(&token)).await?, 200, None)?;
        Ok(token)
    }

    async fn leak(&self, container_token: &str) -> Result<(), Surprise> {
        self.wire.headline("24. Somebody finds both tokens in public and says so, and they are over");
        let World { scripts, issuer, .. } = self.world;
        for token in [container_token, &scripts.token] {
            let request = self.wire.request(Method::POST, &format!("{issuer}/tokens/leaked"));
            let heard = self.wire.send(request.form(&[("token", token)]), &format!("token={token}")).await?;
            expect(&heard, 202, None)?;
        }
        let status = format!("{}/configstatus", self.import_source(scripts.import_source));
        expect(&self.get(&status, Shown::Bearer(container_token)).await?, 401, Some(1))?;
        expect(&self.get(&self.at("object/87"), Shown::Bearer(&scripts.token)).await?, 401, Some(1))
    }

    async fn token(&self) -> Result<String, Surprise> {
        let World { admin, scripts, .. } = self.world;
        let heard = self.post_token(Shown::Basic(admin, &scripts.admin_token)).await?;
        expect(&heard, 200, None)?;
        Ok(heard.field("token"))
    }

    async fn post_token(&self, shown: Shown<'_>) -> Result<Heard, Surprise> {
        let path = self.import_source(self.world.scripts.import_source);
        let url = format!("{}/token", path.replace(&self.world.api_url, &self.world.issuer));
        self.send(Method::POST, &url, shown, &json!({})).await
    }

    /// A path of the first site's workspace at the API.
    fn at(&self, path: &str) -> String {
        format!("{}/jsm/assets/workspace/{}/v1/{path}", self.world.api_url, self.world.sites[0].site.workspace_id)
    }

    fn import_source(&self, id: ContainerId) -> String {
        self.at(&format!("importsource/{id}"))
    }

    async fn get(&self, url: &str, shown: Shown<'_>) -> Result<Heard, Surprise> {
        let (request, said) = shown.by(self.wire.request(Method::GET, url));
        self.wire.send(request, &said).await
    }

    async fn send(&self, method: Method, url: &str, shown: Shown<'_>, body: &Value) -> Result<Heard, Surprise> {
        let (request, said) = shown.by(self.wire.request(method, url));
        self.wire.send(request.json(body), &said).await
    }
}

impl Shown<'_> {
    /// The request with what is shown, and how that is told.
    fn by(self, request: RequestBuilder) -> (RequestBuilder, String) {
        match self {
            Shown::Basic(person, token) => {
                (request.basic_auth(&person.email, Some(token)), format!("Authorization: Basic {}:…", person.email))
            }
            Shown::Bearer(token) => (request.bearer_auth(token), format!("Authorization: Bearer {token}")),
        }
    }
}
