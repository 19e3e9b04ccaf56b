//! Calls that run without a person, within ceilings that the operator sets (`--allow-unconfirmed`).

use super::{ConfirmMode, Confirmation, Guard, recipients::Recipients};
use chrono::{DateTime, SecondsFormat, Utc};
use highlevel_catalog::{Catalog, Effect, Invocation, OperationSpec};
use highlevel_core::error::{Code, Error, Result};
use highlevel_core::suggest::nearest;
use highlevel_operations as operations;
use highlevel_store::{SlotGrant, SlotRequest, UnconfirmedSlot, UsedSlots};

/// The setting that names the operations.
const ALLOW: &str = "--allow-unconfirmed";
const PER_HOUR: &str = "--max-unconfirmed-per-hour";
const PER_RECIPIENT_DAY: &str = "--max-unconfirmed-per-recipient-day";

/// The sends and starts that an operator lets run without a person, and their ceilings.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct UnconfirmedCalls {
    /// The names of tools, and of operations of the catalogue (`contacts.add-contact-to-workflow`).
    pub names: Vec<String>,
    /// The most messages and starts of an account in an hour.
    pub per_hour: Option<u32>,
    /// The most of them for one recipient in a day.
    pub per_recipient_day: Option<u32>,
}

/// Whether a guarded call runs without a person.
#[derive(Debug)]
pub enum Lift {
    /// It does, in this slot.
    Unconfirmed(UnconfirmedSlot),
    /// It does not: a person is asked. Says why, if the settings name the call.
    Ask(Option<NotLifted>),
}

/// Why a call that the settings name needs a person nevertheless.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotLifted {
    /// The reason, as a sentence.
    pub why: String,
    /// When the same call would run without a person.
    pub next: Option<DateTime<Utc>>,
}

impl UnconfirmedCalls {
    /// Refuses names that do not exist or that no setting can lift, and names without ceilings.
    ///
    /// # Errors
    /// `invalid_arguments` with the setting, the reason and the nearest name.
    pub fn check(&self, catalog: &Catalog) -> Result<()> {
        if self.names.is_empty() {
            return Ok(());
        }
        for name in &self.names {
            check_name(name, catalog)?;
        }
        for (setting, ceiling) in [(PER_HOUR, self.per_hour), (PER_RECIPIENT_DAY, self.per_recipient_day)] {
            if ceiling.is_none() {
                let message = format!(
                    "{ALLOW} needs both ceilings, and {setting} is not set. For example: {ALLOW} {} {PER_HOUR} 20 {PER_RECIPIENT_DAY} 2",
                    self.names.join(",")
                );
                return Err(Error::invalid(setting, message));
            }
        }
        Ok(())
    }

    /// Whether the settings let this call run without a person: it sends or starts, and is named.
    pub(super) fn names(&self, call: &Invocation) -> bool {
        is_liftable(call.effect()) && self.names.iter().any(|name| *name == call.spec.name)
    }
}

/// The effects that an operator can lift.
fn is_liftable(effect: Effect) -> bool {
    matches!(effect, Effect::Send | Effect::Start)
}

fn can_be_lifted(spec: &OperationSpec) -> bool {
    is_liftable(spec.effect) || spec.effect_rules.iter().any(|rule| is_liftable(rule.effect))
}

fn check_name(name: &str, catalog: &Catalog) -> Result<()> {
    let all = || catalog.iter().chain(Catalog::declared().iter());
    let wrong = |why: String, near: Option<&str>| {
        let hint = near.map_or(String::new(), |near| format!(" Did you mean `{near}`?"));
        Err(Error::invalid(ALLOW, format!("{ALLOW} names `{name}`, {why}.{hint}")))
    };
    let mut found: Vec<&OperationSpec> = all().filter(|spec| spec.name == name).collect();
    if let Some(operation) = operations::all().iter().find(|operation| operation.name == name) {
        found.push(operation.spec()?);
    }
    if found.is_empty() {
        let names = operations::all().iter().map(|operation| operation.name);
        let near = nearest(name, all().map(|spec| spec.name.as_ref()).chain(names));
        return wrong("which is neither a tool nor an operation".to_owned(), near);
    }
    let liftable = all().filter(|spec| can_be_lifted(spec) && Recipients::can_be_named(spec));
    let near = nearest(name, liftable.map(|spec| spec.name.as_ref()));
    if !found.iter().any(|spec| can_be_lifted(spec)) {
        let why = "which neither sends nor starts anything. Only operations that do can run without a person";
        return wrong(why.to_owned(), near);
    }
    if !found.iter().any(|spec| Recipients::can_be_named(spec)) {
        let why = "whose arguments do not say who is reached, so that no ceiling for a recipient can hold";
        return wrong(why.to_owned(), near);
    }
    Ok(())
}

