//! What one operation means for the account: page rules, merges, reconciliation, filters that the API lacks.

mod applied;
mod by_phone;
mod create;
mod custom;
mod filter;
mod insights;
mod journal;
mod merge;
pub mod mirror;
mod normal;
mod objects;
mod paging;
mod pin;
mod reach;
mod repeats;
mod rules;
mod scan;
mod settle;
mod shape;

pub use insights::{QueryResult, Question, draw, picture};
pub use journal::Agreed;
pub use mirror::{MirrorPlace, Progress, Wait, Watcher};
pub use pin::Location;

use crate::{
    answer,
    api::{Backend, custom_fields_as_map},
};
use applied::Checked;
use highlevel_catalog::{
    Effect, Entry, Invocation, Operation, Shape, campaigns::GetCampaign, contacts::ListContacts,
    opportunities::ListOpportunities, pages::UpdatePage,
};
use highlevel_core::context::CallContext;
use highlevel_core::error::Result;
use highlevel_store::{Journal, WriteTurn};
use serde_json::Value;
use settle::Written;
use std::{path::PathBuf, sync::Arc};

/// The settings that decide what an operation may mean.
#[derive(Debug, Clone, Default)]
pub struct AccountRules {
    /// The one location that may be touched (`--location-id`).
    pub location_id: Option<String>,
    /// Whether webhooks may point to private hosts (`--allow-private-webhooks`).
    pub allow_private_webhooks: bool,
    /// What the journal calls this account.
    pub name: String,
    /// Whether the object is read before each update, so that the journal has it (`--journal-before`).
    pub read_before: bool,
    /// Where the mirror lies.
    pub mirror: MirrorPlace,
    /// The program whose processes answer questions; without it they are answered in this one.
    pub program: Option<PathBuf>,
    /// How many percent of the quota its background reading may use (`--bulk-share`).
    pub bulk_share: u32,
    /// The tables that no question may read, each with the tool that is hidden by the settings.
    pub hidden_tables: Vec<(&'static str, &'static str)>,
    /// About the most bytes of one answer (`--max-answer`).
    pub max_answer: usize,
}

/// What is known of a write when it may go on: how it was agreed to, and the object as that read it.
#[derive(Debug, Default)]
pub struct Admitted {
    /// How it was agreed to.
    pub agreed: Agreed,
    /// The object as it was read for the question, just now.
    pub object: Option<Value>,
}

/// The account behind a credential.
#[derive(Debug)]
pub struct Account {
    backend: Backend,
    rules: AccountRules,
    pin: Arc<pin::Pin>,
    mirroring: Arc<mirror::Mirroring>,
    recorder: journal::Recorder,
    creates: create::Creates,
    repeats: repeats::Repeats,
}

impl Account {
    /// The account that `backend` reaches. Its writes are recorded in `journal`, if there is one.
    pub fn new(backend: Backend, rules: AccountRules, journal: Option<Arc<Journal>>) -> Self {
        let recorder = journal::Recorder::new(journal, &rules);
        let pin = Arc::new(pin::Pin::new(rules.location_id.clone()));
        let mirroring = mirror::Mirroring::new(backend.clone(), Arc::clone(&pin), &rules);
        Self {
            backend,
            pin,
            mirroring,
            rules,
            recorder,
            creates: create::Creates::default(),
            repeats: repeats::Repeats::default(),
        }
    }

    /// Whether the account's API has the operation.
    pub fn has(&self, entry: &Entry) -> bool {
        self.backend.has(entry)
    }

    /// Runs one operation, with everything that it means. A write is in the journal before it is sent.
    ///
    /// # Errors
    /// A stable code and what to do; `outcome_unknown` where nobody can say whether a write took effect; `internal` for a
    /// write that the journal does not take.
    pub async fn run(&self, invocation: &Invocation, admitted: Admitted, context: &CallContext) -> Result<Value> {
        if invocation.entry.is_local {
            // The mirror holds only what the pin let through.
            return self.insight(invocation, context).await;
        }
        rules::check_arguments(&self.rules, invocation)?;
        self.backend.check(invocation)?;
        self.pin.allow(invocation)?;
        if invocation.entry.effect == Effect::Read {
            self.pin.check_read(&self.backend, context).await?;
        } else {
            self.pin.check(&self.backend, context).await?;
        }
        let invocation = &self.backend.understand(invocation, context).await?;
        let done = self.carry_out(invocation, admitted, context).await;
        noted(done, &context.take_notes())
    }

