//! Everything that is kept, carried from the embedded store into PostgreSQL and back. Without a PostgreSQL server there is nothing to
//! try.

use std::collections::BTreeMap;
use std::sync::Arc;

use hallmark::access::models::ASSETS;
use hallmark::domain::access_model::{Access, AccessModel};
use hallmark::domain::api_token::{ApiToken, Reach, TokenUse};
use hallmark::domain::app::{
    App, AppVersion, Deployed, Deployment, Distribution, Environment, Platform, VersionNumber,
};
use hallmark::domain::client::Client;
use hallmark::domain::container::{Container, ContainerToken};
use hallmark::domain::event::{Actor, Event, Recorded};
use hallmark::domain::group::Group;
use hallmark::domain::guess::GuessRate;
use hallmark::domain::id::{AppId, FamilyId, GrantId, GroupId, SiteId, UserId};
use hallmark::domain::installation::{Approval, Installation, InstallationRequest, InstallationState};
use hallmark::domain::link::{LinkPurpose, OneTimeLink};
use hallmark::domain::manifest::{Manifest, Privileges};
use hallmark::domain::protected_object::{ObjectRef, ProtectedObject, Realm};
use hallmark::domain::refresh_token::FamilyEnd;
use hallmark::domain::role_binding::{Held, RoleBinding, RoleSubject};
use hallmark::domain::scope::Scope;
use hallmark::domain::secret::Digest;
use hallmark::domain::signing_key::{KeyRing, KeyState, SignatureAlgorithm, SigningKey};
use hallmark::domain::site::Site;
use hallmark::domain::time::{Hour, Lifetime};
use hallmark::domain::user::{Standing, User};
use hallmark::secrets::random;
use hallmark::store::kept::encode;
use hallmark::store::kept::keys::holder_key;
use hallmark::store::kept::roles::GivenBy;
use hallmark::store::kept::tables::TABLES;
use hallmark::store::postgres::PostgresStore;
use hallmark::store::sled::SledStore;
use hallmark::store::{
    Activity, ApiTokens, Apps, Clients, Containers, Events, Grants, Groups, Guesses, Keys, Links, Portable, Record,
    Records, Redeemed, Requests, Resources, Result, Roles, Sessions, Sites, Snapshot, Tokens, Users,
};

use super::samples::{
    NOW, Story, after, client, key, pushed_request, resource, scope, session, site, transaction, user,
};
use crate::support::kept::{Database, server};

const DEPLOYMENT: Deployment = Deployment { app_id: AppId::from_bytes([7; 16]), environment: Environment::Production };

/// All records, by table.
type Contents = BTreeMap<String, Vec<Record>>;

async fn contents(mut snapshot: Box<dyn Snapshot>) -> Result<Contents> {
    let mut all = Contents::new();
    while let Some(Records { table, records }) = snapshot.next().await? {
        all.entry(table).or_default().extend(records);
    }
    Ok(all)
}

async fn fill(store: &dyn Portable, contents: &Contents) -> Result<()> {
    for table in TABLES {
        if let Some(records) = contents.get(table.name) {
            store.import(Records { table: table.name.into(), records: records.clone() }).await?;
        }
    }
    Ok(())
}

fn embedded() -> Result<(tempfile::TempDir, SledStore)> {
    let folder = tempfile::tempdir().expect("a folder");
    let store = SledStore::open(folder.path(), 8)?;
    Ok((folder, store))
}

/// An empty store in a database of its own.
async fn shared() -> (Database, PostgresStore) {
    let database = Database::empty(server().expect("HALLMARK_TEST_STORE")).await;
    let store = PostgresStore::open(&database.opening()).await.expect("a store");
    (database, store)
}

fn object(text: &str) -> ObjectRef {
    text.parse().expect("an object")
}

