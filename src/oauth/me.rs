//! Who the person of an access token is, for clients that were allowed `read:me`.

use serde::Serialize;

use crate::domain::id::UserId;
use crate::domain::scope::READ_ME;
use crate::oauth::bearer::LiveToken;

/// A person, by the names that 3LO clients read. What is not known here is null, since some of them want each name.
#[derive(Serialize)]
pub struct Me {
    account_type: &'static str,
    account_id: UserId,
    email: String,
    name: String,
    picture: Option<String>,
    account_status: &'static str,
    nickname: String,
    zoneinfo: Option<String>,
    locale: Option<String>,
    extended_profile: ExtendedProfile,
}

/// Job title and the like, none of which is known here.
#[derive(Serialize)]
struct ExtendedProfile {}

/// The person of a token; `None` if it does not carry [`READ_ME`], as no app's own does.
pub fn me(token: &LiveToken) -> Option<Me> {
    let user = token.person().filter(|_| token.effective().contains(READ_ME))?;
    Some(Me {
        // A person's account, as opposed to one of an app; the value is the one that 3LO clients compare with.
        account_type: "atlassian",
        account_id: user.id,
        email: user.email.as_str().to_owned(),
        name: user.display_name().to_owned(),
        picture: None,
        // Nothing of a suspended person is live.
        account_status: "active",
        nickname: user.display_name().to_owned(),
        zoneinfo: None,
        locale: None,
        extended_profile: ExtendedProfile {},
    })
}
