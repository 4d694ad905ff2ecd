// The whole story in Chromium with scripts off: set up, sign in, consent, use, withdraw, be refused.

import assert from "node:assert/strict";
import { after, afterEach, before, beforeEach, describe, test } from "node:test";

import { Api, App } from "../support/app.mjs";
import { launch, withoutScripts } from "../support/chromium.mjs";
import { FEW, OWN, asked, deployed, manifest } from "../support/deployed.mjs";
import { blocked, heading, press, signIn } from "../support/journey.mjs";
import { PERSON, RESOURCE, app as clientAt, seededServer, startServer } from "../support/server.mjs";

const ADMIN = { email: "ada@example.com", name: "Ada Admin", password: "a wholly different passphrase" };

describe("in a browser without scripts", () => {
  let browser, server, app, api, client, context, page, refusedByPolicy;

  before(async () => {
    browser = await launch();
    const issuer = () => server.issuer;
    api = await new Api().start(issuer, RESOURCE);
    app = await new App().start(issuer, () => client, api);
    client = clientAt(app.redirectUri);
    server = await seededServer({ redirectUri: app.redirectUri });
  });
  beforeEach(async () => {
    context = await withoutScripts(browser);
    refusedByPolicy = blocked(context);
    page = await context.newPage();
  });
  afterEach(async () => {
    await context.close();
    assert.deepEqual(refusedByPolicy, []);
  });
  after(async () => {
    await browser?.close();
    await server?.stop();
    await app?.stop();
    await api?.stop();
  });

  /** From the app to a decision; the consent page is shown however often the person decided before. */
  async function decide(decision) {
    await page.goto(app.authorizationUrl(server.issuer, client, { prompt: "consent" }));
    await signIn(page, PERSON);
    assert.match(await heading(page), /^Inventory wants access/);
    await press(page, decision);
    await page.waitForURL(`${app.redirectUri}?**`);
  }

  test("the_set_up_link_makes_the_first_admin_once", async () => {
    const bare = await startServer();
    try {
      const link = await bare.setupLink();
      await page.goto(link);
      await page.getByLabel(/^name/i).fill(ADMIN.name);
      await page.getByLabel(/e-?mail/i).fill(ADMIN.email);
      await page.getByLabel(/password/i).fill(ADMIN.password);
      await page.locator("main form button").click();
      if (/\/login/.test(page.url())) await signIn(page, ADMIN);
      await page.goto(`${bare.origin}/admin/people`);
      assert.match(await page.locator("main").innerText(), /ada@example\.com/);

      const again = await page.goto(link);
      assert.ok(again.status() >= 400, `${again.status()}`);
      assert.equal(await page.getByLabel(/password/i).count(), 0);
    } finally {
      await bare.stop();
    }
  });

  test("a_person_allows_an_app_uses_it_and_withdraws_it", async () => {
    await page.goto(`${app.origin}/start`);
    assert.ok(page.url().startsWith(`${server.origin}/login`), page.url());
    await signIn(page, PERSON);
    const question = await page.locator("main").innerText();
    for (const told of ["Inventory", "Example Works", PERSON.email, "See your assets", "Change your assets", "an app on this computer"]) {
      assert.ok(question.includes(told), `the consent page does not say ${told}`);
    }
    await press(page, "Allow");
    await page.waitForURL(`${app.redirectUri}?**`);
    assert.equal(await heading(page), "Connected");
    await page.goto(`${app.origin}/assets`);
    assert.equal(await heading(page), `3 assets of ${PERSON.email}`);

    await page.goto(`${server.origin}/account/apps`);
    assert.match(await page.locator("main").innerText(), /Inventory/);
    await page.getByRole("link", { name: /Inventory/ }).or(page.getByRole("button", { name: /Remove access/ })).first().click();
    while ((await page.getByRole("button", { name: /Remove access/ }).count()) > 0) {
      await page.getByRole("button", { name: /Remove access/ }).first().click();
    }

    await page.goto(`${app.origin}/assets`);
    assert.equal(await heading(page), 'Refused: Bearer error="invalid_token"');
    await page.goto(`${server.origin}/account/apps`);
    assert.doesNotMatch(await page.locator("main").innerText(), /Inventory/);
  });

  test("an_app_is_deployed_asked_for_installed_and_approved_again", async () => {
    await server.addPerson({ ...ADMIN, admin: true });
    const member = { email: "mel@example.com", name: "Mel Member", password: "a third rather long password" };
    await server.addPerson(member);
    const as = async (who, act) => {
      await context.clearCookies();
      await page.goto(`${server.origin}/login`);
      await signIn(page, who);
      await act();
    };

    await as(PERSON, () => deployed(server, page));
    let apps;
    await as(ADMIN, async () => {
      await page.goto(`${server.origin}/account/apps`);
      await page.getByRole("link", { name: /^Install apps on/ }).click();
      apps = page.url();
    });
    await as(member, () => asked(server, apps.match(/sites\/([^/]+)/)[1], page));
    await as(ADMIN, async () => {
      await page.goto(apps);
      assert.match(await page.locator("main").innerText(), /Mel Member/);
      await page.getByRole("link", { name: /^Review/ }).click();
      await press(page, "Install");
      assert.match(await page.locator("main").innerText(), /The app was installed/);
    });
    await as(PERSON, async () => {
      await page.goto(`${server.origin}/console/deploy?environment=production`);
      const file = { name: "manifest.yml", mimeType: "application/yaml", buffer: Buffer.from(manifest(OWN, FEW)) };
      await page.getByLabel(/^Or a file/).setInputFiles(file);
      await press(page, "Deploy");
      assert.match(await page.locator("main").innerText(), /A major version[\s\S]*1 site/);
    });
    await as(ADMIN, async () => {
      await page.goto(apps);
      await page.getByRole("link", { name: /^Open/ }).click();
      await page.getByRole("link", { name: "See what changed" }).click();
      await press(page, "Approve");
      assert.match(await page.locator("main").innerText(), /The new version was approved/);
    });
  });

  test("a_person_who_denies_shares_nothing", async () => {
    await decide("Deny");

    assert.equal(await heading(page), "Not connected: access_denied");
    assert.deepEqual(Object.keys(app.answer).sort(), ["error", "error_description", "iss", "state"]);
  });

  test("an_optional_scope_that_was_not_ticked_is_not_given", async () => {
    await decide("Allow");

    const write = await fetch(`${server.issuer}/oauth/introspect`, {
      method: "POST",
      headers: {
        authorization: `Basic ${Buffer.from(`${RESOURCE.id}:${RESOURCE.secret}`).toString("base64")}`,
        "content-type": "application/x-www-form-urlencoded",
      },
      body: `token=${app.token}`,
    });
    assert.equal((await write.json()).scope, "read:asset");
  });

  test("an_unknown_app_gets_a_page_and_no_redirect", async () => {
    const answer = await page.goto(app.authorizationUrl(server.issuer, { ...client, id: "nobody" }));

    assert.equal(answer.status(), 400);
    assert.equal(new URL(page.url()).origin, server.origin);
    assert.match(await page.locator("main").innerText(), /do not know this app/i);
  });

  test("an_unregistered_redirection_uri_gets_a_page_and_no_redirect", async () => {
    const answer = await page.goto(app.authorizationUrl(server.issuer, client, { redirect_uri: `${app.redirectUri}/` }));

    assert.equal(answer.status(), 400);
    assert.equal(new URL(page.url()).origin, server.origin);
    assert.match(await page.locator("main").innerText(), /redirect_uri mismatch/);
  });

  test("a_request_that_was_answered_cannot_be_answered_again", async () => {
    await page.goto(app.authorizationUrl(server.issuer, client, { prompt: "consent" }));
    await signIn(page, PERSON);
    const question = page.url();
    await press(page, "Deny");
    await page.waitForURL(`${app.redirectUri}?**`);

    const answer = await page.goto(question);

    assert.ok(answer.status() >= 400, `${answer.status()}`);
    assert.equal(await page.getByRole("button", { name: "Allow" }).count(), 0);
  });

  test("a_wrong_password_is_refused_without_saying_what_was_wrong", async () => {
    const told = [];
    for (const email of [PERSON.email, "nobody@example.com"]) {
      await page.goto(`${server.origin}/login`);
      await signIn(page, { email, password: "not the password at all" });
      assert.equal(await page.getByLabel(/e-?mail/i).inputValue(), email);
      told.push(await page.getByRole("alert").innerText());
    }
    assert.equal(told[0], told[1]);
  });

  test("signing_out_everywhere_ends_the_other_browser", async () => {
    const other = await withoutScripts(browser);
    const elsewhere = await other.newPage();
    for (const one of [page, elsewhere]) {
      await one.goto(`${server.origin}/login`);
      await signIn(one, PERSON);
    }
    await elsewhere.goto(`${server.origin}/account`);
    assert.ok(elsewhere.url().endsWith("/account"), elsewhere.url());

    await page.goto(`${server.origin}/logout`);
    await press(page, "Sign out everywhere");

    for (const one of [page, elsewhere]) {
      await one.goto(`${server.origin}/account`);
      assert.ok(one.url().includes("/login"), one.url());
    }
    await other.close();
  });

  test("a_path_that_is_not_there_gets_a_page_of_ours", async () => {
    const answer = await page.goto(`${server.origin}/nowhere`);

    assert.equal(answer.status(), 404);
    assert.doesNotMatch(await page.content(), /rocket/i);
    assert.equal(answer.headers()["server"], undefined);
  });
});

describe("in a browser that waits too long", () => {
  test("a_request_that_expired_says_so_and_shares_nothing", async () => {
    const redirectUri = "http://127.0.0.1:9/callback";
    const browser = await launch();
    const server = await seededServer({ redirectUri, environment: { HALLMARK_LIFETIMES__TRANSACTION: "1s" } });
    try {
      const page = await (await withoutScripts(browser)).newPage();
      const query = { response_type: "code", client_id: "inventory", redirect_uri: redirectUri, scope: "read:asset" };
      const challenge = { code_challenge: "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM", code_challenge_method: "S256" };
      await page.goto(`${server.issuer}/oauth/authorize?${new URLSearchParams({ ...query, ...challenge })}`);
      const asked = page.url();

      let answer = await page.goto(asked);
      for (const until = Date.now() + 10_000; answer.status() < 400 && Date.now() < until; ) answer = await page.goto(asked);

      assert.ok(answer.status() >= 400, `${answer.status()}`);
      assert.match(await page.locator("main").innerText(), /too long|expired/i);
    } finally {
      await browser.close();
      await server.stop();
    }
  });
});
