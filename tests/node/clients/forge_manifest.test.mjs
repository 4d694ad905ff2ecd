// Forge's own validator of manifests, as it is published, beside `hallmark app check`: both say the same of every file.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { before, describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

import forge from "@forge/manifest";
import schema from "@forge/manifest/schema.json" with { type: "json" };

import { BINARY } from "../support/server.mjs";

const MANIFESTS = fileURLToPath(new URL("../../suite/apps/manifests/", import.meta.url));

/** Where we differ on purpose, and why. Whatever is not here must be said alike. */
const DIFFERENCES = {
  "corpus/differs_accept_extras.yml": "`optional` and `purpose` of a scope are ours",
  "corpus/differs_accept_unknown_key.yml": "an unknown key outside of what we read is accepted, and listed",
  "corpus/differs_accept_without_runtime.yml": "where an app runs is not our business",
  "corpus/differs_refuse_app_id_without_uuid.yml": "an app is named by a UUID, everywhere in this server",
  "corpus/differs_refuse_remote_key_twice.yml": "what an admin approves is told by its key",
  "corpus/differs_refuse_tag.yml": "a tag makes a part something other than it looks",
  "corpus/differs_refuse_bomb.yml": "a bound on all parts, where theirs is on each anchor",
  "faults/app_id_in_capitals.yml": "an app is named by a UUID, everywhere in this server",
  "faults/app_name_on_two_lines.yml": "people read the name; there it is not looked at",
  "faults/control_character.yml": "nothing that people do not see",
  "faults/key_as_list.yml": "a key is text",
  "faults/not_utf8.yml": "bytes that are no text, where theirs puts other characters in their place",
  "faults/provider_key_twice.yml": "what an admin approves is told by its key",
  "faults/remote_key_twice.yml": "what an admin approves is told by its key",
  "faults/too_deep.yml": "a bound on depth, which theirs has not",
  "faults/too_long.yml": "a bound on length, which theirs has not",
  "faults/too_many_parts.yml": "a bound on all parts, where theirs is on each anchor",
};

const run = promisify(execFile);

function files(folder) {
  const names = readdirSync(join(MANIFESTS, folder)).filter((name) => /\.(yml|json)$/.test(name));
  return names.sort().map((name) => `${folder}/${name}`);
}

/** The steps of the validator that are about authorization; the others look for source files, icons and translations. */
function validators() {
  const modules = new forge.ModulesValidator();
  const endpoints = {
    validate: async ({ typedContent, yamlContentByLine }) => {
      const { modules: own, connectModules = {}, remotes, permissions, services } = typedContent;
      const scopes = permissions?.scopes ?? [];
      const wrong = own ? modules.endpointValidations(own, yamlContentByLine, remotes, scopes, services) : [];
      return { errors: [...wrong, ...modules.duplicateModuleKeyValidation(own ?? {}, connectModules, yamlContentByLine)] };
    },
  };
  return [
    new forge.PermissionsValidator(),
    new forge.ProvidersValidator(),
    new RemotesIsUserConfigurableValidator(),
    new RemoteRegionsValidator(),
    new RemoteAuthScopesValidator(),
    endpoints,
  ];
}

/** Whether Forge's validator accepts the file, and what it says. Warnings, as of plain addresses, refuse nothing. */
async function forgeSays(file) {
  const read = await new forge.YamlValidator().validate({ filePath: join(MANIFESTS, file) });
  const said = [...(read.errors ?? [])];
  let accepts = false;
  if (read.success) {
    const { success, errors, manifestObject } = await schemaValidator.validate(read.manifestObject);
    said.push(...(errors ?? []));
    accepts = success === true;
    for (const validator of accepts ? validators() : []) said.push(...((await validator.validate(manifestObject)).errors ?? []));
  }
  const wrong = said.filter(({ level }) => level === "error").map(({ message }) => message);
  return { accepts: accepts && wrong.length === 0, wrong };
}

/** Whether the real binary accepts the file, and what it says. */
async function hallmarkSays(file) {
  try {
    const { stdout } = await run(BINARY, ["--json", "app", "check", join(MANIFESTS, file)], { env: { PATH: process.env.PATH } });
    return { accepts: true, wrong: [], answer: JSON.parse(stdout) };
  } catch (refusal) {
    assert.equal(refusal.code, 1, `${file}: ${refusal}`);
    return { accepts: false, wrong: refusal.stderr.split("\n").slice(1).filter((line) => line !== "") };
  }
}

const { RemotesIsUserConfigurableValidator } = await inside("remotes-is-configurable-validator");
const { RemoteRegionsValidator } = await inside("remote-regions-validator");
const { RemoteAuthScopesValidator } = await inside("remote-auth-scopes-validator");
let schemaValidator;

/** A step that the package does not export. */
async function inside(name) {
  return import(new URL(`../node_modules/@forge/manifest/out/validators/${name}.js`, import.meta.url));
}

describe("@forge/manifest", () => {
  before(() => (schemaValidator = new forge.SchemaValidator(schema)));

  test("forge_and_we_accept_and_refuse_the_same_manifests", async () => {
    const all = [...files("corpus"), ...files("faults")];
    assert.ok(files("corpus").length >= 60);
    const differing = [];
    for (const file of all) {
      const [theirs, ours] = [await forgeSays(file), await hallmarkSays(file)];
      if ((theirs.accepts !== ours.accepts) !== file in DIFFERENCES) {
        const told = ({ accepts, wrong }) => (accepts ? "accepts it" : `refuses it: ${wrong.join(" | ")}`);
        differing.push(`${file}: Forge ${told(theirs)}; Hallmark ${told(ours)}`);
      }
    }
    assert.deepEqual(differing, []);
    assert.deepEqual(Object.keys(DIFFERENCES).filter((file) => !all.includes(file)), []);
  });

  test("forge_and_we_know_the_same_scopes", () => {
    const ours = readFileSync(new URL("../../../src/apps/forge_scopes.txt", import.meta.url), "utf8").trim().split("\n");
    const theirs = new URL("../node_modules/@forge/manifest/out/scopes/shipyard-scopes.json", import.meta.url);
    assert.deepEqual(ours, [...new Set(JSON.parse(readFileSync(theirs, "utf8")))].sort());
    assert.deepEqual([...forge.getScopesWithInteractiveConsent()].sort(), ["read:account", "read:me"]);
  });

  test("forge_and_we_find_the_same_scopes_in_a_manifest", async () => {
    for (const file of files("corpus").filter((file) => file.includes("/accept_"))) {
      const { manifestObject } = await new forge.YamlValidator().validate({ filePath: join(MANIFESTS, file) });
      const scopes = manifestObject.yamlContent.permissions?.scopes ?? [];
      const named = Array.isArray(scopes) ? scopes : Object.keys(scopes);
      const present = forge.getScopesWithInteractiveConsent();
      const away = Object.entries(scopes).filter(([name, set]) => set.allowImpersonation && !present.has(name)).map(([name]) => name);
      const { answer } = await hallmarkSays(file);
      assert.deepEqual(answer.scopes.map(({ name }) => name), [...new Set(named)].sort(), file);
      const impersonated = answer.scopes.filter((scope) => scope.allow_impersonation).map(({ name }) => name);
      assert.deepEqual(impersonated, away.sort(), file);
    }
  });
});
