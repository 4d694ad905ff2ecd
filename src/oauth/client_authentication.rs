//! Who is calling: none, basic, post, private_key_jwt (RFC 6749 section 2.3, RFC 7523 section 2.2).

use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::authorization_server::AuthorizationServer;
use crate::domain::client::{Client, Credentials, PublicKey};
use crate::domain::id::ClientId;
use crate::domain::resource::ProtectedResource;
use crate::domain::secret::{Digest, Secret};
use crate::domain::time::{Lifetime, Timestamp};
use crate::oauth::error::{AssertionFault, ClientFault, OAuthError, RequestFault};
use crate::oauth::parameters::{Parameters, decode_form_text};
use crate::secrets::assertion::{self, AssertionClaims, Audience};
use crate::secrets::digest::digest;

/// The only `client_assertion_type` (RFC 7523 section 2.2).
const JWT_BEARER: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// The path of the token endpoint, whose URL an assertion may name in place of the issuer.
pub const AUDIENCE_PATH: &str = "/oauth/token";

/// How far ahead `exp` may lie: so long a `jti` is remembered.
const LONGEST_ASSERTION: Lifetime = Lifetime::hours(1);

/// How much a client's clock may be ahead of ours.
const CLOCK_SKEW: Lifetime = Lifetime::seconds(10);

/// Who a request says is calling, and what it offers as proof.
pub struct Presented {
    /// The name it gives.
    pub id: ClientId,
    proof: Proof,
}

enum Proof {
    None,
    Secret(Digest),
    Assertion(Secret<String>),
}

impl Presented {
    /// Reads the one way in which a request authenticates.
    ///
    /// # Errors
    /// `invalid_request` for two ways at once, `invalid_client` for none or one that cannot be read.
    pub fn read(authorization: Option<&str>, parameters: &Parameters<'_>) -> Result<Self, OAuthError> {
        let named = parameters.once("client_id")?;
        let secret = parameters.once("client_secret")?;
        let assertion = parameters.once("client_assertion")?;
        let ways = [authorization.is_some(), secret.is_some(), assertion.is_some()];
        if ways.into_iter().filter(|way| *way).count() > 1 {
            return Err(RequestFault::TwoAuthentications.into());
        }

        let presented = match (authorization, secret, assertion) {
            (Some(header), _, _) => Self::basic(header)?,
            (_, Some(secret), _) => {
                Self { id: read_id(named.ok_or(ClientFault::Unnamed)?)?, proof: Proof::Secret(digest(secret)) }
            }
            (_, _, Some(assertion)) => Self::assertion(assertion, parameters.once("client_assertion_type")?)?,
            _ => Self { id: read_id(named.ok_or(ClientFault::Unnamed)?)?, proof: Proof::None },
        };
        match named {
            Some(named) if named != presented.id.as_str() => Err(RequestFault::ClientMismatch.into()),
            _ => Ok(presented),
        }
    }

    fn basic(header: &str) -> Result<Self, OAuthError> {
        let unreadable = ClientFault::Unreadable("the Authorization header is not Basic with a base64 id:secret");
        let (scheme, credentials) = header.split_once(' ').ok_or(unreadable)?;
        if !scheme.eq_ignore_ascii_case("basic") {
            return Err(unreadable.into());
        }
        let decoded = STANDARD.decode(credentials.trim()).map_err(|_| unreadable)?;
        let decoded = Secret::new(String::from_utf8(decoded).map_err(|_| unreadable)?);
        let (id, secret) = decoded.expose().split_once(':').ok_or(unreadable)?;
        let id = read_id(&decode_form_text(id).map_err(|_| unreadable)?)?;
        if secret.is_empty() {
            return Ok(Self { id, proof: Proof::None });
        }
        let secret = Secret::new(decode_form_text(secret).map_err(|_| unreadable)?);
        Ok(Self { id, proof: Proof::Secret(digest(secret.expose())) })
    }

    fn assertion(assertion: &str, assertion_type: Option<&str>) -> Result<Self, OAuthError> {
        if assertion_type != Some(JWT_BEARER) {
            return Err(ClientFault::Unreadable("client_assertion_type must be the jwt-bearer URN of RFC 7523").into());
        }
        let unreadable = ClientFault::Unreadable("the client assertion is not a JWT with a sub");
        let subject = assertion::unverified_subject(assertion).ok_or(unreadable)?;
        Ok(Self { id: read_id(&subject)?, proof: Proof::Assertion(Secret::new(assertion.to_owned())) })
    }

