//! An OAuth 2.1 resource server: access tokens of one issuer, verified by its keys.

mod crypto;
mod keys;

use super::{
    HttpOptions, MCP,
    headers::{PublicUrl, RESOURCE_METADATA},
    refusal::HttpError,
};
use axum::http::StatusCode;
use highlevel_api_client::Runtime as Connections;
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode, decode_header, errors::ErrorKind, jwk::Jwk};
use keys::Keys;
use serde::Deserialize;
use serde_json::{Value, json};
use std::time::Duration;

/// How far the clocks of issuer and server may be apart, in seconds.
const LEEWAY: u64 = 30;

/// How long the metadata of this resource waits for that of the issuer.
const ISSUER_TIME: Duration = Duration::from_secs(5);

/// The algorithms that are accepted: those whose key for verifying is public.
const ALGORITHMS: [Algorithm; 9] = [
    Algorithm::RS256,
    Algorithm::RS384,
    Algorithm::RS512,
    Algorithm::PS256,
    Algorithm::PS384,
    Algorithm::PS512,
    Algorithm::ES256,
    Algorithm::ES384,
    Algorithm::EdDSA,
];

/// The issuer whose tokens are accepted, and what they have to say.
#[derive(Debug)]
pub(super) struct Issuer {
    address: String,
    keys: Keys,
    audiences: Vec<String>,
    read_scope: String,
    write_scope: String,
    resource: PublicUrl,
}

/// What a valid token says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Grant {
    /// The person or program in whose name the client acts.
    pub(super) subject: Option<String>,
    /// The OAuth client.
    pub(super) client: Option<String>,
    /// Whether the scopes allow writes.
    pub(super) may_write: bool,
}

#[derive(Debug, Deserialize)]
struct Claims {
    sub: Option<String>,
    client_id: Option<String>,
    azp: Option<String>,
    scope: Option<Value>,
    scp: Option<Value>,
}

impl Issuer {
    /// The issuer of the options, if they have one.
    pub(super) fn new(
        options: &HttpOptions,
        resource: &PublicUrl,
        connections: &Connections,
    ) -> anyhow::Result<Option<Self>> {
        let Some(address) = &options.oauth_issuer else { return Ok(None) };
        crypto::install();
        let mut audiences = options.oauth_audiences.clone();
        if audiences.is_empty() {
            audiences.push(resource.as_str().to_owned());
        }
        Ok(Some(Self {
            address: address.as_str().trim_end_matches('/').to_owned(),
            keys: Keys::new(address.clone(), connections.clone())?,
            audiences,
            read_scope: options.oauth_read_scope.clone(),
            write_scope: options.oauth_write_scope.clone(),
            resource: resource.clone(),
        }))
    }

    /// The document of RFC 9728, if it has this path.
    pub(super) async fn metadata_at(&self, path: &str) -> Option<Value> {
        let below = path.strip_prefix(RESOURCE_METADATA)?;
        // A proxy may have taken the public path away.
        if !(below.is_empty() || below == self.resource.path() || below == MCP) {
            return None;
        }
        // Clients compare the issuer with how it names itself, where a slash at the end counts.
        let read = tokio::time::timeout(ISSUER_TIME, self.keys.named(None)).await;
        let issuer = read.ok().and_then(Result::ok).map(|read| read.issuer);
        Some(json!({
            "resource": self.resource.as_str(),
            "resource_name": "GoHighLevel",
            "authorization_servers": [issuer.as_deref().unwrap_or(&self.address)],
            "scopes_supported": [self.read_scope, self.write_scope],
            "bearer_methods_supported": ["header"],
        }))
    }

    /// Refuses a request without a token.
    pub(super) fn missing(&self) -> HttpError {
        let challenge = format!("Bearer scope=\"{} {}\", {}", self.read_scope, self.write_scope, self.pointer());
        HttpError::new(StatusCode::UNAUTHORIZED, "This server needs an access token of its OAuth issuer.")
            .challenge(&challenge)
    }

