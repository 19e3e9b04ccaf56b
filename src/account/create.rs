//! Creating: never sent twice blindly. When an answer leaves a doubt, the account is asked whether it happened.

mod identity;
mod lookup;
mod same;

use crate::{
    backend::Backend,
    client::{Fate, SendError},
    context::CallContext,
    crm::Invocation,
    error::{Code, Error, Result},
    store::WriteTurn,
};
use identity::Identity;
use lookup::Found;
use serde_json::Value;

/// Waits for the calls that create the same object, in all processes of the state directory.
///
/// # Errors
/// When the call ends before its turn comes: nothing was sent.
pub(super) async fn turn(backend: &Backend, create: &Invocation, context: &CallContext) -> Result<Option<WriteTurn>> {
    match Identity::of(create) {
        Some(identity) => backend.in_turn(&identity.key(create), context).await.map(Some),
        None => Ok(None),
    }
}

/// Creates the object once, or says what is known.
///
/// # Errors
/// The API's refusal; `upstream_error` when it surely was not created; `outcome_unknown` with what to check.
pub(super) async fn once(backend: &Backend, create: &Invocation, context: &CallContext) -> Result<Value> {
    let (mut first_sent_at, mut sent_again) = (None, false);
    loop {
        let failed = match backend.run(create, context).await {
            Ok(done) => return Ok(done.value),
            Err(failed) => failed,
        };
        let SendError { error, fate, sent_at } = failed;
        first_sent_at = first_sent_at.or(sent_at);
        let Some(sent_at) = first_sent_at else { return Err(error) };
        // With an earlier attempt answered by a failure and no trace of it, this attempt alone decides.
        if fate == Fate::NotExecuted {
            return Err(error);
        }
        context.report("no clear answer: looking whether it was created");
        match lookup::created_since(backend, create, sent_at, context).await {
            Ok(Found::One(object)) => return Ok(object),
            // The API is done with the request and a complete look-up shows no trace: it surely was not created.
            Ok(Found::None) if fate == Fate::Refused => return Err(error),
            Ok(Found::None) if fate == Fate::AnsweredFailure && sent_again => return Err(error),
            Ok(Found::None) if fate == Fate::AnsweredFailure => sent_again = true,
            Ok(Found::None) => return Err(unknown(create, "it may still land", &[])),
            Ok(Found::Unclear(candidates)) => return Err(unknown(create, "several objects could be it", &candidates)),
            Err(reason) => return Err(unknown(create, &reason, &[])),
        }
    }
}

fn unknown(create: &Invocation, reason: &str, candidates: &[String]) -> Error {
    let (list, by) = lookup::how(create);
    let mut error = Error::new(
        Code::OutcomeUnknown,
        format!(
            "It is not known whether {} took effect: {reason}. Do not repeat it; check with {list} for {by} first.",
            create.entry.name
        ),
    )
    .with("check", list);
    if !candidates.is_empty() {
        error = error.with("candidates", candidates.to_vec());
    }
    error
}
