//! The one loop that sends a token refresh: waits for the quota, records the intention, sends, repeats.

use super::{
    login::{LoginInner, RefreshCaller},
    refresh::LOCK,
};
use crate::{
    Body, Fate, Moment, Repeat,
    attempt::{AttemptOutcome, Reading},
    message::api_message,
    retry::RetryPlan,
    urls::Outgoing,
};
use chrono::{DateTime, Utc};
use highlevel_core::error::{Code, Error};
use http::StatusCode;
use secrecy::SecretString;

/// Whether the store records that a request is about to go out, so that another process can report a lost answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Intention {
    /// Nothing is recorded: no token dies by the request.
    None,
    /// Recorded where the state directory can be written. A lost lock stops the request, an unwritable directory does
    /// not.
    WherePossible,
    /// Recorded before each request, or none goes out: the server ends the old refresh token with its answer.
    Always,
}

/// A refresh request, and how it may be sent.
pub(super) struct RefreshRequest<'a> {
    pub(super) out: &'a Outgoing,
    /// The token that authorizes the request itself.
    pub(super) token: Option<&'a SecretString>,
    pub(super) repeat: Repeat,
    pub(super) intention: Intention,
}

/// The answer to a refresh request.
pub(super) struct RefreshAnswer {
    pub(super) body: Body,
    pub(super) sent_at: Moment,
    /// When an earlier attempt went out whose answer nobody has read.
    pub(super) doubt: Option<DateTime<Utc>>,
}

/// Why a refresh request got no token.
pub(super) enum RefreshFailure {
    /// The server refuses it, and would refuse it again.
    Refused { status: StatusCode, said: Option<String>, doubt: Option<DateTime<Utc>> },
    /// There is no definite answer. `lasting`: another attempt soon is of no use.
    Failed { error: Error, lasting: bool, doubt: Option<DateTime<Utc>> },
}

impl LoginInner {
    /// Sends a refresh request until it is answered.
    pub(super) async fn send_refresh(
        &self,
        request: &RefreshRequest<'_>,
        caller: RefreshCaller<'_>,
    ) -> Result<RefreshAnswer, RefreshFailure> {
        let RefreshCaller { limiter, owner, context } = caller;
        let ticket = limiter.front_ticket();
        let mut plan = RetryPlan::new(request.repeat);
        let mut doubt = None;
        loop {
            let failed = |error, lasting| RefreshFailure::Failed { error, lasting, doubt };
            let permit = limiter.acquire(ticket, context).await.map_err(|error| failed(error, false))?;
            // Only now: the wait for the quota may be long, and what has not been sent cannot be lost.
            if let Err(error) = self.record_intention(request.intention, owner).await {
                permit.unused();
                return Err(failed(error, false));
            }
            let attempt = self.wire.attempt(request.out, Reading::Raw, request.token, permit, context);
            let (sent_at, outcome) = attempt.await;
            match outcome {
                AttemptOutcome::Answer(status, body) if status.is_success() => {
                    return Ok(RefreshAnswer { body, sent_at, doubt });
                }
                AttemptOutcome::Answer(status, body) => {
                    return Err(RefreshFailure::Refused { status, said: api_message(&body), doubt });
                }
                AttemptOutcome::Unauthorized(said) => {
                    return Err(RefreshFailure::Refused { status: StatusCode::UNAUTHORIZED, said, doubt });
                }
                AttemptOutcome::Limited => {}
                AttemptOutcome::Failed(failure) => {
                    if failure.fate != Fate::NotExecuted {
                        doubt = doubt.or(Some(sent_at.wall));
                    }
                    let Some(wait) = plan.next(&failure, context.deadline) else {
                        let lasting = !failure.passing;
                        return Err(RefreshFailure::Failed { error: failure.error, lasting, doubt });
                    };
                    tokio::time::sleep(wait).await;
                }
            }
        }
    }

    /// Records that a request goes out now, and prolongs the lock.
    ///
    /// # Errors
    /// When the request must not go out.
    async fn record_intention(&self, intention: Intention, owner: &str) -> Result<(), Error> {
        if intention == Intention::None {
            return Ok(());
        }
        match self.store().record_refresh(owner, LOCK).await {
            Ok(true) => Ok(()),
            Ok(false) => Err(Error::new(Code::Internal, "Another process took over the refresh of the token.")),
            Err(error) if intention == Intention::Always => Err(error),
            Err(error) => {
                self.warn(&error);
                Ok(())
            }
        }
    }
}
