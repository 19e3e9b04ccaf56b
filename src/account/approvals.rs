//! What a person decides about this account's calls, on the approval page or in a terminal of their own.

use super::Account;
use crate::guard::{Preview, is_about_object};
use highlevel_catalog::{
    OperationSpec,
    bulk::{GetBulk, RunBulk},
};
use highlevel_core::{
    context::CallContext,
    error::{Code, Error, Result},
};
use highlevel_operations as operations;
use highlevel_store::{Approval, NewApproval};

/// What became of a person's yes.
#[derive(Debug)]
pub enum Decided {
    /// It is recorded.
    Agreed,
    /// The object is another than the one that they saw. The request shows the object as it is now.
    Changed,
    /// Somebody has decided already.
    Already,
}

impl Account {
    /// The account's name in the state directory.
    ///
    /// # Errors
    /// `unauthorized` without a credential; `internal` when the state directory cannot be used.
    pub async fn identity(&self) -> Result<String> {
        self.service.identity().await
    }

    /// Whether the person of a call can be asked on the approval page: `Some(true)` if there alone.
    pub fn asks_on_page(&self) -> Option<bool> {
        self.guard.asks_on_page()
    }

    /// Records that a person agrees to a request, if its object is still what they saw, whose hash is `seen`.
    ///
    /// # Errors
    /// Those of reading the object. `policy_denied` where the settings forbid the call by now.
    pub async fn agree_on_page(
        &self,
        request: &Approval,
        id: &str,
        seen: &str,
        person: &str,
        note: Option<&str>,
    ) -> Result<Decided> {
        let now = self.preview_again(&request.asked).await?;
        let found = self.guard.agree_on_page(id, seen, now.as_ref(), person, note).await?;
        let is_own = found.person.as_deref() == Some(person) && found.note.as_deref() == note;
        Ok(match found {
            Approval { declined_at: Some(_), .. } => Decided::Already,
            Approval { approved_at: Some(_), .. } if is_own => Decided::Agreed,
            Approval { approved_at: Some(_), .. } | Approval { spent_at: Some(_), .. } => Decided::Already,
            _ => Decided::Changed,
        })
    }

    /// What the preview of a call that a person was asked about would show now. `None` for a call without an object, or of
    /// an older version.
    ///
    /// # Errors
    /// Those of reading the object. `policy_denied` where the settings forbid the call by now.
    pub async fn preview_again(&self, asked: &NewApproval) -> Result<Option<Preview>> {
        let spec = self.spec_again(&asked.tool)?;
        let Some(call) = asked.call.as_ref().filter(|_| is_about_object(asked)) else { return Ok(None) };
        let context = CallContext::new(self.timeout);
        let arguments = call.arguments.as_object().cloned().unwrap_or_default();
        let invocation = spec.parse(arguments).map_err(|error| {
            let message = format!("The object cannot be read again, because its call held a secret. {}", error.message);
            Error::new(Code::ConfirmationInvalid, message)
        })?;
        let subject = if let Some(run) = invocation.read_as::<RunBulk>() {
            let job = self.own_job("plan", &run?.plan).await?;
            self.plan_subject(&job, &context).await?
        } else if let Some(retry) = invocation.read_as::<GetBulk>() {
            self.retry_subject(&retry?, &context).await?
        } else {
            let prepared = self.service.prepare(invocation.clone(), true, &context).await?;
            self.subject(&prepared, &context).await?
        };
        self.guard.preview_now(&invocation, subject).map(Some)
    }

    /// The tool or the operation of the catalogue with this name, if it may be called.
    fn spec_again(&self, tool: &str) -> Result<&'static OperationSpec> {
        if let Some(spec) = self.catalog.find(tool) {
            self.guard.policy().allow(spec)?;
            return Ok(spec);
        }
        let operation = operations::find(tool)?;
        let typed = crate::api::typed_tool(operation.method, operation.path);
        let spec = operation.spec()?;
        self.guard.policy().allow_operation(spec, typed)?;
        Ok(spec)
    }
}
