// A proxy that stands at the issuer's address and changes one answer, so that a test can show what a client refuses.

import { once } from "node:events";
import { createServer } from "node:http";
import { buffer } from "node:stream/consumers";

export class TamperingProxy {
  /** What is done to an answer `{ status, headers, body }` for a path; nothing unless a test says so. */
  fault = undefined;
  target = undefined;

  async start() {
    this.#listener = createServer((request, response) => {
      this.#forward(request, response).catch((error) => response.writeHead(502).end(String(error)));
    });
    this.#listener.listen(0, "127.0.0.1");
    await once(this.#listener, "listening");
    this.origin = `http://127.0.0.1:${this.#listener.address().port}`;
    return this;
  }

  #listener;

  async #forward(request, response) {
    const body = await buffer(request);
    const headers = { ...request.headers };
    for (const name of ["host", "connection", "content-length", "transfer-encoding", "keep-alive"]) delete headers[name];
    const answer = await fetch(this.target + request.url, {
      method: request.method,
      headers,
      body: body.length ? body : undefined,
      redirect: "manual",
    });
    const seen = {
      status: answer.status,
      headers: Object.fromEntries(answer.headers),
      body: await answer.text(),
    };
    const cookies = answer.headers.getSetCookie();
    const told = this.fault?.(new URL(request.url, this.origin).pathname, seen, body.toString()) ?? seen;
    for (const name of ["content-length", "transfer-encoding", "content-encoding", "connection", "set-cookie"]) delete told.headers[name];
    response.writeHead(told.status, { ...told.headers, ...(cookies.length ? { "set-cookie": cookies } : {}) }).end(told.body);
  }

  async stop() {
    this.#listener.closeAllConnections();
    this.#listener.close();
    await once(this.#listener, "close");
  }
}

/** Changes the JSON answer of one path. */
export function inJson(path, change, when = () => true) {
  return (at, answer, request) => {
    if (at !== path || !when(request)) return answer;
    const body = JSON.parse(answer.body);
    change(body);
    return { ...answer, body: JSON.stringify(body) };
  };
}

/** Changes the status of one path. */
export function withStatus(path, status) {
  return (at, answer) => (at === path ? { ...answer, status } : answer);
}

/** Changes where the person is sent, whether by a redirect or by a page. */
export function inRedirects(change) {
  return (_, answer) => {
    const headers = { ...answer.headers };
    if (headers.location) headers.location = change(headers.location);
    return { ...answer, headers, body: change(answer.body) };
  };
}
