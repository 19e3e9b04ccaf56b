//! OAuth's renewals: a refresh token for the next pair, an agency's token for a location's.
//!
//! The server ends a refresh token when it gives the next. So that one is about to be used is written down before the
//! request goes out, and the new pair is stored before anything else is done; without a place to write, none is used.

use super::{
    Auth, Token,
    grant::{Access, Holder, Pair},
    login::login_gone,
    renewal::Ended,
    token_refresh::{Intention, RefreshFailure, RefreshRequest},
};
use crate::{Body, Repeat, urls::Outgoing};
use chrono::{DateTime, Utc};
use highlevel_core::context::CallContext;
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

/// What a renewal came to, besides what it stored.
struct Renewed {
    ended: Result<Pair, Ended>,
    /// The renewal that went out and was never fulfilled.
    unanswered: Option<DateTime<Utc>>,
}

/// Why a request to OAuth gave nothing.
pub(super) struct OAuthFailure {
    pub(super) error: Error,
    /// The status with which the server refuses it, and would again.
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

impl Auth {
    /// Sends a form to OAuth. Gives the answer's body, and when its request went out by the server's clock.
    pub(super) async fn post_form(
        &self,
        request: &RefreshRequest<'_>,
        context: &CallContext,
    ) -> Result<(Value, DateTime<Utc>), OAuthFailure> {
        let answer = match self.send_refresh(request, context).await {
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

    /// Renews the login that `old` is of, under the lock, and takes up what came of it.
    pub(super) async fn renew_login(
        &self,
        old: &Token,
        cut_off: Option<DateTime<Utc>>,
        context: &CallContext,
    ) -> Ended {
        let Renewed { ended, unanswered } = self.next_pair(old, cut_off, context).await;
        if let Err(error) = self.store.leave_renewal(&self.member, unanswered).await {
            self.warn(&error);
        }
        match ended {
            Ok(pair) => {
                let token = pair.token(self.location.as_deref(), old.origin.clone(), &old.line);
                self.adopt_after(old, token);
                Ended::Renewed
            }
            Err(ended) => ended,
        }
    }

    async fn next_pair(&self, old: &Token, cut_off: Option<DateTime<Utc>>, context: &CallContext) -> Renewed {
        let failed = |error, unanswered| Renewed { ended: Err(Ended::Failed { error, lasting: true }), unanswered };
        // As it is now: another process may have refreshed it for another location.
        let pair = match self.store.newest_token(&old.line).await {
            Ok(stored) => stored.as_ref().and_then(Pair::of),
            Err(error) => return failed(error, cut_off),
        };
        let Some(pair) = pair else { return Renewed { ended: Err(Ended::Refused(login_gone())), unanswered: None } };
        pair.secrets().for_each(|secret| self.wire.secrets.add(&secret));
        if pair.grant.holder == Holder::Location {
            return self.refresh(pair, cut_off, context).await;
        }
        let Some(location) = self.location.as_deref() else {
            let what = "The login is an agency's. Give the location to work on with --location-id (GHL_LOCATION_ID).";
            return failed(Error::new(Code::Unauthorized, what), cut_off);
        };
        if !pair.is_due(self.wire.clock.now()) {
            match self.exchange(pair.clone(), location, context).await {
                Ok(pair) => return Renewed { ended: Ok(pair), unanswered: cut_off },
                // The agency's own token is not accepted.
                Err(OAuthFailure { refused: Some(StatusCode::UNAUTHORIZED), .. }) => {}
                Err(fault) => return not_exchanged(fault, cut_off),
            }
        }
        let Renewed { ended, unanswered } = self.refresh(pair, cut_off, context).await;
        let pair = match ended {
            Ok(pair) => pair,
            Err(ended) => return Renewed { ended: Err(ended), unanswered },
        };
        match self.exchange(pair, location, context).await {
            Ok(pair) => Renewed { ended: Ok(pair), unanswered },
            Err(fault) => not_exchanged(fault, unanswered),
        }
    }

    /// The next pair for the refresh token of this one.
    async fn refresh(&self, pair: Pair, cut_off: Option<DateTime<Utc>>, context: &CallContext) -> Renewed {
        let fields = [
            ("client_id", pair.grant.client_id.as_str()),
            ("client_secret", &pair.grant.client_secret),
            ("grant_type", "refresh_token"),
            ("refresh_token", &pair.grant.refresh_token),
            ("user_type", word(pair.grant.holder)),
        ];
        let failed = |error, unanswered| Renewed { ended: Err(Ended::Failed { error, lasting: true }), unanswered };
        let out = match Outgoing::form("/oauth/token", None, &fields, &self.base) {
            Ok(out) => out,
            Err(error) => return failed(error, cut_off),
        };
        let request = RefreshRequest { out: &out, token: None, repeat: Repeat::Freely, intention: Intention::Always };
        let (answer, from) = match self.post_form(&request, context).await {
            Ok(answered) => answered,
            Err(OAuthFailure { error, refused, lasting, doubt }) => {
                let unanswered = cut_off.or(doubt);
                // Any other refusal may be a proxy's, or pass.
                let ended = match refused {
                    Some(StatusCode::BAD_REQUEST | StatusCode::UNAUTHORIZED) => {
                        Ended::Refused(ended_for_good(&error, unanswered))
                    }
                    _ => Ended::Failed { error, lasting },
                };
                return Renewed { ended: Err(ended), unanswered };
            }
        };
        let unanswered = cut_off.or(Some(from));
        let next = Pair::read(&answer, from, &pair.app(), Some(&pair.grant));
        let next = match next.and_then(|next| Ok((next.kept()?, next))) {
            Ok(next) => next,
            Err(error) => return failed(error, unanswered),
        };
        let (kept, next) = next;
        next.secrets().for_each(|secret| self.wire.secrets.add(&secret));
        // The one before is dead: a disk that is full for a moment must not end the login.
        let mut stored = Ok(());
        for _ in 0..STORING {
            stored = self.store.fulfil_renewal(&pair.hash(), kept.clone()).await;
            if stored.is_ok() {
                return Renewed { ended: Ok(next), unanswered: None };
            }
            tokio::time::sleep(STORE_AGAIN).await;
        }
        let (why, cause) = stored.err().map(|error| (error.message, error.cause)).unwrap_or_default();
        let message =
            format!("The login's new refresh token could not be stored, and is lost: {why} Log in again then.");
        failed(Error { cause, ..Error::new(Code::Internal, message) }, unanswered)
    }

    /// A location's token for the agency's, stored beside it.
    async fn exchange(&self, mut pair: Pair, location: &str, context: &CallContext) -> Result<Pair, OAuthFailure> {
        let lasting = OAuthFailure::lasting;
        let company = pair.grant.company.clone().ok_or_else(|| {
            lasting(Error::new(Code::UpstreamError, "The login does not say which agency it is for. Log in again."))
        })?;
        let fields = [("companyId", company.as_str()), ("locationId", location)];
        let out = Outgoing::form("/oauth/locationToken", Some(VERSION), &fields, &self.base).map_err(lasting)?;
        let agency = SecretString::from(pair.access.token.as_str());
        let request =
            RefreshRequest { out: &out, token: Some(&agency), repeat: Repeat::Freely, intention: Intention::None };
        let (answer, from) = self.post_form(&request, context).await.map_err(|fault| {
            let said =
                format!("The agency's token could not be exchanged for location {location}: {}", fault.error.message);
            OAuthFailure { error: Error { message: said, ..fault.error }, ..fault }
        })?;
        let access = Access::read(&answer, from).map_err(lasting)?;
        self.wire.secrets.add(&access.token.as_str().into());
        pair.grant.locations.insert(location.to_owned(), access);
        let kept = pair.kept().map_err(lasting)?;
        // Not kept is no loss: another is a request away.
        if let Err(error) = self.store.keep_token(&pair.hash(), kept).await {
            self.warn(&error);
        }
        Ok(pair)
    }
}

fn not_exchanged(fault: OAuthFailure, unanswered: Option<DateTime<Utc>>) -> Renewed {
    Renewed { ended: Err(Ended::Failed { error: fault.error, lasting: fault.lasting }), unanswered }
}

pub(super) fn word(holder: Holder) -> &'static str {
    match holder {
        Holder::Company => "Company",
        Holder::Location => "Location",
    }
}

/// A refresh token that is not accepted: the login is over, and it is said what is known of why.
fn ended_for_good(error: &Error, unanswered: Option<DateTime<Utc>>) -> Error {
    let lost = unanswered.map_or_else(String::new, |at| {
        let at = at.format("%Y-%m-%d %H:%M:%S UTC");
        format!(
            " A renewal that was sent at {at} ended before its new refresh token could be stored, because a process was killed or the answer got lost; that token is lost."
        )
    });
    let message =
        format!("The login cannot be renewed: {}{lost} Log in again with `highlevel-mcp auth login`.", error.message);
    Error { cause: error.cause.clone(), ..Error::new(Code::Unauthorized, message) }
}
