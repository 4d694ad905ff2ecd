//! The nouns and their rules: no I/O, no clock, no randomness, no other folder of ours.
//!
//! | noun | file | in one line |
//! |---|---|---|
//! | Access model | `access_model` | what a protected resource declares of its objects, roles and operations |
//! | API token | `api_token` | acts as its owner, for their scripts |
//! | App | `app` | who owns it, who may consent to it, its environments and versions |
//! | Access token | `access_token` | its claims and validity |
//! | Authorization code | `authorization_code` | what a person allowed, waiting to be redeemed once |
//! | Authorization request | `authorization_request` | a request in flight: pushed, pending, answered |
//! | Canonical request | `canonical_request` | what the `qsh` of a Connect JWT is the hash of |
//! | Client | `client` | the OAuth client of an app: metadata, grant types, authentication |
//! | Connect | `connect` | what a descriptor declares, what its scopes imply, what an installed app shares with us |
//! | Container | `container` | an import source, and its one token |
//! | Decision | `decision` | whether scope and role cover an operation on an object |
//! | Error code | `error_code` | the registered ones that are answered with |
//! | Event | `event` | every fact worth auditing |
//! | Grant | `grant` | what a person allowed a client; everything issued hangs from it |
//! | Group | `group` | people of a site who hold roles together |
//! | Guess | `guess` | passwords tried at one account: so many at once, then so many a minute |
//! | Identifier | `id` | typed identifiers |
//! | Installation | `installation` | an app on a site: what its admin approved, and whether it is on |
//! | Label | `label` | what a person calls one of their things |
//! | Manifest | `manifest` | what a version of an app asks for |
//! | Manifest changes | `manifest_changes` | what one version asks for that another did not, and whether an admin must approve it |
//! | One-time link | `link` | set-up, invitation and password reset, each used once |
//! | Operation | `operation` | what a protected resource does for whoever calls it, and what that takes |
//! | Percent-encoding | `percent_encoding` | how a query is read, and encoded in one way |
//! | Protected object | `protected_object` | what a role is held on |
//! | Protected resource | `resource` | an API behind this server, and the scopes it owns |
//! | Refresh token family | `refresh_token` | rotation, retry, reuse |
//! | Role | `role` | what may be done with an object by whoever holds it there |
//! | Role binding | `role_binding` | who holds a role on which object |
//! | Scope | `scope` | a set of scope tokens, and the catalogue entry of each |
//! | Secret | `secret` | never printed, compared in constant time |
//! | Session | `session` | a signed-in browser |
//! | Signing key | `signing_key` | published, then signing, then retiring, then gone |
//! | Site | `site` | a tenant, and who is a member of it |
//! | Time | `time` | timestamps and lifetimes; `now` is always an argument |
//! | Told roles | `told_roles` | the decision of a protected resource that was told of roles |
//! | URI | `uri` | issuer and redirection URIs, and how they match |
//! | User | `user` | the resource owner |

pub mod access_model;
pub mod access_token;
pub mod api_token;
pub mod app;
pub mod authorization_code;
pub mod authorization_request;
pub mod canonical_request;
pub mod client;
pub mod connect;
pub mod container;
pub mod decision;
pub mod error_code;
pub mod event;
pub mod grant;
pub mod group;
pub mod guess;
pub mod id;
pub mod installation;
pub mod label;
pub mod link;
pub mod manifest;
pub mod manifest_changes;
pub mod operation;
mod percent_encoding;
pub mod protected_object;
pub mod refresh_token;
pub mod resource;
pub mod role;
pub mod role_binding;
pub mod scope;
pub mod secret;
pub mod session;
pub mod signing_key;
pub mod site;
pub mod time;
pub mod told_roles;
pub mod uri;
pub mod user;
