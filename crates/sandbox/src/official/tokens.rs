//! The official API's access tokens: private integration tokens, which are static, and those that OAuth issues.

use sha2::{Digest, Sha256};
use std::collections::HashMap;
use std::io;
use std::time::Duration;

/// Whose data a token gives access to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TokenOwner {
    /// An agency. Only OAuth issues its tokens.
    #[cfg_attr(not(any(feature = "oauth", test)), expect(dead_code, reason = "only OAuth issues an agency's tokens"))]
    Company,
    /// A sub-account.
    Location,
}

/// Generates tokens that nobody can guess.
#[derive(Debug)]
pub(crate) struct TokenSource {
    key: [u8; 32],
    count: u64,
}

impl TokenSource {
    pub(crate) fn new() -> io::Result<Self> {
        let mut key = [0; 32];
        getrandom::fill(&mut key).map_err(|error| io::Error::other(error.to_string()))?;
        Ok(Self { key, count: 0 })
    }

    /// A new token of 40 hexadecimal digits.
    pub(crate) fn next(&mut self) -> String {
        self.count += 1;
        let mut digest = Sha256::new();
        digest.update(self.key);
        digest.update(self.count.to_be_bytes());
        digest.finalize().iter().take(20).map(|byte| format!("{byte:02x}")).collect()
    }
}

#[derive(Debug)]
struct Access {
    owner: TokenOwner,
    expiry: Duration,
}

/// The access tokens issued so far. Times are since 1970.
#[derive(Debug)]
pub(crate) struct AccessTokens {
    source: TokenSource,
    issued: HashMap<String, Access>,
}

impl AccessTokens {
    pub(crate) fn new() -> io::Result<Self> {
        Ok(Self { source: TokenSource::new()?, issued: HashMap::new() })
    }

    /// Accepts a sub-account's token that was made elsewhere. It does not expire by itself.
    pub(crate) fn accept(&mut self, token: String) {
        self.issued.insert(token, Access { owner: TokenOwner::Location, expiry: Duration::MAX });
    }

    /// Issues a private integration token of the sub-account.
    pub(crate) fn issue_private(&mut self) -> String {
        let digits = self.source.next();
        let part = |from: usize, to: usize| digits.get(from..to).unwrap_or_default();
        let token = format!("pit-{}-{}-{}-{}-{}", part(0, 8), part(8, 12), part(12, 16), part(16, 20), part(20, 32));
        self.accept(token.clone());
        token
    }

    /// Issues a token that expires.
    #[cfg(any(feature = "oauth", test))]
    pub(crate) fn issue(&mut self, owner: TokenOwner, now: Duration, ttl: Duration) -> String {
        self.issued.retain(|_, access| access.expiry > now);
        let token = self.source.next();
        self.issued.insert(token.clone(), Access { owner, expiry: now + ttl });
        token
    }

    /// The owner of a token, if it is valid now.
    pub(crate) fn owner(&self, token: &str, now: Duration) -> Option<TokenOwner> {
        self.issued.get(token).filter(|access| now < access.expiry).map(|access| access.owner)
    }

    /// Ends every access token, private ones included. Refresh tokens stay valid.
    #[cfg(any(feature = "management", test))]
    pub(crate) fn expire_all(&mut self) {
        self.issued.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const S: fn(u64) -> Duration = Duration::from_secs;

    #[test]
    fn private_tokens_stay_and_access_tokens_pass() {
        let mut tokens = AccessTokens::new().unwrap();
        let private = tokens.issue_private();
        assert_eq!((private.len(), private.get(..4)), (40, Some("pit-")));
        let access = tokens.issue(TokenOwner::Company, S(100), S(10));
        assert_eq!(tokens.owner(&access, S(109)), Some(TokenOwner::Company));
        assert_eq!(tokens.owner(&access, S(110)), None);
        assert_eq!(tokens.owner(&private, S(1_000_000)), Some(TokenOwner::Location));
        tokens.expire_all();
        assert_eq!(tokens.owner(&private, S(100)), None);
    }
}
