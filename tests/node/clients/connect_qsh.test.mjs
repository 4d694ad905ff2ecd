// The reference implementation of Connect's request JWTs, as it is published, beside introspection: for thousands of random
// requests what it signs is taken, and is taken for no other request.

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";

import jwt from "atlassian-jwt";

import { RESOURCE, startServer } from "../support/server.mjs";

/** Where we differ on purpose: what the reference writes for a request is not taken, and what we write is. */
const DIFFERENCES = [
  {
    target: "/x?__proto__=1&a=2",
    ours: "GET&/x&__proto__=1&a=2",
    why: "a parameter that is left out could be changed at will; there it would fall into the prototype of an object",
  },
  {
    target: `/x?${Array.from({ length: 1001 }, (_, at) => `a=${1000 + at}`).join("&")}`,
    ours: `GET&/x&a=${Array.from({ length: 1001 }, (_, at) => 1000 + at).join(",")}`,
    why: "the parser of Node stops after a thousand parameters, and whatever follows them could be changed at will",
  },
  {
    target: "/a\\b",
    ours: "GET&/a\\b&",
    why: "a path is signed as it is sent; the parser of Node makes a slash of this, as browsers do before they send it",
  },
  {
    target: "//user@host/x",
    ours: "GET&//user@host/x&",
    why: "a target that begins with a slash is a path (RFC 9112 section 3.2.1); the parser of Node finds a host in this one",
  },
  {
    target: "/x?a=é%FF",
    ours: "GET&/x&a=%C3%A9%EF%BF%BD",
    why: "what is not encoded is UTF-8; Node reads it as Latin-1 once something beside it is malformed",
  },
  {
    base: "/wiki",
    target: "/wikipedia",
    ours: "GET&/wikipedia&",
    why: "a base path ends where a segment ends",
  },
];

const COUNT = Number(process.env.COUNT ?? 3_000);
const SEED = Number(process.env.SEED ?? 20_240_229);
const AT_ONCE = 16;
const KEY = "com.example.qsh";

const METHODS = ["GET", "POST", "PUT", "DELETE", "PATCH", "get", "Post", "OPTIONS", "M-SEARCH"];
const LETTERS = [..."abABzZ019-._~!'()*,;:@$+%^`{}|[]\"<>", "%20", "%2B", "%2b", "%2C", "%2F", "%2f", "%26", "%3D", "%25", "%27"];
const OCTETS = ["%7E", "%21", "%00", "%0A", "%c3%a9", "%C3%BC", "%E2%82%AC", "%EF%BC%81", "%EE%80%80", "%F0%9F%98%80", "%FF", "%C3", "%ED%A0%80", "%zz", "%4"];
const IN_PATH = [...LETTERS, ...OCTETS, "&", "=", "&", "/", "/", "//", "/../", "/./"];
const IN_QUERY = [...LETTERS, ...OCTETS, "/", "?", "\\"];
const NAMES = ["a", "b", "A", "a-b", "a%2Fb", "a[]", "a.b", "a%20b", "a+b", "%61", "jwt", "%6Awt", "JWT", "Jwt", "", "%C3%A9", "~", "constructor", "length", "0", "10", "9"];

