// atlassian-connect-express as it is published, in an app that knows Hallmark by its environment: installed, called back, and
// calling the API of a site, which is the example of this repository.

import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { once } from "node:events";
import { writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import { dirname, join } from "node:path";
import { json } from "node:stream/consumers";
import { after, before, describe, test } from "node:test";

import jwt from "atlassian-jwt";

import { Child } from "../support/child.mjs";
import { ConnectApp } from "../support/connect_app.mjs";
import { BINARY, PERSON, freePort, startServer } from "../support/server.mjs";
import { TokenTunnel } from "../support/token_tunnel.mjs";

const NOTES = {
  id: "notes",
  name: "Notes",
  scopes: ["read:note:example=See notes", "write:note:example=Change notes"],
  secret: "the-notes-server-authenticates-with-this",
};
const LIFECYCLE = { installed: "/installed", enabled: "/enabled", disabled: "/disabled", uninstalled: "/uninstalled" };

const uuid = (ari) => ari.split("/").pop();

describe("atlassian-connect-express", () => {
  const tunnel = new TokenTunnel();
  const listeners = [];
  let server, api, site, person, keeper, reader;

  before(async () => {
    server = await startServer({ environment: { HALLMARK_CONNECT__ALLOW_PRIVATE_ADDRESSES: "true" } });
    const port = await freePort();
    site = { url: `http://127.0.0.1:${port}` };
    person = await server.addPerson(PERSON);
    await server.addResource({ ...NOTES, identifier: site.url });
    site.id = (await server.command(["site", "add", "--name", "Acme", "--url", site.url])).id;
    await server.command(["site", "add-member", site.url, PERSON.email]);

    const env = { PATH: process.env.PATH, ISSUER: server.issuer, PORT: String(port), NOTES_SECRET: NOTES.secret };
    api = new Child(join(dirname(BINARY), "examples/resource_server"), [], { env });
    await api.answers(`${site.url}/notes`);

    await tunnel.start(server.issuer);
    keeper = await registered("note-keeper", ["READ", "WRITE", "ACT_AS_USER"]);
    reader = await registered("note-reader", ["READ"]);
  });

  after(async () => {
    await Promise.all([keeper, reader, api, tunnel, server].map((one) => one?.stop()));
    for (const listener of listeners) (listener.closeAllConnections(), listener.close());
  });

  /** Has Hallmark read a descriptor; gives the name that it has for the app. */
  async function register(descriptor) {
    const file = join(server.folder, `${descriptor.key}.json`);
    await writeFile(file, JSON.stringify(descriptor));
    return (await server.command(["app", "connect", file])).app.id;
  }

  /** A running app, whose descriptor Hallmark knows with those scopes. */
  async function registered(key, scopes) {
    const app = await new ConnectApp().start({ key, issuer: server.issuer, tunnel });
    app.id = await register({ ...(await app.descriptor()), scopes });
    return app;
  }

  /** Something else at an app's address, and the name that Hallmark has for it. */
  async function elsewhere(key, answer) {
    const listener = createServer(answer).listen(0, "127.0.0.1");
    listeners.push(listener);
    await once(listener, "listening");
    const baseUrl = `http://127.0.0.1:${listener.address().port}`;
    return register({ key, name: key, baseUrl, authentication: { type: "jwt" }, lifecycle: LIFECYCLE, scopes: ["READ"] });
  }

  /** Installs an app on the site until the test ends; what the app knows then, and the name of the installation. */
  async function install(t, app) {
    const { id } = await server.command(["installation", "add", "--app", app.id, "--site", site.url]);
    t.after(() => server.command(["installation", "remove", id]).catch(() => {}));
    return { id, settings: await app.settings(site.id) };
  }

  /** A request to the API that is signed with what an app knows, or says that it is another. */
  async function send({ settings, method = "GET", path = "/notes", signs = path, inQuery = false, ...claims }) {
    const now = Math.floor(Date.now() / 1000);
    const qsh = jwt.createQueryStringHash(jwt.fromMethodAndUrl(method, signs));
    const all = { iss: settings.key, aud: [settings.clientKey], iat: now, exp: now + 60, qsh, ...claims };
    const token = jwt.encodeSymmetric(all, settings.sharedSecret);
    const target = inQuery ? `${path}${path.includes("?") ? "&" : "?"}jwt=${token}` : path;
    const answer = await fetch(site.url + target, { method, headers: inQuery ? {} : { authorization: `JWT ${token}` } });
    await answer.body?.cancel();
    return answer.status;
  }

  test("an_installed_app_is_told_where_it_is_and_reads_as_itself", async (t) => {
    const before = await keeper.told(site.id);
    const { id, settings } = await install(t, keeper);

    assert.deepEqual((await keeper.told(site.id)).slice(before.length), ["installed", "enabled"]);
    assert.deepEqual([settings.key, settings.clientKey, settings.baseUrl], ["note-keeper", site.id, site.url]);
    const { status, body } = await keeper.call(site.id, "get", "/notes?of=Ann%20%C3%89+B&of=a&empty=");
    assert.equal(status, 200, JSON.stringify(body));
    assert.deepEqual(body.read_by, { sub: `app:${uuid(id)}`, through: "note-keeper", acting: null });
    assert.equal((await keeper.call(site.id, "put", "/notes/7")).status, 200);
  });

  test("a_signature_is_good_for_one_request", async (t) => {
    const { settings } = await install(t, keeper);

    assert.equal(await send({ settings }), 200);
    assert.equal(await send({ settings, inQuery: true }), 200);
    assert.equal(await send({ settings, path: "/notes?of=b", signs: "/notes?of=a" }), 401);
    assert.equal(await send({ settings, path: "/notes?of=a", signs: "/notes" }), 401);
    assert.equal(await send({ settings, path: "/%6eotes", signs: "/notes" }), 401);
    assert.equal(await send({ settings, iss: "note-reader" }), 401);
    assert.equal(await send({ settings, exp: Math.floor(Date.now() / 1000) - 3600 }), 401);
  });

  test("an_app_that_may_read_is_told_what_it_lacks_to_write", async (t) => {
    await install(t, reader);

    assert.equal((await reader.call(site.id, "get", "/notes")).status, 200);
    const { status, challenge, body } = await reader.call(site.id, "put", "/notes/7");
    assert.deepEqual([status, body.layer, body.error, body.required], [403, 2, "insufficient_scope", "write:note:example"]);
    assert.match(challenge, /error="insufficient_scope".*JWT realm="notes"/);
  });

  test("an_app_acts_as_a_person_and_both_are_seen", async (t) => {
    const { id } = await install(t, keeper);

    const { status, body } = await keeper.call(site.id, "put", "/notes/7", person.id);

    assert.equal(status, 200, JSON.stringify(body));
    assert.deepEqual(body.changed_by, { sub: `user:${person.id}`, through: "note-keeper", acting: `app:${uuid(id)}` });
    assert.ok(tunnel.asked.every((line) => line === "POST /oauth2/token"), tunnel.asked.join());
  });

  test("an_app_that_may_not_act_as_people_is_told_so", async (t) => {
    await install(t, reader);
    const { error } = await reader.call(site.id, "get", "/notes", person.id);
    assert.equal(error.error, "invalid_grant");
  });

  test("nobody_is_acted_as_who_is_not_on_the_site", async (t) => {
    await install(t, keeper);
    const stranger = await server.addPerson({ ...PERSON, email: "stranger@example.com" });
    const { error } = await keeper.call(site.id, "get", "/notes", stranger.id);
    assert.equal(error.error, "invalid_grant");
  });

  test("a_suspended_app_is_refused_until_it_is_resumed", async (t) => {
    const { id } = await install(t, keeper);
    const calls = async () => {
      const [alone, acting] = [await keeper.call(site.id, "get", "/notes"), await keeper.call(site.id, "get", "/notes", person.id)];
      return [alone.status, acting.status];
    };
    assert.deepEqual(await calls(), [200, 200]);

    await server.command(["installation", "suspend", id]);
    assert.deepEqual(await calls(), [401, 401]);
    assert.equal((await keeper.told(site.id)).at(-1), "disabled");

    await server.command(["installation", "resume", id]);
    assert.deepEqual(await calls(), [200, 200]);
    assert.equal((await keeper.told(site.id)).at(-1), "enabled");
  });

  test("a_rotated_secret_is_taken_and_the_former_is_refused", async (t) => {
    const { id, settings: former } = await install(t, keeper);

    await server.command(["installation", "rotate-secret", id]);

    const settings = await keeper.settings(site.id);
    assert.notEqual(settings.sharedSecret, former.sharedSecret);
    assert.equal((await keeper.call(site.id, "get", "/notes")).status, 200);
    assert.deepEqual([await send({ settings }), await send({ settings: former })], [200, 401]);
  });

  test("an_uninstalled_app_is_told_and_refused", async (t) => {
    const { id, settings } = await install(t, keeper);

    await server.command(["installation", "remove", id]);

    assert.equal((await keeper.told(site.id)).at(-1), "uninstalled");
    assert.equal(await keeper.settings(site.id), null);
    assert.equal(await send({ settings }), 401);
  });

  test("an_app_takes_nothing_that_hallmark_did_not_sign", async (t) => {
    const { settings } = await install(t, keeper);
    const body = { ...settings, sharedSecret: "a-secret-of-somebody-else", eventType: "installed" };
    const now = Math.floor(Date.now() / 1000);
    const claims = { iss: site.id, aud: [keeper.origin], iat: now, exp: now + 60 };
    claims.qsh = jwt.createQueryStringHash(jwt.fromMethodAndUrl("POST", "/installed"));
    const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
    const pem = privateKey.export({ type: "pkcs8", format: "pem" });
    const ours = await (await fetch(`${server.issuer}/oauth/jwks`)).json();

    for (const kid of ["00000000", ...ours.keys.map((key) => key.kid)]) {
      const forged = jwt.encodeAsymmetric(claims, pem, "RS256", { kid });
      const answer = await keeper.post("/installed", body, { authorization: `JWT ${forged}` });
      assert.deepEqual([answer.status, (await answer.text()).slice(0, 26)], [400, "Unable to decode JWT token"], kid);
    }
    const symmetric = jwt.encodeSymmetric(claims, settings.sharedSecret);
    assert.equal((await keeper.post("/installed", body, { authorization: `JWT ${symmetric}` })).status, 401);
    assert.equal((await keeper.post("/installed", body)).status, 401);
    assert.deepEqual(await keeper.settings(site.id), settings);
  });

  test("what_hallmark_signed_for_another_app_is_not_taken", async (t) => {
    const heard = [];
    const thief = await elsewhere("thief", async (request, response) => {
      heard.push({ path: request.url, authorization: request.headers.authorization, body: await json(request) });
      response.writeHead(204).end();
    });
    await install(t, { id: thief, settings: () => undefined });
    const { body, authorization } = heard.find(({ path }) => path === "/installed");

    const answer = await keeper.post("/installed", { ...body, key: "note-keeper" }, { authorization });

    assert.equal(answer.status, 401);
    assert.match(await answer.text(), /audience/);
  });

  const failures = {
    an_error: [/500/, (_, response) => response.writeHead(500).end("no")],
    a_redirect: [/302/, (_, response) => response.writeHead(302, { location: "/elsewhere" }).end()],
    nothing: [/took longer than/, () => {}],
  };
  for (const [name, [reason, answer]] of Object.entries(failures)) {
    test(`an_app_that_answers_${name}_is_not_installed`, async () => {
      const id = await elsewhere(`answers-${name.replace("_", "-")}`, answer);

      await assert.rejects(server.command(["installation", "add", "--app", id, "--site", site.url]), reason);

      assert.deepEqual(await server.command(["installation", "list", "--site", site.url]), []);
    });
  }
});
