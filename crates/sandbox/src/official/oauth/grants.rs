//! Authorization codes and refresh tokens: each is valid for one exchange.

use super::super::tokens::TokenSource;
use crate::agency::Owner;
use std::collections::HashMap;
use std::io;
use std::sync::Arc;
use std::time::Duration;

/// A refresh token.
#[derive(Debug, Clone, Copy)]
struct Refresh {
    owner: Owner,
    /// Whether it can still be exchanged.
    live: bool,
}

/// An authorization code.
#[derive(Debug)]
struct Code {
    owner: Owner,
    /// The address it was sent to, if it is known.
    redirect: Option<String>,
    live: bool,
}

/// The codes and refresh tokens that were issued. Used ones stay, so that an exchange counts as its owner's.
#[derive(Debug)]
pub(crate) struct Grants {
    source: TokenSource,
    /// The lifetime of the access tokens that they are exchanged for.
    pub(crate) ttl: Duration,
    /// The refresh tokens of all chains. The exchange of one ends it and issues the next.
    refresh: HashMap<String, Refresh>,
    codes: HashMap<String, Code>,
    /// The scopes of each code and refresh token, as an app asked for them. Without an entry: all that the app has.
    scopes: HashMap<String, Arc<str>>,
}

impl Grants {
    pub(crate) fn new(ttl: Duration) -> io::Result<Self> {
        Ok(Self {
            source: TokenSource::new()?,
            ttl,
            refresh: HashMap::new(),
            codes: HashMap::new(),
            scopes: HashMap::new(),
        })
    }

    /// Issues a code, as the consent page sends it.
    pub(crate) fn issue_code(&mut self, owner: Owner, redirect: Option<String>) -> String {
        let code = self.source.next();
        self.codes.insert(code.clone(), Code { owner, redirect, live: true });
        code
    }

    /// Limits a code or a refresh token to these scopes.
    pub(crate) fn limit(&mut self, grant: &str, scopes: Option<Arc<str>>) {
        self.scopes.extend(scopes.map(|scopes| (grant.to_owned(), scopes)));
    }

    /// The scopes to which a code or a refresh token is limited.
    pub(crate) fn scopes(&self, grant: &str) -> Option<Arc<str>> {
        self.scopes.get(grant).cloned()
    }

    /// Exchanges a code. It is valid once, and for the address it was sent to.
    pub(crate) fn take_code(&mut self, code: &str, redirect: Option<&str>) -> Option<Owner> {
        let code = self.codes.get_mut(code).filter(|code| code.live)?;
        code.live = false;
        code.redirect.as_deref().is_none_or(|sent_to| redirect == Some(sent_to)).then_some(code.owner)
    }

    /// Exchanges a refresh token of an owner that fits, which ends it. Otherwise it stays valid.
    pub(crate) fn take_refresh(&mut self, token: &str, fits: impl Fn(Owner) -> bool) -> Option<Owner> {
        let refresh = self.refresh.get_mut(token).filter(|refresh| refresh.live && fits(refresh.owner))?;
        refresh.live = false;
        Some(refresh.owner)
    }

    /// Issues the next refresh token of a chain, or the first of a new chain.
    pub(crate) fn issue_refresh(&mut self, owner: Owner) -> String {
        let token = self.source.next();
        self.refresh.insert(token.clone(), Refresh { owner, live: true });
        token
    }

    /// The owner of a code or a refresh token, whether or not it can still be exchanged.
    pub(crate) fn owner(&self, grant: &str) -> Option<Owner> {
        let refresh = self.refresh.get(grant).map(|refresh| refresh.owner);
        refresh.or_else(|| self.codes.get(grant).map(|code| code.owner))
    }

    /// The number of valid refresh tokens of one owner, or of all.
    #[cfg(any(feature = "management", test))]
    pub(crate) fn live_refresh_tokens(&self, owner: Option<Owner>) -> usize {
        self.refresh.values().filter(|it| it.live && owner.is_none_or(|owner| owner == it.owner)).count()
    }

    /// Ends the codes and refresh tokens of one owner, or of all.
    #[cfg(any(feature = "management", test))]
    pub(crate) fn revoke(&mut self, owner: Option<Owner>) {
        let fits = |one: Owner| owner.is_none_or(|owner| owner == one);
        self.refresh.values_mut().filter(|it| fits(it.owner)).for_each(|it| it.live = false);
        self.codes.values_mut().filter(|it| fits(it.owner)).for_each(|it| it.live = false);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOME: Owner = Owner::FIRST;

    #[test]
    fn codes_and_refresh_tokens_are_good_once() {
        let mut grants = Grants::new(Duration::from_secs(10)).unwrap();
        let code = grants.issue_code(HOME, Some("http://127.0.0.1:1/".into()));
        assert_eq!(grants.take_code(&code, Some("http://127.0.0.1:1/")), Some(HOME));
        assert_eq!(grants.take_code(&code, Some("http://127.0.0.1:1/")), None);
        let elsewhere = grants.issue_code(HOME, Some("http://127.0.0.1:1/".into()));
        assert_eq!(grants.take_code(&elsewhere, None), None);
        let refresh = grants.issue_refresh(HOME);
        assert_eq!(grants.take_refresh(&refresh, |owner| owner != HOME), None, "another user_type spends nothing");
        assert_eq!(grants.take_refresh(&refresh, |_| true), Some(HOME));
        assert_eq!(grants.take_refresh(&refresh, |_| true), None);
        assert_eq!((grants.live_refresh_tokens(None), grants.owner(&refresh)), (0, Some(HOME)));
    }

    #[test]
    fn revoking_ends_the_grants_of_one_owner() {
        let mut grants = Grants::new(Duration::from_secs(10)).unwrap();
        let (agency, home) = (grants.issue_refresh(Owner::Agency), grants.issue_refresh(HOME));
        let code = grants.issue_code(HOME, None);
        grants.revoke(Some(HOME));
        assert_eq!((grants.take_refresh(&home, |_| true), grants.take_code(&code, None)), (None, None));
        assert_eq!(grants.live_refresh_tokens(Some(Owner::Agency)), 1);
        assert_eq!(grants.take_refresh(&agency, |_| true), Some(Owner::Agency));
    }
}
