//! One call: attempts until the request has a definite answer, may not be repeated, or has no time left.

use super::{
    Client, Fate, Request, Response, Scheme, SendError,
    attempt::{AttemptOutcome, Reading},
    auth::Token,
    breaker::CallId,
    client::ClientInner,
    clock::Moment,
    fault_response,
    quota::{Permit, QuotaTicket},
    retry::{AttemptFailure, RetryPlan, worse},
    urls::Outgoing,
};
use highlevel_core::context::CallContext;
use highlevel_core::error::{Code, Error, Result};
use http::Method;

/// How often a call goes on with a token that another process refreshed while this call waited.
const OVERTAKEN: u32 = 4;

impl Client {
    /// Sends a request until it has a definite answer, may not be repeated, or its time is up.
    ///
    /// # Errors
    /// With what is known of the effect: `unauthorized`, `rate_limited`, `upstream_error`, `upstream_unreachable`,
    /// `timeout`, `too_large`, `cancelled`, `internal`.
    pub async fn send(&self, request: &Request, context: &CallContext) -> Result<Response, SendError> {
        let account = &*self.inner;
        let out = Outgoing::new(request, &account.login.config.urls).map_err(SendError::not_sent)?;
        let mut call = Call {
            account,
            request,
            context,
            ticket: account.limiter.ticket(context.priority),
            id: account.breaker.call(),
            plan: RetryPlan::new(request.repeat),
            fate: Fate::NotExecuted,
            sent_at: None,
            has_refreshed: false,
            overtaken: 0,
            own: None,
        };
        loop {
            match call.attempt(&out).await {
                Ok(Some(response)) => return Ok(response),
                Ok(None) => {}
                Err(error) => return Err(SendError { error, fate: call.fate, sent_at: call.sent_at }),
            }
        }
    }
}

/// One call, over all its attempts.
struct Call<'a> {
    account: &'a ClientInner,
    request: &'a Request,
    context: &'a CallContext,
    ticket: QuotaTicket,
    id: CallId,
    plan: RetryPlan,
    /// What is known of the effect of all attempts so far.
    fate: Fate,
    /// When the last attempt was sent.
    sent_at: Option<Moment>,
    /// The token was refreshed, or replaced, for this call.
    has_refreshed: bool,
    overtaken: u32,
    /// The failure of the last attempt.
    own: Option<Error>,
}

