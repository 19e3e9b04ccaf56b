//! The renewal's request, and what its answer means.

use super::{
    Auth, Token,
    renewal::{Ended, LOCK},
    token::seconds,
};
use crate::{
    Body, Moment, Repeat,
    attempt::{Outcome, Reading, token_header},
    message::api_message,
    retry::Plan,
};
use chrono::{DateTime, TimeDelta, Utc};
use highlevel_core::context::CallContext;
use highlevel_core::error::{Code, Error, Result};
use http::StatusCode;
use secrecy::SecretString;
use serde_json::Value;

impl Auth {
    /// Sends the renewal until it is answered. `locked`: the intention is written down before each request.
    pub(super) async fn ask(
        &self,
        old: &Token,
        cut_off: Option<DateTime<Utc>>,
        locked: bool,
        context: &CallContext,
    ) -> Result<Token, Ended> {
        let ticket = self.wire.budget.front_ticket();
        let mut plan = Plan::new(Repeat::Freely);
        loop {
            if locked && let Err(error) = self.store.intend_renewal(&self.member, LOCK).await {
                self.warn(&error);
            }
            let permit = match self.wire.budget.acquire(ticket, context).await {
                Ok(permit) => permit,
                Err(error) => return Err(Ended::Failed { error, lasting: false }),
            };
            let attempt = self.wire.attempt(&self.update, Reading::Raw, Some(&old.value), permit, context);
            let (sent_at, outcome) = attempt.await;
            match outcome {
                Outcome::Answer(status, body) if status.is_success() => {
                    return self.read(&body, sent_at).map_err(|error| Ended::Failed { error, lasting: true });
                }
                Outcome::Unauthorized(said) => return Err(refused(said, cut_off)),
                Outcome::Answer(StatusCode::FORBIDDEN, body) => return Err(refused(api_message(&body), cut_off)),
                Outcome::Answer(status, body) => {
                    let said = api_message(&body).map_or_else(String::new, |said| format!(": {said}"));
                    let message = format!("The token could not be renewed: the API answered {status}{said}.");
                    return Err(Ended::Failed { error: Error::new(Code::UpstreamError, message), lasting: true });
                }
                Outcome::Limited => {}
                Outcome::Failed(failure) => match plan.next(&failure, context.deadline) {
                    Some(wait) => tokio::time::sleep(wait).await,
                    None => {
                        let lasting = !failure.passing;
                        return Err(Ended::Failed { error: not_renewed(failure.error), lasting });
                    }
                },
            }
        }
    }

    /// `{tokenId, expiresIn}`, bare or under `data`.
    fn read(&self, body: &Body, sent_at: Moment) -> Result<Token> {
        let unreadable =
            || Error::new(Code::UpstreamError, "The API's answer to the token's renewal holds no new token.");
        let Body::Json(value) = body else { return Err(unreadable()) };
        let member = |name| value.get(name).or_else(|| value.get("data").and_then(|data| data.get(name)));
        let token = member("tokenId").and_then(Value::as_str).map(str::trim).filter(|token| !token.is_empty());
        let token = SecretString::from(token.ok_or_else(unreadable)?);
        token_header(&token)?;
        // Counted from the sending, so that it errs on the safe side.
        let from = self.wire.clock.guess(sent_at);
        let life = member("expiresIn").and_then(seconds).filter(|life| *life > 0).and_then(TimeDelta::try_seconds);
        let expires_at = life.and_then(|life| from.checked_add_signed(life));
        Ok(Token::new(token, String::new(), true, expires_at, from))
    }
}

fn refused(said: Option<String>, cut_off: Option<DateTime<Utc>>) -> Ended {
    let lost = cut_off.map_or_else(String::new, |at| {
        let at = at.format("%Y-%m-%d %H:%M:%S UTC");
        format!(" A process that was renewing it at {at} ended before it could store the new one, which is lost.")
    });
    let said = said.map_or_else(String::new, |said| format!(" ({said})"));
    let message = format!(
        "The token is not accepted any more and cannot be renewed{said}.{lost} Log in to GoHighLevel again, take the new token, and set it with GHL_TOKEN_ID or `highlevel-mcp auth set`."
    );
    Ended::Refused(Error::new(Code::Unauthorized, message))
}

fn not_renewed(error: Error) -> Error {
    let message = format!("The token could not be renewed: {}", error.message);
    Error { message, ..error }
}
