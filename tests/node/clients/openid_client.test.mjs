// openid-client as it is published, given the issuer's URL and no patch: the whole chain, and proof that it would notice.

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";

import * as client from "openid-client";

import { Person } from "../support/person.mjs";
import { PERSON, RESOURCE, app, freePort, seededServer } from "../support/server.mjs";
import { TamperingProxy, inJson, inRedirects, withStatus } from "../support/tampering_proxy.mjs";

const REDIRECT_URI = "http://127.0.0.1:9/callback";
const { id: APP, secret: APP_SECRET } = app(REDIRECT_URI);

/** RFC 8414 discovery; plain http is for the loopback address, and the client must be told so. */
function discover(issuer, id, secret) {
  const options = { algorithm: "oauth2", execute: [client.allowInsecureRequests] };
  return client.discovery(new URL(issuer), id, undefined, client.ClientSecretBasic(secret), options);
}

/** Discovery → PAR → code and PKCE → refresh → introspect → revoke; gives what each step saw. */
async function chain(issuer, person) {
  const config = await discover(issuer, APP, APP_SECRET);
  const verifier = client.randomPKCECodeVerifier();
  const state = client.randomState();

  const request = await client.buildAuthorizationUrlWithPAR(config, {
    redirect_uri: REDIRECT_URI,
    scope: "read:asset offline_access",
    resource: RESOURCE.identifier,
    code_challenge: await client.calculatePKCECodeChallenge(verifier),
    code_challenge_method: "S256",
    prompt: "consent",
    state,
  });
  const answer = await person.decide(request);
  const checks = { pkceCodeVerifier: verifier, expectedState: state };
  const tokens = await client.authorizationCodeGrant(config, answer, checks);
  const fresh = await client.refreshTokenGrant(config, tokens.refresh_token);

  const resource = await discover(issuer, RESOURCE.id, RESOURCE.secret);
  const live = await client.tokenIntrospection(resource, fresh.access_token);
  await client.tokenRevocation(config, fresh.refresh_token);
  const dead = await client.tokenIntrospection(resource, fresh.access_token);
  return { request, answer, tokens, fresh, live, dead };
}

describe("openid-client", () => {
  let server;
  before(async () => (server = await seededServer({ redirectUri: REDIRECT_URI })));
  after(() => server.stop());

  test("openid_client_walks_the_whole_chain_given_only_the_issuer", async () => {
    const seen = await chain(server.issuer, new Person(server.origin, PERSON));

    assert.deepEqual([...seen.request.searchParams.keys()].sort(), ["client_id", "request_uri"]);
    assert.equal(seen.answer.searchParams.get("iss"), server.issuer);
    assert.equal(seen.tokens.token_type, "bearer");
    assert.ok(seen.tokens.expires_in > 0);
    assert.notEqual(seen.fresh.refresh_token, seen.tokens.refresh_token);
    assert.equal(seen.live.active, true);
    assert.equal(seen.live.username, PERSON.email);
    assert.equal(seen.live.scope, "read:asset");
    assert.equal(seen.live.aud, RESOURCE.identifier);
    assert.deepEqual(seen.dead, { active: false });
  });

  test("openid_client_is_told_that_the_person_denied", async () => {
    const config = await discover(server.issuer, APP, APP_SECRET);
    const verifier = client.randomPKCECodeVerifier();
    const state = client.randomState();
    const request = client.buildAuthorizationUrl(config, {
      redirect_uri: REDIRECT_URI,
      scope: "read:asset",
      code_challenge: await client.calculatePKCECodeChallenge(verifier),
      code_challenge_method: "S256",
      prompt: "consent",
      state,
    });

    const answer = await new Person(server.origin, PERSON).decide(request, "deny");

    const redeem = client.authorizationCodeGrant(config, answer, { pkceCodeVerifier: verifier, expectedState: state });
    await assert.rejects(redeem, { name: "AuthorizationResponseError", error: "access_denied" });
  });
});

describe("openid-client notices", () => {
  const proxy = new TamperingProxy();
  let server;
  before(async () => {
    await proxy.start();
    const port = await freePort();
    proxy.target = `http://127.0.0.1:${port}`;
    server = await seededServer({ port, issuer: proxy.origin, redirectUri: REDIRECT_URI });
  });
  after(async () => {
    await server.stop();
    await proxy.stop();
  });

  const METADATA = "/.well-known/oauth-authorization-server";
  const isRefresh = (request) => request.includes("grant_type=refresh_token");
  const elsewhere = encodeURIComponent("http://127.0.0.1:9");
  // What is put into one answer, and the words by which the client refuses it: its own, and at that step.
  const faults = {
    metadata_that_is_not_there: ["unexpected HTTP response status code", withStatus(METADATA, 404)],
    metadata_of_another_issuer: ["discovered metadata issuer does not match", inJson(METADATA, (metadata) => (metadata.issuer = "http://127.0.0.1:9"))],
    a_pushed_request_answered_with_200: ["unexpected HTTP response status code", withStatus("/oauth/par", 200)],
    a_pushed_request_without_a_name: ['"request_uri" property', inJson("/oauth/par", (pushed) => delete pushed.request_uri)],
    an_answer_from_another_issuer: ['unexpected "iss"', inRedirects((text) => text.replaceAll(/\biss=[^&"]+/g, `iss=${elsewhere}`))],
    an_answer_without_its_issuer: ['"iss" (issuer) missing', inRedirects((text) => text.replaceAll(/(&amp;|&#38;|&)iss=[^&"]+/g, ""))],
    an_answer_with_another_state: ['unexpected "state"', inRedirects((text) => text.replaceAll(/\bstate=[^&"]+/g, "state=stolen"))],
    a_token_without_a_type: ['"token_type" property', inJson("/oauth/token", (tokens) => delete tokens.token_type)],
    a_token_of_another_type: ["unsupported `token_type` value", inJson("/oauth/token", (tokens) => (tokens.token_type = "mac"))],
    a_refresh_without_a_token: ['"access_token" property', inJson("/oauth/token", (tokens) => delete tokens.access_token, isRefresh)],
    an_introspection_that_decides_nothing: ['"active" property', inJson("/oauth/introspect", (answer) => delete answer.active)],
    an_introspection_that_is_not_there: ["unexpected HTTP response status code", withStatus("/oauth/introspect", 404)],
    a_revocation_that_is_not_there: ["unexpected response content-type", withStatus("/oauth/revoke", 404)],
  };

  test("openid_client_walks_the_chain_through_a_proxy_that_changes_nothing", async () => {
    proxy.fault = undefined;
    assert.equal((await chain(proxy.origin, new Person(proxy.origin, PERSON))).dead.active, false);
  });

  for (const [name, [reason, fault]] of Object.entries(faults)) {
    test(`openid_client_refuses_${name}`, async () => {
      proxy.fault = fault;
      const refused = (error) => `${error.message} ${error.cause?.message}`.includes(reason);
      await assert.rejects(chain(proxy.origin, new Person(proxy.origin, PERSON)), refused);
    });
  }
});
