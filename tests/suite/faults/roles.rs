//! Roles: what was answered is so, whichever call of the store failed, and nobody holds what was not given.

use std::sync::Arc;

use hallmark::access::groups::{self, GroupError};
use hallmark::access::models::{self, ASSETS, ModelError};
use hallmark::access::objects::{self, ObjectError};
use hallmark::access::roles::{self, RoleError};
use hallmark::authorization_server::AuthorizationServer;
use hallmark::domain::access_model::{Access, AccessModel};
use hallmark::domain::event::Actor;
use hallmark::domain::group::Group;
use hallmark::domain::protected_object::{ObjectRef, ProtectedObject, Realm};
use hallmark::domain::role_binding::{Held, Principal, RoleSubject};
use hallmark::domain::site::Site;
use hallmark::domain::user::User;

use crate::support::faults::{Attempt, at_every_call};

const BY: Actor = Actor::Operator;

/// A schema of the attempt's own, and somebody who can be given a role on it.
struct Scene {
    core: Arc<AuthorizationServer>,
    realm: Realm,
    access: Arc<Access>,
    site: Arc<Site>,
    schema: ProtectedObject,
    person: User,
}

async fn scene(attempt: &Attempt<'_>) -> Scene {
    let core = attempt.server.core.clone();
    let realm = Realm { resource_id: "assets".parse().expect("an id"), site_id: core.site.id };
    let access = Arc::new(Access::by(AccessModel::read(ASSETS).expect("a model")));
    assert!(core.store.set_access(&realm.resource_id, &access).await.expect("a store"));
    let site = core.store.site(core.site.id).await.expect("a store").expect("a site");
    let object = ObjectRef::new("schema", &attempt.number.to_string()).expect("an object");
    let schema = ProtectedObject { object, label: "Machines".parse().expect("a label"), parent: None };
    let person = attempt.person().await;
    attempt.server.join(&person, site.id).await;
    let scene = Scene { core, realm, access, site, schema, person };
    scene.tell().await.expect("an object");
    scene
}

impl Scene {
    fn held_by(&self, subject: RoleSubject) -> Held {
        Held { object: self.schema.object.clone(), role: "developer".into(), subject }
    }

    fn held(&self) -> Held {
        self.held_by(RoleSubject::User(self.person.id))
    }

    async fn tell(&self) -> Result<(), ObjectError> {
        objects::put(&self.core, (&self.realm, &self.access), &self.schema).await
    }

    async fn give(&self, held: Held) -> Result<usize, RoleError> {
        roles::give(&self.core, (&self.realm, &self.access), &self.site, vec![held], BY).await
    }

    /// A group with a role on the schema, and the person in it.
    async fn group(&self, attempt: &Attempt<'_>) -> Group {
        let name = format!("Field {}", attempt.number).parse().expect("a label");
        let group = groups::add(&self.core, self.site.id, name, BY).await.expect("a group");
        groups::put(&self.core, self.site.id, (group.id, self.person.id), BY).await.expect("a member");
        self.give(self.held_by(RoleSubject::Group(group.id))).await.expect("a role");
        group
    }

    /// Whether the person holds the role, as decisions see it.
    async fn is_held(&self) -> bool {
        let principal = Principal::Person { user_id: self.person.id, is_site_admin: false };
        let told = roles::told(&self.core, (&self.realm, &self.access), &self.site, &principal).await;
        told.expect("a store").entries.contains(&(self.schema.object.clone(), vec!["developer".into()]))
    }
}

/// What a use case answered, once nothing is wrong but what was made to fail.
fn honest<T, E: std::fmt::Display>(attempt: &Attempt<'_>, outcome: Result<T, E>) -> Option<T> {
    match outcome {
        Ok(answer) => Some(answer),
        Err(error) => {
            assert!(attempt.failed.get().is_some(), "{error}");
            None
        }
    }
}

#[rocket::async_test]
async fn a_role_is_held_once_it_was_said_to_be_given() {
    at_every_call(async |attempt| {
        let scene = scene(attempt).await;

        let outcome = attempt.under_fault(scene.give(scene.held())).await;

        assert!(matches!(outcome, Ok(1) | Err(RoleError::Store(_))), "{outcome:?}");
        if honest(attempt, outcome).is_some() {
            assert!(scene.is_held().await);
        }
        assert!(scene.give(scene.held()).await.expect("a store") <= 1);
        assert!(scene.is_held().await);
    })
    .await;
}

#[rocket::async_test]
async fn a_role_is_held_no_more_once_it_was_said_to_be_taken() {
    at_every_call(async |attempt| {
        let scene = scene(attempt).await;
        scene.give(scene.held()).await.expect("a role");

        let outcome = attempt.under_fault(roles::take(&scene.core, &scene.realm, &scene.held(), BY)).await;

        match honest(attempt, outcome) {
            Some(taken) => assert!(taken && !scene.is_held().await),
            None => drop(roles::take(&scene.core, &scene.realm, &scene.held(), BY).await.expect("a store")),
        }
        assert!(!scene.is_held().await);
    })
    .await;
}

