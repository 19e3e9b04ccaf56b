//! What one operation means for the account: page rules, merges, reconciliation, filters that the API lacks.

mod create;
mod filter;
mod merge;
mod objects;
mod pin;
mod publish;
mod rules;
mod scan;
mod shape;

use crate::{
    backend::Backend,
    client::SendError,
    context::CallContext,
    crm::{
        Effect, Entry, Invocation, Operation,
        campaigns::GetCampaign,
        contacts::{ListContacts, UpdateContact},
        opportunities::ListOpportunities,
        pages::UpdatePage,
    },
    error::{Code, Error, Result},
};
use serde_json::Value;

/// The settings that decide what an operation may mean.
#[derive(Debug, Clone, Default)]
pub struct AccountRules {
    /// The one location that may be touched (`--location-id`).
    pub location_id: Option<String>,
    /// Whether webhooks may point to private hosts (`--allow-private-webhooks`).
    pub allow_private_webhooks: bool,
}

/// The account behind a credential.
#[derive(Debug)]
pub struct Account {
    backend: Backend,
    rules: AccountRules,
    pin: pin::Pin,
}

impl Account {
    /// The account that `backend` reaches.
    pub fn new(backend: Backend, rules: AccountRules) -> Self {
        Self { backend, pin: pin::Pin::new(rules.location_id.clone()), rules }
    }

    /// Whether the account's API has the operation.
    pub fn has(&self, entry: &Entry) -> bool {
        self.backend.has(entry)
    }

    /// Runs one operation, with everything that it means.
    ///
    /// # Errors
    /// A stable code and what to do; `outcome_unknown` where nobody can say whether a write took effect.
    pub async fn run(&self, invocation: &Invocation, context: &CallContext) -> Result<Value> {
        rules::check_arguments(&self.rules, invocation)?;
        self.pin.check(&self.backend, context).await?;
        let mut value = match (invocation.entry.name, invocation.entry.effect) {
            (UpdateContact::NAME, _) => {
                let merged = merge::nested_fields(&self.backend, invocation, context).await?;
                self.plain(&merged, context).await?
            }
            (UpdatePage::NAME, _) => {
                self.current(invocation, context).await?;
                self.plain(invocation, context).await?
            }
            (GetCampaign::NAME, _) => rules::same_id(invocation, self.plain(invocation, context).await?)?,
            (ListContacts::NAME | ListOpportunities::NAME, _) => match filter::beyond_the_api(invocation) {
                Some(filter) => filter.list(&self.backend, invocation, context).await?,
                None => self.plain(invocation, context).await?,
            },
            (_, Effect::Create) => create::once(&self.backend, invocation, context).await?,
            (_, Effect::Publish) => publish::run(&self.backend, invocation, context).await?,
            _ => self.plain(invocation, context).await?,
        };
        shape::shape(invocation, &mut value);
        Ok(value)
    }

    /// The object that an invocation would change, as it is now, once the account's rules allow the change. `None` for an
    /// operation that changes no existing object.
    ///
    /// # Errors
    /// `not_found`, or `conflict` with the rule that stands against it.
    pub async fn current(&self, invocation: &Invocation, context: &CallContext) -> Result<Option<Value>> {
        rules::check_arguments(&self.rules, invocation)?;
        self.pin.check(&self.backend, context).await?;
        let Some(object) = objects::read(&self.backend, invocation, context).await? else { return Ok(None) };
        rules::check_state(invocation, &object)?;
        Ok(Some(object))
    }

    /// One operation as the API runs it.
    async fn plain(&self, invocation: &Invocation, context: &CallContext) -> Result<Value> {
        self.backend.run(invocation, context).await.map(|done| done.value).map_err(|failed| told(invocation, failed))
    }
}

/// The failure as the caller should hear it: a write that may have happened is not called failed.
fn told(invocation: &Invocation, failed: SendError) -> Error {
    use crate::client::Fate;
    match (invocation.entry.effect, failed.fate) {
        (Effect::Read, _) | (_, Fate::NotExecuted) => failed.error,
        (effect, fate) => {
            let doing = match effect {
                Effect::Delete => "deleted",
                Effect::Update => "updated",
                _ => "written",
            };
            let why = if fate == Fate::AnsweredFailure { "the API kept failing" } else { "no answer could be read" };
            let id = invocation.id.as_ref().map_or("", |id| id.as_str());
            Error::new(
                Code::OutcomeUnknown,
                format!(
                    "It is not known whether {id} was {doing}: {why} ({}). Read it, then decide.",
                    failed.error.message
                ),
            )
        }
    }
}
