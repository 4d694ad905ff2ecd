// Every page in light and dark at 320 and 1280 px: axe-core finds nothing, nothing scrolls sideways, every control can be hit.

import assert from "node:assert/strict";
import { mkdir, readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";

import { App, Api } from "../support/app.mjs";
import { launch, withoutScripts } from "../support/chromium.mjs";
import { MANY, OWN, asked, connected, deployed, installed, manifest } from "../support/deployed.mjs";
import { press, signIn } from "../support/journey.mjs";
import { withRoles } from "../support/roles.mjs";
import { askForToken, scripted } from "../support/scripts.mjs";
import { PERSON, RESOURCE, SCREENSHOTS, app as clientAt, seededServer, startServer } from "../support/server.mjs";

const AXE = await readFile(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];
const SMALLEST_TARGET_PX = 24;
const ADMIN = { email: "ada@example.com", name: "Ada Admin", password: "a wholly different passphrase", admin: true };

describe("the pages", () => {
  let browser, server, bare, app, api, client, place, gantt, sources, held;
  /** Cookies of nobody, of a person and of an admin. */
  const cookies = { nobody: { cookies: [], origins: [] } };

  before(async () => {
    await mkdir(SCREENSHOTS, { recursive: true });
    browser = await launch();
    api = await new Api().start(() => server.issuer, RESOURCE);
    app = await new App().start(() => server.issuer, () => client, api);
    client = clientAt(app.redirectUri);
    const environment = { HALLMARK_CONNECT__ALLOW_PRIVATE_ADDRESSES: "true", HALLMARK_API_TOKENS__EVERYTHING: "true" };
    server = await seededServer({ redirectUri: app.redirectUri, environment });
    bare = await startServer();
    await server.addPerson(ADMIN);
    await server.addPerson({ email: "sam@example.com", name: "", password: "yet another long password" });
    cookies.person = await signedIn(PERSON);
    cookies.admin = await signedIn(ADMIN);
    cookies.member = await signedIn({ email: "sam@example.com", password: "yet another long password" });
    place = await installed(server);
    gantt = await connected(server);
    sources = await scripted(server, place.site, PERSON);
    held = await withRoles(server, { ...place, person: PERSON, other: { email: "sam@example.com" } });
    await as("person", (page) => deployed(server, page));
    await as("member", (page) => asked(server, place.site, page));
  });
  after(async () => {
    await browser?.close();
    for (const started of [server, bare, app, api, gantt]) await started?.stop();
  });

  /** Signs in without scripts and, but for the admin, lets the app in, so that the account pages have something to show. */
  async function signedIn(who) {
    const context = await withoutScripts(browser);
    const page = await context.newPage();
    if (who === PERSON) {
      await page.goto(`${app.origin}/start`);
      await signIn(page, who);
      await press(page, "Allow");
      await page.waitForURL(`${app.redirectUri}?**`);
    } else {
      await page.goto(`${server.origin}/login`);
      await signIn(page, who);
    }
    const state = await context.storageState();
    await context.close();
    return state;
  }

  /** What somebody does beforehand, without scripts. */
  async function as(who, act) {
    const context = await withoutScripts(browser, { storageState: cookies[who] });
    await act(await context.newPage());
    await context.close();
  }

  const ask = (extra) => app.authorizationUrl(server.issuer, client, extra);
  const at = (path) => (page) => page.goto(server.origin + path);

  const onSite = (path) => (page) => page.goto(server.origin + place.apps + path);
  const onInstallation = (path) => (page) => page.goto(server.origin + place.page + path);

  /** Deploys what is in `text` by the form of the console. */
  const deploy = (text) => async (page) => {
    await page.goto(`${server.origin}/console/deploy?environment=production`);
    await page.getByLabel("Manifest", { exact: true }).fill(text);
    await press(page, "Deploy");
  };
  /** Registers what is in `text` by the form for Connect apps. */
  const declare = (text) => async (page) => {
    await page.goto(`${server.origin}/console/connect`);
    await page.getByLabel("Descriptor", { exact: true }).fill(text);
    await press(page, "Register");
  };
  /** Opens the page of the default site. */
  async function site(page) {
    await page.goto(`${server.origin}/admin/sites`);
    await page.getByRole("link", { name: "Open Default site" }).click();
  }

  /** Sends the form for a token, and once more where the answer is loaded again. */
  const make = (fields) => async (page) => {
    await askForToken(page, server.origin, fields);
  };
  async function makeAgain(page) {
    await askForToken(page, server.origin, { name: "Nightly export", scopes: ["See your assets"] });
    // A page that is still on its way cannot be loaded again.
    await page.getByLabel("Your new token").waitFor();
    await page.waitForLoadState("load");
    await page.reload();
  }
  const onSources = (path) => (page) => page.goto(`${server.origin}/admin/sites/${place.site}/import-sources${path}`);
  async function makeImportToken(page) {
    await onSources("")(page);
    await page.getByRole("button", { name: /^Make another token for Laptops/ }).click();
  }

  /** Opens a page about groups or roles. */
  const onRoles = (which, rest = "") => (page) => page.goto(server.origin + held[which] + rest);

  /** Stops where the person is about to leave for the app. */
  async function leave(page, decision) {
    await page.route(`${app.origin}/**`, (route) => route.abort("aborted"));
    await page.goto(ask({ prompt: "consent" }));
    await press(page, decision);
  }

  const PAGES = {
    "sign-in": ["nobody", at("/login")],
    "sign-in-for-an-app": ["nobody", (page) => page.goto(ask())],
    "sign-in-refused": [
      "nobody",
      async (page) => {
        await page.goto(`${server.origin}/login`);
        await signIn(page, { email: "nobody@example.com", password: "not the password" });
      },
    ],
    "select-account": ["person", (page) => page.goto(ask({ prompt: "select_account" }))],
    consent: ["member", (page) => page.goto(ask())],
    "consent-again": ["person", (page) => page.goto(ask({ prompt: "consent" }))],
    continue: ["person", (page) => leave(page, "Deny")],
    "continue-allowed": ["person", (page) => leave(page, "Allow")],
    "unknown-app": ["nobody", (page) => page.goto(app.authorizationUrl(server.issuer, { ...client, id: "nobody" }))],
    "unknown-redirect-uri": ["nobody", (page) => page.goto(ask({ redirect_uri: "https://elsewhere.example/" }))],
    "unknown-request": ["nobody", at("/consent?txn=hmx_none")],
    "not-found": ["nobody", at("/nowhere")],
    forbidden: ["person", at("/admin/people")],
    "set-up": ["nobody", async (page) => page.goto(await bare.setupLink())],
    "unknown-link": ["nobody", at("/setup/none")],
    invitation: [
      "nobody",
      async (page) => {
        const name = `guest-${Math.random().toString(36).slice(2)}@example.com`;
        const invited = await server.command(["user", "invite", name]);
        await page.goto(invited.invite_link);
      },
    ],
    account: ["person", at("/account")],
    "account-apps": ["person", at("/account/apps")],
    "account-app": [
      "person",
      async (page) => {
        await page.goto(`${server.origin}/account/apps`);
        await page.getByRole("link", { name: "Inventory" }).first().click();
      },
    ],
    "account-apps-empty": ["admin", at("/account/apps")],
    "account-tokens": ["person", at("/account/tokens")],
    "account-tokens-empty": ["member", at("/account/tokens")],
    "account-token-new": ["person", at("/account/tokens/new")],
    "account-token-problem": ["person", make({ name: "Nightly export", scopes: [] })],
    "account-token-made": ["person", make({ name: "Nightly export", scopes: ["See your assets", "Change your assets"] })],
    "account-token-again": ["person", makeAgain],
    "account-tokens-revoke-all": ["person", at("/account/tokens/revoke-all")],
    "account-activity": ["person", at("/account/activity")],
    "account-sessions": ["person", at("/account/sessions")],
    "account-password": ["person", at("/account/password")],
    "admin-people": ["admin", at("/admin/people")],
    "admin-person": [
      "admin",
      async (page) => {
        await page.goto(`${server.origin}/admin/people`);
        await page.getByRole("link", { name: /Pat Person|pat@example/ }).first().click();
      },
    ],
    "admin-link": [
      "admin",
      async (page) => {
        await page.goto(`${server.origin}/admin/people`);
        await page.getByRole("link", { name: /Pat Person|pat@example/ }).first().click();
        await press(page, "Make a password reset link");
      },
    ],
    "console-empty": ["admin", at("/console")],
    console: ["person", at("/console")],
    "console-deploy": ["person", at("/console/deploy")],
    "console-deploy-faults": ["person", deploy(manifest(OWN, "  scopes:\n    - raed:asset\n    - write:asset:jria\n  scoeps: []\n"))],
    "console-deployed": ["person", deploy(manifest(OWN, `${MANY}modlues: {}\n`))],
    "console-connect": ["person", at("/console/connect")],
    "console-connect-faults": ["person", declare('{"key": "com.example.inventory", "baseUrl": "http://app.example", "scopes": ["REED"]}')],
    "console-app": ["person", at(`/console/apps/${OWN.id}`)],
    "console-environment": ["person", at(`/console/apps/${OWN.id}/production`)],
    "console-redirect-uris-refused": [
      "person",
      async (page) => {
        await page.goto(`${server.origin}/console/apps/${OWN.id}/production`);
        await page.getByLabel("One on each line").fill("http://reports.example/callback");
        await press(page, "Save the redirection URIs");
      },
    ],
    "console-secret": [
      "person",
      async (page) => {
        await page.goto(`${server.origin}/console/apps/${OWN.id}/production`);
        await press(page, "Make a new secret");
      },
    ],
    "site-apps": ["admin", onSite("")],
    "site-apps-add": ["admin", onSite("/add")],
    "site-app-install": ["admin", onSite(`/install?app=${OWN.id}&environment=production`)],
    "site-app": ["admin", onInstallation("")],
    "site-app-approve": ["admin", onInstallation("/approve")],
    "site-app-suspend": ["admin", onInstallation("/suspend")],
    "site-app-uninstall": ["admin", onInstallation("/uninstall")],
    "site-connect-install": ["admin", (page) => page.goto(server.origin + gantt.offer)],
    "site-connect": ["admin", (page) => page.goto(server.origin + gantt.page)],
    "site-connect-rotate": ["admin", (page) => page.goto(`${server.origin}${gantt.page}/rotate`)],
    "site-requests": ["member", (page) => page.goto(`${server.origin}/sites/${place.site}/apps`)],
    "site-request": ["member", (page) => page.goto(`${server.origin}/sites/${place.site}/apps/request?app=${OWN.id}&environment=production`)],
    "admin-sites": ["admin", at("/admin/sites")],
    "sites-of-a-member": ["person", at("/admin/sites")],
    "admin-site": ["admin", site],
    "admin-site-problem": [
      "admin",
      async (page) => {
        await site(page);
        await page.getByLabel("E-mail address").fill("nobody@example.com");
        await press(page, "Add the member");
      },
    ],
    "site-import-sources": ["admin", onSources("")],
    "site-import-sources-empty": ["admin", (page) => page.goto(`${server.origin}/admin/sites/${sources.emptySite}/import-sources`)],
    "site-import-sources-problem": [
      "admin",
      async (page) => {
        await onSources("")(page);
        await page.getByLabel("Name").fill(" ");
        await press(page, "Register");
      },
    ],
    "site-import-token": ["admin", makeImportToken],
    "site-import-source-remove": ["admin", (page) => onSources(`/${sources.laptops}/remove`)(page)],
    "site-groups": ["admin", onRoles("groups")],
    "site-groups-empty": ["admin", (page) => page.goto(`${server.origin}/admin/sites/${sources.emptySite}/groups`)],
    "site-groups-problem": [
      "admin",
      async (page) => {
        await page.goto(server.origin + held.groups);
        await page.getByLabel("Name").fill("nobody yet");
        await press(page, "Make the group");
      },
    ],
    "site-group": ["admin", onRoles("group")],
    "site-group-remove": ["admin", onRoles("group", "/remove")],
    "site-roles": ["admin", onRoles("roles")],
    "site-roles-api": ["admin", onRoles("assets")],
    "site-roles-schema": ["admin", onRoles("assets", "?object=schema:1")],
    "site-roles-comes-to": [
      "admin",
      async (page) => {
        await page.goto(`${server.origin}${held.assets}?object=object_type:11`);
        await page.getByRole("link", { name: "What this comes to for Pat Person" }).click();
      },
    ],
    "site-roles-type": ["admin", onRoles("assets", "?object=object_type:11")],
    "site-roles-type-open": ["admin", onRoles("assets", "?object=object_type:12")],
    "site-roles-found": ["admin", onRoles("assets", "?beneath=department+12")],
    "site-roles-given": [
      "admin",
      async (page) => {
        await page.goto(`${server.origin}${held.assets}?object=schema:2`);
        await page.getByLabel("Whom").selectOption({ label: "App: Asset Watch" });
        await page.getByLabel("Developer").check();
        await press(page, "Give the role");
      },
    ],
    "site-roles-of-app": ["admin", (page) => page.goto(`${server.origin}${held.of}app:${held.app}`)],
    "site-roles-of-group": ["admin", (page) => page.goto(`${server.origin}${held.of}group:${held.groupId}`)],
    "admin-remove-member": [
      "admin",
      async (page) => {
        await site(page);
        await page.getByRole("link", { name: `Remove ${PERSON.email}` }).click();
      },
    ],
    "sign-out": ["person", at("/logout")],
  };

  for (const [name, [who, open]] of Object.entries(PAGES)) {
    for (const colorScheme of ["light", "dark"]) {
      for (const width of [320, 1280]) {
        test(`${name} ${colorScheme} ${width}`, async () => {
          // axe-core is a script, which our policy forbids; only here is the policy set aside.
          const options = { storageState: cookies[who], colorScheme, viewport: { width, height: 720 }, bypassCSP: true };
          const context = await browser.newContext(options);
          try {
            const page = await context.newPage();
            await open(page);
            await page.screenshot({ path: join(SCREENSHOTS, `${name}-${colorScheme}-${width}.png`), fullPage: true });
            await page.evaluate(AXE);
            assert.deepEqual(await page.evaluate(violations, TAGS), []);
            assert.deepEqual(await page.evaluate(sideways), [], "something is wider than the window");
            assert.deepEqual(await page.evaluate(tooSmall, SMALLEST_TARGET_PX), [], "a control is too small");
          } finally {
            await context.close();
          }
        });
      }
    }
  }

  test("axe_finds_a_violation_where_there_is_one", async () => {
    const context = await browser.newContext();
    const page = await context.newPage();
    await page.setContent('<!doctype html><html><body><img src="x"><button style="width:9px;padding:0">x</button><div style="width:3000px">x</div></body></html>');
    await page.evaluate(AXE);
    assert.ok((await page.evaluate(violations, TAGS)).some((told) => told.startsWith("image-alt")));
    assert.notDeepEqual(await page.evaluate(sideways), []);
    assert.notDeepEqual(await page.evaluate(tooSmall, SMALLEST_TARGET_PX), []);
    await context.close();
  });
});

/* The functions below run in the page. */

async function violations(tags) {
  const found = await globalThis.axe.run(document, { runOnly: { type: "tag", values: tags } });
  return found.violations.flatMap(({ id, nodes }) => nodes.map((node) => `${id}: ${node.html} ${node.failureSummary}`));
}

function sideways() {
  const { scrollWidth, clientWidth } = document.documentElement;
  if (scrollWidth <= clientWidth) return [];
  const wide = [...document.querySelectorAll("body *")].filter((one) => one.getBoundingClientRect().right > clientWidth);
  return [`${scrollWidth} > ${clientWidth}`, ...wide.map((one) => one.outerHTML.slice(0, 120))];
}

/** A link in a line of text may be as high as the line (WCAG 2.2, 2.5.8, exception "inline"). */
function tooSmall(smallest) {
  const controls = [...document.querySelectorAll("a, button, input:not([type=hidden]), select, textarea, summary")];
  const small = controls.filter((one) => {
    const { width, height } = one.getBoundingClientRect();
    const style = getComputedStyle(one);
    const hidden = width === 0 || height === 0 || style.visibility === "hidden" || one.classList.contains("skip");
    const inline = one.tagName === "A" && style.display === "inline";
    return !hidden && !inline && Math.min(width, height) < smallest;
  });
  return small.map((one) => `${Math.round(one.getBoundingClientRect().width)}x${Math.round(one.getBoundingClientRect().height)} ${one.outerHTML.slice(0, 120)}`);
}
