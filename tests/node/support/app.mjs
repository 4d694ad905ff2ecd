// An app and the API that it calls, as two tiny servers on the loopback address: they know Hallmark only by HTTP.

import { createHash, randomBytes } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:http";

function basic({ id, secret }) {
  return `Basic ${Buffer.from(`${encodeURIComponent(id)}:${encodeURIComponent(secret)}`).toString("base64")}`;
}

async function post(url, caller, fields) {
  const answer = await fetch(url, {
    method: "POST",
    headers: { authorization: basic(caller), "content-type": "application/x-www-form-urlencoded" },
    body: new URLSearchParams(fields).toString(),
  });
  return answer.json();
}

async function listen(handler) {
  const listener = createServer((request, response) => {
    handler(new URL(request.url, "http://127.0.0.1"), request, response).catch((error) => response.writeHead(500).end(String(error)));
  });
  listener.listen(0, "127.0.0.1");
  await once(listener, "listening");
  return { listener, origin: `http://127.0.0.1:${listener.address().port}` };
}

/** An API that asks Hallmark about every token that it is shown (RFC 7662) and refuses by RFC 6750. */
export class Api {
  async start(issuer, resource) {
    Object.assign(this, await listen(async (_, request, response) => {
      const token = request.headers.authorization?.match(/^Bearer (.+)$/)?.[1] ?? "";
      const answer = await post(`${issuer()}/oauth/introspect`, resource, { token });
      const allowed = answer.active && answer.scope.split(" ").includes("read:asset");
      if (allowed) return response.end(JSON.stringify({ assets: 3, of: answer.username }));
      response.writeHead(401, { "www-authenticate": 'Bearer error="invalid_token"' }).end("{}");
    }));
    return this;
  }

  async stop() {
    this.listener.closeAllConnections();
    this.listener.close();
    await once(this.listener, "close");
  }
}

/** An app that a person starts at `/start`, comes back to at `/callback`, and uses at `/assets`. */
export class App {
  state = randomBytes(16).toString("base64url");
  verifier = randomBytes(32).toString("base64url");
  token = undefined;
  /** The last answer that the person was sent back with. */
  answer = undefined;

  async start(issuer, client, api) {
    const page = (response, title) => response.end(`<!doctype html><title>Inventory</title><h1>${title}</h1>`);
    Object.assign(this, await listen(async (url, _, response) => {
      response.setHeader("content-type", "text/html; charset=utf-8");
      if (url.pathname === "/start") return response.writeHead(302, { location: this.authorizationUrl(issuer(), client()) }).end();
      if (url.pathname === "/callback") return page(response, await this.#receive(url, issuer(), client()));
      if (url.pathname === "/assets") return page(response, await this.#show(api.origin));
      return response.writeHead(404).end();
    }));
    this.redirectUri = `${this.origin}/callback`;
    return this;
  }

  authorizationUrl(issuer, client, extra = {}) {
    const query = new URLSearchParams({
      response_type: "code",
      client_id: client.id,
      redirect_uri: this.redirectUri,
      scope: "read:asset write:asset offline_access",
      state: this.state,
      code_challenge: createHash("sha256").update(this.verifier).digest("base64url"),
      code_challenge_method: "S256",
      ...extra,
    });
    return `${issuer}/oauth/authorize?${query}`;
  }

  async #receive(url, issuer, client) {
    this.answer = Object.fromEntries(url.searchParams);
    if (this.answer.state !== this.state || this.answer.iss !== issuer) return "This answer is not for us";
    if (this.answer.error) return `Not connected: ${this.answer.error}`;
    const fields = { grant_type: "authorization_code", code: this.answer.code, redirect_uri: this.redirectUri, code_verifier: this.verifier };
    const tokens = await post(`${issuer}/oauth/token`, client, fields);
    this.token = tokens.access_token;
    return this.token ? "Connected" : `Not connected: ${tokens.error}`;
  }

  async #show(api) {
    const answer = await fetch(api, { headers: { authorization: `Bearer ${this.token}` } });
    if (!answer.ok) return `Refused: ${answer.headers.get("www-authenticate")}`;
    const { assets, of } = await answer.json();
    return `${assets} assets of ${of}`;
  }

  async stop() {
    this.listener.closeAllConnections();
    this.listener.close();
    await once(this.listener, "close");
  }
}