/// Puts something of everything into a store.
async fn put_everything(store: &SledStore) -> Result<()> {
    let story = Story::begin(store).await?;
    let admin = User { standing: Standing::Admin, ..user("admin@example.com") };
    store.add_user(&admin).await?;
    put_tokens(store, &story).await?;
    put_what_passes(store, &story).await?;
    put_apps(store, &story).await?;
    put_roles(store, &story).await?;
    let fact = Recorded { at: NOW, event: Event::SignedIn { user_id: admin.id, address: None } };
    for _ in 0..120 {
        store.add_activity(admin.id, &fact).await?;
        store.append_event(&fact).await?;
    }
    let signing = SigningKey {
        kid: "kid".into(),
        algorithm: SignatureAlgorithm::EdDSA,
        public: "{}".into(),
        private: vec![1, 2, 3],
        state: KeyState::Published { since: NOW },
    };
    let mut ring = KeyRing::default();
    ring.publish(signing, NOW);
    assert!(store.replace_key_ring(&KeyRing::default(), &ring).await?);
    store.begin_seal_check(b"sealed").await.map(drop)
}

async fn put_tokens(store: &SledStore, story: &Story) -> Result<()> {
    for _ in 0..3 {
        story.redeemed(store).await?;
        story.add_code(store).await?;
    }
    let redeemed = story.redeemed(store).await?;
    assert!(redeemed.rotate_to(&redeemed.rotated(), store).await?);
    let over = story.redeemed(store).await?;
    assert!(store.end_family(over.id, FamilyEnd::Revoked, after(Lifetime::days(400))).await?);
    let before = FamilyId::new(after(Lifetime::days(365)), [9; 16]);
    assert!(store.end_family(before, FamilyEnd::Revoked, after(Lifetime::days(400))).await?);
    store.keep_access_token(key(after(Lifetime::hours(1))), &story.client_token()).await?;
    assert!(store.spend_assertion(Digest([4; 32]), after(Lifetime::minutes(5))).await?);
    Ok(())
}

async fn put_what_passes(store: &SledStore, story: &Story) -> Result<()> {
    let week = after(Lifetime::days(7));
    store.open_session(key(week), &session(story.user.id, week)).await?;
    store.know_device(key(week), story.user.id).await?;
    for purpose in [LinkPurpose::Setup, LinkPurpose::Invite(story.user.id)] {
        store.add_link(key(week), &OneTimeLink { purpose, expires: week }).await?;
    }
    store.push_request(key(pushed_request().expires), &pushed_request()).await?;
    store.open_transaction(key(transaction().expires), &transaction()).await?;
    store.take_guess(Digest([5; 32]), GuessRate::new(10, 6).expect("a rate"), NOW).await.map(drop)
}

async fn put_apps(store: &SledStore, story: &Story) -> Result<()> {
    let app = App {
        id: DEPLOYMENT.app_id,
        name: "Asset Helper".into(),
        owner: Some(story.user.id),
        contributors: Vec::new(),
        distribution: Distribution::NotShared,
        created: NOW,
        platform: Platform::Forge,
    };
    assert!(store.change_app(None, &app).await?);
    let deployed_client = Client { deployment: Some(DEPLOYMENT), ..client("helper") };
    store.add_client(&deployed_client).await?;
    let manifest = Manifest { app_id: app.id, name: Some("Helper".into()), privileges: Privileges::default() };
    let number = VersionNumber::FIRST;
    let version = AppVersion { number, manifest, deployed: NOW, by: Actor::Operator, descriptor: None };
    let id = deployed_client.id.clone();
    let runs = Deployed { client_id: id.clone(), version: number, impersonation: Scope::default(), keys: Vec::new() };
    assert!(store.deploy(DEPLOYMENT, None, &runs, &version).await?);
    let approval = Approval {
        version: number,
        scope: scope("read:a"),
        impersonation: Scope::default(),
        by: Actor::Operator,
        at: NOW,
    };
    let installation = Installation {
        id: random::installation_id(),
        deployment: DEPLOYMENT,
        site_id: story.site.id,
        state: InstallationState::Active,
        approval,
        refused: None,
        created: NOW,
        tenancy: None,
    };
    assert!(store.install(&installation, &id).await?);
    let (by, reason) = (story.user.id, "please".to_owned());
    let asked = InstallationRequest { site_id: random::site_id(), deployment: DEPLOYMENT, by, reason, at: NOW };
    store.request_installation(&asked).await?;

    let token = |site_id| ApiToken {
        key: key(after(Lifetime::days(30))),
        user_id: story.user.id,
        label: "Export".parse().expect("a label"),
        reach: Reach::Scopes(scope("read:a")),
        site_id,
        ending: "wxyz".into(),
        request: random::salt(),
        created: NOW,
        expires: after(Lifetime::days(30)),
    };
    let anywhere = token(None);
    for token in [&anywhere, &token(Some(story.site.id))] {
        store.add_api_token(token, 5, NOW).await?;
    }
    store.note_token_uses(&[(anywhere.key, TokenUse { at: NOW, from: None })]).await?;
    let (site_id, label) = (story.site.id, "Hosts".parse().expect("a label"));
    let hosts = Container { id: random::container_id(), site_id, label, created: NOW };
    store.add_container(&hosts).await?;
    let expires = after(Lifetime::days(1));
    let (ending, made_by) = ("wxyz".into(), Actor::Operator);
    let token = ContainerToken { key: key(expires), ending, made_by, created: NOW, expires };
    assert!(store.set_container_token(hosts.id, &token).await?);
    Ok(())
}

