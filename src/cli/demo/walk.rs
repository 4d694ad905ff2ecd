//! The story without a browser: an app was deployed and installed, a person allows it on one of two sites, it calls as that
//! person, as itself and through the gateway, asks for more, and loses everything step by step; then come scripts. Every exchange
//! is told, and the first that is not as it should be ends the walk.

use reqwest::Method;
use serde_json::Value;

use crate::apps::installations::{self, InstallationError};
use crate::cli::answer::CommandError;
use crate::cli::demo::browser::{Browser, Page};
use crate::cli::demo::client::{Begun, Client, Tokens, as_client, read, redirect_uri};
use crate::cli::demo::registry::deploy;
use crate::cli::demo::wire::{Heard, Surprise, Telling, Wire, expect, expect_that, told_form};
use crate::cli::demo::world::{API_ID, MANIFESTS, MORE, OPTIONAL_SCOPE, SCOPE, World};
use crate::cli::demo::{roles, walk_of_scripts};
use crate::domain::event::Actor;
use crate::domain::role_binding::RoleSubject;
use crate::domain::scope::Scope;

impl From<Surprise> for CommandError {
    fn from(surprise: Surprise) -> Self {
        CommandError::failed(format!("the walk met a surprise: {surprise}"))
    }
}

/// Plays the story.
///
/// # Errors
/// [`CommandError`] at the first surprise.
pub async fn walk(world: &World, telling: Telling) -> Result<(), CommandError> {
    let wire = Wire::new(telling)?;
    let mut walk = Walk {
        browser: Browser::new(wire.clone(), &world.issuer)?,
        api: Api { wire: wire.clone(), url: world.api_url.clone() },
        world,
        wire,
    };
    walk.play().await?;
    walk.wire.headline("Everything went as it should.");
    Ok(())
}

struct Walk<'w> {
    world: &'w World,
    wire: Wire,
    browser: Browser,
    api: Api,
}

