//! The story without a browser: a person allows, the app calls, the person withdraws, the call is refused. Every
//! exchange is told, and the first that is not as it should be ends the walk.

use reqwest::Method;
use serde_json::Value;

use crate::cli::answer::CommandError;
use crate::cli::demo::browser::{Browser, Page};
use crate::cli::demo::client::{Begun, Client, Tokens, as_client, read, redirect_uri};
use crate::cli::demo::wire::{Heard, Surprise, Telling, Wire};
use crate::cli::demo::world::{API_ID, OPTIONAL_SCOPE, SCOPE, World};

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
        self.wire.headline("1. Without a token the API only says how to send one");
        let heard = self.api.read(None).await?;
        expect(&heard, 401, Some(1))?;
        expect_that(!heard.challenge().contains("error="), "a request without a token was told an error")?;

        self.wire.headline("2. Sprint Mailer learns where everything is");
        let redirect_uri = redirect_uri(&self.world.app_url);
        let client =
            Client::discover(self.wire.clone(), &self.world.issuer, &self.world.app_secret, redirect_uri).await?;

        let tokens = self.connect(&client).await?;
        self.use_token(&tokens).await?;
        self.withdraw(&client, &tokens).await?;
        self.deny(&client).await
    }

    async fn connect(&mut self, client: &Client) -> Result<Tokens, Surprise> {
        self.wire.headline("3. It pushes a request, and the person signs in");
        let begun = client.begin(&format!("{SCOPE} {OPTIONAL_SCOPE}"), &self.world.api_url).await?;
        let consent = self.sign_in(&begun).await?;

        self.wire.headline("4. The person allows what is required, ticks one of the optional scopes, and is led back");
        let allowed = [("decision", "allow"), ("scope", "offline_access")];
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
        expect_that(said["username"] == self.world.person.email.as_str(), "the token stands for somebody else")
    }

    async fn withdraw(&mut self, client: &Client, tokens: &Tokens) -> Result<(), Surprise> {
        self.wire.headline("9. Sprint Mailer exchanges its refresh token, and the new access token is good");
        let refresh_token = tokens.refresh_token.as_deref().unwrap_or_default();
        let refreshed: Tokens = read(&client.refresh(refresh_token).await?, 200)?;
        expect_that(refreshed.access_token != tokens.access_token, "the access token is the old one")?;
        expect(&self.api.read(Some(&refreshed.access_token)).await?, 200, None)?;

        self.wire.headline("10. The person withdraws Sprint Mailer");
        let list = self.browser.open("/account/apps").await?;
        let page = self.browser.open(&list.link("/account/apps/")?).await?;
        let form = page.form(|form| form.action.ends_with("/remove"))?;
        self.browser.send(&page, &form, &[]).await?;

        self.wire.headline("11. The same call is refused by layer 1, and there is nothing to refresh");
        for token in [&tokens.access_token, &refreshed.access_token] {
            expect(&self.api.read(Some(token)).await?, 401, Some(1))?;
            expect_that(
                self.introspect(token).await? == serde_json::json!({ "active": false }),
                "a dead token was told of",
            )?;
        }
        let refresh_token = refreshed.refresh_token.as_deref().unwrap_or_default();
        let heard = client.refresh(refresh_token).await?;
        expect(&heard, 400, None)?;
        expect_that(heard.field("error") == "invalid_grant", "the refresh token was refused for another reason")
    }

    async fn deny(&mut self, client: &Client) -> Result<(), Surprise> {
        self.wire.headline("12. Asked again, the person says no, and Sprint Mailer is told no more than that");
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
        let request = self.wire.request(Method::POST, &format!("{}/oauth/introspect", self.world.issuer));
        let request = as_client(request, API_ID, &self.world.api_secret).form(&[("token", token)]);
        let heard = self.wire.send(request, &format!("token={token}")).await?;
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

/// That the answer has this status, and where a layer refused, names it.
fn expect(heard: &Heard, status: u16, layer: Option<u64>) -> Result<(), Surprise> {
    let told = heard.json()["layer"].as_u64();
    if heard.status == status && told == layer {
        return Ok(());
    }
    Err(Surprise(format!(
        "{status} was expected of layer {layer:?}, and {} came of {told:?}: {}",
        heard.status, heard.text
    )))
}

fn expect_that(condition: bool, surprise: &str) -> Result<(), Surprise> {
    condition.then_some(()).ok_or_else(|| Surprise(surprise.to_owned()))
}