    async fn carry_out(&self, invocation: &Invocation, admitted: Admitted, context: &CallContext) -> Result<Value> {
        let _turn = self.turn(invocation, context).await?;
        let mut done = if invocation.entry.effect == Effect::Read {
            self.read(invocation, context).await.map(Checked::plain)
        } else {
            self.write(invocation, admitted, context).await
        };
        if let Ok(checked) = &mut done {
            custom_fields_as_map(&mut checked.value);
            self.keep_out_others(invocation, &mut checked.value)?;
        }
        self.mirroring.note(invocation, done.as_ref().map(|checked| &checked.value)).await;
        let mut answer = done?.into_answer();
        let is_list = invocation.entry.shape == Shape::Many;
        let repeats = is_list && self.repeats.has(&self.backend, invocation, &answer, context).await;
        shape::shape(invocation, &mut answer, repeats);
        Ok(answer)
    }

    /// Waits for the turn of a write to one object, in all processes: a repetition must not overwrite what a later call
    /// wrote, and what is merged with has to stand until then.
    async fn turn(&self, invocation: &Invocation, context: &CallContext) -> Result<Option<WriteTurn>> {
        match (&invocation.id, invocation.entry.effect) {
            (Some(id), Effect::Update | Effect::Publish | Effect::Delete) => {
                let key = format!("{:?} {id}", invocation.entry.toolset);
                self.backend.in_turn(&key, context).await.map(Some)
            }
            _ => Ok(None),
        }
    }

    async fn read(&self, invocation: &Invocation, context: &CallContext) -> Result<Value> {
        match invocation.entry.name {
            GetCampaign::NAME => rules::same_id(invocation, self.plain(invocation, context).await?),
            ListContacts::NAME | ListOpportunities::NAME => match invocation.text("phone") {
                Some(phone) if !self.backend.filters(invocation.entry, "phone", phone) => {
                    self.by_phone(invocation, phone, context).await
                }
                _ => self.filtered(invocation, context).await,
            },
            _ => self.plain(invocation, context).await,
        }
    }

    /// A list, filtered here as far as the API cannot.
    async fn filtered(&self, list: &Invocation, context: &CallContext) -> Result<Value> {
        match filter::beyond_the_api(&self.backend, list) {
            Some(filter) => filter.list(&self.backend, list, context).await,
            None => self.plain(list, context).await,
        }
    }

    async fn write(&self, invocation: &Invocation, admitted: Admitted, context: &CallContext) -> Result<Checked> {
        let Admitted { agreed, object } = admitted;
        let creation = match invocation.entry.effect {
            Effect::Create | Effect::Send | Effect::Access => {
                Some(create::Creation::in_turn(&self.backend, invocation, context).await?)
            }
            _ => None,
        };
        let before = match object {
            // What a change is merged into is read now: a person may have taken their time.
            Some(object) if !merge::needs_object(&self.backend, invocation) => Some(object),
            _ => self.before(invocation, context).await?,
        };
        let sent = match &before {
            Some(object) if merge::needs_object(&self.backend, invocation) => {
                merge::whole(&self.backend, invocation, object)?
            }
            _ => invocation.clone(),
        };
        let changes = |argument: &String| argument != invocation.entry.id_argument();
        if invocation.entry.effect == Effect::Update
            && !sent.arguments.keys().any(changes)
            && let Some(object) = before
        {
            return Ok(Checked::unchanged(object));
        }
        let attempt = self.recorder.begin(&self.backend, invocation, before.as_ref(), agreed, context).await?;
        let done = match (invocation.entry.effect, &creation) {
            (_, Some(creation)) => {
                creation.run(&self.creates, &self.backend, &sent, context).await.map(Written::answered)
            }
            (Effect::Update, None) => settle::update(&self.backend, &sent, before.as_ref(), context).await,
            (Effect::Publish, None) => settle::publish(&self.backend, &sent, context).await,
            (Effect::Delete, None) => settle::delete(&self.backend, &sent, context).await,
            (Effect::Read | Effect::Create | Effect::Send | Effect::Access, None) => {
                self.plain(&sent, context).await.map(Written::answered)
            }
        };
        let checked = match done {
            Ok(written) => applied::check(&self.backend, &sent, written, context).await,
            Err(error) => Err(error),
        };
        if let Some(attempt) = attempt {
            attempt.finish(&self.backend, invocation, &checked).await;
        }
        checked
    }