async fn put_roles(store: &SledStore, story: &Story) -> Result<()> {
    let assets = resource("assets", "https://assets.example");
    store.add_resource(&assets, &[]).await?;
    let elsewhere = Site { url: Some("https://elsewhere.example".into()), ..site() };
    store.add_site(&elsewhere).await?;
    let model = AccessModel::read(ASSETS).expect("a model");
    store.set_access(&assets.id, &Arc::new(Access::by(model))).await?;
    let realm = Realm { resource_id: assets.id.clone(), site_id: story.site.id };
    for (name, parent) in [("schema:4", None), ("schema:5", None), ("object_type:12", Some("schema:4"))] {
        let (object, label) = (object(name), "A label".parse().expect("a label"));
        let known = ProtectedObject { object, label, parent: parent.map(self::object) };
        store.put_object(&realm, &known).await?;
    }
    let name = "Machine Admins".parse().expect("a label");
    let group = Group { id: random::group_id(), site_id: story.site.id, name, created: NOW };
    store.add_group(&group).await?;
    assert!(store.add_to_group(group.id, story.user.id).await?);
    let whole = object(&format!("workspace:{}", story.site.workspace_id));
    for (on, role, subject) in [
        ("schema:4", "manager", RoleSubject::User(story.user.id)),
        ("schema:4", "viewer", RoleSubject::User(story.user.id)),
        ("schema:4", "viewer", RoleSubject::Group(group.id)),
        ("object_type:12", "user", RoleSubject::Group(group.id)),
    ] {
        let held = Held { object: object(on), role: role.into(), subject };
        let by = Actor::User(story.user.id);
        store.give_roles(&whole, &[RoleBinding { realm: realm.clone(), held, by, at: NOW }]).await?;
    }
    Ok(())
}

#[tokio::test]
#[ignore = "needs a PostgreSQL server"]
async fn everything_comes_to_postgresql_and_back_record_by_record() -> Result<()> {
    let (_database, shared) = shared().await;
    let (_folder, store) = embedded()?;
    put_everything(&store).await?;
    let before = contents(store.snapshot()?).await?;
    let missing: Vec<_> = TABLES.iter().map(|table| table.name).filter(|name| !before.contains_key(*name)).collect();
    assert_eq!(missing, ["forgotten", "spent_codes", "withdrawn"], "what only a sweep writes");

    fill(&shared, &before).await?;
    let between = contents(shared.snapshot()?).await?;
    let (_other_folder, other) = embedded()?;
    fill(&other, &between).await?;

    for table in TABLES {
        assert_eq!(between.get(table.name), before.get(table.name), "{}", table.name);
    }
    assert!(contents(other.snapshot()?).await? == before);
    // What came in twice is there once.
    fill(&shared, &before).await?;
    assert!(contents(shared.snapshot()?).await? == before);
    Ok(())
}

