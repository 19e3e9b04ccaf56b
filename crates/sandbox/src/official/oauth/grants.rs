//! Authorization codes and refresh tokens: each is valid for one exchange.

use super::super::tokens::{TokenOwner, TokenSource};
use std::collections::HashMap;
use std::io;
use std::time::Duration;

/// The codes and refresh tokens that can still be exchanged.
#[derive(Debug)]
pub(crate) struct Grants {
    source: TokenSource,
    /// The lifetime of the access tokens that they are exchanged for.
    pub(crate) ttl: Duration,
    /// The newest refresh token of each chain. Its exchange ends it and issues the next.
    refresh: HashMap<String, TokenOwner>,
    /// Codes, with the address they were sent to if it is known.
    codes: HashMap<String, (TokenOwner, Option<String>)>,
}

impl Grants {
    pub(crate) fn new(ttl: Duration) -> io::Result<Self> {
        Ok(Self { source: TokenSource::new()?, ttl, refresh: HashMap::new(), codes: HashMap::new() })
    }

    /// Issues a code, as the consent page sends it.
    pub(crate) fn issue_code(&mut self, owner: TokenOwner, redirect: Option<String>) -> String {
        let code = self.source.next();
        self.codes.insert(code.clone(), (owner, redirect));
        code
    }

    /// Exchanges a code. It is valid once, and for the address it was sent to.
    pub(crate) fn take_code(&mut self, code: &str, redirect: Option<&str>) -> Option<TokenOwner> {
        let (owner, sent_to) = self.codes.remove(code)?;
        sent_to.is_none_or(|sent_to| redirect == Some(&sent_to)).then_some(owner)
    }

    /// Exchanges a refresh token, which ends it. With the wrong owner, it stays valid.
    pub(crate) fn take_refresh(&mut self, token: &str, owner: Option<TokenOwner>) -> Option<TokenOwner> {
        let found = *self.refresh.get(token)?;
        if owner.is_some_and(|owner| owner != found) {
            return None;
        }
        self.refresh.remove(token)
    }

    /// Issues the next refresh token of a chain, or the first of a new chain.
    pub(crate) fn issue_refresh(&mut self, owner: TokenOwner) -> String {
        let token = self.source.next();
        self.refresh.insert(token.clone(), owner);
        token
    }

    /// The number of valid refresh tokens.
    #[cfg(any(feature = "management", test))]
    pub(crate) fn live_refresh_tokens(&self) -> usize {
        self.refresh.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_and_refresh_tokens_are_good_once() {
        let mut grants = Grants::new(Duration::from_secs(10)).unwrap();
        let code = grants.issue_code(TokenOwner::Location, Some("http://127.0.0.1:1/".into()));
        assert_eq!(grants.take_code(&code, Some("http://127.0.0.1:1/")), Some(TokenOwner::Location));
        assert_eq!(grants.take_code(&code, Some("http://127.0.0.1:1/")), None);
        let elsewhere = grants.issue_code(TokenOwner::Location, Some("http://127.0.0.1:1/".into()));
        assert_eq!(grants.take_code(&elsewhere, None), None);
        let refresh = grants.issue_refresh(TokenOwner::Location);
        assert_eq!(grants.take_refresh(&refresh, Some(TokenOwner::Company)), None, "another user_type spends nothing");
        assert_eq!(grants.take_refresh(&refresh, None), Some(TokenOwner::Location));
        assert_eq!(grants.take_refresh(&refresh, None), None);
        assert_eq!(grants.live_refresh_tokens(), 0);
    }
}
