//! Operations that read.

use super::{AccountService, filter, present, rules};
use crate::api::custom_fields;
use highlevel_catalog::{Answer, Invocation, ListAnswer};
use highlevel_core::{context::CallContext, error::Result};
use serde_json::Value;

impl AccountService {
    /// Runs a read and prepares its answer for the caller.
    pub(super) async fn answer_read(&self, invocation: &Invocation, context: &CallContext) -> Result<Answer> {
        let mut read = self.read(invocation, context).await;
        if let Ok(answer) = &mut read {
            if invocation.spec.passthrough.is_some() {
                self.check_answered_location(invocation, answer, context).await?;
            } else {
                custom_fields::as_map(answer);
            }
            self.remove_foreign(answer)?;
        }
        let object = read.as_ref().map(|answer| answer.as_object().unwrap_or(&Value::Null));
        self.mirroring.note(invocation, object, context).await;
        let mut answer = read?;
        let is_repeated = match &answer {
            Answer::List(list) => self.repeated_pages.is_repeated(&self.api, invocation, list, context).await,
            Answer::Object(_) => false,
        };
        present::present(invocation, &mut answer, is_repeated);
        Ok(answer)
    }

    async fn read(&self, invocation: &Invocation, context: &CallContext) -> Result<Answer> {
        if !invocation.spec.is_list() {
            let answer = self.run_on_api(invocation, context).await?;
            return rules::same_id(invocation, answer);
        }
        match invocation.arguments.text("phone") {
            Some(phone) if invocation.spec.compares_text("phone") => {
                self.by_phone(invocation, phone, context).await.map(Answer::List)
            }
            _ => self.filtered(invocation, context).await.map(Answer::List),
        }
    }

    /// A list. Filters that the API lacks are applied here.
    pub(super) async fn filtered(&self, list: &Invocation, context: &CallContext) -> Result<ListAnswer> {
        match filter::beyond_the_api(list) {
            Some(filter) => filter.list(&self.api, list, context).await,
            None => match self.run_on_api(list, context).await? {
                Answer::List(answer) => Ok(answer),
                Answer::Object(_) => Ok(ListAnswer::default()),
            },
        }
    }

    /// Holds an answer to the pinned location: a list loses the objects of other locations, and a single object of
    /// another location is refused.
    fn remove_foreign(&self, answer: &mut Answer) -> Result<()> {
        match answer {
            Answer::List(list) => {
                let others = self.pin.remove_foreign(&mut list.items);
                if others > 0 {
                    list.notes.push(format!("{others} objects of other locations are left out."));
                }
                Ok(())
            }
            Answer::Object(object) => self.pin.check_object(object),
        }
    }

    /// Runs one operation on the API as it is.
    async fn run_on_api(&self, invocation: &Invocation, context: &CallContext) -> Result<Answer> {
        self.api.run(invocation, context).await.map(|done| done.answer).map_err(|failed| failed.error)
    }
}