impl Guard {
    /// Whether [`Guard::lift`] may let this call run without a person. A person's own answer is never passed over.
    pub fn may_lift(&self, call: &Invocation, confirmation: &Confirmation<'_>) -> bool {
        let has_answer = matches!(confirmation, Confirmation::Token(_) | Confirmation::InputResponse(..));
        let is_answered = has_answer && self.policy.confirm != ConfirmMode::Deny;
        !is_answered && self.policy.names_unconfirmed(call)
    }

    /// Takes a slot for a call of `account` that [`Guard::may_lift`] allows, in all processes of the state directory.
    ///
    /// # Errors
    /// `internal` when the state directory cannot be used.
    pub async fn lift(&self, call: &Invocation, account: String) -> Result<Lift> {
        let UnconfirmedCalls { per_hour, per_recipient_day, .. } = self.policy.unconfirmed;
        let (per_hour, per_recipient_day) = (per_hour.unwrap_or(0), per_recipient_day.unwrap_or(0));
        let recipients = Recipients::of(call).filter(|_| call.touched().is_some());
        let Some(Recipients { hashes, messages }) = recipients else {
            let why = "A person is asked because the arguments do not tell everyone whom this call reaches.".to_owned();
            return Ok(Lift::Ask(Some(NotLifted { why, next: None })));
        };
        let request = SlotRequest { account, recipients: hashes, messages, per_hour, per_recipient_day };
        Ok(match self.store.take_slot(request).await? {
            SlotGrant::Taken(slot) => Lift::Unconfirmed(slot),
            SlotGrant::HourIsFull(used) => {
                Lift::Ask(Some(NotLifted::full(&used, messages, per_hour, "in the last hour", PER_HOUR)))
            }
            SlotGrant::DayIsFull(used) => {
                let of = "for this recipient in the last 24 hours";
                Lift::Ask(Some(NotLifted::full(&used, 1, per_recipient_day, of, PER_RECIPIENT_DAY)))
            }
        })
    }

    /// Gives back the slot of a call that failed, if nothing was sent.
    pub async fn after_failure(&self, slot: UnconfirmedSlot, error: &Error) {
        // Every other code of a write means that it had no effect.
        if error.code == Code::OutcomeUnknown {
            return;
        }
        if let Err(error) = self.store.give_back_slot(slot).await {
            tracing::warn!("a call that sent nothing still counts against the ceilings: {}", error.message);
        }
    }
}

impl NotLifted {
    fn full(used: &UsedSlots, wanted: u32, ceiling: u32, of: &str, setting: &str) -> Self {
        let UsedSlots { used, next } = used;
        let more = if wanted > 1 { format!(", and this call needs {wanted}") } else { String::new() };
        let when = next.map_or_else(
            || "More than that never run without a person.".to_owned(),
            |next| format!("The next can run without a person at {}.", time(next)),
        );
        let why =
            format!("A person is asked because {used} of {ceiling} ran without one {of}{more} ({setting}). {when}");
        Self { why, next: *next }
    }

    /// The error with the time from which the call would run without a person.
    pub(super) fn on(&self, error: Error) -> Error {
        match self.next {
            Some(next) => error.with("unconfirmedAt", time(next)),
            None => error,
        }
    }
}

/// A time, rounded up to a whole second.
fn time(at: DateTime<Utc>) -> String {
    (at + chrono::TimeDelta::milliseconds(999)).to_rfc3339_opts(SecondsFormat::Secs, true)
}
