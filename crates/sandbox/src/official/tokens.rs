//! The official API's access tokens: private integration tokens, which are static, and those that OAuth issues.

use crate::agency::{LocationIndex, Owner};
use sha2::{Digest, Sha256};
use std::collections::HashMap;
use std::io;
use std::sync::Arc;
use std::time::Duration;

/// How long a token is remembered after its end, so that requests with it still count as its owner's.
#[cfg(any(feature = "oauth", test))]
const REMEMBERED: Duration = Duration::from_secs(60 * 60);

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
    owner: Owner,
    /// The owner of the login that the token comes from: the agency, if the token was exchanged for the agency's.
    #[cfg_attr(not(feature = "management"), expect(dead_code, reason = "only the endpoints for tests end logins"))]
    login: Owner,
    expiry: Duration,
}

/// The access tokens issued so far. Times are since 1970.
#[derive(Debug)]
pub(crate) struct AccessTokens {
    source: TokenSource,
    issued: HashMap<String, Access>,
    /// The scopes of the tokens that have only some, separated by spaces.
    scopes: HashMap<String, Arc<str>>,
}

impl AccessTokens {
    pub(crate) fn new() -> io::Result<Self> {
        Ok(Self { source: TokenSource::new()?, issued: HashMap::new(), scopes: HashMap::new() })
    }

    /// Accepts a location's token that was made elsewhere. It does not expire by itself.
    pub(crate) fn accept(&mut self, token: String, location: LocationIndex) {
        let owner = Owner::Location(location);
        self.issued.insert(token, Access { owner, login: owner, expiry: Duration::MAX });
    }

    /// Issues a private integration token of a location.
    pub(crate) fn issue_private(&mut self, location: LocationIndex) -> String {
        let digits = self.source.next();
        let part = |from: usize, to: usize| digits.get(from..to).unwrap_or_default();
        let token = format!("pit-{}-{}-{}-{}-{}", part(0, 8), part(8, 12), part(12, 16), part(16, 20), part(20, 32));
        self.accept(token.clone(), location);
        token
    }

    /// Issues a token that expires, in a login of `login`.
    #[cfg(any(feature = "oauth", test))]
    pub(crate) fn issue(&mut self, owner: Owner, login: Owner, now: Duration, ttl: Duration) -> String {
        self.issued.retain(|_, access| access.expiry.saturating_add(REMEMBERED) > now);
        let token = self.source.next();
        self.issued.insert(token.clone(), Access { owner, login, expiry: now + ttl });
        token
    }

    /// Limits a token to these scopes.
    #[cfg(feature = "oauth")]
    pub(crate) fn limit(&mut self, token: &str, scopes: Option<Arc<str>>) {
        self.scopes.extend(scopes.map(|scopes| (token.to_owned(), scopes)));
    }

    /// The scopes to which a token is limited.
    pub(crate) fn scopes(&self, token: &str) -> Option<Arc<str>> {
        self.scopes.get(token).cloned()
    }

    /// The owner of a token, if it is valid now.
    pub(crate) fn owner(&self, token: &str, now: Duration) -> Option<Owner> {
        self.issued.get(token).filter(|access| now < access.expiry).map(|access| access.owner)
    }

    /// The owner of a token that is valid, or was.
    pub(crate) fn former_owner(&self, token: &str) -> Option<Owner> {
        self.issued.get(token).map(|access| access.owner)
    }

    /// Ends the access tokens of one owner or of all, private ones included. Refresh tokens stay valid.
    #[cfg(any(feature = "management", test))]
    pub(crate) fn expire(&mut self, owner: Option<Owner>, now: Duration) {
        self.end(now, |access| owner.is_none_or(|owner| owner == access.owner));
    }

    /// Ends the access tokens of one owner or of all, and those that an agency's token was exchanged for.
    #[cfg(feature = "management")]
    pub(crate) fn revoke(&mut self, owner: Option<Owner>, now: Duration) {
        self.end(now, |access| owner.is_none_or(|owner| owner == access.owner || owner == access.login));
    }

    #[cfg(any(feature = "management", test))]
    fn end(&mut self, now: Duration, fits: impl Fn(&Access) -> bool) {
        for access in self.issued.values_mut().filter(|access| fits(access)) {
            access.expiry = now.min(access.expiry);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const S: fn(u64) -> Duration = Duration::from_secs;

    #[test]
    fn private_tokens_stay_and_access_tokens_pass() {
        let mut tokens = AccessTokens::new().unwrap();
        let private = tokens.issue_private(LocationIndex::FIRST);
        assert_eq!((private.len(), private.get(..4)), (40, Some("pit-")));
        let access = tokens.issue(Owner::Agency, Owner::Agency, S(100), S(10));
        assert_eq!(tokens.owner(&access, S(109)), Some(Owner::Agency));
        assert_eq!(tokens.owner(&access, S(110)), None);
        assert_eq!(tokens.owner(&private, S(1_000_000)), Some(Owner::FIRST));
        tokens.expire(Some(Owner::Agency), S(100));
        assert_eq!(tokens.owner(&private, S(100)), Some(Owner::FIRST));
        tokens.expire(None, S(100));
        assert_eq!(tokens.owner(&private, S(100)), None);
        assert_eq!(tokens.former_owner(&private), Some(Owner::FIRST));
    }
}
