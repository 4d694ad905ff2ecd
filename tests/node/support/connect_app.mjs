// The app of `connect_app/`, started as its publisher would: by its environment.

import { fileURLToPath } from "node:url";

import { Child } from "./child.mjs";
import { freePort } from "./server.mjs";

const FOLDER = fileURLToPath(new URL("connect_app", import.meta.url));

export class ConnectApp {
  #child;

  async start({ key, issuer, tunnel }) {
    const port = await freePort();
    this.origin = `http://127.0.0.1:${port}`;
    const env = {
      PATH: process.env.PATH,
      NODE_ENV: "production",
      PORT: String(port),
      AC_APP_KEY: key,
      AC_LOCAL_BASE_URL: this.origin,
      // The hosts of the sites that may install it, and where their keys are.
      AC_HOST_WHITELIST: "127.0.0.1",
      CONNECT_KEYS_CDN_URL: `${issuer}/connect-keys`,
      // The address at which it asks for a token of a person is built in, and it is https: a proxy leads elsewhere.
      HTTPS_PROXY: tunnel.origin,
      NODE_EXTRA_CA_CERTS: tunnel.certificate,
    };
    this.#child = new Child(process.execPath, ["app.mjs"], { cwd: FOLDER, env });
    await this.#child.answers(`${this.origin}/told`);
    return this;
  }

  async descriptor() {
    return (await fetch(`${this.origin}/atlassian-connect.json`)).json();
  }

  /** Has the app make a call to a site by its own HTTP client, as itself or as a user. */
  async call(tenant, method, path, user) {
    const answer = await this.post("/call", { tenant, method, path, user });
    return answer.json();
  }

  /** What it was told of a site and took, in order. */
  async told(tenant) {
    const told = await (await fetch(`${this.origin}/told`)).json();
    return told.filter((one) => one.tenant === tenant).map(({ event }) => event);
  }

  /** What it knows of a site. */
  async settings(tenant) {
    return (await fetch(`${this.origin}/settings/${tenant}`)).json();
  }

  post(path, body, headers = {}) {
    return fetch(this.origin + path, {
      method: "POST",
      headers: { "content-type": "application/json", ...headers },
      body: JSON.stringify(body),
    });
  }

  stop() {
    return this.#child.stop();
  }
}
