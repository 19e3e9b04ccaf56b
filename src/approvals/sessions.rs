//! Who is at the page: an approver by their key, or whoever has a one-time link, and the cookie that both get.

use super::{App, PATH};
use crate::guard::new_secret;
use axum::http::{HeaderMap, HeaderValue, header};
use chrono::{TimeDelta, Utc};
use highlevel_core::error::Result;
use highlevel_store::{Approval, ApproverSession, sha256_hex};
use std::net::IpAddr;

/// How long a person stays logged in.
const LIFE: TimeDelta = TimeDelta::hours(8);

/// The most characters of a key, a link or a cookie that are looked at.
const SECRET_CHARS: usize = 200;

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
        let (Some(id), Some(call)) = (&request.asked.page, &request.asked.call) else { return false };
        let is_its = |name: &String| Some(name) == call.label.as_ref() || Some(name) == call.location.as_ref();
        self.approver.request.as_ref().is_none_or(|only| only == id)
            && (self.approver.accounts.is_empty() || self.approver.accounts.iter().any(is_its))
    }
}

/// What became of a login.
pub(super) enum Login {
    /// The cookie to set, and the one request that the session is for, if it is for one.
    In(HeaderValue, Option<String>),
    Wrong,
    /// The same, after many others from this address.
    TooMany,
}

impl Login {
    fn wrong(is_too_many: bool) -> Self {
        if is_too_many { Self::TooMany } else { Self::Wrong }
    }
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
    pub(super) async fn log_in(&self, key: &str, from: IpAddr) -> Result<Login> {
        let key = key.trim();
        let found = match key.len() <= SECRET_CHARS {
            true => {
                // The semaphore is never closed.
                let _lookup = self.attempts.lookups.acquire().await;
                self.runtime.store().approver_of_key(&sha256_hex(key.as_bytes())).await?
            }
            false => None,
        };
        let Some(approver) = found else { return Ok(Login::wrong(self.attempts.failed(from))) };
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
    pub(super) async fn open_link(&self, link: &str, from: IpAddr) -> Result<Login> {
        let link = link.get(..SECRET_CHARS).unwrap_or(link);
        let (secret, hash) = new_secret()?;
        let found = {
            // The semaphore is never closed.
            let _lookup = self.attempts.lookups.acquire().await;
            self.runtime.store().exchange_approver_link(&sha256_hex(link.as_bytes()), &hash, LIFE).await?
        };
        let Some(session) = found else { return Ok(Login::wrong(self.attempts.failed(from))) };
        Ok(Login::In(self.set_cookie(&secret, LIFE)?, session.request))
    }

    /// Ends a session. Gives the cookie that takes the place of its own.
    pub(super) async fn log_out(&self, session: &Session) -> Result<HeaderValue> {
        self.runtime.store().end_approver_session(&session.hash).await?;
        self.set_cookie("", TimeDelta::zero())
    }

    fn set_cookie(&self, secret: &str, life: TimeDelta) -> Result<HeaderValue> {
        let (path, secure) = if self.origin.is_secure { ("/", "; Secure") } else { (PATH, "") };
        let text = format!(
            "{}={secret}; Path={path}; HttpOnly; SameSite=Strict; Max-Age={}{secure}",
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
