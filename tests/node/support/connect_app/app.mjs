// An app on atlassian-connect-express as it is published. What it knows of Hallmark is in its environment; the store is its
// own, and `/call`, `/told` and `/settings` are for the test that drives it.

import connect from "atlassian-connect-express";
import express from "express";

/** What the adapters that come with the library do, in memory and without a database driver. */
class MemoryStore {
  #tenants = new Map();

  async get(key, tenant) {
    return this.#tenants.get(tenant)?.get(key);
  }

  async set(key, value, tenant) {
    if (!this.#tenants.has(tenant)) this.#tenants.set(tenant, new Map());
    this.#tenants.get(tenant).set(key, value);
    return value;
  }

  async saveInstallation(settings, tenant) {
    return this.set("clientInfo", settings, tenant);
  }

  async forget(tenant) {
    this.#tenants.delete(tenant);
  }

  isMemoryStore() {
    return true;
  }
}

connect.store.register("memory", () => new MemoryStore());

const app = express();
const addon = connect(app);
const told = [];
addon.on("host_settings_saved", (tenant) => told.push({ event: "installed", tenant }));

app.use(express.json());
app.use(express.urlencoded({ extended: false }));
app.use(addon.middleware());

for (const event of ["enabled", "disabled"]) {
  app.post(`/${event}`, addon.authenticate(), (request, response) => {
    told.push({ event, tenant: request.context.clientKey });
    response.status(204).end();
  });
}

app.post("/uninstalled", addon.authenticateInstall(), async (request, response) => {
  const tenant = request.context.clientKey;
  told.push({ event: "uninstalled", tenant });
  await addon.settings.forget(tenant);
  response.status(204).end();
});

app.post("/call", (request, response) => {
  const { tenant, method, path, user } = request.body;
  const client = addon.httpClient({ clientKey: tenant, userAccountId: user });
  client[method]({ uri: path, json: true }, (error, answer, body) =>
    response.json(error ? { error } : { status: answer.statusCode, challenge: answer.headers["www-authenticate"], body }),
  );
});

app.get("/told", (_, response) => response.json(told));
app.get("/settings/:tenant", async ({ params }, response) => response.json((await addon.settings.get("clientInfo", params.tenant)) ?? null));

app.listen(addon.config.port(), "127.0.0.1");
