// The demonstration as a person meets it: connect, allow, see data, remove the app, see the same call refused.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { after, before, test } from "node:test";

import { launch, withoutScripts } from "../support/chromium.mjs";
import { blocked, press, signIn } from "../support/journey.mjs";
import { BINARY, SCREENSHOTS, freePort } from "../support/server.mjs";

const AXE = await readFile(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

let demo, told, browser;

before(async () => {
  const environment = { PATH: process.env.PATH, ROCKET_PORT: String(await freePort()) };
  demo = spawn(BINARY, ["demo", "--json"], { cwd: tmpdir(), env: environment, stdio: ["ignore", "pipe", "inherit"] });
  let said = "";
  for await (const chunk of demo.stdout) {
    said += chunk;
    if (said.trimEnd().endsWith("\n}")) break;
  }
  told = JSON.parse(said);
  browser = await launch();
});
after(async () => {
  await browser?.close();
  if (demo?.exitCode === null) {
    demo.kill("SIGINT");
    assert.deepEqual(await once(demo, "exit"), [0, null]);
  }
});

const main = (page) => page.locator("main").innerText();

test("the_demo_shows_a_call_that_is_answered_and_the_same_call_refused_by_its_layer", async () => {
  const context = await withoutScripts(browser);
  const refusedByPolicy = blocked(context);
  const page = await context.newPage();

  await page.goto(told.app);
  await page.getByRole("link", { name: "Connect Assets" }).click();
  await signIn(page, told.person);
  await press(page, "Allow");
  assert.match(await main(page), /Choose a site first/);
  await page.getByLabel("Acme").check();
  await press(page, "Allow");
  await page.waitForURL(`${told.app}/`);
  assert.match(await main(page), /The API answered[\s\S]*web-1/);

  for (const way of ["Fetch as the app itself", "Fetch through the gateway"]) {
    await press(page, way);
    assert.match(await main(page), /The API answered[\s\S]*web-1/, way);
  }

  await press(page, "Try to change an object");
  assert.match(await main(page), /Refused by layer 2[\s\S]*insufficient_scope/);

  await page.goto(`${told.issuer}/account/apps`);
  await page.getByRole("link", { name: /Sprint Mailer/ }).click();
  await press(page, "Remove access");
  await page.goto(told.app);
  await press(page, "Fetch again");
  assert.match(await main(page), /Refused by layer 1[\s\S]*invalid_token/);

  await page.getByRole("link", { name: "Connect again" }).click();
  await press(page, "Deny");
  await page.waitForURL(`${told.app}/`);
  assert.match(await main(page), /You said no/);
  assert.deepEqual(refusedByPolicy, []);
  await context.close();
});

test("an_answer_that_nobody_asked_for_is_not_taken", async () => {
  const page = await (await withoutScripts(browser)).newPage();

  await page.goto(`${told.app}/callback?code=hmc_stolen&state=guessed&iss=${encodeURIComponent(told.issuer)}`);

  assert.match(await main(page), /no request was sent from this browser/);
  await page.context().close();
});

test("the_pages_of_the_demo_app_are_accessible_in_every_look", async () => {
  for (const colorScheme of ["light", "dark"]) {
    for (const width of [320, 1280]) {
      const context = await browser.newContext({ colorScheme, viewport: { width, height: 900 }, bypassCSP: true });
      const page = await context.newPage();
      const look = async (name) => {
        await page.evaluate(AXE);
        const { violations } = await page.evaluate(() => globalThis.axe.run());
        const found = violations.map((violation) => `${violation.id}: ${violation.nodes.map((node) => node.html).join(" ")}`);
        assert.deepEqual(found, [], `${name}, ${colorScheme}, ${width} px`);
        assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= window.innerWidth), `${name} scrolls sideways`);
      };

      await page.goto(told.app);
      await look("start");
      await page.getByRole("link", { name: "Connect Assets" }).click();
      await signIn(page, told.person);
      await page.getByLabel("Globex").waitFor();
      await look("consent with two sites");
      await page.screenshot({ path: `${SCREENSHOTS}/consent-sites-${colorScheme}-${width}.png`, fullPage: true });
      await page.getByLabel("Globex").check();
      await press(page, "Allow");
      await page.waitForURL(`${told.app}/`);
      await look("data");
      await press(page, "Try to change an object");
      await look("refusal");
      await page.goto(`${told.app}/nowhere`);
      await look("not found");
      await page.goto(`${told.issuer}/account/apps`);
      await page.getByRole("link", { name: /Sprint Mailer/ }).click();
      await press(page, "Remove access");
      await context.close();
    }
  }
});