impl Call<'_> {
    /// One attempt; `None` if another one follows.
    async fn attempt(&mut self, out: &Outgoing) -> Result<Option<Response>> {
        let ClientInner { login, token: tokens, breaker, .. } = self.account;
        // Before the waits for token and quota; and once more after them.
        breaker.check().map_err(|error| stopped(error, self.own.as_ref()))?;
        tokens.ready(self.context).await?;
        let permit = self.account.limiter.acquire(self.ticket, self.context).await?;
        let Some((token, permit)) = self.attach_token(permit) else { return Ok(None) };
        if out.method != Method::GET
            && let Err(error) = self.context.prepare_to_send().await
        {
            permit.unused();
            return Err(error);
        }
        let pass = match breaker.admit(self.id) {
            Ok(pass) => pass,
            Err(error) => {
                permit.unused();
                return Err(stopped(error, self.own.as_ref()));
            }
        };
        let reading = Reading::Scrubbed(self.request.expect);
        let (sent_at, outcome) = login.wire.attempt(out, reading, Some(&token.value), permit, self.context).await;
        self.sent_at = Some(sent_at);
        outcome.report_to(pass);
        match outcome {
            AttemptOutcome::Answer(status, body) => {
                let repeated_after_doubt = self.fate != Fate::NotExecuted;
                Ok(Some(Response { status, body, sent_at, repeated_after_doubt }))
            }
            AttemptOutcome::Unauthorized(said) => self.unauthorized(said, &token).await.map(|()| None),
            AttemptOutcome::Limited => Ok(None),
            AttemptOutcome::Failed(failure) => self.failed(failure).await.map(|()| None),
        }
    }

    /// The token to send with. It is taken after the wait for the quota, in which it may have been refreshed or refused.
    fn attach_token(&self, permit: Permit) -> Option<(Token, Permit)> {
        match self.account.token.usable() {
            Some(token) => Some((token, permit)),
            None => {
                permit.unused();
                None
            }
        }
    }

    /// Refreshes the token after a 401, so that another attempt can follow.
    async fn unauthorized(&mut self, said: Option<String>, token: &Token) -> Result<()> {
        let ClientInner { login, token: tokens, .. } = self.account;
        // A missing scope is a 401 too, and no refresh adds it.
        if fault_response::lacks_scope(said.as_deref()) {
            return Err(no_scope(self.request.scope, said));
        }
        // A person replaces a private integration's token, and may have done so just now.
        if login.wire.scheme == Scheme::Bearer && !tokens.is_refreshable() {
            let is_first = !std::mem::replace(&mut self.has_refreshed, true);
            let is_replaced = is_first && tokens.overtaken(token.generation, self.context).await;
            return if is_replaced { Ok(()) } else { Err(not_accepted(said)) };
        }
        if self.has_refreshed {
            self.overtaken += 1;
            let goes_on = self.overtaken <= OVERTAKEN && tokens.overtaken(token.generation, self.context).await;
            return if goes_on { Ok(()) } else { Err(unauthorized(said)) };
        }
        self.has_refreshed = true;
        tokens.refresh(token.generation, self.context).await
    }

    /// Waits for the next attempt after a failure, if there may be one.
    async fn failed(&mut self, failure: AttemptFailure) -> Result<()> {
        self.fate = worse(self.fate, failure.fate);
        let Some(wait) = self.plan.next(&failure, self.context.deadline) else { return Err(failure.error) };
        self.own = Some(failure.error);
        // Before the wait too, which would otherwise be in vain.
        self.account.breaker.check().map_err(|error| stopped(error, self.own.as_ref()))?;
        self.context.bound(tokio::time::sleep(wait)).await
    }
}

/// The error of a call that the breaker stops. Prefers the call's own error to `circuit open`.
fn stopped(refusal: Error, own: Option<&Error>) -> Error {
    match (own.cloned(), refusal.retry_at) {
        (Some(own), Some(at)) => own.retry_at(at),
        _ => refusal,
    }
}

/// A 401 for a missing scope. `known` is the scope that the operation needs.
fn no_scope(known: Option<&'static str>, said: Option<String>) -> Error {
    let scope = said.as_deref().and_then(fault_response::named_scope).or(known).map(str::to_owned);
    let which =
        scope.as_ref().map_or_else(|| "a scope that this call needs".to_owned(), |scope| format!("the scope {scope}"));
    let said = said.map_or_else(String::new, |said| format!(" The API says: {said}"));
    let message = format!(
        "The token lacks {which}. It is accepted otherwise, and a new one of the same kind would lack it too: add the scope to the private integration in the account's settings, or log in with it by `highlevel-mcp auth login --scope …`.{said}"
    );
    let error = Error::new(Code::Unauthorized, message);
    match scope {
        Some(scope) => error.with("scope", scope),
        None => error,
    }
}

/// The official API's 401 for a token that cannot be refreshed.
fn not_accepted(said: Option<String>) -> Error {
    let said = said.map_or_else(String::new, |said| format!(" ({said})"));
    let message = format!(
        "The API does not accept the token{said}. It was deleted or rotated: take the new one from the account's settings, and set it with GHL_TOKEN_ID or `highlevel-mcp auth set`. If it works elsewhere, it is another location's, or lacks a scope."
    );
    Error::new(Code::Unauthorized, message)
}

fn unauthorized(said: Option<String>) -> Error {
    let said = said.map_or_else(String::new, |said| format!(" ({said})"));
    let message = format!(
        "The API refuses the token although it was just refreshed{said}. Log in to GoHighLevel again, and set the new token with GHL_TOKEN_ID or `highlevel-mcp auth set` (with OAuth: `highlevel-mcp auth login`)."
    );
    Error::new(Code::Unauthorized, message)
}
