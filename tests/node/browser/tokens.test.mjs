// A person makes an API token, copies it, calls with it and revokes it: with the one script of the pages, and without.

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";

import { launch, withoutScripts } from "../support/chromium.mjs";
import { blocked, press, signIn } from "../support/journey.mjs";
import { askForToken, callAs } from "../support/scripts.mjs";
import { PERSON, seededServer } from "../support/server.mjs";

describe("an API token", () => {
  let browser, server;

  before(async () => {
    browser = await launch();
    server = await seededServer({ redirectUri: "http://127.0.0.1:9/callback" });
  });
  after(async () => {
    await browser?.close();
    await server?.stop();
  });

  /** Lets somebody who is signed in do something, and asserts that the policy of our pages blocked nothing of it. */
  async function signedIn(context, act) {
    const refusedByPolicy = blocked(context);
    const page = await context.newPage();
    await page.goto(`${server.origin}/login`);
    await signIn(page, PERSON);
    await act(page);
    await context.close();
    assert.deepEqual(refusedByPolicy, []);
  }

  async function revoke(page, name) {
    await page.goto(`${server.origin}/account/tokens`);
    await page.getByRole("button", { name: `Revoke ${name}` }).click();
    assert.match(await page.getByRole("status").innerText(), /was revoked/);
  }

  test("a_person_makes_copies_uses_and_revokes_a_token", async () => {
    const permissions = ["clipboard-read", "clipboard-write"];
    await signedIn(await browser.newContext({ permissions }), async (page) => {
      await page.goto(`${server.origin}/account/tokens`);
      await page.getByRole("link", { name: "Make an API token" }).click();
      await askForToken(page, server.origin, { name: "Nightly export", scopes: ["See your assets"] });
      const token = await page.getByLabel("Your new token").inputValue();
      assert.match(token, /^hmp_/);
      await page.getByRole("button", { name: "Copy" }).click();
      await page.getByText("Copied.").waitFor();
      assert.equal(await page.evaluate(() => navigator.clipboard.readText()), token);
      assert.ok((await page.locator("pre").innerText()).includes(`curl -u '${PERSON.email}:${token}'`));

      const answer = await callAs(server, PERSON, token);
      assert.deepEqual([answer.active, answer.scope, answer.username], [true, "read:asset", PERSON.email]);

      await page.getByRole("link", { name: "I have stored it" }).click();
      const list = await page.locator("main").innerText();
      for (const told of ["Nightly export", token.slice(-4), "See your assets", "in 90 days", "192.0.2.44"]) {
        assert.ok(list.includes(told), `${told} in ${list}`);
      }
      assert.ok(!list.includes(token));
      await page.goto(`${server.origin}/account/activity`);
      assert.match(await page.locator("main").innerText(), /You made the API token “Nightly export”/);

      await revoke(page, "Nightly export");
      assert.deepEqual(await callAs(server, PERSON, token), { active: false });
    });
  });

  test("a_page_that_is_loaded_again_shows_no_token_and_makes_none", async () => {
    await signedIn(await browser.newContext(), async (page) => {
      await askForToken(page, server.origin, { name: "Once", scopes: ["See your assets"] });
      const token = await page.getByLabel("Your new token").inputValue();

      await page.reload();

      assert.match(await page.locator("main").innerText(), /already shown/);
      assert.ok(!(await page.content()).includes(token));
      await page.getByRole("link", { name: "See your API tokens" }).click();
      assert.equal(await page.getByRole("button", { name: /^Revoke Once/ }).count(), 1);
      await revoke(page, "Once");
    });
  });

  test("a_form_that_was_refused_leads_to_what_is_wrong", async () => {
    await signedIn(await browser.newContext(), async (page) => {
      await askForToken(page, server.origin, { name: "Nothing", scopes: [], days: "12" });

      assert.match(await page.getByRole("alert").innerText(), /at least one thing/);
      assert.equal(await page.getByLabel("Name").inputValue(), "Nothing");
      assert.equal(await page.getByLabel(/^Or after another number of days/).inputValue(), "12");
      await page.getByRole("link", { name: "Go to what it is for" }).click();
      assert.equal(await page.evaluate(() => document.activeElement.id), "scopes");
    });
  });

  test("without_scripts_a_token_is_copied_by_hand", async () => {
    await signedIn(await withoutScripts(browser), async (page) => {
      await askForToken(page, server.origin, { name: "By hand", scopes: ["See your assets"] });

      const field = page.getByLabel("Your new token");
      assert.ok(await field.isVisible());
      assert.equal(await page.getByRole("button", { name: "Copy" }).count(), 0, "a button that would do nothing is not shown");
      const token = await field.inputValue();
      assert.equal((await callAs(server, PERSON, token)).active, true);
      await revoke(page, "By hand");
      assert.equal((await callAs(server, PERSON, token)).active, false);
    });
  });
});
