// Where an app believes Atlassian's authorization server to be: a proxy with one tunnel, to a TLS listener with the name of
// that server, which hands what it is asked to Hallmark.

import { execFile } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { createServer } from "node:http";
import { createServer as createTlsServer } from "node:https";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buffer } from "node:stream/consumers";
import { promisify } from "node:util";

const HOST = "oauth-2-authorization-server.services.atlassian.com";

export class TokenTunnel {
  /** What was asked through it, as `POST /path`. */
  asked = [];
  #listeners = [];

  async start(issuer) {
    this.folder = await mkdtemp(join(tmpdir(), "hallmark-tunnel-"));
    this.certificate = join(this.folder, "certificate.pem");
    const key = join(this.folder, "key.pem");
    const words = ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"];
    words.push("-keyout", key, "-out", this.certificate, "-subj", "/CN=Tests", "-addext", `subjectAltName=DNS:${HOST}`);
    await promisify(execFile)("openssl", words);

    const inside = createTlsServer({ key: await readFile(key), cert: await readFile(this.certificate) }, (request, response) => {
      this.#forward(issuer, request, response).catch((error) => response.writeHead(502).end(String(error)));
    });
    const port = await this.#listen(inside);
    const outside = createServer().on("connect", (request, socket) => {
      if (request.url !== `${HOST}:443`) return socket.end("HTTP/1.1 403 Forbidden\r\n\r\n");
      const tunnel = connect(port, "127.0.0.1", () => {
        socket.write("HTTP/1.1 200 OK\r\n\r\n");
        tunnel.pipe(socket).pipe(tunnel);
      });
      for (const [end, other] of [[socket, tunnel], [tunnel, socket]]) end.on("error", () => other.destroy());
    });
    this.origin = `http://127.0.0.1:${await this.#listen(outside)}`;
    return this;
  }

  async #listen(listener) {
    this.#listeners.push(listener);
    listener.listen(0, "127.0.0.1");
    await once(listener, "listening");
    return listener.address().port;
  }

  async #forward(issuer, request, response) {
    this.asked.push(`${request.method} ${request.url}`);
    const answer = await fetch(issuer + request.url, {
      method: request.method,
      headers: { accept: request.headers.accept, "content-type": request.headers["content-type"] },
      body: await buffer(request),
    });
    response.writeHead(answer.status, { "content-type": answer.headers.get("content-type") }).end(await answer.text());
  }

  async stop() {
    for (const listener of this.#listeners) {
      listener.closeAllConnections();
      listener.close();
    }
    await rm(this.folder, { recursive: true, force: true });
  }
}
