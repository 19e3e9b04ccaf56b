//! What an operation means for an account: page rules, merges, reconciliation, filters that the API lacks.

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
pub use mirror::{MirrorPlace, Progress, Wait, Watcher};
pub use pin::Location;

use crate::{
    api::{Adapter, custom_fields},
    guard::Agreed,
};
use applied::Checked;
use highlevel_catalog::{Answer, Effect, Invocation};
use highlevel_core::{context::CallContext, error::Result};
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

/// A call whose rules hold, with the object as it was just read.
#[derive(Debug)]
pub struct Prepared {
    /// The call.
    pub invocation: Invocation,
    /// The object that it is about, where somebody has to see it.
    pub object: Option<Value>,
}

/// The operations of one account.
#[derive(Debug)]
pub struct AccountService {
    api: Adapter,
    rules: AccountRules,
    pin: Arc<pin::Pin>,
    mirroring: Arc<mirror::Mirroring>,
    recorder: journal::Recorder,
    creates: create::Creates,
    repeats: repeats::Repeats,
}

impl AccountService {
    /// The service of the account that `api` reaches. It records writes in `journal`, if there is one.
    pub fn new(api: Adapter, rules: AccountRules, journal: Option<Arc<Journal>>) -> Self {
        let recorder = journal::Recorder::new(journal, &rules);
        let pin = Arc::new(pin::Pin::new(rules.location_id.clone()));
        let mirroring = mirror::Mirroring::new(api.clone(), Arc::clone(&pin), &rules);
        Self {
            api,
            pin,
            mirroring,
            rules,
            recorder,
            creates: create::Creates::default(),
            repeats: repeats::Repeats::default(),
        }
    }

    /// The account's API.
    pub fn api(&self) -> &Adapter {
        &self.api
    }

    /// Checks a call against the account's rules, before anything is asked or sent. With `reads_object`, also reads the
    /// object that the call is about, for a person to see.
    ///
    /// # Errors
    /// `invalid_arguments` and `policy_denied` by the rules; `not_found`, or `conflict` with the rule that the object's
    /// state breaks.
    pub async fn prepare(&self, invocation: Invocation, reads_object: bool, context: &CallContext) -> Result<Prepared> {
        if invocation.spec.is_local() && !reads_object {
            // The mirror holds only what the pin let through.
            return Ok(Prepared { invocation, object: None });
        }
        rules::check_arguments(&self.rules, &invocation)?;
        self.api.check(&invocation)?;
        self.pin.allow(&invocation)?;
        if !reads_object && invocation.spec.effect == Effect::Read {
            self.pin.check_read(&self.api, context).await?;
        } else {
            self.pin.check(&self.api, context).await?;
        }
        let object = if reads_object { self.checked_object(&invocation, context).await? } else { None };
        Ok(Prepared { invocation, object })
    }

    /// Runs a prepared call, with everything that it means. A write is in the journal before it is sent.
    ///
    /// # Errors
    /// A stable code and what to do; `outcome_unknown` where nobody can say whether a write took effect; `internal` for a
    /// write that the journal does not take.
    pub async fn run(&self, prepared: Prepared, agreed: Agreed, context: &CallContext) -> Result<Answer> {
        let Prepared { invocation, object } = prepared;
        if invocation.spec.is_local() {
            return self.insight(&invocation, context).await.map(Answer::Object);
        }
        let invocation = &self.api.resolve_names(&invocation, context).await?;
        let done = if invocation.spec.effect == Effect::Read {
            self.answer_read(invocation, context).await
        } else {
            self.answer_write(invocation, object, agreed, context).await
        };
        noted(done, context.take_notes())
    }

    async fn answer_read(&self, invocation: &Invocation, context: &CallContext) -> Result<Answer> {
        let mut read = self.read(invocation, context).await;
        if let Ok(answer) = &mut read {
            custom_fields::as_map(answer);
            self.keep_out_others(answer)?;
        }
        let object = read.as_ref().map(|answer| answer.as_object().unwrap_or(&Value::Null));
        self.mirroring.note(invocation, object).await;
        let mut answer = read?;
        let repeats = match &answer {
            Answer::List(list) => self.repeats.has(&self.api, invocation, list, context).await,
            Answer::Object(_) => false,
        };
        shape::shape(invocation, &mut answer, repeats);
        Ok(answer)
    }

    async fn answer_write(
        &self,
        invocation: &Invocation,
        object: Option<Value>,
        agreed: Agreed,
        context: &CallContext,
    ) -> Result<Answer> {
        let _turn = self.turn(invocation, context).await?;
        let mut written = self.write(invocation, object, agreed, context).await;
        if let Ok(checked) = &mut written {
            custom_fields::object_as_map(&mut checked.value);
        }
        self.mirroring.note(invocation, written.as_ref().map(|checked| &checked.value)).await;
        let mut answer = Answer::Object(written?.into_object());
        shape::shape(invocation, &mut answer, false);
        Ok(answer)
    }

    /// Waits for the turn of a write to one object, in all processes: a repetition must not overwrite what a later call
    /// wrote, and what is merged with has to stand until then.
    async fn turn(&self, invocation: &Invocation, context: &CallContext) -> Result<Option<WriteTurn>> {
        match (&invocation.id, invocation.spec.effect) {
            (Some(id), Effect::Update | Effect::Publish | Effect::Delete) => {
                let key = format!("{:?} {id}", invocation.spec.toolset);
                self.api.in_turn(&key, context).await.map(Some)
            }
            _ => Ok(None),
        }
    }