    /// Refuses a token that is not valid.
    pub(super) fn invalid(&self, why: &str) -> HttpError {
        let challenge = format!("Bearer error=\"invalid_token\", error_description=\"{why}\", {}", self.pointer());
        HttpError::new(StatusCode::UNAUTHORIZED, format!("This token is not valid: {why}.")).challenge(&challenge)
    }

    /// Refuses a request for which a token has too few scopes.
    pub(super) fn insufficient(&self, needs_write: bool) -> HttpError {
        let scope =
            if needs_write { format!("{} {}", self.read_scope, self.write_scope) } else { self.read_scope.clone() };
        let challenge = format!("Bearer error=\"insufficient_scope\", scope=\"{scope}\", {}", self.pointer());
        HttpError::new(StatusCode::FORBIDDEN, format!("This needs a token with the scope {scope}."))
            .challenge(&challenge)
    }

    fn pointer(&self) -> String {
        format!("resource_metadata=\"{}\"", self.resource.metadata_url())
    }

    /// What a token grants.
    ///
    /// # Errors
    /// The response to a token that grants nothing.
    pub(super) async fn verify(&self, token: &str) -> Result<Grant, HttpError> {
        let header = decode_header(token).map_err(|_| self.invalid("it is no JWT with a known algorithm"))?;
        if !ALGORITHMS.contains(&header.alg) {
            return Err(self.invalid("its algorithm is not accepted"));
        }
        if header.crit.is_some() {
            return Err(self.invalid("it has a critical extension, and none is known here"));
        }
        let candidates = self.keys.named(header.kid.as_deref()).await.map_err(|_| {
            let message = "The OAuth issuer's keys cannot be read now. Repeat the request later.";
            HttpError::new(StatusCode::SERVICE_UNAVAILABLE, message).retry_after(10)
        })?;
        let mut problem = "it is signed by no key of the issuer";
        for key in candidates.keys.iter().filter(|key| fits(key, header.alg)) {
            match self.claims(token, key, header.alg, &candidates.issuer) {
                Ok(claims) => return self.grant(claims),
                Err(ErrorKind::InvalidSignature) => {}
                Err(kind) => problem = words(&kind),
            }
        }
        Err(self.invalid(problem))
    }

    fn claims(&self, token: &str, key: &Jwk, algorithm: Algorithm, issuer: &str) -> Result<Claims, ErrorKind> {
        let key = DecodingKey::from_jwk(key).map_err(|_| ErrorKind::InvalidSignature)?;
        let mut validation = Validation::new(algorithm);
        validation.leeway = LEEWAY;
        validation.validate_nbf = true;
        validation.set_issuer(&[issuer]);
        validation.set_audience(&self.audiences);
        validation.set_required_spec_claims(&["exp", "iss", "aud"]);
        decode::<Claims>(token, &key, &validation).map(|token| token.claims).map_err(|error| error.kind().clone())
    }

    fn grant(&self, claims: Claims) -> Result<Grant, HttpError> {
        let has = |wanted: &str| {
            [&claims.scope, &claims.scp].into_iter().flatten().any(|given| match given {
                Value::String(words) => words.split_ascii_whitespace().any(|word| word == wanted),
                Value::Array(words) => words.iter().any(|word| word == wanted),
                _ => false,
            })
        };
        let may_write = has(&self.write_scope);
        if !may_write && !has(&self.read_scope) {
            return Err(self.insufficient(false));
        }
        Ok(Grant { subject: claims.sub, client: claims.client_id.or(claims.azp), may_write })
    }
}

/// Whether a key is for this algorithm, as far as it says so.
fn fits(key: &Jwk, algorithm: Algorithm) -> bool {
    let named = key.common.key_algorithm.map(|known| known.to_string());
    named.is_none_or(|known| known == format!("{algorithm:?}"))
}

fn words(kind: &ErrorKind) -> &'static str {
    match kind {
        ErrorKind::ExpiredSignature => "it has expired",
        ErrorKind::ImmatureSignature => "it is not valid yet",
        ErrorKind::InvalidAudience => "it is for another audience",
        ErrorKind::InvalidIssuer => "it is of another issuer",
        ErrorKind::MissingRequiredClaim(_) => "it lacks one of exp, iss and aud",
        _ => "it cannot be read",
    }
}