    /// Whether this proves that the caller has `credentials`. `endpoint` is the path that was called.
    async fn prove(
        &self,
        server: &AuthorizationServer,
        credentials: &Credentials,
        endpoint: &str,
    ) -> Result<(), OAuthError> {
        match (&self.proof, credentials) {
            (Proof::None, Credentials::Public) => Ok(()),
            (Proof::Secret(digest), Credentials::Secrets(_)) => {
                if credentials.accepts(digest) {
                    Ok(())
                } else {
                    Err(ClientFault::Unproven.into())
                }
            }
            (Proof::Assertion(assertion), Credentials::PrivateKeyJwt(keys)) => {
                self.prove_by_assertion(server, assertion.expose(), keys, endpoint).await
            }
            _ => Err(ClientFault::OtherMethod.into()),
        }
    }

    async fn prove_by_assertion(
        &self,
        server: &AuthorizationServer,
        assertion: &str,
        keys: &[PublicKey],
        endpoint: &str,
    ) -> Result<(), OAuthError> {
        let refuse = |fault: AssertionFault| OAuthError::from(ClientFault::Assertion(fault));
        let claims = assertion::verify(assertion, keys).map_err(|fault| refuse(fault.into()))?;
        let issuer = &server.config.issuer.url;
        let audiences = [issuer.as_str().to_owned(), issuer.url(AUDIENCE_PATH), issuer.url(endpoint)];
        if claims.sub != self.id.as_str() {
            return Err(refuse(AssertionFault::Issuer));
        }
        judge(&claims, self.id.as_str(), &audiences, server.now()).map_err(refuse)?;

        let name = digest(&format!("{}\n{}", self.id, claims.jti));
        let first = server.store.spend_assertion(name, Timestamp(claims.exp)).await?;
        if first { Ok(()) } else { Err(refuse(AssertionFault::Replayed)) }
    }
}

/// The client that calls.
///
/// # Errors
/// `invalid_client` or `invalid_request`, as [`Presented::read`] and the proof demand; `server_error` if the store fails.
pub async fn client(
    server: &AuthorizationServer,
    presented: &Presented,
    endpoint: &str,
) -> Result<Arc<Client>, OAuthError> {
    let client = server.store.client(&presented.id).await?.ok_or(ClientFault::Unproven)?;
    presented.prove(server, &client.credentials, endpoint).await?;
    Ok(client)
}

/// The protected resource that calls.
///
/// # Errors
/// As for [`client`]; `unauthorized_client` if the caller proves to be a client, which may not introspect.
pub async fn resource(
    server: &AuthorizationServer,
    presented: &Presented,
    endpoint: &str,
) -> Result<Arc<ProtectedResource>, OAuthError> {
    let found = server.store.resource(&presented.id).await?;
    proven_resource(server, presented, found, endpoint).await
}

/// As [`resource`], once the one of that name was `found` or not.
///
/// # Errors
/// As for [`resource`].
pub async fn proven_resource(
    server: &AuthorizationServer,
    presented: &Presented,
    found: Option<Arc<ProtectedResource>>,
    endpoint: &str,
) -> Result<Arc<ProtectedResource>, OAuthError> {
    match found {
        Some(resource) => presented.prove(server, &resource.credentials, endpoint).await.map(|()| resource),
        None => {
            client(server, presented, endpoint).await?;
            Err(OAuthError::NotAResource)
        }
    }
}

/// RFC 7523 section 3, in its order, but for what the subject means.
///
/// # Errors
/// [`AssertionFault`], by the first rule that it breaks.
pub fn judge(claims: &AssertionClaims, id: &str, audiences: &[String], now: Timestamp) -> Result<(), AssertionFault> {
    if claims.iss != id {
        return Err(AssertionFault::Issuer);
    }
    // A list could name another server too, which could then present the assertion here.
    match &claims.aud {
        Audience::One(audience) if audiences.contains(audience) => {}
        Audience::One(_) | Audience::Many(_) => return Err(AssertionFault::Audience),
    }
    let expires = Timestamp(claims.exp);
    if expires.has_passed(now) || expires > now + LONGEST_ASSERTION {
        return Err(AssertionFault::Expiry);
    }
    let latest = now + CLOCK_SKEW;
    if claims.nbf.is_some_and(|nbf| Timestamp(nbf) > latest) || claims.iat.is_some_and(|iat| Timestamp(iat) > latest) {
        return Err(AssertionFault::NotYet);
    }
    Ok(())
}

fn read_id(text: &str) -> Result<ClientId, OAuthError> {
    text.parse().map_err(|_| ClientFault::Unproven.into())
}
