//! Session tokens: they look like JWTs, and are valid only if this sandbox issued them.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::json;
use sha2::{Digest, Sha256};
use std::collections::HashMap;
use std::io;
use std::time::Duration;

use crate::rate_limit::whole_seconds;

/// The tokens issued so far. Times are since 1970.
#[derive(Debug)]
pub(crate) struct SessionTokens {
    key: [u8; 32],
    ttl: Duration,
    rotate: bool,
    issued: HashMap<String, Duration>,
    count: u64,
}

impl SessionTokens {
    /// Creates the issuer with a random key, so that nobody can guess a token.
    pub(crate) fn new(ttl: Duration, rotate: bool) -> io::Result<Self> {
        let mut key = [0; 32];
        getrandom::fill(&mut key).map_err(|error| io::Error::other(error.to_string()))?;
        Ok(Self { key, ttl, rotate, issued: HashMap::new(), count: 0 })
    }

    /// Accepts a token that was made elsewhere. It does not expire by itself.
    pub(crate) fn accept(&mut self, token: String) {
        self.issued.insert(token, Duration::MAX);
    }

    /// Issues a token.
    pub(crate) fn issue(&mut self, now: Duration) -> String {
        // A token that can no longer be refreshed is dropped.
        let ttl = self.ttl;
        self.issued.retain(|_, expiry| expiry.saturating_add(ttl) >= now);
        self.count += 1;
        let expiry = now + ttl;
        let header = json!({ "alg": "HS256", "typ": "JWT" }).to_string();
        let claims = json!({
            "iss": "highlevel-sandbox",
            "jti": format!("session-{}", self.count),
            "iat": now.as_secs(),
            "exp": whole_seconds(expiry),
        });
        let signed = format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(claims.to_string()));
        let mut digest = Sha256::new();
        digest.update(self.key);
        digest.update(&signed);
        let token = format!("{signed}.{}", URL_SAFE_NO_PAD.encode(digest.finalize()));
        self.issued.insert(token.clone(), expiry);
        token
    }

    /// Whether a token is valid now.
    pub(crate) fn is_valid(&self, token: &str, now: Duration) -> bool {
        self.issued.get(token).is_some_and(|expiry| now < *expiry)
    }

    /// Issues a token in exchange for one that is valid or expired at most one lifetime ago, and returns its lifetime in
    /// seconds.
    pub(crate) fn refresh(&mut self, token: &str, now: Duration) -> Option<(String, u64)> {
        let expiry = *self.issued.get(token)?;
        if now > expiry.saturating_add(self.ttl) {
            return None;
        }
        if self.rotate {
            self.issued.remove(token);
        }
        Some((self.issue(now), whole_seconds(self.ttl)))
    }

    /// Ends every token for good.
    #[cfg(feature = "management")]
    pub(crate) fn revoke_all(&mut self) {
        self.issued.clear();
    }

    /// Expires every token now. They can still be refreshed.
    #[cfg(any(feature = "management", test))]
    pub(crate) fn expire_all(&mut self, now: Duration) {
        for expiry in self.issued.values_mut() {
            *expiry = now.min(*expiry);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const S: fn(u64) -> Duration = Duration::from_secs;

    fn tokens(rotate: bool) -> SessionTokens {
        SessionTokens::new(S(10), rotate).unwrap()
    }

    #[test]
    fn a_token_lives_its_time_and_can_be_renewed_one_time_longer() {
        let mut tokens = tokens(false);
        let token = tokens.issue(S(100));
        assert_eq!(token.split('.').count(), 3);
        assert!(tokens.is_valid(&token, S(109)));
        assert!(!tokens.is_valid(&token, S(110)));
        assert!(!tokens.is_valid("a.b.c", S(100)));
        let (next, seconds) = tokens.refresh(&token, S(120)).unwrap();
        assert_eq!(seconds, 10);
        assert!(tokens.is_valid(&next, S(129)));
        assert!(tokens.refresh(&token, S(121)).is_none());
    }

    #[test]
    fn rotation_ends_the_old_token() {
        let mut tokens = tokens(true);
        let token = tokens.issue(S(100));
        tokens.refresh(&token, S(101)).unwrap();
        assert!(!tokens.is_valid(&token, S(101)));
        assert!(tokens.refresh(&token, S(101)).is_none());
    }

    #[test]
    fn a_planted_token_ends_only_when_all_do() {
        let mut tokens = tokens(false);
        tokens.accept("canary".into());
        assert!(tokens.is_valid("canary", S(1_000_000)));
        tokens.expire_all(S(1_000_000));
        assert!(!tokens.is_valid("canary", S(1_000_000)));
        assert!(tokens.refresh("canary", S(1_000_001)).is_some());
    }
}
