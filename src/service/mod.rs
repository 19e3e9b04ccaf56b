//! What an operation means for an account: page rules, merges, reconciliation, filters that the API lacks.

mod appointments;
mod by_phone;
mod create_once;
mod custom_fields;
mod filter;
mod found;
mod insights;
mod journal;
mod later;
mod merge;
pub mod mirror;
mod normal;
mod object_updates;
mod objects;
mod operations;
mod paging;
mod passthrough;
mod pin;
mod planned;
mod present;
mod readable;
mod reads;
mod recipient;
mod reconcile;
mod repeated_pages;
mod rules;
mod scan;
mod scopes;
mod send_once;
mod upsert;
mod verify_write;
mod writes;

pub use insights::{
    AccountsWatcher, AllAccounts, NamedAccount, PartialTables, QueryResult, Question, draw, moment, picture,
    report_progress, time,
};
pub use later::{ChangedField, LaterLook, changed_error, differs};
pub use merge::{is_same_tag, value as field_value};
pub use mirror::{MirrorPlace, Progress, WaitPolicy, Watcher};
pub use object_updates::UpdatedObject;
pub use pin::Location;
pub use planned::{KnownContact, put, replaced_by};
pub use scopes::{ScopeFinding, ScopeReport};

use crate::{api::Adapter, guard::Agreement};
use highlevel_catalog::{Answer, Effect, Invocation};
use highlevel_core::{context::CallContext, error::Result};
use highlevel_store::Journal;
use serde_json::Value;
use std::{path::PathBuf, sync::Arc};

/// The settings that decide what an operation may do.
#[derive(Debug, Clone, Default)]
pub struct AccountRules {
    /// The only location that calls may touch (`--location-id`).
    pub location_id: Option<String>,
    /// Whether webhooks may point to private hosts (`--allow-private-webhooks`).
    pub allow_private_webhooks: bool,
    /// The account's name in the journal.
    pub name: String,
    /// The name of the account's credential in the journal.
    pub login: String,
    /// Whether each update reads the object first, so that the journal records it (`--journal-before`).
    pub read_before: bool,
    /// Where the mirror is stored.
    pub mirror: MirrorPlace,
    /// The program whose worker processes run SQL. Without it, SQL runs in this process.
    pub program: Option<PathBuf>,
    /// The percentage of the quota that background reading may use (`--bulk-share`).
    pub bulk_share: u32,
    /// The tables that questions may not read, each with the tool that the settings hide.
    pub hidden_tables: Vec<(&'static str, &'static str)>,
    /// The approximate maximum size of one answer in bytes (`--max-answer`).
    pub max_answer: usize,
}

/// A call that the rules allow, with the object as it was just read.
#[derive(Debug)]
pub struct Prepared {
    pub invocation: Invocation,
    /// The object that the call is about, if a person has to see it.
    pub object: Option<Value>,
}

/// The operations of one account.
#[derive(Debug)]
pub struct AccountService {
    api: Adapter,
    rules: AccountRules,
    pin: Arc<pin::LocationPin>,
    mirroring: Arc<mirror::Mirroring>,
    recorder: journal::Recorder,
    creates: create_once::Creates,
    repeated_pages: repeated_pages::RepeatedPages,
    own_objects: passthrough::OwnObjects,
}

impl AccountService {
    /// The service of the account that `api` reaches. It records writes in `journal`, if there is one.
    pub fn new(api: Adapter, rules: AccountRules, journal: Option<Arc<Journal>>) -> Self {
        let recorder = journal::Recorder::new(journal, &rules);
        let pin = Arc::new(pin::LocationPin::new(rules.location_id.clone()));
        let mirroring = mirror::Mirroring::new(api.clone(), Arc::clone(&pin), &rules);
        Self {
            api,
            pin,
            mirroring,
            rules,
            recorder,
            creates: create_once::Creates::default(),
            repeated_pages: repeated_pages::RepeatedPages::default(),
            own_objects: passthrough::OwnObjects::default(),
        }
    }

