//! Who is at the page: an approver by their key, or whoever has a one-time link, and the cookie that both get.

use super::{App, PATH};
use crate::guard::new_secret;
use axum::http::{HeaderMap, HeaderValue, header};
use chrono::{TimeDelta, Utc};
use highlevel_core::error::Result;
use highlevel_store::{Approval, ApproverSession, sha256_hex};
use std::{
    collections::VecDeque,
    sync::{Mutex, PoisonError},
    time::Duration,
};
use tokio::time::Instant;

/// How long a person stays logged in.
const LIFE: TimeDelta = TimeDelta::hours(8);

/// The most characters of a key, a link or a cookie that are looked at.
const SECRET_CHARS: usize = 200;

/// How many wrong keys are looked at in [`ATTEMPT_WINDOW`].
const MOST_ATTEMPTS: usize = 20;
const ATTEMPT_WINDOW: Duration = Duration::from_secs(5 * 60);

/// A person who is logged in.
#[derive(Debug, Clone)]
pub(super) struct Session {
    pub(super) approver: ApproverSession,
    /// What the forms of this session carry.
    pub(super) form_token: String,
    hash: String,
}

impl Session {
    /// Whether the person decides about this request.
    pub(super) fn sees(&self, request: &Approval) -> bool {
        let Some(page) = &request.asked.page else { return false };
        let is_its = |name: &String| Some(name) == page.label.as_ref() || Some(name) == page.location.as_ref();
        self.approver.request.as_ref().is_none_or(|only| *only == page.id)
            && (self.approver.accounts.is_empty() || self.approver.accounts.iter().any(is_its))
    }
}

/// Wrong keys of late, over all who try.
#[derive(Debug, Default)]
pub(super) struct Attempts(Mutex<VecDeque<Instant>>);

impl Attempts {
    /// Whether a key may be looked at.
    fn are_left(&self) -> bool {
        let mut failed = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        while failed.front().is_some_and(|first| first.elapsed() > ATTEMPT_WINDOW) {
            failed.pop_front();
        }
        failed.len() < MOST_ATTEMPTS
    }

    fn failed(&self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push_back(Instant::now());
    }
}

/// What became of a login.
pub(super) enum Login {
    /// The cookie to set, and the one request that the session is for, if it is for one.
    In(HeaderValue, Option<String>),
    Wrong,
    TooMany,
}

impl App {
    /// The person of a request's cookie.
    pub(super) async fn session(&self, headers: &HeaderMap) -> Result<Option<Session>> {
        let Some(cookie) = self.cookie_of(headers) else { return Ok(None) };
        let hash = sha256_hex(cookie.as_bytes());
        let found = self.runtime.store().approver_session(&hash).await?;
        let form_token = sha256_hex(format!("form {cookie}").as_bytes());
        Ok(found.map(|approver| Session { approver, form_token, hash }))
    }

    pub(super) fn cookie_of<'a>(&self, headers: &'a HeaderMap) -> Option<&'a str> {
        let all = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
        let mut pairs = all.flat_map(|all| all.split(';')).filter_map(|pair| pair.trim().split_once('='));
        pairs.find(|(name, value)| *name == self.cookie && value.len() <= SECRET_CHARS).map(|(_, value)| value)
    }

    /// Logs an approver in by their key.
    pub(super) async fn log_in(&self, key: &str) -> Result<Login> {
        if !self.attempts.are_left() {
            return Ok(Login::TooMany);
        }
        let key = key.trim();
        let found = match key.len() <= SECRET_CHARS {
            true => self.runtime.store().approver_of_key(&sha256_hex(key.as_bytes())).await?,
            false => None,
        };
        let Some(approver) = found else {
            self.attempts.failed();
            return Ok(Login::Wrong);
        };
        let (secret, hash) = new_secret()?;
        let session = ApproverSession {
            person: approver.name.clone(),
            approver: Some(approver.name),
            accounts: approver.accounts,
            request: None,
            expires_at: Utc::now() + LIFE,
        };
        self.runtime.store().put_approver_session(&hash, session).await?;
        Ok(Login::In(self.set_cookie(&secret, LIFE)?, None))
    }

    /// Exchanges a one-time link for a session.
    pub(super) async fn open_link(&self, link: &str) -> Result<Login> {
        if !self.attempts.are_left() {
            return Ok(Login::TooMany);
        }
        let link = link.get(..SECRET_CHARS).unwrap_or(link);
        let (secret, hash) = new_secret()?;
        let found = self.runtime.store().exchange_approver_link(&sha256_hex(link.as_bytes()), &hash, LIFE).await?;
        let Some(session) = found else {
            self.attempts.failed();
            return Ok(Login::Wrong);
        };
        Ok(Login::In(self.set_cookie(&secret, LIFE)?, session.request))
    }

    /// Ends a session. Gives the cookie that takes the place of its own.
    pub(super) async fn log_out(&self, session: &Session) -> Result<HeaderValue> {
        self.runtime.store().end_approver_session(&session.hash).await?;
        self.set_cookie("", TimeDelta::zero())
    }

    fn set_cookie(&self, secret: &str, life: TimeDelta) -> Result<HeaderValue> {
        let secure = if self.origin.is_secure { "; Secure" } else { "" };
        let text = format!(
            "{}={secret}; Path={PATH}; HttpOnly; SameSite=Strict; Max-Age={}{secure}",
            self.cookie,
            life.num_seconds()
        );
        let wrong = |fault| {
            use highlevel_core::error::{Code, Error};
            Error::new(Code::Internal, "The cookie cannot be written.").caused_by(fault)
        };
        HeaderValue::from_str(&text).map_err(wrong)
    }
}
