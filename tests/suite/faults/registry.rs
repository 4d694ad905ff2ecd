//! What operators register: it is there as a whole or not at all, and doing it again leads to it.

use hallmark::apps::RegistryError;
use hallmark::apps::catalogue::WrittenScope;
use hallmark::apps::clients::{self, NewClient};
use hallmark::apps::credentials::NewAuthentication;
use hallmark::apps::resources::{self, NewResource};
use hallmark::domain::client::{AuthorizationRequests, GrantType, Pkce, Profile};
use hallmark::domain::id::{ClientId, ResourceId};
use hallmark::domain::resource::Invocations;
use hallmark::domain::scope::Scope;

use crate::support::client::App;
use crate::support::faults::{Attempt, at_every_call};

const SECRET: &str = "a-secret-of-quite-many-characters";

fn new_client(id: &ClientId) -> NewClient {
    NewClient {
        id: Some(id.clone()),
        name: "Sprint Mailer".into(),
        publisher: None,
        policy_uri: None,
        tos_uri: None,
        redirect_uris: Vec::new(),
        grant_types: vec![GrantType::ClientCredentials],
        scope: "read:objects".parse().expect("a scope"),
        optional_scope: Scope::default(),
        authentication: NewAuthentication::Secret(Some(SECRET.into())),
        authorization_requests: AuthorizationRequests::Any,
        profile: Profile::default(),
        pkce: Pkce::default(),
    }
}

fn new_resource(id: &ResourceId) -> NewResource {
    NewResource {
        id: id.clone(),
        name: "An API".into(),
        identifiers: vec![format!("https://{id}.example").parse().expect("an identifier")],
        scopes: vec![WrittenScope::from_argument(&format!("read:{id}")).entry(id)],
        authentication: NewAuthentication::Secret(Some(SECRET.into())),
        base_url: None,
        invocations: Invocations::default(),
        connect: Default::default(),
        api_tokens: Default::default(),
    }
}

/// Whether the store failed; any other refusal than that the name is taken fails the test.
fn failed<T>(outcome: &Result<T, RegistryError>) -> bool {
    match outcome {
        Ok(_) | Err(RegistryError::Taken(_)) => false,
        Err(RegistryError::Store(_)) => true,
        Err(other) => panic!("{other}"),
    }
}

async fn gets_tokens(attempt: &Attempt<'_>, id: &ClientId) -> bool {
    let app = App { id: id.to_string(), secret: Some(SECRET.into()), redirect_uri: String::new() };
    app.token_for_itself(attempt.server, &[]).await.status.code == 200
}

#[rocket::async_test]
async fn an_app_is_registered_as_a_whole_or_can_be_registered_again() {
    at_every_call(async |attempt| {
        let core = &attempt.server.core;
        let id = format!("app-{}", attempt.number).parse().expect("an identifier");

        let outcome = attempt.under_fault(clients::add(core, new_client(&id))).await;

        if failed(&outcome) {
            assert!(!failed(&clients::add(core, new_client(&id)).await));
        }
        assert!(gets_tokens(attempt, &id).await);
    })
    .await;
}

#[rocket::async_test]
async fn an_app_is_called_removed_only_once_it_gets_nothing() {
    at_every_call(async |attempt| {
        let core = &attempt.server.core;
        let id = format!("app-{}", attempt.number).parse().expect("an identifier");
        clients::add(core, new_client(&id)).await.expect("a client");

        let outcome = attempt.under_fault(clients::remove(core, &id)).await;

        if failed(&outcome) {
            let again = clients::remove(core, &id).await;
            assert!(matches!(again, Ok(()) | Err(RegistryError::Unknown(_))));
        }
        assert!(!gets_tokens(attempt, &id).await);
    })
    .await;
}

#[rocket::async_test]
async fn a_resource_is_registered_with_all_it_owns_or_can_be_registered_again() {
    at_every_call(async |attempt| {
        let core = &attempt.server.core;
        let id = format!("api-{}", attempt.number).parse().expect("an identifier");

        let outcome = attempt.under_fault(resources::add(core, new_resource(&id))).await;

        if failed(&outcome) {
            assert!(!failed(&resources::add(core, new_resource(&id)).await));
        }
        let registered = resources::list(core).await.expect("a store");
        let found = registered.iter().find(|registered| registered.resource.id == id).expect("the resource");
        assert_eq!(found.scopes.len(), 1);
    })
    .await;
}
