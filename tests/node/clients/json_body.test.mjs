// A client as the documentation of 3LO shows it: no library, every token request an object in JSON.

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";

import { Person } from "../support/person.mjs";
import { PERSON, startServer } from "../support/server.mjs";

const REDIRECT_URI = "http://127.0.0.1:9/callback";
const AUDIENCE = "api.atlassian.com";
const APP = { client_id: "reporter", client_secret: "the-reporter-authenticates-with-this" };
const SCOPES = ["read:jira-work", "read:me", "offline_access"];
const RESOURCE = {
  id: "products",
  name: "Products",
  identifier: AUDIENCE,
  scopes: ["read:jira-work=See your work"],
  secret: "the-products-authenticate-with-this",
};

describe("a client that speaks JSON", () => {
  let server;
  before(async () => {
    server = await startServer();
    await server.addPerson(PERSON);
    await server.addResource(RESOURCE);
    const words = ["app", "add", "--client-id", APP.client_id, "--redirect-uri", REDIRECT_URI, "--secret-stdin"];
    words.push("--profile", "atlassian", "--no-pkce", "--grant", "authorization_code", "--grant", "refresh_token");
    await server.command([...words, ...SCOPES.flatMap((scope) => ["--scope", scope])], APP.client_secret);
  });
  after(() => server.stop());

  async function token(fields) {
    const answer = await fetch(`${server.origin}/oauth/token`, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ ...APP, ...fields }),
    });
    return { status: answer.status, body: await answer.json() };
  }

  async function code() {
    const request = new URL("/authorize", server.origin);
    request.search = new URLSearchParams({
      audience: AUDIENCE,
      client_id: APP.client_id,
      scope: SCOPES.join(" "),
      redirect_uri: REDIRECT_URI,
      state: "of the app",
      response_type: "code",
      prompt: "consent",
    });
    const answer = await new Person(server.origin, PERSON).decide(request);
    assert.equal(answer.searchParams.get("state"), "of the app");
    return answer.searchParams.get("code");
  }

  async function get(path, accessToken) {
    const headers = { Authorization: `Bearer ${accessToken}`, Accept: "application/json" };
    return (await fetch(`${server.origin}${path}`, { headers })).json();
  }

  test("a_client_that_posts_json_walks_the_flow", async () => {
    const redeemed = await token({ grant_type: "authorization_code", code: await code(), redirect_uri: REDIRECT_URI });
    assert.equal(redeemed.status, 200, JSON.stringify(redeemed.body));
    const { access_token: accessToken, refresh_token: refreshToken } = redeemed.body;
    const [site] = await get("/oauth/token/accessible-resources", accessToken);
    assert.deepEqual([site.url, site.scopes], [server.issuer, ["read:jira-work"]]);
    assert.equal((await get("/me", accessToken)).email, PERSON.email);

    const fresh = await token({ grant_type: "refresh_token", refresh_token: refreshToken });
    assert.equal(fresh.status, 200, JSON.stringify(fresh.body));
    const repeated = await token({ grant_type: "refresh_token", refresh_token: refreshToken });
    assert.deepEqual(repeated.body.refresh_token, fresh.body.refresh_token);
  });

  test("a_refresh_in_json_that_is_refused_is_403", async () => {
    const refused = await token({ grant_type: "refresh_token", refresh_token: "unknown" });
    const told = { error: "invalid_grant", error_description: "Unknown or invalid refresh token." };
    assert.deepEqual(refused, { status: 403, body: told });
  });

  test("a_number_in_json_is_no_parameter", async () => {
    const refused = await token({ grant_type: "refresh_token", refresh_token: 42 });
    assert.deepEqual([refused.status, refused.body.error], [400, "invalid_request"]);
  });
});