    /// The object before its update, where a rule, a merge or the journal needs it.
    async fn before(&self, invocation: &Invocation, context: &CallContext) -> Result<Option<Value>> {
        let updates = invocation.entry.effect == Effect::Update;
        let needed = invocation.entry.name == UpdatePage::NAME || merge::needs_object(&self.backend, invocation);
        // Under a pin the object tells whose it is before anything is sent.
        let wanted = updates && (self.recorder.wants_before() || self.pin.is_set());
        if !needed && !wanted {
            return Ok(None);
        }
        let Some(object) = objects::read(&self.backend, invocation, context).await? else { return Ok(None) };
        self.pin.hold(&object)?;
        rules::check_state(invocation, &object)?;
        Ok(Some(object))
    }

    /// The object that an invocation would change, as it is now, once the account's rules allow the change. `None` for an
    /// operation that changes no existing object.
    ///
    /// # Errors
    /// `not_found`, or `conflict` with the rule that stands against it.
    pub async fn current(&self, invocation: &Invocation, context: &CallContext) -> Result<Option<Value>> {
        rules::check_arguments(&self.rules, invocation)?;
        self.backend.check(invocation)?;
        self.pin.allow(invocation)?;
        self.pin.check(&self.backend, context).await?;
        let Some(object) = objects::read(&self.backend, invocation, context).await? else { return Ok(None) };
        self.pin.hold(&object)?;
        rules::check_state(invocation, &object)?;
        Ok(Some(object))
    }

    /// What the account is called among everything that this machine keeps.
    ///
    /// # Errors
    /// `unauthorized` without a credential; `internal` when the state directory cannot be used.
    pub async fn identity(&self) -> Result<String> {
        self.backend.account().await
    }

    /// The location that a change would happen in, for a person to see.
    pub async fn location(&self, context: &CallContext) -> Location {
        self.pin.location(&self.backend, context).await
    }

    /// Holds an answer to the pinned location: a list loses the objects of others, one object of another is refused.
    fn keep_out_others(&self, invocation: &Invocation, value: &mut Value) -> Result<()> {
        if invocation.entry.effect != Effect::Read {
            // What was written was read before, or is new.
            return Ok(());
        }
        match value.get_mut("data").and_then(Value::as_array_mut) {
            Some(items) if invocation.entry.shape == Shape::Many => {
                let others = self.pin.sift(items);
                if let (Some(members), true) = (value.as_object_mut(), others > 0) {
                    answer::remark(members, &format!("{others} objects of other locations are left out."));
                }
                Ok(())
            }
            _ => self.pin.hold(value),
        }
    }

    /// One operation as the API runs it.
    async fn plain(&self, invocation: &Invocation, context: &CallContext) -> Result<Value> {
        self.backend.run(invocation, context).await.map(|done| done.value).map_err(|failed| failed.error)
    }
}

/// The answer, or the failure, with what was noted on the way.
fn noted(done: Result<Value>, notes: &[String]) -> Result<Value> {
    if notes.is_empty() {
        return done;
    }
    let notes = notes.join(" ");
    match done {
        Ok(Value::Object(mut answer)) => {
            let said = answer.get("note").and_then(Value::as_str).map(|note| format!("{note} {notes}"));
            answer.insert("note".to_owned(), said.unwrap_or(notes).into());
            Ok(answer.into())
        }
        Err(mut error) => {
            error.message = format!("{} {notes}", error.message);
            Err(error)
        }
        other => other,
    }
}
