//! One row of a job: the call that it is, and what became of it.

use super::{
    super::Account,
    undo::{self, RowRest},
};
use crate::{
    guard::Agreement,
    service::{LaterLook, changed_error},
};
use highlevel_catalog::{Answer, Effect, Invocation, OperationSpec, operations::RunOperation};
use highlevel_core::{
    context::CallContext,
    error::{Code, Error, Result},
};
use highlevel_operations as operations;
use highlevel_store::{JobRow, RowOutcome, RowState};
use serde_json::{Map, Value};

/// What became of a row that was worked.
#[derive(Debug)]
pub(super) enum RowEnd {
    /// It has come to this.
    Settled(RowState, RowOutcome),
    /// It was not sent, for a reason that may pass.
    NotSent(Error),
}

/// What a look at the account shows of a row that may have been sent.
#[derive(Debug)]
pub(super) enum RowLook {
    /// It took effect.
    Done(RowOutcome),
    /// Its effect does not show, or not clearly, and why. It may later.
    NotShown(Option<String>),
    /// No look can tell.
    CannotTell,
}

impl Account {
    /// The call that a row stands for, checked as every call is.
    ///
    /// # Errors
    /// `policy_denied` for what may not run; `invalid_arguments` for what is no write, and naming the argument.
    pub(super) async fn row_call(
        &self,
        tool: &str,
        mut arguments: Map<String, Value>,
        context: &CallContext,
    ) -> Result<Invocation> {
        let spec = self.row_spec(tool)?;
        let own = match &self.location {
            Some(pinned) => Some(pinned.clone()),
            None if highlevel_catalog::names_location(spec, &arguments) => self.service.location(context).await.id,
            None => None,
        };
        highlevel_catalog::drop_location(spec, &mut arguments, own.as_deref())?;
        spec.parse(arguments)
    }

    /// As [`Account::row_call`], with the names in it checked, too: for a plan.
    ///
    /// # Errors
    /// Those of `row_call`; `invalid_arguments` for a name that the account does not have.
    pub(super) async fn checked_row_call(
        &self,
        tool: &str,
        arguments: Map<String, Value>,
        context: &CallContext,
    ) -> Result<Invocation> {
        let call = self.row_call(tool, arguments, context).await?;
        self.service.check_names(&call, context).await?;
        Ok(call)
    }

