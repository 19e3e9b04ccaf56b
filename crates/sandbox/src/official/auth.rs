//! The official API's tokens: private integration tokens, which are static, and OAuth's chains of refresh tokens.

use super::super::limits::whole_seconds;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::collections::HashMap;
use std::io;
use std::time::Duration;

/// The app that the account has installed.
pub(crate) const CLIENT_ID: &str = "sandbox-client";
/// Its secret. It guards nothing: whoever reaches the sandbox may do everything.
pub(crate) const CLIENT_SECRET: &str = "sandbox-client-secret";

/// Whose a token is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Owner {
    Company,
    Location,
}

impl Owner {
    /// The word that the files use in `user_type` and `userType`.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Company => "Company",
            Self::Location => "Location",
        }
    }

    pub(crate) fn named(word: &str) -> Option<Self> {
        [Self::Company, Self::Location].into_iter().find(|owner| owner.word() == word)
    }
}

#[derive(Debug)]
struct Access {
    owner: Owner,
    expiry: Duration,
}

/// Every token that is good, or was. Times are since 1970.
#[derive(Debug)]
pub(crate) struct Auth {
    key: [u8; 32],
    ttl: Duration,
    access: HashMap<String, Access>,
    /// The newest refresh token of each chain: whoever uses it gets the next one, and it dies.
    refresh: HashMap<String, Owner>,
    /// Authorization codes that wait to be exchanged, with the address they were sent to if that is known.
    codes: HashMap<String, (Owner, Option<String>)>,
    count: u64,
}

impl Auth {
    /// A new issuer. The key is random, so that no one can guess a token.
    pub(crate) fn new(ttl: Duration) -> io::Result<Self> {
        let mut key = [0; 32];
        getrandom::fill(&mut key).map_err(|error| io::Error::other(error.to_string()))?;
        let (access, refresh, codes) = (HashMap::new(), HashMap::new(), HashMap::new());
        Ok(Self { key, ttl, access, refresh, codes, count: 0 })
    }

    /// 40 hexadecimal digits that nobody has seen.
    fn fresh(&mut self) -> String {
        self.count += 1;
        let mut digest = Sha256::new();
        digest.update(self.key);
        digest.update(self.count.to_be_bytes());
        digest.finalize().iter().take(20).map(|byte| format!("{byte:02x}")).collect()
    }

    /// Lets in a sub-account's token that was made elsewhere. It does not expire by itself.
    pub(crate) fn plant(&mut self, token: String) {
        self.access.insert(token, Access { owner: Owner::Location, expiry: Duration::MAX });
    }

    /// A new private integration token of the sub-account.
    pub(crate) fn private(&mut self) -> String {
        let digits = self.fresh();
        let part = |from: usize, to: usize| digits.get(from..to).unwrap_or_default();
        let token = format!("pit-{}-{}-{}-{}-{}", part(0, 8), part(8, 12), part(12, 16), part(16, 20), part(20, 32));
        self.plant(token.clone());
        token
    }

    /// A code as the consent page would send it.
    pub(crate) fn code(&mut self, owner: Owner, redirect: Option<String>) -> String {
        let code = self.fresh();
        self.codes.insert(code.clone(), (owner, redirect));
        code
    }

    /// Whose token this is, if it is good now.
    pub(super) fn owner(&self, token: &str, now: Duration) -> Option<Owner> {
        self.access.get(token).filter(|access| now < access.expiry).map(|access| access.owner)
    }

    /// Takes a code; it is good once, and for the address it was sent to.
    pub(super) fn take_code(&mut self, code: &str, redirect: Option<&str>) -> Option<Owner> {
        let (owner, sent_to) = self.codes.remove(code)?;
        sent_to.is_none_or(|sent_to| redirect == Some(&sent_to)).then_some(owner)
    }

    /// Takes a refresh token: it dies with its use.
    pub(super) fn take_refresh(&mut self, token: &str, owner: Option<Owner>) -> Option<Owner> {
        let found = *self.refresh.get(token)?;
        if owner.is_some_and(|owner| owner != found) {
            return None;
        }
        self.refresh.remove(token)
    }

    /// A new access token, as the answer's fields that are the same for all of them.
    pub(super) fn issue(&mut self, owner: Owner, now: Duration) -> Value {
        self.access.retain(|_, access| access.expiry > now);
        let token = self.fresh();
        self.access.insert(token.clone(), Access { owner, expiry: now + self.ttl });
        json!({
            "access_token": token,
            "token_type": "Bearer",
            "expires_in": whole_seconds(self.ttl),
            "scope": "contacts.readonly contacts.write opportunities.readonly opportunities.write",
        })
    }

    /// The next refresh token of a chain, or the first of a new one.
    pub(super) fn next_refresh(&mut self, owner: Owner) -> String {
        let token = self.fresh();
        self.refresh.insert(token.clone(), owner);
        token
    }

    /// How many chains are alive.
    pub(crate) fn chains(&self) -> usize {
        self.refresh.len()
    }

    /// Ends every access token and every private one. Refresh tokens stay good.
    pub(crate) fn expire_all(&mut self) {
        self.access.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const S: fn(u64) -> Duration = Duration::from_secs;

    #[test]
    fn private_tokens_stay_and_access_tokens_pass() {
        let mut auth = Auth::new(S(10)).unwrap();
        let private = auth.private();
        assert_eq!((private.len(), private.get(..4)), (40, Some("pit-")));
        let access = auth.issue(Owner::Company, S(100))["access_token"].as_str().unwrap().to_owned();
        assert_eq!(auth.owner(&access, S(109)), Some(Owner::Company));
        assert_eq!(auth.owner(&access, S(110)), None);
        assert_eq!(auth.owner(&private, S(1_000_000)), Some(Owner::Location));
        auth.expire_all();
        assert_eq!(auth.owner(&private, S(100)), None);
    }

    #[test]
    fn codes_and_refresh_tokens_are_good_once() {
        let mut auth = Auth::new(S(10)).unwrap();
        let code = auth.code(Owner::Location, Some("http://127.0.0.1:1/".into()));
        assert_eq!(auth.take_code(&code, Some("http://127.0.0.1:1/")), Some(Owner::Location));
        assert_eq!(auth.take_code(&code, Some("http://127.0.0.1:1/")), None);
        let elsewhere = auth.code(Owner::Location, Some("http://127.0.0.1:1/".into()));
        assert_eq!(auth.take_code(&elsewhere, None), None);
        let refresh = auth.next_refresh(Owner::Location);
        assert_eq!(auth.take_refresh(&refresh, Some(Owner::Company)), None, "another user_type spends nothing");
        assert_eq!(auth.take_refresh(&refresh, None), Some(Owner::Location));
        assert_eq!(auth.take_refresh(&refresh, None), None);
        assert_eq!(auth.chains(), 0);
    }
}
