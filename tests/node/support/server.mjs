// The real binary on a fresh data folder and a free port of the loopback address, seeded by its own commands.

import { execFile } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { Child } from "./child.mjs";

const ROOT = fileURLToPath(new URL("../../../", import.meta.url));
/** The binary under test. */
export const BINARY = process.env.BINARY ?? join(ROOT, "target/release/hallmark");

/** Where screenshots go. */
export const SCREENSHOTS = join(ROOT, "target/screenshots");

/** A port of the loopback address that nobody listens at. */
export async function freePort() {
  const probe = createServer().listen(0, "127.0.0.1");
  await once(probe, "listening");
  const { port } = probe.address();
  probe.close();
  await once(probe, "close");
  return port;
}

export class Server {
  #child;

  constructor({ folder, port, issuer, environment }) {
    this.folder = folder;
    this.origin = `http://127.0.0.1:${port}`;
    this.issuer = issuer ?? this.origin;
    // Nothing of the caller's environment: a HALLMARK_ variable there would be a setting here.
    this.environment = {
      PATH: process.env.PATH,
      ROCKET_PORT: String(port),
      HALLMARK_ISSUER__URL: this.issuer,
      HALLMARK_LOG: "warn",
      ...environment,
    };
  }

  async start() {
    this.#child = new Child(BINARY, ["--data", this.folder, "serve"], { cwd: this.folder, env: this.environment });
    await this.#child.answers(`${this.origin}/.well-known/oauth-authorization-server`);
    return this;
  }

  /** Runs one command of the binary, reaching the server through its socket, and gives its JSON answer. */
  async command(words, input = "") {
    const words_ = ["--data", this.folder, "--json", ...words];
    return new Promise((resolve, reject) => {
      const child = execFile(BINARY, words_, { cwd: this.folder, env: this.environment }, (error, out, err) =>
        error ? reject(new Error(`hallmark ${words.join(" ")}: ${err || error}`)) : resolve(JSON.parse(out)),
      );
      // A command that reads nothing may be gone before its input is closed; how it ended tells what matters.
      child.stdin.on("error", () => {});
      child.stdin.end(input);
    });
  }

  async addPerson({ email, name, password, admin = false }) {
    return this.command(["user", "add", email, "--name", name, "--password-stdin", ...(admin ? ["--admin"] : [])], password);
  }

  async addResource({ id, name, identifier, scopes, secret }) {
    const owned = scopes.flatMap((scope) => ["--scope", scope]);
    return this.command(["resource", "add", "--id", id, "--name", name, "--identifier", identifier, ...owned, "--secret-stdin"], secret);
  }

  async addApp({ id, name, publisher, redirectUri, scopes, optional = [], secret }) {
    const words = ["app", "add", "--client-id", id, "--name", name, "--redirect-uri", redirectUri];
    words.push("--grant", "authorization_code", "--grant", "refresh_token");
    if (publisher) words.push("--publisher", publisher);
    for (const scope of scopes) words.push("--scope", scope);
    for (const scope of optional) words.push("--optional-scope", scope);
    return this.command([...words, secret ? "--secret-stdin" : "--public"], secret);
  }

  /** The one-time link by which the first admin is made; it is in a file because standard output is no terminal. */
  async setupLink() {
    return (await readFile(join(this.folder, "setup-link"), "utf8")).trim();
  }

  async stop() {
    await this.#child.stop();
    await rm(this.folder, { recursive: true, force: true });
  }
}

/** A running server with nothing in it. */
export async function startServer({ port, issuer, environment } = {}) {
  const folder = await mkdtemp(join(tmpdir(), "hallmark-test-"));
  return new Server({ folder, port: port ?? (await freePort()), issuer, environment }).start();
}

export const PERSON = { email: "pat@example.com", name: "Pat Person", password: "correct horse battery staple" };
export const RESOURCE = {
  id: "assets",
  name: "Assets",
  identifier: "https://assets.example",
  scopes: ["read:asset=See your assets", "write:asset=Change your assets"],
  secret: "the-assets-server-authenticates-with-this",
};

/** The app that the tests act as. */
export function app(redirectUri) {
  return {
    id: "inventory",
    name: "Inventory",
    publisher: "Example Works",
    redirectUri,
    scopes: ["read:asset", "offline_access"],
    optional: ["write:asset"],
    secret: "the-inventory-app-authenticates-with-this",
  };
}

/** A running server with a person, a protected resource and an app. */
export async function seededServer({ redirectUri, ...options }) {
  const server = await startServer(options);
  await server.addPerson(PERSON);
  await server.addResource(RESOURCE);
  await server.addApp(app(redirectUri));
  return server;
}