    async fn read(&self, invocation: &Invocation, context: &CallContext) -> Result<Answer> {
        if !invocation.spec.is_list() {
            let answer = self.plain(invocation, context).await?;
            return rules::same_id(invocation, answer);
        }
        match invocation.arguments.text("phone") {
            Some(phone) if invocation.spec.compares_text("phone") => {
                self.by_phone(invocation, phone, context).await.map(Answer::List)
            }
            _ => self.filtered(invocation, context).await.map(Answer::List),
        }
    }

    /// A list, filtered here as far as the API cannot.
    async fn filtered(&self, list: &Invocation, context: &CallContext) -> Result<highlevel_catalog::ListAnswer> {
        match filter::beyond_the_api(list) {
            Some(filter) => filter.list(&self.api, list, context).await,
            None => match self.plain(list, context).await? {
                Answer::List(answer) => Ok(answer),
                Answer::Object(_) => Ok(Default::default()),
            },
        }
    }

    async fn write(
        &self,
        invocation: &Invocation,
        object: Option<Value>,
        agreed: Agreed,
        context: &CallContext,
    ) -> Result<Checked> {
        let creation = match invocation.spec.effect {
            Effect::Create | Effect::Send | Effect::Access => {
                Some(create::Creation::in_turn(&self.api, invocation, context).await?)
            }
            _ => None,
        };
        let needs_object = merge::needs_object(&self.api, invocation);
        let before = match object {
            // What a change is merged into is read now: a person may have taken their time.
            Some(object) if !needs_object => Some(object),
            _ => self.before(invocation, context).await?,
        };
        let sent = match &before {
            Some(object) if needs_object => merge::whole(&self.api, invocation, object)?,
            _ => invocation.clone(),
        };
        if invocation.spec.effect == Effect::Update
            && sent.fields().next().is_none()
            && let Some(object) = before
        {
            return Ok(Checked::unchanged(object));
        }
        let attempt = self.recorder.begin(&self.api, invocation, before.as_ref(), agreed, context).await?;
        let checked = match self.send(&sent, before.as_ref(), creation.as_ref(), context).await {
            Ok(written) => applied::check(&self.api, &sent, written, context).await,
            Err(error) => Err(error),
        };
        if let Some(attempt) = attempt {
            attempt.finish(&self.api, invocation, &checked).await;
        }
        checked
    }

    async fn send(
        &self,
        sent: &Invocation,
        before: Option<&Value>,
        creation: Option<&create::Creation>,
        context: &CallContext,
    ) -> Result<Written> {
        match (sent.spec.effect, creation) {
            (_, Some(creation)) => creation.run(&self.creates, &self.api, sent, context).await.map(Written::answered),
            (Effect::Update, None) => settle::update(&self.api, sent, before, context).await,
            (Effect::Publish, None) => settle::publish(&self.api, sent, context).await,
            (Effect::Delete, None) => settle::delete(&self.api, sent, context).await,
            (Effect::Read | Effect::Create | Effect::Send | Effect::Access, None) => {
                self.api.object(sent, context).await.map(Written::answered)
            }
        }
    }

    /// The object before its update, where a rule, a merge or the journal needs it.
    async fn before(&self, invocation: &Invocation, context: &CallContext) -> Result<Option<Value>> {
        let updates = invocation.spec.effect == Effect::Update;
        let needed = invocation.spec.state_rule.is_some() || merge::needs_object(&self.api, invocation);
        // Under a pin the object tells whose it is before anything is sent.
        let wanted = updates && (self.recorder.wants_before() || self.pin.is_set());
        if needed || wanted { self.checked_object(invocation, context).await } else { Ok(None) }
    }

    /// The object that a call is about, as it is now, once the pin and the rule of its state allow the call. `None` for
    /// an operation that is about no existing object.
    async fn checked_object(&self, invocation: &Invocation, context: &CallContext) -> Result<Option<Value>> {
        let Some(object) = objects::read(&self.api, invocation, context).await? else { return Ok(None) };
        self.pin.hold(&object)?;
        rules::check_state(invocation, &object)?;
        Ok(Some(object))
    }

    /// The account's name among all that this machine keeps.
    ///
    /// # Errors
    /// `unauthorized` without a credential; `internal` when the state directory cannot be used.
    pub async fn identity(&self) -> Result<String> {
        self.api.account().await
    }

    /// The location that a change would happen in, for a person to see.
    pub async fn location(&self, context: &CallContext) -> Location {
        self.pin.location(&self.api, context).await
    }

    /// Holds what was read to the pinned location: a list loses the objects of others, one object of another is refused.
    fn keep_out_others(&self, answer: &mut Answer) -> Result<()> {
        match answer {
            Answer::List(list) => {
                let others = self.pin.sift(&mut list.items);
                if others > 0 {
                    list.notes.push(format!("{others} objects of other locations are left out."));
                }
                Ok(())
            }
            Answer::Object(object) => self.pin.hold(object),
        }
    }

    /// One operation as the API runs it.
    async fn plain(&self, invocation: &Invocation, context: &CallContext) -> Result<Answer> {
        self.api.run(invocation, context).await.map(|done| done.answer).map_err(|failed| failed.error)
    }
}

/// The answer, or the failure, with what was noted on the way.
fn noted(done: Result<Answer>, notes: Vec<String>) -> Result<Answer> {
    match done {
        Ok(mut answer) => {
            answer.add_notes(notes);
            Ok(answer)
        }
        Err(mut error) if !notes.is_empty() => {
            error.message = format!("{} {}", error.message, notes.join(" "));
            Err(error)
        }
        failed => failed,
    }
}
