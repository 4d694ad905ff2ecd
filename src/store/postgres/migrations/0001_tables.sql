-- Every table of the first release. `key` and `record` are the bytes that the embedded store keeps under the same name;
-- the other columns are what statements join by and decide by. Keys are compared as bytes, in both stores alike.

-- Records of which there is one.
CREATE TABLE singles (key bytea PRIMARY KEY, record bytea NOT NULL);

-- Clients and protected resources. `number` is that of the registration, four bytes; `deployment` leads to the installation that bounds the tokens of a deployed app.
CREATE TABLE registry (key bytea PRIMARY KEY, record bytea NOT NULL, number bytea NOT NULL, deployment bytea);
CREATE TABLE identifiers (key bytea PRIMARY KEY, record bytea NOT NULL, resource bytea NOT NULL);
CREATE INDEX identifiers_resource ON identifiers (resource);
CREATE TABLE scopes (key bytea PRIMARY KEY, record bytea NOT NULL, resource bytea NOT NULL);
CREATE INDEX scopes_resource ON scopes (resource);

CREATE TABLE users (
    key bytea PRIMARY KEY, record bytea NOT NULL, email bytea NOT NULL UNIQUE, is_admin boolean NOT NULL
) WITH (fillfactor = 80);
CREATE INDEX users_admins ON users (key) WHERE is_admin;

CREATE TABLE sessions (key bytea PRIMARY KEY, record bytea NOT NULL, user_id bytea NOT NULL) WITH (fillfactor = 80);
CREATE INDEX sessions_user ON sessions (user_id);
CREATE TABLE devices (key bytea PRIMARY KEY, record bytea NOT NULL);
-- `ends` is the hour by which a count is over.
CREATE TABLE guesses (key bytea PRIMARY KEY, record bytea NOT NULL, ends bigint NOT NULL) WITH (fillfactor = 50);
CREATE INDEX guesses_ends ON guesses (ends);
CREATE TABLE links (key bytea PRIMARY KEY, record bytea NOT NULL);

-- What lives for minutes or hours, and comes by the thousand a second: each partition is an hour, dropped whole.
CREATE TABLE pushed (key bytea PRIMARY KEY, record bytea NOT NULL) PARTITION BY RANGE (key);
CREATE TABLE transactions (key bytea PRIMARY KEY, record bytea NOT NULL) PARTITION BY RANGE (key);
CREATE TABLE assertions (key bytea PRIMARY KEY, record bytea NOT NULL) PARTITION BY RANGE (key);
CREATE TABLE codes (key bytea PRIMARY KEY, record bytea NOT NULL) PARTITION BY RANGE (key);
CREATE TABLE tokens (
    key bytea PRIMARY KEY, record bytea NOT NULL,
    client bytea NOT NULL, client_number bytea NOT NULL, site_id bytea NOT NULL,
    user_id bytea, grant_id bytea, family bytea, installation bytea
) PARTITION BY RANGE (key);

-- Each partition is thirty days of ends. `code` finds the family of a code that is replayed after its own hour was dropped;
-- `forget` is the hour by which a family that was ended is needed no more.
CREATE TABLE families (
    key bytea PRIMARY KEY, record bytea NOT NULL, grant_id bytea, code bytea, forget bigint
) PARTITION BY RANGE (key);
CREATE INDEX families_code ON families (code) WHERE code IS NOT NULL;
CREATE INDEX families_forget ON families (forget) WHERE forget IS NOT NULL;
-- Which families were rotated when: each partition is an hour of seconds, dropped whole once what they were derived with is erased.
CREATE TABLE rotations (key bytea PRIMARY KEY, record bytea NOT NULL) PARTITION BY RANGE (key);

CREATE TABLE grants (
    key bytea PRIMARY KEY, record bytea NOT NULL, user_id bytea NOT NULL, client bytea NOT NULL, used bigint,
    UNIQUE (user_id, client)
) WITH (fillfactor = 80);
CREATE INDEX grants_client ON grants (client);

-- Each partition is thirty days.
CREATE TABLE events (key bytea PRIMARY KEY, record bytea NOT NULL) PARTITION BY RANGE (key);
CREATE SEQUENCE event_numbers MINVALUE 0 START 0;
CREATE TABLE activity (key bytea PRIMARY KEY, record bytea NOT NULL);
CREATE SEQUENCE activity_numbers MINVALUE 0 START 0;

CREATE TABLE sites (key bytea PRIMARY KEY, record bytea NOT NULL, url bytea UNIQUE, workspace bytea NOT NULL);
CREATE INDEX sites_workspace ON sites (workspace);
CREATE TABLE members (key bytea PRIMARY KEY, record bytea NOT NULL, site_id bytea NOT NULL);
CREATE INDEX members_site ON members (site_id);

CREATE TABLE apps (key bytea PRIMARY KEY, record bytea NOT NULL);
CREATE TABLE deployed (key bytea PRIMARY KEY, record bytea NOT NULL);
CREATE TABLE versions (key bytea PRIMARY KEY, record bytea NOT NULL);
CREATE TABLE installations (
    key bytea PRIMARY KEY, record bytea NOT NULL, site_id bytea NOT NULL, deployment bytea NOT NULL,
    UNIQUE (deployment, site_id)
);
CREATE INDEX installations_site ON installations (site_id);
CREATE TABLE installation_requests (key bytea PRIMARY KEY, record bytea NOT NULL);

-- A person has a bounded number of places, each a key. `site_id` is the one site that a token is for, if it is for one alone.
CREATE TABLE api_tokens (
    key bytea PRIMARY KEY, record bytea NOT NULL, token bytea NOT NULL UNIQUE, user_id bytea NOT NULL, site_id bytea
);
CREATE INDEX api_tokens_user ON api_tokens (user_id);
CREATE TABLE token_uses (key bytea PRIMARY KEY, record bytea NOT NULL) WITH (fillfactor = 80);
CREATE TABLE containers (key bytea PRIMARY KEY, record bytea NOT NULL, site_id bytea NOT NULL);
CREATE INDEX containers_site ON containers (site_id);
CREATE TABLE container_tokens (
    key bytea PRIMARY KEY REFERENCES containers (key) ON DELETE CASCADE, record bytea NOT NULL, token bytea NOT NULL UNIQUE
);

CREATE TABLE groups (
    key bytea PRIMARY KEY, record bytea NOT NULL, site_id bytea NOT NULL, name bytea NOT NULL, UNIQUE (site_id, name)
);
CREATE TABLE group_members (
    group_id bytea NOT NULL REFERENCES groups (key) ON DELETE CASCADE, user_id bytea NOT NULL, site_id bytea NOT NULL,
    PRIMARY KEY (group_id, user_id)
);
CREATE INDEX group_members_user ON group_members (user_id, site_id);

-- `digest` tells a node whether what it has read before is still what is declared.
CREATE TABLE access (key bytea PRIMARY KEY, record bytea NOT NULL, digest bytea NOT NULL);
CREATE TABLE objects (key bytea PRIMARY KEY, record bytea NOT NULL, parent bytea);
CREATE INDEX objects_parent ON objects (parent, key) WHERE parent IS NOT NULL;
-- Who holds a role where: `there` is the object, in its realm.
CREATE TABLE role_holders (
    key bytea PRIMARY KEY, record bytea NOT NULL, subject bytea NOT NULL, there bytea NOT NULL, role bytea NOT NULL
);
CREATE INDEX role_holders_subject ON role_holders (subject, there, role);