impl Walk<'_> {
    async fn play(&mut self) -> Result<(), Surprise> {
        let [here, there] = &self.world.sites;
        self.wire.headline(&format!(
            "An operator deployed version 1 of Sprint Mailer, and the admin installed it on {} and {}:\n{}",
            here.site.name,
            there.site.name,
            MANIFESTS[0].trim_end()
        ));
        self.wire.headline("1. Without a token the API only says how to send one");
        let heard = self.api.read(None).await?;
        expect(&heard, 401, Some(1))?;
        expect_that(!heard.challenge().contains("error="), "a request without a token was told an error")?;

        self.wire.headline("2. Sprint Mailer learns where everything is");
        let redirect_uri = redirect_uri(&self.world.app_url);
        let client = Client::discover(self.wire.clone(), &self.world.issuer, &self.world.app, redirect_uri).await?;

        let tokens = self.connect(&client).await?;
        self.use_token(&tokens).await?;
        self.as_app(&client).await?;
        self.as_user(&client).await?;
        self.through_the_gateway(&client).await?;
        self.grow(&client).await?;
        self.withdraw(&client, &tokens).await?;
        self.deny(&client).await?;
        self.uninstall(&client).await?;
        walk_of_scripts::walk(self.world, &self.wire).await
    }

    async fn connect(&mut self, client: &Client) -> Result<Tokens, Surprise> {
        self.wire.headline("3. It pushes a request, and the person signs in");
        let begun = client.begin(&format!("{SCOPE} {OPTIONAL_SCOPE}"), &self.world.api_url).await?;
        let consent = self.sign_in(&begun).await?;

        self.wire.headline(
            "4. The person chooses one of two sites, allows what is required and one optional scope, and is led back",
        );
        let site = self.world.sites[0].site.id.to_string();
        let allowed = [("decision", "allow"), ("site", site.as_str()), ("scope", "offline_access")];
        let answer = self.decide(&consent, &allowed).await?;

        self.wire.headline("5. Sprint Mailer redeems the code");
        let tokens = client.redeem(&begun, &client.code(&begun, &answer)?).await?;
        expect_that(tokens.scope.contains("read:cmdb-object:jira"), "the token lacks what was allowed")?;
        expect_that(!tokens.scope.contains("write:cmdb-object:jira"), "the token carries what was left out")?;
        Ok(tokens)
    }

    async fn use_token(&self, tokens: &Tokens) -> Result<(), Surprise> {
        self.wire.headline("6. It calls the API with the token");
        expect(&self.api.read(Some(&tokens.access_token)).await?, 200, None)?;

        self.wire.headline("7. What was left out is refused by layer 2");
        let heard = self.api.change(&tokens.access_token).await?;
        expect(&heard, 403, Some(2))?;
        expect_that(heard.field("required") == "write:cmdb-object:jira", "the refusal does not name the scope")?;

        self.wire.headline("8. The API's own question about the token");
        let said = self.introspect(&tokens.access_token).await?;
        expect_that(said["active"] == true, "the token is not live")?;
        expect_that(said["username"] == self.world.person.email.as_str(), "the token stands for somebody else")?;
        let other = &self.world.sites[1].site;
        let said = self.introspect_on(&tokens.access_token, Some(&other.id.to_string())).await?;
        expect_that(said == inactive(), "the token is good on a site that was not chosen")
    }

    async fn as_app(&self, client: &Client) -> Result<(), Surprise> {
        self.wire.headline("9. asApp: Sprint Mailer calls as itself, with what the admin approved, and is refused by layer 3: it holds no role");
        let token = self.token_of_app(client).await?;
        let said = self.introspect(&token).await?;
        let account = format!("app:{}", self.world.sites[0].installation);
        expect_that(said["sub"] == account.as_str(), "the token stands for somebody else than the app's account")?;
        let heard = self.api.read(Some(&token)).await?;
        expect(&heard, 403, Some(3))?;
        expect_that(heard.field("required") == "user", "the refusal does not name the role")?;
        expect_that(heard.field("error_description").contains("takes the role user"), "the refusal gives no reason")?;

        let (server, site) = (&self.world.server, &self.world.sites[0].site);
        let user = ("user", RoleSubject::App(self.world.sites[0].installation));
        let by = Actor::User(self.world.admin.id);
        self.wire
            .headline("The admin gives the app's account the role user on the schema, and the same call is answered");
        roles::give(server, site, user, by).await.map_err(|error| Surprise(error.to_string()))?;
        expect(&self.api.read(Some(&token)).await?, 200, None)?;
        self.wire.headline(
            "The admin takes the role, and the next call is refused by layer 3 again; then gives it for good",
        );
        roles::take(server, site, user, by).await.map_err(|error| Surprise(error.to_string()))?;
        expect(&self.api.read(Some(&token)).await?, 403, Some(3))?;
        roles::give(server, site, user, by).await.map_err(|error| Surprise(error.to_string()))?;
        expect(&self.api.read(Some(&token)).await?, 200, None)
    }

    async fn as_user(&self, client: &Client) -> Result<(), Surprise> {
        self.wire.headline(
            "10. asUser: the product calls Sprint Mailer for the person, and it exchanges the invocation once",
        );
        let invocation = self.invoke().await?;
        let heard = client.as_user(&invocation, &self.world.api_url).await?;
        let token: Tokens = read(&heard, 200)?;
        expect(&self.api.read(Some(&token.access_token)).await?, 200, None)?;
        let said = self.introspect(&token.access_token).await?;
        expect_that(said["sub"] == format!("user:{}", self.world.person.id), "the token stands for somebody else")?;
        expect_that(said["act"]["sub"].is_string(), "the token does not say who acts")?;
        let again = client.as_user(&invocation, &self.world.api_url).await?;
        expect(&again, 400, None)?;
        expect_that(again.field("error") == "invalid_grant", "an invocation was exchanged twice")
    }

    async fn through_the_gateway(&self, client: &Client) -> Result<(), Surprise> {
        self.wire.headline("11. The gateway: it calls with its system token, which the API itself refuses");
        let system = self.system_token(client).await?;
        expect(&self.call_gateway(&system).await?, 200, None)?;
        expect(&self.api.read(Some(&system)).await?, 401, Some(1))
    }

    async fn grow(&self, client: &Client) -> Result<(), Surprise> {
        self.wire
            .headline(&format!("12. Version 2 asks for {MORE} as well, and gets it only once the admin approved it"));
        let (world, here) = (self.world, &self.world.sites[0]);
        let redirect_uri = redirect_uri(&world.app_url);
        let deployed = deploy(&world.server, MANIFESTS[1], &redirect_uri, &world.admin).await;
        deployed.map_err(|error| Surprise(error.to_string()))?;
        let more = [("resource", world.api_url.as_str()), ("scope", MORE)];
        let early = client.as_app(here.installation, &more).await?;
        expect(&early, 400, None)?;
        expect_that(early.field("error") == "invalid_scope", "the new scope was refused for another reason")?;

        let unlikely = |error: InstallationError| Surprise(error.to_string());
        let waiting = installations::find(&world.server, here.installation).await.map_err(unlikely)?;
        expect_that(waiting.is_pending(), "nobody is asked about the new scope")?;
        let (number, by) = (waiting.offer.version.number, Actor::User(world.admin.id));
        installations::approve(&world.server, here.installation, number, &Scope::default(), by)
            .await
            .map_err(unlikely)?;
        let token: Tokens = read(&client.as_app(here.installation, &more).await?, 200)?;
        expect_that(token.scope == MORE, "the approved scope is not had")?;
        let elsewhere = client.as_app(world.sites[1].installation, &more).await?;
        expect_that(elsewhere.status == 400, "the scope is had on a site whose admin was not asked")
    }

    async fn uninstall(&self, client: &Client) -> Result<(), Surprise> {
        self.wire.headline("17. The admin uninstalls Sprint Mailer, and everything it had on the site is over");
        let (token, system) = (self.token_of_app(client).await?, self.system_token(client).await?);
        let (installation, by) = (self.world.sites[0].installation, Actor::User(self.world.admin.id));
        let gone = installations::uninstall(&self.world.server, installation, by).await;
        gone.map_err(|error| Surprise(error.to_string()))?;
        expect(&self.api.read(Some(&token)).await?, 401, Some(1))?;
        expect(&self.call_gateway(&system).await?, 401, None)?;
        let refused = client.as_app(installation, &[("resource", &self.world.api_url)]).await?;
        expect_that(refused.field("error") == "invalid_grant", "an app that is not installed got a token")
    }

    async fn token_of_app(&self, client: &Client) -> Result<String, Surprise> {
        let asked = [("resource", self.world.api_url.as_str()), ("scope", "read:cmdb-object:jira")];
        let heard = client.as_app(self.world.sites[0].installation, &asked).await?;
        let tokens: Tokens = read(&heard, 200)?;
        Ok(tokens.access_token)
    }

    async fn system_token(&self, client: &Client) -> Result<String, Surprise> {
        let gateway = format!("{}/gateway", self.world.issuer);
        let heard = client.as_app(self.world.sites[0].installation, &[("resource", &gateway)]).await?;
        let tokens: Tokens = read(&heard, 200)?;
        Ok(tokens.access_token)
    }

    async fn call_gateway(&self, system: &str) -> Result<Heard, Surprise> {
        let said = format!("Forge as=app,installationId={}", self.world.sites[0].installation);
        let url = format!("{}/gateway/{API_ID}/objects", self.world.issuer);
        let request =
            self.wire.request(Method::GET, &url).bearer_auth(system).header("forge-proxy-authorization", &said);
        self.wire.send(request, &format!("forge-proxy-authorization: {said}")).await
    }

    /// The product calls the app for the person; the token that proves it.
    async fn invoke(&self) -> Result<String, Surprise> {
        let (ari, user) = (self.world.sites[0].installation.ari(), self.world.person.id.to_string());
        let fields = [("installation", ari.as_str()), ("module", "sprint-panel"), ("user", &user)];
        let request = self.wire.request(Method::POST, &format!("{}/forge/invocations", self.world.issuer));
        let request = as_client(request, API_ID, &self.world.api_secret).form(&fields);
        let heard = self.wire.send(request, &told_form(&fields)).await?;
        expect(&heard, 200, None)?;
        Ok(heard.field("invocation_token"))
    }

    async fn withdraw(&mut self, client: &Client, tokens: &Tokens) -> Result<(), Surprise> {
        self.wire.headline("13. Sprint Mailer exchanges its refresh token, and the new access token is good");
        let refresh_token = tokens.refresh_token.as_deref().unwrap_or_default();
        let refreshed: Tokens = read(&client.refresh(refresh_token).await?, 200)?;
        expect_that(refreshed.access_token != tokens.access_token, "the access token is the old one")?;
        expect(&self.api.read(Some(&refreshed.access_token)).await?, 200, None)?;

        self.wire.headline("14. The person withdraws Sprint Mailer");
        let list = self.browser.open("/account/apps").await?;
        let page = self.browser.open(&list.link("/account/apps/")?).await?;
        let form = page.form(|form| form.action.ends_with("/remove"))?;
        self.browser.send(&page, &form, &[]).await?;

        self.wire.headline("15. The same call is refused by layer 1, and there is nothing to refresh");
        for token in [&tokens.access_token, &refreshed.access_token] {
            expect(&self.api.read(Some(token)).await?, 401, Some(1))?;
            expect_that(self.introspect(token).await? == inactive(), "a dead token was told of")?;
        }
        let refresh_token = refreshed.refresh_token.as_deref().unwrap_or_default();
        let heard = client.refresh(refresh_token).await?;
        expect(&heard, 400, None)?;
        expect_that(heard.field("error") == "invalid_grant", "the refresh token was refused for another reason")
    }

    async fn deny(&mut self, client: &Client) -> Result<(), Surprise> {
        self.wire.headline("16. Asked again, the person says no, and Sprint Mailer is told no more than that");
        let begun = client.begin(SCOPE, &self.world.api_url).await?;
        let consent = self.browser.open(&begun.url).await?;
        let answer = self.decide(&consent, &[("decision", "deny")]).await?;
        match client.code(&begun, &answer) {
            Err(Surprise(error)) if error == "access_denied" => Ok(()),
            Err(surprise) => Err(surprise),
            Ok(_) => Err(Surprise("a code came of a no".into())),
        }
    }

    /// Opens the request and signs in on the way; the page that asks for consent.
    async fn sign_in(&mut self, begun: &Begun) -> Result<Page, Surprise> {
        let page = self.browser.open(&begun.url).await?;
        let form = page.form(|form| form.asks_for("password"))?;
        let person = &self.world.person;
        self.browser.send(&page, &form, &[("email", &person.email), ("password", &person.password)]).await
    }

    /// Answers the question; the query with which the app's redirection URI would be opened.
    async fn decide(&mut self, consent: &Page, filled: &[(&str, &str)]) -> Result<String, Surprise> {
        let form = consent.form(|form| form.action == "/consent")?;
        let page = self.browser.send(consent, &form, filled).await?;
        let way_on = page.way_on()?;
        expect_that(way_on.as_str().starts_with(&redirect_uri(&self.world.app_url)), "the way back leads elsewhere")?;
        Ok(way_on.query().unwrap_or_default().to_owned())
    }

    async fn introspect(&self, token: &str) -> Result<Value, Surprise> {
        self.introspect_on(token, None).await
    }

    async fn introspect_on(&self, token: &str, site: Option<&str>) -> Result<Value, Surprise> {
        let mut fields = vec![("token", token)];
        fields.extend(site.map(|site| ("site", site)));
        let request = self.wire.request(Method::POST, &format!("{}/oauth/introspect", self.world.issuer));
        let request = as_client(request, API_ID, &self.world.api_secret).form(&fields);
        let heard = self.wire.send(request, &told_form(&fields)).await?;
        expect(&heard, 200, None)?;
        Ok(heard.json())
    }
}

/// The API as it is called.
struct Api {
    wire: Wire,
    url: String,
}

impl Api {
    async fn read(&self, token: Option<&str>) -> Result<Heard, Surprise> {
        let request = self.wire.request(Method::GET, &format!("{}/objects", self.url));
        match token {
            Some(token) => self.wire.send(request.bearer_auth(token), &format!("Authorization: Bearer {token}")).await,
            None => self.wire.send(request, "").await,
        }
    }

    async fn change(&self, token: &str) -> Result<Heard, Surprise> {
        let request = self.wire.request(Method::PUT, &format!("{}/objects/87", self.url)).bearer_auth(token);
        self.wire.send(request, &format!("Authorization: Bearer {token}")).await
    }
}

/// All that is told of a token that is not live.
fn inactive() -> Value {
    serde_json::json!({ "active": false })
}
