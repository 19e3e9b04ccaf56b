//! OAuth's refresh: a refresh token gives the next pair, and an agency's token gives a location's.
//!
//! The server ends a refresh token when it issues the next. So the use of a refresh token is recorded before its request
//! goes out, and the new pair is stored before anything else is done. Without a place to store them, none is used.

use super::{
    consent::login_gone,
    grant::{Access, Holder, TokenHolder, TokenPair},
    login::{LoginInner, RefreshCaller},
    refresh::Ended,
    token_refresh::{Intention, RefreshFailure, RefreshRequest},
};
use crate::{Body, Repeat, urls::Outgoing};
use chrono::{DateTime, Utc};
use highlevel_core::error::{Code, Error, Result};
use http::StatusCode;
use secrecy::SecretString;
use serde_json::Value;
use std::time::Duration;

/// The version that `/oauth/locationToken` asks for; `/oauth/token` takes none.
const VERSION: &str = "2021-07-28";

/// How often the storing of a new pair is tried, and the pause between.
const STORING: u32 = 10;
const STORE_AGAIN: Duration = Duration::from_millis(500);

/// The result of a refresh.
pub(super) struct RefreshedPair {
    pub(super) ended: Result<TokenPair, Ended>,
    /// When a refresh went out whose pair was never stored.
    pub(super) unanswered: Option<DateTime<Utc>>,
}

/// Why a request to OAuth failed.
pub(super) struct OAuthFailure {
    pub(super) error: Error,
    /// The status of a refusal, which another request would meet too.
    refused: Option<StatusCode>,
    lasting: bool,
    /// When a request went out whose answer nobody has read.
    doubt: Option<DateTime<Utc>>,
}

impl OAuthFailure {
    /// A failure that stays, before anything was sent.
    fn lasting(error: Error) -> Self {
        Self { error, refused: None, lasting: true, doubt: None }
    }
}

impl LoginInner {
    /// Sends a form to OAuth. Gives the answer's body, and when its request went out by the server's clock.
    pub(super) async fn post_form(
        &self,
        request: &RefreshRequest<'_>,
        caller: RefreshCaller<'_>,
    ) -> Result<(Value, DateTime<Utc>), OAuthFailure> {
        let answer = match self.send_refresh(request, caller).await {
            Ok(answer) => answer,
            Err(RefreshFailure::Failed { error, lasting, doubt }) => {
                return Err(OAuthFailure { error, refused: None, lasting, doubt });
            }
            Err(RefreshFailure::Refused { status, said, doubt }) => {
                let said = said.map_or_else(String::new, |said| format!(": {said}"));
                let error = Error::new(Code::Unauthorized, format!("OAuth refused the request with {status}{said}."));
                return Err(OAuthFailure { error, refused: Some(status), lasting: true, doubt });
            }
        };
        let Body::Json(body) = answer.body else {
            let error = Error::new(Code::UpstreamError, "The API's answer to OAuth cannot be read.");
            let doubt = answer.doubt.or(Some(answer.sent_at.wall));
            return Err(OAuthFailure { error, refused: None, lasting: false, doubt });
        };
        Ok((body, self.wire.clock.guess(answer.sent_at)))
    }

    /// The next pair of the login of `line`, under the lock; for an agency's login with a token for the holder's location.
    pub(super) async fn next_pair(
        &self,
        line: &str,
        holder: &TokenHolder,
        cut_off: Option<DateTime<Utc>>,
        caller: RefreshCaller<'_>,
    ) -> RefreshedPair {
        let failed =
            |error, unanswered| RefreshedPair { ended: Err(Ended::Failed { error, lasting: true }), unanswered };
        // As it is now: another process may have refreshed it for another location.
        let pair = match self.store().newest_token(line).await {
            Ok(stored) => stored.as_ref().and_then(TokenPair::of),
            Err(error) => return failed(error, cut_off),
        };
        let Some(pair) = pair else {
            return RefreshedPair { ended: Err(Ended::Refused(login_gone())), unanswered: None };
        };
        pair.secrets().for_each(|secret| self.runtime.secrets().add(&secret));
        if pair.grant.holder == Holder::Location {
            return self.refresh(pair, cut_off, caller).await;
        }
        // An agency's login has a quota of its own: what it sends must not wait for a location's.
        self.limiter.know_token(line);
        let caller = RefreshCaller { limiter: &self.limiter, ..caller };
        if *holder == TokenHolder::Agency {
            return self.refresh(pair, cut_off, caller).await;
        }
        let Some(location) = holder.location() else {
            let what = "The login is an agency's. Give the location to work on with --location-id (GHL_LOCATION_ID).";
            return failed(Error::new(Code::Unauthorized, what), cut_off);
        };
        if !pair.is_due(self.wire.clock.now()) {
            match self.exchange(pair.clone(), location, caller).await {
                Ok(pair) => return RefreshedPair { ended: Ok(pair), unanswered: cut_off },
                // The agency's own token is not accepted.
                Err(OAuthFailure { refused: Some(StatusCode::UNAUTHORIZED), .. }) => {}
                Err(fault) => return not_exchanged(fault, cut_off),
            }
        }
        let RefreshedPair { ended, unanswered } = self.refresh(pair, cut_off, caller).await;
        let pair = match ended {
            Ok(pair) => pair,
            Err(ended) => return RefreshedPair { ended: Err(ended), unanswered },
        };
        match self.exchange(pair, location, caller).await {
            Ok(pair) => RefreshedPair { ended: Ok(pair), unanswered },
            Err(fault) => not_exchanged(fault, unanswered),
        }
    }

