//! The way of one call: policy, arguments, confirmation, service, answer.

use super::{Account, export::Export};
use crate::{
    answer,
    guard::{Agreement, ApprovalTicket, Confirmation, Decision, Lift, Preview, Subject},
    service::{Location, Prepared, picture, report_progress},
};
use highlevel_catalog::{
    self as catalog, Api, CONFIRMATION_TOKEN, HIDDEN, Invocation, Operation, OperationSpec, export::ExportCrm,
    secrets::secret_texts,
};
use highlevel_core::{
    context::CallContext,
    error::{Code, Error, Result},
};
use serde_json::{Map, Value};
use std::borrow::Cow;

/// The argument that names a call's account, and the member of answers and errors that does.
pub const ACCOUNT: &str = "account";

/// Names the account of an answer, in its first member.
pub(super) fn name_account(answer: &mut Value, label: &str) {
    if let Some(members) = answer.as_object_mut() {
        members.shift_insert(0, ACCOUNT.to_owned(), label.into());
    }
}

/// What a call came to.
#[derive(Debug)]
pub enum Reply {
    /// It was done.
    Done(Answer),
    /// A person has to be asked through the answer itself.
    RequestInput(ApprovalTicket, Box<Preview>),
}

/// What a call that was done gives.
#[derive(Debug)]
pub struct Answer {
    /// The answer.
    pub value: Value,
    /// The same as compact JSON.
    pub text: String,
    /// A picture of it, a PNG.
    pub image: Option<Vec<u8>>,
}

impl Account {
    /// Runs one call of a tool: policy, arguments, confirmation, account.
    ///
    /// # Errors
    /// Whatever stands in the way, with a stable code and no secret in its words.
    pub async fn call(
        &self,
        spec: &'static OperationSpec,
        mut arguments: Map<String, Value>,
        confirmation: Confirmation<'_>,
        mut context: CallContext,
    ) -> Result<Reply> {
        let secrets = secrets(spec, &arguments);
        let run = self.checked_call(spec, &mut arguments, confirmation, &mut context);
        run.await.map_err(|mut error: Error| {
            error.message = self.client.scrub(&error.message).into_owned();
            for secret in secrets {
                error.message = error.message.replace(&secret, HIDDEN);
            }
            self.labelled(answer::finish_error(error, self.max_answer))
        })
    }

    /// The error with the account's name, where there are several.
    fn labelled(&self, error: Error) -> Error {
        match &self.label {
            Some(label) => error.with(ACCOUNT, label.as_str()),
            None => error,
        }
    }

    async fn checked_call(
        &self,
        spec: &'static OperationSpec,
        arguments: &mut Map<String, Value>,
        confirmation: Confirmation<'_>,
        context: &mut CallContext,
    ) -> Result<Reply> {
        let spec = self.catalog.find(&spec.name).unwrap_or(spec);
        let confirmation = self.take_token(spec, arguments, confirmation);
        self.guard.policy().allow(spec)?;
        let has = self.has(spec);
        if !has {
            return Err(self.nowhere(spec));
        }
        let own = match &self.location {
            Some(pinned) => Some(pinned.clone()),
            // The credential's location is read only where a call names one.
            None if highlevel_catalog::names_location(spec, arguments) => self.service.location(context).await.id,
            None => None,
        };
        highlevel_catalog::drop_location(spec, arguments, own.as_deref())?;
        if spec.runs_any_operation() {
            return self.run_operation(spec, std::mem::take(arguments), confirmation, context).await;
        }
        let invocation = spec.parse(std::mem::take(arguments))?;
        if let Some(asked) = invocation.read_as::<ExportCrm>() {
            let export = Export::of_call(asked?, &self.folders.write);
            let exported = Box::pin(self.export(export, context, &report_progress(context))).await?;
            return self.finished(&invocation, catalog::Answer::Object(exported.into_json().into())).await;
        }
        if spec.is_about_jobs() {
            return Box::pin(self.job_call(invocation, confirmation, context)).await;
        }
        self.run_checked(&invocation, confirmation, context).await.map_err(|error| with_advice(&invocation, error))
    }

