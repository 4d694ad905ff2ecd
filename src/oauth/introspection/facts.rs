//! What of a live credential a decision about roles and operations asks.

use std::sync::Arc;

use crate::domain::access_token::Subject;
use crate::domain::api_token::Reach;
use crate::domain::connect::ConnectMode;
use crate::domain::decision::Reaches;
use crate::domain::protected_object::Realm;
use crate::domain::resource::{ApiTokenPolicy, ProtectedResource};
use crate::domain::role_binding::Principal;
use crate::domain::site::{Site, decides};
use crate::oauth::introspection::claims::CredentialKind;
use crate::oauth::introspection::{ActiveApiToken, ActiveToken, Introspection};
use crate::store::StoreError;

/// A live credential at a protected resource, on a site.
pub struct Facts {
    /// Whom it stands for.
    pub principal: Principal,
    /// What it may be used for.
    pub reaches: Reaches,
    /// Where.
    pub site: Arc<Site>,
    asker: Arc<ProtectedResource>,
}

impl Facts {
    /// Where its roles are held.
    pub fn realm(&self) -> Realm {
        Realm { resource_id: self.asker.id.clone(), site_id: self.site.id }
    }
}

impl Introspection<'_> {
    /// What a decision asks of it; nothing of a credential that is not live.
    ///
    /// # Errors
    /// [`StoreError`] if the store fails.
    pub async fn facts(&self) -> Result<Option<Facts>, StoreError> {
        Ok(match self {
            Introspection::Inactive(_) => None,
            Introspection::Active(token) => Some(token.facts().await?),
            Introspection::ApiToken(token) => Some(token.facts()),
            Introspection::ContainerToken(token) => Some(Facts {
                principal: Principal::ImportSource(token.live.container.id),
                reaches: Reaches::Container(token.live.container.id),
                site: Arc::clone(&token.live.site),
                asker: Arc::clone(&token.asker),
            }),
        })
    }
}

impl ActiveToken<'_> {
    pub(super) async fn facts(&self) -> Result<Facts, StoreError> {
        let principal = match (&self.token.subject, &self.bounds.user) {
            (Subject::User { .. } | Subject::Acting { .. }, Some(user)) => {
                let member = self.server.store.member(self.site.id, user.id).await?;
                let is_site_admin = member.is_some_and(|member| decides(user, Some(member.standing)));
                Principal::Person { user_id: user.id, is_site_admin }
            }
            (Subject::App { installation_id }, _) => Principal::App(*installation_id),
            _ => Principal::Client,
        };
        let reaches = match (self.kind, self.asker.connect.mode) {
            (CredentialKind::ConnectApp, ConnectMode::Compatible) => Reaches::SignedForAll,
            (CredentialKind::ConnectApp, _) => Reaches::Signed {
                granted: self.bounds.level(&self.client, &self.token.scope),
                levels: self.asker.connect.levels.clone(),
            },
            _ => Reaches::Token(self.effective.clone()),
        };
        Ok(Facts { principal, reaches, site: Arc::clone(&self.site), asker: Arc::clone(&self.asker) })
    }
}

impl ActiveApiToken<'_> {
    pub(super) fn facts(&self) -> Facts {
        let reaches = match (&self.live.token.reach, self.asker.api_tokens) {
            (Reach::Everything, ApiTokenPolicy::Everything) => Reaches::Everything(self.effective.clone()),
            _ => Reaches::ApiToken(self.effective.clone()),
        };
        let principal = Principal::Person { user_id: self.live.user.id, is_site_admin: self.live.is_of_an_admin() };
        Facts { principal, reaches, site: Arc::clone(&self.live.site), asker: Arc::clone(&self.asker) }
    }
}
