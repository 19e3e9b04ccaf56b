//! How long a token lives, as far as its own payload and its issuer say.

use super::token::seconds;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::{DateTime, TimeDelta, Utc};
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;

/// When a token expires and when it is due for a refresh, both by the server's clock. `None` where nothing says so.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct TokenLife {
    /// When the API stops accepting the token.
    pub expires_at: Option<DateTime<Utc>>,
    /// When the token should be refreshed: after two thirds of its life.
    pub due_at: Option<DateTime<Utc>>,
}

impl TokenLife {
    /// The life of a token seen at `now`. `stated` is an expiry that came beside the token; the earlier of the two counts.
    ///
    /// The payload of a JWT is read and not verified: verifying it is the server's business.
    pub fn of(token: &SecretString, stated: Option<DateTime<Utc>>, now: DateTime<Utc>) -> Self {
        let payload = payload(token);
        let time = |name| payload.as_ref().and_then(|payload| payload.get(name)).and_then(seconds);
        let claimed = time("exp").and_then(|at| DateTime::from_timestamp(at, 0));
        let expires_at = match (claimed, stated) {
            (Some(one), Some(other)) => Some(one.min(other)),
            (one, other) => one.or(other),
        };
        let issued_at = time("iat").and_then(|at| DateTime::from_timestamp(at, 0));
        let begun = issued_at.filter(|at| *at <= now).unwrap_or(now);
        let due_at = expires_at.map(|at| begun + (at - begun).max(TimeDelta::zero()) * 2 / 3);
        Self { expires_at, due_at }
    }

    /// Whether the token is known to have expired.
    pub fn is_over(&self, now: DateTime<Utc>) -> bool {
        self.expires_at.is_some_and(|at| at <= now)
    }
}

/// The payload of a JWT, unverified.
fn payload(token: &SecretString) -> Option<Value> {
    let part = token.expose_secret().split('.').nth(1)?;
    let bytes = URL_SAFE_NO_PAD.decode(part.trim_end_matches('=')).ok()?;
    serde_json::from_slice(&bytes).ok()
}