#[rocket::async_test]
async fn a_member_of_a_group_holds_what_it_holds_once_that_was_said() {
    at_every_call(async |attempt| {
        let scene = scene(attempt).await;
        let group = scene.group(attempt).await;
        let member = (group.id, scene.person.id);
        groups::take(&scene.core, scene.site.id, member, BY).await.expect("a store");
        assert!(!scene.is_held().await);

        let outcome = attempt.under_fault(groups::put(&scene.core, scene.site.id, member, BY)).await;

        if honest(attempt, outcome).is_some() {
            assert!(scene.is_held().await);
        }
        groups::put(&scene.core, scene.site.id, member, BY).await.expect("a store");
        assert!(scene.is_held().await);
    })
    .await;
}

#[rocket::async_test]
async fn whoever_was_said_to_be_out_of_a_group_holds_nothing_by_it() {
    at_every_call(async |attempt| {
        let scene = scene(attempt).await;
        let group = scene.group(attempt).await;
        let member = (group.id, scene.person.id);

        let outcome = attempt.under_fault(groups::take(&scene.core, scene.site.id, member, BY)).await;

        if honest(attempt, outcome).is_some() {
            assert!(!scene.is_held().await);
        }
        groups::take(&scene.core, scene.site.id, member, BY).await.expect("a store");
        assert!(!scene.is_held().await);
    })
    .await;
}

#[rocket::async_test]
async fn a_group_that_was_said_to_be_gone_holds_nothing() {
    at_every_call(async |attempt| {
        let scene = scene(attempt).await;
        let group = scene.group(attempt).await;

        let outcome = attempt.under_fault(groups::remove(&scene.core, scene.site.id, group.id, BY)).await;

        if honest(attempt, outcome).is_none() {
            let again = groups::remove(&scene.core, scene.site.id, group.id, BY).await;
            assert!(matches!(again, Ok(()) | Err(GroupError::Unknown)), "{again:?}");
        }
        assert!(!scene.is_held().await);
        let name = group.name.clone();
        assert!(groups::add(&scene.core, scene.site.id, name, BY).await.is_ok(), "its name is free");
    })
    .await;
}

#[rocket::async_test]
async fn an_object_is_known_once_it_was_said_to_be_told_of() {
    at_every_call(async |attempt| {
        let mut scene = scene(attempt).await;
        scene.schema.object = ObjectRef::new("schema", &format!("{}-new", attempt.number)).expect("an object");

        let outcome = attempt.under_fault(scene.tell()).await;

        assert!(matches!(outcome, Ok(()) | Err(ObjectError::Store(_))), "{outcome:?}");
        if honest(attempt, outcome).is_none() {
            scene.tell().await.expect("an object");
        }
        scene.give(scene.held()).await.expect("a role");
        assert!(scene.is_held().await);
    })
    .await;
}

#[rocket::async_test]
async fn roles_on_an_object_that_was_said_to_be_gone_do_not_come_back_with_it() {
    at_every_call(async |attempt| {
        let scene = scene(attempt).await;
        scene.give(scene.held()).await.expect("a role");
        let object = &scene.schema.object;

        let outcome = attempt.under_fault(objects::remove(&scene.core, &scene.realm, object, Some(BY))).await;

        match honest(attempt, outcome) {
            Some(removed) => assert!(removed),
            None => drop(objects::remove(&scene.core, &scene.realm, object, Some(BY)).await.expect("a store")),
        }
        scene.tell().await.expect("an object");
        assert!(!scene.is_held().await);
    })
    .await;
}

#[rocket::async_test]
async fn decisions_are_made_by_a_model_and_a_choice_once_that_was_said() {
    at_every_call(async |attempt| {
        let scene = scene(attempt).await;
        let id = &scene.realm.resource_id;
        let plain = r#"{"objects":[{"type":"site"}],"roles":[{"role":"a","on":["site"]},{"role":"b","on":["site"]}],
            "settings":[{"setting":"publish","roles":["a","b"]}]}"#;
        let plain = AccessModel::read(plain).expect("a model");
        let known = async || models::known(&scene.core, id).await.expect("a model");

        let outcome = attempt
            .under_fault(async {
                models::set(&scene.core, id, plain.clone(), BY).await?;
                models::choose(&scene.core, id, ("publish", "b"), BY).await
            })
            .await;

        assert!(matches!(outcome, Ok(_) | Err(ModelError::Store(_))), "{outcome:?}");
        if honest(attempt, outcome).is_none() {
            models::set(&scene.core, id, plain.clone(), BY).await.expect("a model");
            models::choose(&scene.core, id, ("publish", "b"), BY).await.expect("a choice");
        }
        let access = known().await;
        assert_eq!((&access.model, access.choice(&access.model.settings[0])), (&plain, 1));
    })
    .await;
}
