//! Apps, their versions, and where they are installed.

use hallmark::domain::app::{
    App, AppVersion, Deployed, Deployment, Distribution, Environment, Platform, VersionNumber,
};
use hallmark::domain::client::Client;
use hallmark::domain::connect::{CallOutcome, LifecycleCall, LifecycleEvent, SealedSecret, Tenancy};
use hallmark::domain::event::Actor;
use hallmark::domain::grant::Grant;
use hallmark::domain::id::{AppId, ClientId, InstallationId, SiteId};
use hallmark::domain::installation::{Approval, Installation, InstallationRequest, InstallationState};
use hallmark::domain::manifest::{Manifest, Privileges, ScopeRequest};
use hallmark::domain::scope::Scope;
use hallmark::secrets::random;
use hallmark::store::{Result, Store};

use super::Backend;
use super::samples::{NOW, client, grant, scope, site};

const DEPLOYMENT: Deployment = Deployment { app_id: AppId::from_bytes([7; 16]), environment: Environment::Production };

fn app() -> App {
    App {
        id: DEPLOYMENT.app_id,
        name: "Asset Helper".into(),
        owner: None,
        contributors: Vec::new(),
        distribution: Distribution::NotShared,
        created: NOW,
        platform: Platform::Forge,
    }
}

fn version(number: VersionNumber, scopes: &str) -> AppVersion {
    let request = |name: &str| ScopeRequest {
        name: name.trim_end_matches('?').into(),
        allow_impersonation: false,
        optional: name.ends_with('?'),
        purpose: None,
    };
    let scopes = scopes.split(' ').map(request).collect();
    let privileges = Privileges { scopes, ..Privileges::default() };
    let manifest = Manifest { app_id: DEPLOYMENT.app_id, name: Some("Helper".into()), privileges };
    AppVersion { number, manifest, deployed: NOW, by: Actor::Operator, descriptor: None }
}

fn deployed(number: VersionNumber) -> Deployed {
    Deployed { client_id: client_id(), version: number, impersonation: Scope::default(), keys: Vec::new() }
}

fn client_id() -> ClientId {
    "app".parse().expect("an identifier")
}

fn installation(site_id: SiteId) -> Installation {
    let approval = Approval {
        version: VersionNumber::FIRST,
        scope: scope("read:a"),
        impersonation: Scope::default(),
        by: Actor::Operator,
        at: NOW,
    };
    Installation {
        id: random::installation_id(),
        deployment: DEPLOYMENT,
        site_id,
        state: InstallationState::Active,
        approval,
        refused: None,
        created: NOW,
        tenancy: None,
    }
}

async fn consent(store: &dyn Store, sites: &[SiteId]) -> Result<Grant> {
    let answer = Grant { sites: sites.to_vec(), ..grant(random::user_id(), "app", "read:a") };
    store.record_consent(&answer).await
}

#[tokio::test]
async fn an_app_is_changed_only_by_who_knows_what_it_is() -> Result<()> {
    let store = Backend::new().await;
    let (old, new) = (app(), App { distribution: Distribution::Shared, ..app() });

    assert!(!store.change_app(Some(&old), &new).await?, "there is none yet");
    assert!(store.change_app(None, &old).await?);
    assert!(!store.change_app(None, &new).await?, "there is one by now");
    assert!(store.change_app(Some(&old), &new).await?);
    assert!(!store.change_app(Some(&old), &old).await?, "somebody came between");

    assert_eq!(store.app(old.id).await?.as_deref(), Some(&new));
    assert_eq!(store.apps().await?.len(), 1);
    assert_eq!(store.app(AppId::from_bytes([1; 16])).await?, None);
    Ok(())
}

#[tokio::test]
async fn a_version_is_deployed_by_who_knows_which_runs_and_its_client_asks_for_what_it_does() -> Result<()> {
    let store = Backend::new().await;
    store.add_client(&client("app")).await?;
    let first = VersionNumber::FIRST;
    let second = first.next_major();

    assert!(store.deploy(DEPLOYMENT, None, &deployed(first), &version(first, "read:a write:a?")).await?);
    let told = store.client(&client_id()).await?.expect("a client");
    assert_eq!((told.name.as_str(), &told.scope), ("Helper", &scope("read:a")));
    assert_eq!(told.optional_scope, scope("write:a offline_access"));

    assert!(!store.deploy(DEPLOYMENT, None, &deployed(second), &version(second, "read:b")).await?);
    assert_eq!(store.client(&client_id()).await?.expect("a client").scope, scope("read:a"), "nothing changed");
    assert_eq!(store.version(DEPLOYMENT, second).await?, None);

    assert!(store.deploy(DEPLOYMENT, Some(&deployed(first)), &deployed(second), &version(second, "read:b")).await?);
    let numbers: Vec<_> = store.versions(DEPLOYMENT).await?.into_iter().map(|version| version.number).collect();
    assert_eq!(numbers, [first, second]);
    assert_eq!(store.deployed(DEPLOYMENT).await?.as_deref(), Some(&deployed(second)));
    let elsewhere = Deployment { environment: Environment::Staging, ..DEPLOYMENT };
    assert_eq!((store.deployed(elsewhere).await?, store.versions(elsewhere).await?), (None, Vec::new()));
    Ok(())
}

