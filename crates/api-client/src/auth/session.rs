//! The refresh of a session's token: `POST /token/update`.

use super::{
    Token,
    login::{LoginInner, RefreshCaller},
    refresh::Ended,
    token::seconds,
    token_refresh::{Intention, RefreshAnswer, RefreshFailure, RefreshRequest},
};
use crate::{Body, Repeat, attempt::token_header};
use chrono::{DateTime, TimeDelta, Utc};
use highlevel_core::error::{Code, Error, Result};
use http::StatusCode;
use secrecy::SecretString;
use serde_json::Value;

impl LoginInner {
    /// Asks for the token that follows `old`. `locked`: this process holds the lock on its line.
    pub(super) async fn refresh_session(
        &self,
        old: &Token,
        cut_off: Option<DateTime<Utc>>,
        locked: bool,
        caller: RefreshCaller<'_>,
    ) -> Result<Token, Ended> {
        let intention = if locked { Intention::WherePossible } else { Intention::None };
        let (out, token) = (&self.update, Some(&old.value));
        let request = RefreshRequest { out, token, repeat: Repeat::Freely, intention };
        match self.send_refresh(&request, caller).await {
            Ok(answer) => self.read(&answer).map_err(|error| Ended::Failed { error, lasting: true }),
            Err(RefreshFailure::Refused { status: StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN, said, .. }) => {
                Err(refused(said, cut_off))
            }
            Err(RefreshFailure::Refused { status, said, .. }) => {
                let said = said.map_or_else(String::new, |said| format!(": {said}"));
                let message = format!("The token could not be refreshed: the API answered {status}{said}.");
                Err(Ended::Failed { error: Error::new(Code::UpstreamError, message), lasting: true })
            }
            Err(RefreshFailure::Failed { error, lasting, .. }) => {
                Err(Ended::Failed { error: not_refreshed(error), lasting })
            }
        }
    }

    /// `{tokenId, expiresIn}`, bare or under `data`.
    fn read(&self, answer: &RefreshAnswer) -> Result<Token> {
        let unreadable =
            || Error::new(Code::UpstreamError, "The API's answer to the token's refresh holds no new token.");
        let Body::Json(value) = &answer.body else { return Err(unreadable()) };
        let member = |name| value.get(name).or_else(|| value.get("data").and_then(|data| data.get(name)));
        let token = member("tokenId").and_then(Value::as_str).map(str::trim).filter(|token| !token.is_empty());
        let token = SecretString::from(token.ok_or_else(unreadable)?);
        token_header(&token)?;
        // Counted from the sending, so that it errs on the safe side.
        let from = self.wire.clock.guess(answer.sent_at);
        let life = member("expiresIn").and_then(seconds).filter(|life| *life > 0).and_then(TimeDelta::try_seconds);
        let expires_at = life.and_then(|life| from.checked_add_signed(life));
        Ok(Token::new(token, String::new(), true, expires_at, from))
    }
}

fn refused(said: Option<String>, cut_off: Option<DateTime<Utc>>) -> Ended {
    let lost = cut_off.map_or_else(String::new, |at| {
        let at = at.format("%Y-%m-%d %H:%M:%S UTC");
        format!(" A process that refreshed it at {at} ended before it could store the new token, which is lost.")
    });
    let said = said.map_or_else(String::new, |said| format!(" ({said})"));
    let message = format!(
        "The token is no longer accepted and cannot be refreshed{said}.{lost} Log in to GoHighLevel again, take the new token, and set it with GHL_TOKEN_ID or `highlevel-mcp auth set`."
    );
    Ended::Refused(Error::new(Code::Unauthorized, message))
}

fn not_refreshed(error: Error) -> Error {
    let message = format!("The token could not be refreshed: {}", error.message);
    Error { message, ..error }
}
