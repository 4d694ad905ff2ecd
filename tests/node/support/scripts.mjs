// What scripts call APIs with: how a person asks for a token on the pages, and a server on which some were made.

import { RESOURCE } from "./server.mjs";
import { press } from "./journey.mjs";

/** Fills the form for an API token and sends it. */
export async function askForToken(page, origin, { name, scopes, days = "" }) {
  await page.goto(`${origin}/account/tokens/new`);
  await page.getByLabel("Name").fill(name);
  await page.getByLabel(/^Or after another number of days/).fill(days);
  for (const scope of scopes) await page.getByLabel(scope).check();
  await press(page, "Make the token");
}

/** Calls the resource as a script does that has Basic credentials, and gives what the resource learns of it. */
export async function callAs(server, { email }, token) {
  const credentials = Buffer.from(`${email}:${token}`).toString("base64");
  const answer = await fetch(`${server.origin}/oauth/introspect`, {
    method: "POST",
    headers: {
      authorization: `Basic ${Buffer.from(`${RESOURCE.id}:${RESOURCE.secret}`).toString("base64")}`,
      "content-type": "application/x-www-form-urlencoded",
    },
    body: new URLSearchParams({ token: credentials, token_type_hint: "basic", client_ip: "192.0.2.44" }).toString(),
  });
  return answer.json();
}

/** Tokens of a person, of which one was used, one ends soon and one leaked; import sources with and without a token. */
export async function scripted(server, site, owner) {
  const make = (label, days, reach) =>
    server.command(["token", "create", owner.email, "--label", label, "--days", String(days), ...reach]);
  const { token: used } = await make("Inventory of laptops, nightly, on the build server", 90, ["--scope", "read:asset", "--scope", "write:asset"]);
  await callAs(server, owner, used);
  await make("ci-deploy", 3, ["--scope", "read:asset", "--site", site]);
  await make("Everything", 30, ["--everything"]);
  const { token: leaked } = await make("Committed by mistake", 30, ["--scope", "read:asset"]);
  await fetch(`${server.origin}/tokens/leaked`, {
    method: "POST",
    headers: { "content-type": "application/x-www-form-urlencoded" },
    body: `token=${leaked}`,
  });
  const { id: laptops } = await server.command(["container", "add", site, "--label", "Laptops from the purchasing department"]);
  await server.command(["container", "token", site, laptops]);
  await server.command(["container", "add", site, "--label", "Phones"]);
  const { id: emptySite } = await server.command(["site", "add", "--name", "Finance", "--url", "https://finance.example"]);
  return { laptops, emptySite };
}
