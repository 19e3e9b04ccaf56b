//! One form to OAuth, posted until it is answered.

use super::{Auth, renewal::LOCK};
use crate::{
    Body, Fate, Repeat,
    attempt::{Outcome, Reading},
    message::api_message,
    retry::Plan,
    urls::Outgoing,
};
use chrono::{DateTime, Utc};
use highlevel_core::context::CallContext;
use highlevel_core::error::{Code, Error};
use http::StatusCode;
use secrecy::SecretString;
use serde_json::Value;

/// Why a request to OAuth gave nothing.
pub(super) struct Fault {
    pub(super) error: Error,
    /// The server refuses it with this, and would again.
    pub(super) refused: Option<StatusCode>,
    pub(super) lasting: bool,
    /// A request went out whose answer nobody has read.
    pub(super) doubt: Option<DateTime<Utc>>,
}

impl Auth {
    /// Posts a form until it is answered, with the answer's body and when its request went out by the server's clock.
    /// `written`: the intention is on the disk before each request, or there is none.
    pub(super) async fn post(
        &self,
        out: &Outgoing,
        token: Option<&SecretString>,
        repeat: Repeat,
        written: bool,
        context: &CallContext,
    ) -> Result<(Value, DateTime<Utc>), Fault> {
        let ticket = self.wire.budget.front_ticket();
        let (mut plan, mut doubt) = (Plan::new(repeat), None);
        loop {
            let fault = |error, lasting| Fault { error, refused: None, lasting, doubt };
            let permit = self.wire.budget.acquire(ticket, context).await.map_err(|error| fault(error, false))?;
            if written {
                let intended = self.store.intend_renewal(&self.member, LOCK).await;
                if !intended.as_ref().is_ok_and(|is_ours| *is_ours) {
                    permit.unused();
                    let lost = || Error::new(Code::Internal, "Another process took the renewal of the login over.");
                    return Err(fault(intended.err().unwrap_or_else(lost), false));
                }
            }
            let (sent_at, outcome) = self.wire.attempt(out, Reading::Raw, token, permit, context).await;
            match outcome {
                Outcome::Answer(status, Body::Json(answer)) if status.is_success() => {
                    return Ok((answer, self.wire.clock.guess(sent_at)));
                }
                Outcome::Answer(status, _) if status.is_success() => {
                    let error = Error::new(Code::UpstreamError, "The API's answer to OAuth cannot be read.");
                    return Err(Fault { error, refused: None, lasting: false, doubt: doubt.or(Some(sent_at.wall)) });
                }
                Outcome::Answer(status, body) => return Err(refused(status, api_message(&body), doubt)),
                Outcome::Unauthorized(said) => return Err(refused(StatusCode::UNAUTHORIZED, said, doubt)),
                Outcome::Limited => {}
                Outcome::Failed(failure) => {
                    if failure.fate != Fate::NotExecuted {
                        doubt = doubt.or(Some(sent_at.wall));
                    }
                    match plan.next(&failure, context.deadline) {
                        Some(wait) => tokio::time::sleep(wait).await,
                        None => {
                            return Err(Fault {
                                lasting: !failure.passing,
                                error: failure.error,
                                refused: None,
                                doubt,
                            });
                        }
                    }
                }
            }
        }
    }
}

fn refused(status: StatusCode, said: Option<String>, doubt: Option<DateTime<Utc>>) -> Fault {
    let said = said.map_or_else(String::new, |said| format!(": {said}"));
    let error = Error::new(Code::Unauthorized, format!("OAuth was refused with {status}{said}."));
    Fault { error, refused: Some(status), lasting: true, doubt }
}