/** Mulberry32: whoever has the seed has the requests. */
function generator(seed) {
  const next = () => {
    seed = (seed + 0x6d2b79f5) | 0;
    let mixed = Math.imul(seed ^ (seed >>> 15), 1 | seed);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const below = (bound) => Math.floor(next() * bound);
  const one = (list) => list[below(list.length)];
  const text = (alphabet, longest) => Array.from({ length: below(longest + 1) }, () => one(alphabet)).join("");
  return { below, one, text };
}

function parameter({ below, one, text }) {
  const name = below(4) === 0 ? text(IN_QUERY, 4) : one(NAMES);
  return one([name, `${name}=`, `${name}=${text(IN_QUERY, 5)}`, `${name}=${text(IN_QUERY, 5)}`, `${name}=${text(["=", "a", "b"], 3)}`, ""]);
}

/** Something to ask for. What begins as a host does, or as three slashes and one, is among the differences. */
function request(random) {
  const path = `/${random.text(IN_PATH, 8)}`;
  const query = Array.from({ length: random.below(7) }, () => parameter(random)).join("&");
  const target = random.below(5) === 0 ? path : `${path}?${query}`;
  return /^\/\/[^@/]*@/.test(target) ? request(random) : { method: random.one(METHODS), target };
}

/** Does `work` on each of `list`, some at once. */
async function each(list, work) {
  const rest = list[Symbol.iterator]();
  const worker = async () => {
    for (const one of rest) await work(one);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
}

describe("the reference implementation of request JWTs", () => {
  const installed = [];
  let server, app, site, wiki;

  before(async () => {
    server = await startServer({ environment: { HALLMARK_CONNECT__ALLOW_PRIVATE_ADDRESSES: "true" } });
    await server.addResource(RESOURCE);
    app = createServer(async (call, answer) => {
      const parts = [];
      for await (const part of call) parts.push(part);
      if (call.url === "/installed") {
        const { token } = /^JWT (?<token>.+)$/.exec(call.headers.authorization).groups;
        installed.push({ ...JSON.parse(Buffer.concat(parts)), token });
      }
      answer.writeHead(204).end();
    });
    await once(app.listen(0, "127.0.0.1"), "listening");
    const descriptor = join(server.folder, "descriptor.json");
    const baseUrl = `http://127.0.0.1:${app.address().port}`;
    const lifecycle = { installed: "/installed" };
    const declared = { key: KEY, name: "Hashes", baseUrl, authentication: { type: "jwt" }, lifecycle, scopes: ["READ"], apiVersion: 1 };
    await writeFile(descriptor, JSON.stringify(declared));
    const { app: registered } = await server.command(["app", "connect", descriptor]);
    const install = async (id) => {
      await server.command(["installation", "add", "--app", registered.id, "--site", id]);
      return installed.find(({ clientKey }) => clientKey === id);
    };
    const [{ id }] = await server.command(["site", "list"]);
    site = await install(id);
    const added = await server.command(["site", "add", "--name", "Wiki", "--url", "https://acme.example/wiki"]);
    wiki = await install(added.id);
  });
  after(async () => {
    app?.closeAllConnections();
    app?.close();
    await server?.stop();
  });

  function sign(qsh, { clientKey, sharedSecret } = site) {
    const now = Math.floor(Date.now() / 1_000);
    return jwt.encodeSymmetric({ iss: KEY, aud: [clientKey], iat: now, exp: now + 180, qsh }, sharedSecret);
  }

  /** What an app that uses the reference puts into its JWT, whether it has the request as a path or as a URL. */
  function theirs({ method, target }, base = "https://acme.example") {
    const hash = (url, below) => jwt.createQueryStringHash(jwt.fromMethodAndUrl(method, url), false, below);
    return [hash(target, base), hash(`https://acme.example${target}`, base)];
  }

  async function isTaken(token, { method, target }, { clientKey } = site) {
    const answer = await fetch(`${server.origin}/oauth/introspect`, {
      method: "POST",
      headers: { Authorization: `Basic ${btoa(`${RESOURCE.id}:${RESOURCE.secret}`)}` },
      body: new URLSearchParams({ token, request_method: method, request_target: target, site: clientKey }),
    });
    const told = await answer.json();
    assert.equal(answer.status, 200, JSON.stringify(told));
    return told.active;
  }

  /** A JWT in the query of a request would have to be the one that is asked about. */
  function withoutJwt({ method, target }) {
    const [path, query] = split(target);
    // The first character of what it is given is not taken for a part of it if it is `?`.
    const isJwt = (pair) => new URLSearchParams(`&${pair}`).has("jwt");
    const kept = query?.split("&").filter((pair) => !isJwt(pair));
    return { method, target: kept ? `${path}?${kept.join("&")}` : path };
  }

  function split(target) {
    const at = target.indexOf("?");
    return at < 0 ? [target] : [target.slice(0, at), target.slice(at + 1)];
  }

  function requests() {
    const random = generator(SEED);
    return Array.from({ length: COUNT }, () => request(random));
  }

  test("what_the_reference_signs_is_taken_with_or_without_the_jwt_in_the_query", async (context) => {
    context.diagnostic(`SEED=${SEED} COUNT=${COUNT}`);
    await each(requests(), async (asked) => {
      const sent = withoutJwt(asked);
      for (const qsh of new Set(theirs(asked))) {
        const token = sign(qsh);
        const withJwt = { ...sent, target: `${sent.target}${sent.target.includes("?") ? "&" : "?"}jwt=${token}` };
        assert.equal(await isTaken(token, sent), true, `${JSON.stringify(sent)}, SEED=${SEED}`);
        assert.equal(await isTaken(token, withJwt), true, `${JSON.stringify(withJwt)}, SEED=${SEED}`);
      }
    });
  });

  test("what_the_reference_signs_is_taken_for_no_other_request", async (context) => {
    context.diagnostic(`SEED=${SEED} COUNT=${COUNT}`);
    await each(requests().map(withoutJwt), async ({ method, target }) => {
      const token = sign(theirs({ method, target })[0]);
      const [path, query] = split(target);
      const others = [
        { method: method.toUpperCase() === "GET" ? "POST" : "GET", target },
        { method, target: `${path}z${query === undefined ? "" : `?${query}`}` },
        { method, target: `${path}?${query ?? ""}&z` },
        { method, target: `${path}?${query ?? ""}&a=another` },
      ];
      for (const other of others) {
        assert.equal(await isTaken(token, other), false, `${JSON.stringify([target, other])}, SEED=${SEED}`);
      }
    });
  });

  test("where_we_differ_the_reference_is_not_taken_and_we_are", async () => {
    for (const { base, target, ours, why } of DIFFERENCES) {
      const [asked, tenant] = [{ method: "GET", target }, base ? wiki : site];
      const qsh = createHash("sha256").update(ours).digest("hex");
      const others = theirs(asked, `https://acme.example${base ?? ""}`).filter((other) => other !== qsh);
      assert.notEqual(others.length, 0, `no difference any more: ${why}`);
      for (const other of others) assert.equal(await isTaken(sign(other, tenant), asked, tenant), false, why);
      assert.equal(await isTaken(sign(qsh, tenant), asked, tenant), true, `${ours}: ${why}`);
    }
  });

  test("a_request_to_a_site_below_a_path_is_signed_without_the_path", async () => {
    for (const target of ["/wiki", "/wiki/", "/wiki/x?a=1", "/wiki//x", "/wiki/wiki/x"]) {
      const asked = { method: "GET", target };
      const [qsh] = theirs(asked, "https://acme.example/wiki");
      assert.equal(await isTaken(sign(qsh, wiki), asked, wiki), true, target);
      assert.equal(await isTaken(sign(qsh, site), asked, site), false, target);
    }
  });

  test("what_the_app_is_told_is_signed_as_the_reference_signs", () => {
    const qsh = jwt.createQueryStringHash(jwt.fromMethodAndUrl("POST", "/installed"));
    assert.equal(installed.length, 2);
    for (const { token, clientKey } of installed) {
      const [, claims] = token.split(".");
      const told = JSON.parse(Buffer.from(claims, "base64url"));
      assert.deepEqual([told.iss, told.qsh], [clientKey, qsh]);
    }
  });
});