    /// The account's API.
    pub fn api(&self) -> &Adapter {
        &self.api
    }

    /// The name under which the state directory stores the account.
    ///
    /// # Errors
    /// `unauthorized` without a credential; `internal` when the state directory cannot be used.
    pub async fn identity(&self) -> Result<String> {
        self.api.account().await
    }

    /// The account's name in the journal.
    pub fn name(&self) -> &str {
        &self.rules.name
    }

    /// Whether each update reads its object first.
    pub fn reads_before(&self) -> bool {
        self.recorder.wants_objects()
    }

    /// The journal, unless it is turned off.
    pub fn journal(&self) -> Option<&Arc<Journal>> {
        self.recorder.journal()
    }

    /// The location that a change would happen in, as a confirmation shows it.
    pub async fn location(&self, context: &CallContext) -> Location {
        self.pin.location(&self.api, context).await
    }

    /// Checks a call against the account's rules, before anybody is asked and before anything is sent. With
    /// `reads_object`, also reads the object that the call is about, for a person to see.
    ///
    /// # Errors
    /// `invalid_arguments` and `policy_denied` by the rules; `not_found`; `conflict` with the rule that the object's
    /// state breaks.
    pub async fn prepare(&self, invocation: Invocation, reads_object: bool, context: &CallContext) -> Result<Prepared> {
        if invocation.spec.is_local() && !reads_object {
            // The pin has already filtered what the mirror holds.
            return Ok(Prepared { invocation, object: None });
        }
        rules::check_arguments(&self.rules, &invocation)?;
        self.api.check(&invocation)?;
        self.api.check_scopes(invocation.spec, context).await?;
        self.pin.check_arguments(&invocation)?;
        if !reads_object && invocation.spec.effect == Effect::Read {
            self.pin.check_credential_for_read(&self.api, context).await?;
        } else {
            self.pin.check_credential(&self.api, context).await?;
        }
        self.check_location(&invocation, context).await?;
        recipient::check_operation(&self.api, &invocation, context).await?;
        let object = if reads_object { self.checked_object(&invocation, context).await? } else { None };
        Ok(Prepared { invocation, object })
    }

    /// Runs a prepared call with all its rules. The journal records a write before it is sent.
    ///
    /// # Errors
    /// A stable code and what to do; `outcome_unknown` where it is not known whether a write took effect; `internal`
    /// for a write that the journal cannot record.
    pub async fn run(&self, prepared: Prepared, agreed: Agreement, context: &CallContext) -> Result<Answer> {
        let Prepared { invocation, object } = prepared;
        if invocation.spec.is_local() {
            return match operations::answer(&invocation) {
                Some(answer) => answer.map(Answer::Object),
                None => self.insight(&invocation, context).await.map(Answer::Object),
            };
        }
        let invocation = &self.api.resolve_names(&invocation, context).await?;
        let result = if invocation.spec.effect == Effect::Read {
            self.answer_read(invocation, context).await
        } else {
            self.answer_write(invocation, object, agreed, context).await
        };
        with_notes(result, context.take_notes())
    }

    /// The current object that a call is about, after the pin and the rule for its state allowed the call. `None` for
    /// an operation that is about no existing object.
    async fn checked_object(&self, invocation: &Invocation, context: &CallContext) -> Result<Option<Value>> {
        if recipient::applies(invocation) {
            let (contact, shown) = recipient::checked(&self.api, invocation, context).await?;
            self.pin.check_object(&contact)?;
            return Ok(Some(shown));
        }
        let Some(object) = objects::read(&self.api, invocation, context).await? else { return Ok(None) };
        self.pin.check_object(&object)?;
        rules::check_state(invocation, &object)?;
        send_once::check_object(invocation, &object)?;
        Ok(Some(object))
    }
}

/// Adds the notes of a call to its answer or its error.
fn with_notes(result: Result<Answer>, notes: Vec<String>) -> Result<Answer> {
    match result {
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