    /// The next pair for the refresh token of this one.
    async fn refresh(
        &self,
        pair: TokenPair,
        cut_off: Option<DateTime<Utc>>,
        caller: RefreshCaller<'_>,
    ) -> RefreshedPair {
        let fields = [
            ("client_id", pair.grant.client_id.as_str()),
            ("client_secret", &pair.grant.client_secret),
            ("grant_type", "refresh_token"),
            ("refresh_token", &pair.grant.refresh_token),
            ("user_type", word(pair.grant.holder)),
        ];
        let failed =
            |error, unanswered| RefreshedPair { ended: Err(Ended::Failed { error, lasting: true }), unanswered };
        let out = match Outgoing::form("/oauth/token", None, &fields, self.base()) {
            Ok(out) => out,
            Err(error) => return failed(error, cut_off),
        };
        let request = RefreshRequest { out: &out, token: None, repeat: Repeat::Freely, intention: Intention::Always };
        let (answer, from) = match self.post_form(&request, caller).await {
            Ok(answered) => answered,
            Err(OAuthFailure { error, refused, lasting, doubt }) => {
                let unanswered = cut_off.or(doubt);
                // Any other refusal may come from a proxy, or pass.
                let ended = match refused {
                    Some(StatusCode::BAD_REQUEST | StatusCode::UNAUTHORIZED) => {
                        Ended::Refused(ended_for_good(&error, unanswered))
                    }
                    _ => Ended::Failed { error, lasting },
                };
                return RefreshedPair { ended: Err(ended), unanswered };
            }
        };
        let unanswered = cut_off.or(Some(from));
        let next = TokenPair::read(&answer, from, &pair.app(), Some(&pair.grant));
        let next = match next.and_then(|next| Ok((next.kept()?, next))) {
            Ok(next) => next,
            Err(error) => return failed(error, unanswered),
        };
        let (kept, next) = next;
        next.secrets().for_each(|secret| self.runtime.secrets().add(&secret));
        // The previous pair is dead: a disk that is full for a moment must not end the login.
        let mut stored = Ok(());
        for _ in 0..STORING {
            stored = self.store().complete_refresh(&pair.hash(), kept.clone()).await;
            if stored.is_ok() {
                return RefreshedPair { ended: Ok(next), unanswered: None };
            }
            tokio::time::sleep(STORE_AGAIN).await;
        }
        let (why, cause) = stored.err().map(|error| (error.message, error.cause)).unwrap_or_default();
        let message =
            format!("The login's new refresh token could not be stored, and is lost: {why} Log in again then.");
        failed(Error { cause, ..Error::new(Code::Internal, message) }, unanswered)
    }

    /// A location's token for the agency's, stored beside it.
    async fn exchange(
        &self,
        mut pair: TokenPair,
        location: &str,
        caller: RefreshCaller<'_>,
    ) -> Result<TokenPair, OAuthFailure> {
        let lasting = OAuthFailure::lasting;
        let company = pair.grant.company.clone().ok_or_else(|| {
            lasting(Error::new(Code::UpstreamError, "The login does not say which agency it is for. Log in again."))
        })?;
        let fields = [("companyId", company.as_str()), ("locationId", location)];
        let out = Outgoing::form("/oauth/locationToken", Some(VERSION), &fields, self.base()).map_err(lasting)?;
        let agency = SecretString::from(pair.access.token.as_str());
        let request =
            RefreshRequest { out: &out, token: Some(&agency), repeat: Repeat::Freely, intention: Intention::None };
        let (answer, from) = self.post_form(&request, caller).await.map_err(|fault| {
            let said =
                format!("The agency's token could not be exchanged for location {location}: {}", fault.error.message);
            OAuthFailure { error: Error { message: said, ..fault.error }, ..fault }
        })?;
        let access = Access::read(&answer, from).map_err(lasting)?;
        self.runtime.secrets().add(&access.token.as_str().into());
        pair.grant.locations.insert(location.to_owned(), access);
        let kept = pair.kept().map_err(lasting)?;
        // If it is not stored, nothing is lost: the next exchange gives another.
        if let Err(error) = self.store().keep_token(&pair.hash(), kept).await {
            self.warn(&error);
        }
        Ok(pair)
    }
}

fn not_exchanged(fault: OAuthFailure, unanswered: Option<DateTime<Utc>>) -> RefreshedPair {
    RefreshedPair { ended: Err(Ended::Failed { error: fault.error, lasting: fault.lasting }), unanswered }
}

pub(super) fn word(holder: Holder) -> &'static str {
    match holder {
        Holder::Company => "Company",
        Holder::Location => "Location",
    }
}

/// The error for a refused refresh token, which ends the login, with the reason where it is known.
fn ended_for_good(error: &Error, unanswered: Option<DateTime<Utc>>) -> Error {
    let lost = unanswered.map_or_else(String::new, |at| {
        let at = at.format("%Y-%m-%d %H:%M:%S UTC");
        format!(
            " A refresh that was sent at {at} ended before its new refresh token could be stored, because a process was killed or the answer got lost; that token is lost."
        )
    });
    let message =
        format!("The login cannot be refreshed: {}{lost} Log in again with `highlevel-mcp auth login`.", error.message);
    Error { cause: error.cause.clone(), ..Error::new(Code::Unauthorized, message) }
}