#[tokio::test]
async fn an_app_is_on_a_site_once_and_changed_by_who_knows_how_it_stands() -> Result<()> {
    let store = Backend::new().await;
    let (here, there) = (random::site_id(), random::site_id());
    let (one, another) = (installation(here), installation(there));

    assert!(store.install(&one, &client_id()).await?);
    assert!(!store.install(&installation(here), &client_id()).await?);
    assert!(store.install(&another, &client_id()).await?);
    assert_eq!(store.installation(one.id).await?.as_deref(), Some(&one));
    assert_eq!(store.installation_on(here, DEPLOYMENT).await?.as_deref(), Some(&one));
    assert_eq!(store.installations_on(there).await?.len(), 1);
    assert_eq!(store.installations_of(DEPLOYMENT).await?.len(), 2);

    let suspended = Installation { state: InstallationState::Suspended, ..one.clone() };
    assert!(store.change_installation(&one, &suspended).await?);
    assert!(!store.change_installation(&one, &one).await?, "somebody came between");

    assert!(store.uninstall(&suspended, &client_id()).await?);
    assert!(!store.uninstall(&suspended, &client_id()).await?);
    assert!(!store.change_installation(&suspended, &one).await?, "what is gone does not come back");
    assert_eq!(store.installation_on(here, DEPLOYMENT).await?, None);
    assert_eq!(store.installation(InstallationId::from_bytes([1; 16])).await?, None);
    Ok(())
}

#[tokio::test]
async fn a_connect_app_is_found_by_its_key_on_the_sites_where_it_shares_a_secret() -> Result<()> {
    let store = Backend::new().await;
    let (here, there) = (site(), site());
    store.add_site(&here).await?;
    store.add_site(&there).await?;
    store.add_client(&Client { deployment: Some(DEPLOYMENT), ..client("app") }).await?;
    store.add_client(&client("other")).await?;
    let first = VersionNumber::FIRST;
    store.deploy(DEPLOYMENT, None, &deployed(first), &version(first, "READ")).await?;
    let last_call = LifecycleCall { event: LifecycleEvent::Installed, at: NOW, outcome: CallOutcome::Done };
    let tenancy = Tenancy { secret: SealedSecret(vec![1]), next_secret: None, last_call };
    let connected = Installation { tenancy: Some(tenancy), ..installation(here.id) };
    store.install(&connected, &client_id()).await?;
    store.install(&installation(there.id), &client_id()).await?;

    let tenant = store.tenant("app", here.id).await?.expect("a tenant");
    assert_eq!((tenant.client.id.as_str(), &*tenant.site, &*tenant.authority.installation), ("app", &here, &connected));
    for (key, site) in [("app", there.id), ("app", random::site_id()), ("other", here.id), ("nobody", here.id)] {
        assert!(store.tenant(key, site).await?.is_none(), "{key}");
    }
    store.uninstall(&connected, &client_id()).await?;
    assert!(store.tenant("app", here.id).await?.is_none());
    Ok(())
}

#[tokio::test]
async fn what_was_allowed_on_a_site_ends_with_the_installation_there_and_stays_elsewhere() -> Result<()> {
    let store = Backend::new().await;
    let (here, there) = (random::site_id(), random::site_id());
    let installed = installation(here);
    store.install(&installed, &client_id()).await?;
    let (only_here, on_both) = (consent(&*store, &[here]).await?, consent(&*store, &[here, there]).await?);

    store.uninstall(&installed, &client_id()).await?;

    assert_eq!(store.grant(only_here.id).await?, None);
    assert_eq!(store.grant(on_both.id).await?.expect("a grant").sites, [there]);

    // Whatever was written meanwhile: who installs begins anew.
    let late = consent(&*store, &[here]).await?;
    store.install(&installation(here), &client_id()).await?;
    assert_eq!(store.grant(late.id).await?, None);
    Ok(())
}

#[tokio::test]
async fn requests_wait_by_site_app_and_person_and_end_together() -> Result<()> {
    let store = Backend::new().await;
    let (here, there) = (random::site_id(), random::site_id());
    let [first, second] = [random::user_id(), random::user_id()];
    let request = |site_id, by, reason: &str| InstallationRequest {
        site_id,
        deployment: DEPLOYMENT,
        by,
        reason: reason.into(),
        at: NOW,
    };
    for one in
        [request(here, first, "old"), request(here, first, "new"), request(here, second, ""), request(there, first, "")]
    {
        store.request_installation(&one).await?;
    }

    let waiting = store.installation_requests(here).await?;
    assert_eq!(waiting.len(), 2);
    assert!(waiting.iter().any(|request| request.by == first && request.reason == "new"));
    assert_eq!(store.end_installation_requests(here, DEPLOYMENT, Some(second)).await?, 1);
    assert_eq!(store.end_installation_requests(here, DEPLOYMENT, None).await?, 1);
    assert_eq!(store.end_installation_requests(here, DEPLOYMENT, None).await?, 0);
    assert_eq!(store.installation_requests(there).await?.len(), 1);
    Ok(())
}
