"""What is allowed, by the rules of the documents alone: writes golden.tsv from operations.json. Knows nothing of the server.

Layer 1: the credential is live and meant for the API. Layer 2: an OAuth, Forge or scoped API token carries the one scope of the
operation, so that what has no scope is closed to them; an API token for everything passes; a Connect app's signed request passes,
or at a strict API needs a level; an import source's token opens what import sources' tokens open, of its own source. Layer 3: the
person, or the account of the app, holds the role; an import source acts as itself, and needs none.
"""

import json
import pathlib

HERE = pathlib.Path(__file__).parent
OPERATIONS = json.loads((HERE / "operations.json").read_text())["operations"]

ROLES = ["viewer", "user", "developer", "manager", "admin"]
LEVELS = ["READ", "WRITE", "DELETE", "ADMIN"]

# Who calls: the kind of credential, whom it stands for, and what it carries.
EVERY_SCOPE = sorted({operation["scope"] for operation in OPERATIONS if operation["scope"]})
ONE_SCOPE = ["read:cmdb-object:jira"]
CREDENTIALS = {
    "oauth_user": ("person", EVERY_SCOPE),
    "oauth_user_of_one_scope": ("person", ONE_SCOPE),
    "oauth_app": ("nobody", EVERY_SCOPE),
    "forge_user": ("person", EVERY_SCOPE),
    "forge_app": ("app", EVERY_SCOPE),
    "forge_app_of_one_scope": ("app", ONE_SCOPE),
    "connect_app": ("app", "any"),
    "connect_app_strict_read": ("app", "READ"),
    "connect_app_strict_write": ("app", "WRITE"),
    "connect_app_strict_delete": ("app", "DELETE"),
    "connect_app_strict_admin": ("app", "ADMIN"),
    "connect_user_write": ("person", "scopes of WRITE"),
    "api_token": ("person", EVERY_SCOPE),
    "api_token_of_one_scope": ("person", ONE_SCOPE),
    "api_token_for_everything": ("person", "any"),
    "container_token": ("source", "own"),
    "container_token_of_another": ("source", "other"),
    "revoked": ("person", None),
    "person_by_name": ("person", "by name"),
    "app_by_name": ("app", "by name"),
}

# What they were given: on the schema, but for the admins; and what is given on the type of the object, to them or to another.
GIVEN = ["nothing", "viewer", "user", "developer", "developer_by_group", "manager", "admin", "site_admin"]
ON_THE_TYPE = ["nothing", "another_is_user", "another_is_developer", "another_is_manager", "is_user", "is_developer", "is_manager"]


def level_of(operation):
    """What a strict API asks of a Connect app."""
    method, path = operation["method"], operation["path"]
    searches = ("/object/aql", "/object/aql/totalcount", "/object/navlist/aql", "/object/navlist/iql")
    if method == "GET" or path in searches:
        return "READ"
    if path.startswith(("/config/", "/global/config")) or path == "/objectschema/create":
        return "ADMIN"
    if method == "DELETE":
        return "ADMIN" if path == "/objectschema/{id}" else "DELETE"
    return "WRITE"


def level_of_scope(scope):
    """What a scope asks of a Connect app that acts as a person: how a product is set up is for those of the highest level."""
    verb, noun = scope.split(":")[:2]
    if verb == "read":
        return "READ"
    if verb != "import" and noun.endswith(("-schema", "-config")):
        return "ADMIN"
    return {"write": "WRITE", "import": "WRITE", "delete": "DELETE"}[verb]


def covers(carried, operation):
    """Layer 2."""
    scope = operation["scope"]
    if carried in ("any", "by name"):
        return True
    if carried in LEVELS:
        return LEVELS.index(carried) >= LEVELS.index(level_of(operation))
    if carried == "scopes of WRITE":
        return scope is not None and level_of_scope(scope) in ("READ", "WRITE")
    if carried in ("own", "other"):
        return operation["container_token"] and carried == "own"
    return scope is not None and scope in carried


def rank(role):
    return ROLES.index(role) if role else -1


def role_on_the_type(schema_role, on_the_type):
    """The override: who is not listed for a role on a type does not bring it from the schema, and keeps what is left below."""
    if schema_role == "admin":
        return "admin"
    if on_the_type.startswith("is_"):
        listed = on_the_type.removeprefix("is_")
        return max(schema_role or listed, listed, key=rank)
    if on_the_type.startswith("another_is_") and schema_role == on_the_type.removeprefix("another_is_"):
        below = rank(schema_role) - 1
        return ROLES[below] if below >= 0 else None
    return schema_role


def holds(given, on_the_type, operation):
    """Layer 3."""
    least = rank(operation["min_role_proposed"])
    role = {"nothing": None, "site_admin": "admin", "developer_by_group": "developer"}.get(given, given)
    kind = operation["role_object"]
    if kind in ("object", "objecttype"):
        return rank(role_on_the_type(role, on_the_type)) >= least
    if kind in ("workspace", "filter") and operation["min_role_proposed"] == "user":
        # Held on anything: nobody is given it for the whole site.
        listed = on_the_type.removeprefix("is_") if on_the_type.startswith("is_") else None
        return max(rank(role), rank(listed)) >= least
    return rank(role) >= least


def verdict(credential, given, on_the_type, operation):
    principal, carried = CREDENTIALS[credential]
    if carried is None:
        return "1"
    if not covers(carried, operation):
        return "2"
    if principal == "source":
        return "+"
    if principal == "nobody":
        return "3"
    return "+" if holds(given, on_the_type, operation) else "3"


def can_be(credential, given):
    principal = CREDENTIALS[credential][0]
    if principal == "app":
        # Groups have people, and sites admins that are people.
        return given not in ("developer_by_group", "site_admin")
    return principal == "person" or given == "nothing"


def classes():
    """Operations that no rule tells apart."""
    found = {}
    for operation in OPERATIONS:
        told_apart_by = (
            operation["scope"], operation["role_object"], operation["min_role_proposed"], level_of(operation),
            operation["container_token"],
        )
        found.setdefault(told_apart_by, []).append(operation)
    return found.values()


def main():
    lines = ["# Written by golden.py. + allowed, or the layer that refuses; 1 is 401, 2 and 3 are 403."]
    groups = list(classes())
    for group in groups:
        names = [f"{operation['method']} {operation['path']}" for operation in group]
        lines.append("\t".join(["class", names[0], *names[1:]]))
    lines.append("\t".join(["credential", "class", "given", *ON_THE_TYPE]))
    for credential in CREDENTIALS:
        for group in groups:
            name = f"{group[0]['method']} {group[0]['path']}"
            for given in filter(lambda given: can_be(credential, given), GIVEN):
                cells = []
                for on_the_type in ON_THE_TYPE:
                    verdicts = {verdict(credential, given, on_the_type, operation) for operation in group}
                    assert len(verdicts) == 1, (credential, name, verdicts)
                    cells += verdicts
                lines.append("\t".join([credential, name, given, *cells]))
    (HERE / "golden.tsv").write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
