// Roles on a site: what the resource declares, its objects, groups, and who holds what. Made by commands.

import { writeFile } from "node:fs/promises";
import { join } from "node:path";

import { RESOURCE } from "./server.mjs";

const MODEL = {
  objects: [
    { type: "workspace", title: "Workspace" },
    { type: "schema", title: "Object schema", parent: "workspace" },
    { type: "object_type", title: "Object type", parent: "schema", overrides: true },
  ],
  roles: [
    { role: "user", title: "User", sentence: "Browses, searches and exports objects, and sees their history.", on: ["schema", "object_type"] },
    { role: "developer", title: "Developer", sentence: "Creates and changes objects, too.", on: ["schema", "object_type"], includes: ["user"] },
    { role: "manager", title: "Manager", sentence: "Sets up object types, attributes and imports, too.", on: ["schema", "object_type"], includes: ["developer"] },
    { role: "admin", title: "Admin", sentence: "Creates and deletes schemas, and sets up Assets for everyone.", on: ["workspace"], includes: ["manager"], held_by_site_admins: true },
  ],
  settings: [{ setting: "delete_objects", title: "Who may delete objects", roles: ["manager", "developer"] }],
};

/** How many schemas there are, so that they are shown in parts. */
const SCHEMAS = 130;

/** The pages of a site where people, a group and an app hold roles, and whoever is a developer of a type restricts another. */
export async function withRoles(server, { site, page: installation, person, other }) {
  const model = join(server.folder, "model.json");
  await writeFile(model, JSON.stringify(MODEL));
  await server.command(["resource", "access", "set", RESOURCE.id, "--model", model]);
  const within = ["--resource", RESOURCE.id];
  const put = (object, label, ...more) => server.command(["object", "put", object, "--label", label, ...within, ...more]);
  await put("schema:1", "Laptops, phones and everything else that people carry home");
  await put("object_type:11", "Laptops", "--parent", "schema:1");
  await put("object_type:12", "Phones", "--parent", "schema:1");
  for (let number = 2; number <= SCHEMAS; number += 1) await put(`schema:${number}`, `Department ${number}`);
  const { id: group } = await server.command(["group", "add", "Purchasing department"]);
  await server.command(["group", "add", "Nobody yet"]);
  await server.command(["group", "add-member", "Purchasing department", person.email]);
  const app = installation.split("/").pop();
  const give = (role, on, to) => server.command(["role", "give", role, "--on", on, "--to", to, ...within]);
  await give("manager", "schema:1", "group:Purchasing department");
  await give("developer", "schema:1", other.email);
  await give("user", "schema:1", `app:${app}`);
  await give("developer", "object_type:11", person.email);
  await give("admin", "site", person.email);
  const base = `/admin/sites/${site}`;
  const assets = `${base}/roles/${RESOURCE.id}`;
  return { groups: `${base}/groups`, group: `${base}/groups/${group}`, roles: `${base}/roles`, assets, of: `${base}/roles-of?subject=`, app, groupId: group };
}
