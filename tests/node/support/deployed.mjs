// Apps that are declared by manifests: one of a developer, which a member asks for, and one of the operator, of which a new
// version waits for an admin.

import { once } from "node:events";
import { writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import { join } from "node:path";

import { press } from "./journey.mjs";

export const OWN = { id: "0f6a4a0e-6a7b-4c7e-8f55-3f5f0a1c2d01", name: "Team Reports" };
export const OPERATORS = { id: "0f6a4a0e-6a7b-4c7e-8f55-3f5f0a1c2d02", name: "Asset Watch" };

/** A manifest that asks for what is in `permissions`. */
export function manifest({ id, name }, permissions) {
  return `app:\n  id: ari:cloud:ecosystem::app/${id}\n  name: ${name}\npermissions:\n${permissions}`;
}

export const FEW = "  scopes:\n    read:asset:\n      purpose: To list what your team has.\n";
export const MANY = `${FEW}    write:asset:
      allowImpersonation: true
      purpose: To note who has borrowed what.
    manage:jira-configuration:
      optional: true
      purpose: To set up a board for what is missing.
  external:
    fetch:
      backend:
        - https://reports-of-a-rather-long-name.example.com
remotes:
  - key: reports
    baseUrl: https://remote.example.com
`;

/** The operator deploys an app, installs it, and deploys a version that asks for more. Gives its page and its site. */
export async function installed(server) {
  const file = join(server.folder, "manifest.yml");
  const deploy = async (text) => {
    await writeFile(file, text);
    await server.command(["app", "deploy", file]);
  };
  await deploy(manifest(OPERATORS, FEW));
  const { id, site } = await server.command(["installation", "add", "--app", OPERATORS.id]);
  await deploy(manifest(OPERATORS, MANY));
  const apps = `/admin/sites/${site}/apps`;
  return { site, apps, page: `${apps}/${id.split("/").pop()}` };
}

/** Somebody who is signed in deploys an app of their own and shares it, and it is refused something. */
export async function deployed(server, page) {
  await page.goto(`${server.origin}/console/deploy`);
  await page.getByLabel("Manifest", { exact: true }).fill(manifest(OWN, MANY));
  await page.getByLabel("production").check();
  await page.getByLabel(/^Redirection URIs/).fill("https://reports.example/callback");
  await press(page, "Deploy");
  const client = await page.locator("dd.mono").first().innerText();
  await page.goto(`${server.origin}/console/apps/${OWN.id}`);
  await press(page, "Share this app");
  const elsewhere = encodeURIComponent("https://elsewhere.example/a-path-that-is-not-registered");
  await page.goto(`${server.origin}/oauth/authorize?response_type=code&client_id=${client}&redirect_uri=${elsewhere}`);
}

/** A member of the site asks for that app. */
export async function asked(server, site, page) {
  await page.goto(`${server.origin}/sites/${site}/apps/request?app=${OWN.id}&environment=production`);
  await page.getByLabel(/^Message/).fill("We lose track of who has which laptop.");
  await press(page, "Send request");
}

/** A Connect app that takes everything but that it is suspended, which it is. Gives its page, and how to stop it. */
export async function connected(server) {
  const refuses = (request) => request.url === "/disabled";
  const listener = createServer((request, answer) => answer.writeHead(refuses(request) ? 500 : 204).end());
  await once(listener.listen(0, "127.0.0.1"), "listening");
  const lifecycle = Object.fromEntries(["installed", "enabled", "disabled", "uninstalled"].map((name) => [name, `/${name}`]));
  const baseUrl = `http://127.0.0.1:${listener.address().port}`;
  const register = async (key, name, scopes) => {
    const file = join(server.folder, `${key}.json`);
    await writeFile(file, JSON.stringify({ key, name, baseUrl, authentication: { type: "jwt" }, lifecycle, scopes }));
    return (await server.command(["app", "connect", file])).app.id;
  };
  const app = await register("com.example.gantt", "Gantt Charts", ["READ", "WRITE"]);
  const { id, site } = await server.command(["installation", "add", "--app", app]);
  await server.command(["installation", "suspend", id]);
  const offered = await register("com.example.time", "Time Sheets", ["DELETE", "ACT_AS_USER", "ACCESS_EMAIL_ADDRESSES"]);
  const apps = `/admin/sites/${site}/apps`;
  const uuid = (ari) => ari.split("/").pop();
  return { page: `${apps}/${uuid(id)}`, offer: `${apps}/install?app=${uuid(offered)}&environment=production`, stop: () => listener.close() };
}