#[tokio::test]
#[ignore = "needs a PostgreSQL server"]
async fn what_a_crash_left_in_the_embedded_store_gives_nobody_anything() -> Result<()> {
    let (_database, shared) = shared().await;
    let (_folder, store) = embedded()?;
    put_everything(&store).await?;
    let before = contents(store.snapshot()?).await?;
    let (user, site) = (UserId::from_bytes([8; 16]), SiteId::from_bytes([8; 16]));
    let there = before["objects"][0].0.clone();
    let mut crashed = before.clone();
    let mut add = |table: &str, key: Vec<u8>, value: Vec<u8>| {
        let records = crashed.entry(table.into()).or_default();
        records.push((key, value));
        records.sort();
    };
    let nothing = encode(&())?;
    // A role that was about to be given, a group that is gone, a URL that its site gave up.
    let given = GivenBy { by: Actor::Operator, at: NOW };
    add("role_holders", holder_key(&there, "owner", RoleSubject::User(user)), encode(&given)?);
    add("roles_set", [&there[..], b"x"].concat(), encode(&["owner"].as_slice())?);
    add(
        "user_groups",
        [*user.as_bytes(), *site.as_bytes()].concat(),
        encode(&[GroupId::from_bytes([8; 16])].as_slice())?,
    );
    add("group_members", [[8; 16], *user.as_bytes()].concat(), nothing.clone());
    add("site_urls", b"https://former.example".to_vec(), before["default_site"][0].1.clone());
    add("user_grants", [&user.as_bytes()[..], b"app"].concat(), encode(&GrantId::from_bytes([8; 16]))?);
    add("grant_uses", vec![8; 16], encode(&NOW)?);
    let live = before["families"].iter().find(|(_, kept)| kept[1] == 0).expect("a live family").0.clone();
    add("forgetting", [&Hour(9).to_be_bytes()[..], &live].concat(), nothing.clone());
    add("emails", b"nobody@example.com".to_vec(), encode(&user)?);
    add("admins", vec![8; 16], nothing);

    fill(&shared, &crashed).await?;

    let came = contents(shared.snapshot()?).await?;
    for table in TABLES {
        assert_eq!(came.get(table.name), before.get(table.name), "{}", table.name);
    }
    Ok(())
}

#[tokio::test]
#[ignore = "needs a PostgreSQL server"]
async fn a_grant_that_nobody_knows_by_name_is_found_by_nobody_after_it_was_carried() -> Result<()> {
    let (_database, shared) = shared().await;
    let (_folder, store) = embedded()?;
    let story = Story::begin(&store).await?;
    let mut before = contents(store.snapshot()?).await?;
    // A crash between the grant and the name that makes it the one.
    before.remove("user_grants");

    fill(&shared, &before).await?;

    assert_eq!(shared.grant(story.grant.id).await?.as_ref(), Some(&story.grant));
    assert_eq!(shared.grant_between(story.user.id, &story.client.id).await?, None);
    assert!(shared.grants_of(story.user.id).await?.is_empty());
    assert_eq!(contents(shared.snapshot()?).await?.get("user_grants"), None);
    Ok(())
}

#[tokio::test]
#[ignore = "needs a PostgreSQL server"]
async fn tokens_that_were_carried_live_on_and_spent_codes_stay_spent() -> Result<()> {
    let (_database, shared) = shared().await;
    let (_folder, store) = embedded()?;
    let story = Story::begin(&store).await?;
    let redeemed = story.redeemed(&store).await?;
    fill(&shared, &contents(store.snapshot()?).await?).await?;

    let found = shared.credential(redeemed.access_key, None).await?.expect("a token");

    assert!(found.client.is_some() && found.site.is_some());
    assert!(found.owner.is_some_and(|owner| owner.grant.is_some() && owner.user.is_some() && owner.family_is_live));
    assert!(!shared.rotate(redeemed.id, &redeemed.rotated().family, &redeemed.family, redeemed.issued()).await?);
    assert!(
        shared.rotate(redeemed.id, &redeemed.family, &redeemed.rotated().family, redeemed.rotated().issued()).await?
    );
    let lost = shared.redeem_code(redeemed.code, redeemed.id, &redeemed.family, redeemed.issued()).await?;
    assert_eq!(lost, Redeemed::Lost);
    Ok(())
}