    /// Takes the confirmation token out of the arguments, where the tool takes one.
    fn take_token<'a>(
        &self,
        spec: &OperationSpec,
        arguments: &mut Map<String, Value>,
        confirmation: Confirmation<'a>,
    ) -> Confirmation<'a> {
        match highlevel_catalog::take_token(arguments) {
            Some(Value::String(token)) if self.confirms(spec) => {
                self.guard.with_token(ApprovalTicket::from_text(token), confirmation)
            }
            Some(Value::Null) | None => confirmation,
            Some(other) => {
                // Left in place, so that the check of the arguments names it.
                arguments.insert(CONFIRMATION_TOKEN.to_owned(), other);
                confirmation
            }
        }
    }

    pub(super) async fn run_checked(
        &self,
        invocation: &Invocation,
        confirmation: Confirmation<'_>,
        context: &mut CallContext,
    ) -> Result<Reply> {
        let asks = self.guard.asks(invocation)?;
        let mut prepared = self.service.prepare(invocation.clone(), asks, context).await?;
        let lift = if asks { Some(self.lift(invocation, &confirmation, context).await?) } else { None };
        let (agreed, slot) = match lift {
            None => (Agreement::NotAsked, None),
            Some(Lift::Unconfirmed(slot)) => (Agreement::Unconfirmed, Some(slot)),
            Some(Lift::Ask(because)) => {
                let subject = self.subject(&prepared, context).await?;
                match self.guard.decide(invocation, subject, confirmation, because, context).await? {
                    Decision::Run(how) => (how, None),
                    Decision::RunIfUnchanged(how, shown) => {
                        prepared = self.service.prepare(invocation.clone(), true, context).await?;
                        let now = self.subject(&prepared, context).await?;
                        self.guard.check_unchanged(invocation, &shown, now)?;
                        (how, None)
                    }
                    Decision::RequestInput(ticket, preview) => return Ok(Reply::RequestInput(ticket, preview)),
                }
            }
        };
        let done = self.service.run(prepared, agreed, context).await;
        if let (Err(error), Some(slot)) = (&done, slot) {
            self.guard.after_failure(slot, error).await;
        }
        self.finished(invocation, done?).await
    }

    /// Whether a guarded call runs without a person.
    async fn lift(
        &self,
        invocation: &Invocation,
        confirmation: &Confirmation<'_>,
        context: &CallContext,
    ) -> Result<Lift> {
        if !self.guard.may_lift(invocation, confirmation) {
            return Ok(Lift::Ask(None));
        }
        // Two names of one contact are one recipient, so that it counts by its id.
        let resolved = self.service.api().resolve_names(invocation, context).await?;
        self.guard.lift(&resolved, self.service.identity().await?).await
    }

    /// The answer of a call that was done, as it leaves.
    async fn finished(&self, invocation: &Invocation, done: catalog::Answer) -> Result<Reply> {
        let mut value = answer::finish(invocation, done, self.max_answer);
        if let Some(label) = &self.label {
            name_account(&mut value, label);
        }
        let mut answer = self.clean(value)?;
        answer.image = picture(invocation, &answer.value).await?;
        Ok(Reply::Done(answer))
    }

    /// What the preview shows of a change beside its arguments.
    pub(super) async fn subject(&self, prepared: &Prepared, context: &CallContext) -> Result<Subject> {
        let Location { id: location_id, name: location_name } = self.service.location(context).await;
        let account = self.service.identity().await?;
        let label = self.label.clone();
        let object = prepared.object.clone();
        Ok(Subject { object, label, location_id, location_name, account, sentence: None })
    }

    /// The refusal of an operation that the API does not have.
    fn nowhere(&self, spec: &OperationSpec) -> Error {
        let other = match self.api() {
            Api::Session => Api::Official,
            Api::Official => Api::Session,
        };
        let message = format!(
            "{} is not available: {} has no such operation (--api {} does).",
            spec.name,
            self.api().title(),
            other.as_str()
        );
        Error::new(Code::PolicyDenied, message)
    }

    /// The answer and its text, without any credential that the API may have echoed.
    pub(super) fn clean(&self, value: Value) -> Result<Answer> {
        let text = serde_json::to_string(&value)
            .map_err(|fault| Error::new(Code::Internal, format!("The answer cannot be written: {fault}.")))?;
        let Cow::Owned(clean) = self.client.scrub(&text) else { return Ok(Answer { value, text, image: None }) };
        let value = serde_json::from_str(&clean)
            .map_err(|_| Error::new(Code::Internal, "The answer held a credential and was withheld."))?;
        Ok(Answer { value, text: clean, image: None })
    }

    /// Runs a typed operation that needs no confirmation.
    ///
    /// # Errors
    /// As [`Account::call`]; `confirmation_required` for an operation that a person has to agree to.
    pub async fn run<O: Operation>(&self, operation: &O) -> Result<O::Output> {
        let arguments = match serde_json::to_value(operation) {
            Ok(Value::Object(arguments)) => arguments,
            _ => Map::new(),
        };
        let context = CallContext::new(self.timeout);
        match self.call(self.catalog.get::<O>()?, arguments, Confirmation::None, context).await? {
            Reply::Done(answer) => serde_json::from_value(answer.value)
                .map_err(|error| Error::new(Code::UpstreamError, format!("The answer has another shape: {error}."))),
            Reply::RequestInput(..) => Err(Error::new(Code::ConfirmationRequired, "A person has to agree first.")),
        }
    }
}

/// The same failure, with the tool that finds the object where a name was given for its id.
fn with_advice(invocation: &Invocation, mut error: Error) -> Error {
    if error.code == Code::NotFound
        && let Some(advice) = invocation.id.as_ref().and_then(|id| highlevel_catalog::advice(invocation.spec, id))
    {
        error.message.push_str(&advice);
    }
    error
}

/// The texts of the secret arguments of a call that is not checked yet.
fn secrets(spec: &OperationSpec, arguments: &Map<String, Value>) -> Vec<String> {
    let texts = spec.sensitive.iter().filter_map(|name| arguments.get(name.as_ref())?.as_str());
    let nested = if spec.runs_any_operation() { secret_texts(arguments) } else { Vec::new() };
    texts.filter(|text| !text.is_empty()).chain(nested).map(str::to_owned).collect()
}