    /// The operation of a row's call: a tool, or an operation of the catalogue.
    ///
    /// # Errors
    /// `policy_denied` for what may not run; `invalid_arguments` for `operation` for what is no write.
    pub(super) fn row_spec(&self, tool: &str) -> Result<&'static OperationSpec> {
        let spec = match self.catalog.find(tool) {
            Some(spec) => {
                self.guard.policy().allow(spec)?;
                spec
            }
            None => {
                let operation = operations::find(tool).map_err(|error| self.no_such_operation(tool, error))?;
                // What cannot be run alone is not run in bulk.
                self.guard.policy().allow(self.catalog.get::<RunOperation>()?)?;
                let spec = operation.spec()?;
                let twin = crate::api::typed_tool(operation.method, operation.path);
                self.guard.policy().allow_operation(spec, twin)?;
                spec
            }
        };
        let changes = spec.effect != Effect::Read && !spec.is_about_jobs() && !spec.runs_any_operation();
        if changes && (spec.passthrough.is_some() || self.has(spec)) {
            return Ok(spec);
        }
        let message =
            format!("`operation`: {tool} changes nothing by itself. Name one that creates or changes objects.");
        Err(Error::invalid("operation", message))
    }

    /// The error for a name that is no tool, and no operation where there are any.
    fn no_such_operation(&self, tool: &str, error: Error) -> Error {
        let names = self.catalog.names();
        let hint = highlevel_core::suggest::did_you_mean(tool, names);
        match tool.contains('.') && self.catalog.get::<RunOperation>().is_ok() {
            true => Error { field: Some("operation".to_owned()), ..error },
            false => Error::invalid("operation", format!("`operation`: there is no tool {tool}.{hint}")),
        }
    }

    /// Runs a row. The journal names it as this job's.
    pub(super) async fn run_row(&self, row: &JobRow, agreed: Agreement, context: &CallContext) -> RowEnd {
        match self.write_row(row, agreed, context).await {
            Ok(outcome) => RowEnd::Settled(RowState::Done, outcome),
            Err(error) if error.code == Code::NotFound && undo::deletes(row) => {
                // It may have gone with another object, as a deal goes with its contact.
                RowEnd::Settled(RowState::Done, undo::nothing_needed("It was gone already."))
            }
            Err(error) => self.failed_row(error),
        }
    }

    async fn write_row(&self, row: &JobRow, agreed: Agreement, context: &CallContext) -> Result<RowOutcome> {
        let invocation = self.row_call(&row.tool, row.arguments.clone(), context).await?;
        let mut prepared = self.service.prepare(invocation, row.before.is_some(), context).await?;
        let mut changed = Vec::new();
        if let (Some(before), Some(object)) = (&row.before, &prepared.object) {
            changed = self.service.changed_since(before, object);
        }
        if !changed.is_empty() {
            // What a plan of other calls saw must all be as it was; an undo puts back what nobody else touched.
            prepared.invocation = match undo::rest(row, &changed) {
                RowRest::Nothing => return Err(changed_error(&changed)),
                RowRest::AsBefore => return Ok(undo::nothing_needed("It is as before already.")),
                RowRest::Arguments(rest) => self.row_call(&row.tool, rest, context).await?,
            };
        }
        let answer = self.service.run(prepared, agreed, context).await?;
        Ok(undo::with_left(row, &changed, outcome_of(answer)))
    }

    /// What the error of a row means for it.
    fn failed_row(&self, error: Error) -> RowEnd {
        let message = self.client.scrub(&error.message).into_owned();
        let outcome = RowOutcome {
            object: None,
            code: Some(error.code.as_str().to_owned()),
            message: Some(message),
            differences: error.details.get("changed").cloned(),
        };
        match error.code {
            Code::Conflict if error.details.contains_key("changed") => RowEnd::Settled(RowState::Changed, outcome),
            Code::OutcomeUnknown => RowEnd::Settled(RowState::Unknown, outcome),
            Code::RateLimited
            | Code::UpstreamUnreachable
            | Code::Timeout
            | Code::Cancelled
            | Code::Unauthorized
            | Code::PolicyDenied
            | Code::Internal => RowEnd::NotSent(error),
            _ => RowEnd::Settled(RowState::Failed, outcome),
        }
    }

    /// Looks once more for what became of a row that may have been sent. `before` is its object before that, if the journal
    /// has it.
    pub(super) async fn look_at_row(
        &self,
        row: &JobRow,
        before: Option<&Value>,
        context: &CallContext,
    ) -> Result<RowLook> {
        let Some(sent_at) = row.sent_at else { return Ok(RowLook::CannotTell) };
        let invocation = self.row_call(&row.tool, row.arguments.clone(), context).await?;
        match self.service.look_later(&invocation, before, sent_at, context).await? {
            LaterLook::Done(object) => Ok(RowLook::Done(outcome_of(Answer::Object(object)))),
            LaterLook::NotShown(why) => Ok(RowLook::NotShown(why)),
            LaterLook::CannotTell => Ok(RowLook::CannotTell),
        }
    }
}

/// What the answer to a row's call says of its object.
fn outcome_of(answer: Answer) -> RowOutcome {
    let value = answer.into_json();
    let text = |name: &str| value.get(name).and_then(Value::as_str).map(str::to_owned);
    RowOutcome {
        object: text("id").or_else(|| id_within(&value)),
        code: None,
        message: text("note"),
        differences: value.get("notApplied").cloned(),
    }
}

/// The id of the one object in an answer in the API's own form, such as `{"contact": {"id": …}}`.
fn id_within(value: &Value) -> Option<String> {
    let mut ids = value.as_object()?.values().filter_map(|member| {
        let id = member.get("id").or_else(|| member.get("_id"))?;
        id.as_str().map(str::to_owned)
    });
    ids.next().filter(|_| ids.next().is_none())
}
