//! What a developer can do about a refusal, in plain words.

use crate::oauth::error::{ActAsUserFault, ClientFault, GrantFault, OAuthError, RequestFault, ScopeFault, TargetFault};

impl OAuthError {
    /// What the developer of the client that was refused can do about it.
    pub fn remedy(&self) -> &'static str {
        match self {
            OAuthError::InvalidRequest(fault) => of_request(fault),
            OAuthError::InvalidClient(fault) => of_client(fault),
            OAuthError::InvalidGrant(fault) | OAuthError::RefreshRefused(fault) => of_grant(fault),
            OAuthError::InvalidScope(fault) => of_scope(fault),
            OAuthError::InvalidTarget(fault) => of_target(fault),
            OAuthError::UnauthorizedClient(_) | OAuthError::NotAResource | OAuthError::NotAHostProduct => {
                "Use a way that this app is registered for; its operator can change what that is."
            }
            OAuthError::NotTrusted => {
                "Show the credential of whom it is about; an operator can trust this API with more."
            }
            OAuthError::UnsupportedGrantType => "Send one of the grant types that the metadata of this server lists.",
            OAuthError::UnsupportedResponseType => "Send response_type=code.",
            OAuthError::AccessDenied => "The person said no. Let them begin again when they want to.",
            OAuthError::InteractionNeeded(_) => "Send the same request again without prompt=none, so that we can ask.",
            OAuthError::ConsentNeeded { .. } => {
                "Send the person to consent_uri, and ask again once they have allowed it."
            }
            OAuthError::RequestNotSupported | OAuthError::RequestUriNotSupported => {
                "Send plain parameters, or push the request to /oauth/par first."
            }
            OAuthError::ServerError(_) => "This was our fault. Send the same request again in a moment.",
        }
    }
}

fn of_request(fault: &RequestFault) -> &'static str {
    match fault {
        RequestFault::Repeated(_) => "Send each parameter once.",
        RequestFault::Missing(_) => "Add the parameter that is named.",
        RequestFault::Malformed { name: "redirect_uri", .. } => {
            "Add the address to the redirection URIs of this environment, exactly as the app sends it."
        }
        RequestFault::Malformed { .. } => "Correct the value of the parameter that is named.",
        RequestFault::Unreadable(_) => "Send the body as a form, with a Content-Type that says so.",
        RequestFault::Meaningless(_) => "Correct what is named.",
        RequestFault::TwoAuthentications => "Send the secret in one place: the Authorization header or the form.",
        RequestFault::ClientMismatch => "Leave client_id out of the form, or send the one that authenticates.",
        RequestFault::MustBePushed => "Push the request to /oauth/par first, and send the request_uri that you get.",
        RequestFault::UnknownRequestUri => "Push the request again; a request_uri is good once and for a short while.",
        RequestFault::Prompt(_) => "Correct the parameter prompt.",
        RequestFault::ChallengeMissing | RequestFault::ChallengeMethod => {
            "Make a code_verifier for each request, and send its SHA-256 as code_challenge."
        }
    }
}

fn of_client(fault: &ClientFault) -> &'static str {
    match fault {
        ClientFault::Unproven => "Send the newest secret of this environment. If it is lost, make a new one here.",
        ClientFault::OtherMethod => "Authenticate with a secret, in a Basic header or as client_secret.",
        ClientFault::Unnamed | ClientFault::Unreadable(_) => "Send client id and secret in a Basic header.",
        ClientFault::Assertion(_) => "Correct the claims of the assertion as the description says.",
    }
}

fn of_grant(fault: &GrantFault) -> &'static str {
    match fault {
        GrantFault::Unknown => {
            "Send the newest code or refresh token, whole. If it is lost, let the person begin again."
        }
        GrantFault::Expired => "Let the person begin again, and redeem the code at once.",
        GrantFault::Replayed => {
            "Redeem each code once, and keep the refresh token of the newest answer. The person must begin again."
        }
        GrantFault::OtherClient => "Use the client of the environment that got the code or token.",
        GrantFault::RedirectUri => "Send the same redirect_uri as in the authorization request.",
        GrantFault::Verifier => "Send the code_verifier whose SHA-256 was the code_challenge of this very request.",
        GrantFault::VerifierWithoutChallenge => {
            "Send a code_challenge in the authorization request, or leave code_verifier out here."
        }
        GrantFault::Withdrawn => "The person or an admin took the access back. Let the person begin again.",
        GrantFault::NotInstalled => "Have an admin of the site install the app in this environment.",
        GrantFault::Suspended => "Ask an admin of the site why they suspended the app.",
        GrantFault::NotMember => "Have an admin of the site make the person a member.",
        GrantFault::NotShared => "Share the app, or add the person as a contributor.",
        GrantFault::Nobody => "Ask for a token of the app itself, with client_credentials.",
        GrantFault::Invocation => "Send the invocation token of this call, unchanged and before it expires.",
        GrantFault::Assertion(_) => "Correct the claims of the assertion as the description says.",
        GrantFault::ActAsUser(fault) => of_assertion(fault),
        GrantFault::NoKey => "Deploy the app again with the key set that it signs with.",
    }
}

fn of_assertion(fault: &ActAsUserFault) -> &'static str {
    match fault {
        ActAsUserFault::Signature | ActAsUserFault::Unsealed => {
            "Sign with the sharedSecret that came with the newest `installed` of this site."
        }
        ActAsUserFault::NotAllowed => "Ask for ACT_AS_USER in the descriptor, and have it approved.",
        ActAsUserFault::Tenant => "Send the baseUrl of the site as tnt, as the app was told it.",
        ActAsUserFault::Replayed | ActAsUserFault::Expired => "Make a new assertion for each token.",
        ActAsUserFault::NotYet | ActAsUserFault::TooLong => {
            "Set the clock, and let exp be at most 60 seconds after iat."
        }
        ActAsUserFault::Malformed(_)
        | ActAsUserFault::Issuer
        | ActAsUserFault::Audience
        | ActAsUserFault::UserKey
        | ActAsUserFault::Subject => "Correct the claim that is named.",
    }
}

fn of_scope(fault: &ScopeFault) -> &'static str {
    match fault {
        ScopeFault::Malformed(_) => "Send scopes with one space between.",
        ScopeFault::Unknown(_) => "Check how the scope is spelt.",
        ScopeFault::NotRegistered(_) => "Add the scope to the manifest, and deploy it.",
        ScopeFault::Exceeded => "Ask for no more than was allowed, or let the person begin again with more.",
        ScopeFault::NotApproved(_) => "Have an admin of the site approve the newest version.",
        ScopeFault::NotConsented(_) => "Let the person allow the scope first.",
        ScopeFault::NotImpersonating(_) => {
            "Set allowImpersonation for the scope in the manifest, and have it approved."
        }
        ScopeFault::NoConnectScope(_) => "Ask for READ, WRITE, DELETE, PROJECT_ADMIN, SPACE_ADMIN or ADMIN.",
        ScopeFault::Nothing => "Ask for a scope of an API.",
    }
}

fn of_target(fault: &TargetFault) -> &'static str {
    match fault {
        TargetFault::Unknown(_) => "Check the resource against the identifier of the API.",
        TargetFault::OtherOwner(_) | TargetFault::NotGranted(_) => {
            "Name the resource that owns the scopes you ask for, and the same in both steps."
        }
        TargetFault::Several | TargetFault::TooMany => "Ask for a token for each resource, one at a time.",
    }
}
