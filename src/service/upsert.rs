//! Upserts of contacts: the contact with the e-mail address, else the one with the phone number, is updated by its id.
//! Only where there is none, the API's own upsert is sent, once: it also matches contacts that others have just created.
//!
//! Upserts with the same e-mail address or phone number take turns, in all processes of the state directory. The API's
//! matching lags behind writes, so the contacts that were created before are remembered there.

use super::{
    AccountService,
    create_once::{contact_key, emails, phones},
    normal, reconcile,
    verify_write::{self, VerifiedWrite},
};
use crate::{api::Adapter, guard::Agreement};
use chrono::{SecondsFormat, TimeDelta, Utc};
use highlevel_api_client::{Fate, SendError};
use highlevel_catalog::{
    Id, Invocation, Operation,
    contacts::{GetContact, ListContacts, UpdateContact, UpsertContact},
};
use highlevel_core::context::CallContext;
use highlevel_core::error::{Code, Error, Result};
use serde_json::{Map, Value};
use std::time::Duration;

/// The wait before each look for a contact whose creation had no clear answer. Matching lags behind writes by seconds.
const WAITS: [Duration; 6] = [
    Duration::ZERO,
    Duration::from_millis(500),
    Duration::from_secs(1),
    Duration::from_secs(2),
    Duration::from_secs(4),
    Duration::from_secs(8),
];

/// How long a contact that was created here is looked for by its id. Matching lags behind writes by seconds.
const REMEMBERED: TimeDelta = TimeDelta::hours(1);

/// The fields that identify a contact, the decisive one first.
const IDENTIFYING: [&str; 2] = ["email", "phone"];

/// Whether the call is an upsert.
pub(super) fn applies(invocation: &Invocation) -> bool {
    invocation.spec.is::<UpsertContact>()
}

/// A key that all upserts of the same contact share.
pub(super) fn key_of(invocation: &Invocation) -> Option<String> {
    if !applies(invocation) {
        return None;
    }
    IDENTIFYING.iter().find_map(|field| Some(contact_key(field, invocation.arguments.text(field)?)))
}

/// The contact that an upsert changes.
#[derive(Default)]
pub(super) struct Match {
    /// The contact. `None` if it is to be created.
    pub(super) contact: Option<Value>,
    /// The arguments that are not to be written.
    left_out: Vec<&'static str>,
    note: Option<String>,
}

/// Looks for the contact that an upsert changes.
///
/// # Errors
/// The error of a request. Nothing was written.
pub(super) async fn find(api: &Adapter, upsert: &Invocation, context: &CallContext) -> Result<Match> {
    let mut found: Vec<(&str, Value)> = Vec::new();
    for field in IDENTIFYING {
        if let Some(contact) = with_value(api, field, upsert, context).await? {
            found.push((field, contact));
        }
    }
    let id = |contact: &Value| contact.get("id").and_then(Value::as_str).unwrap_or_default().to_owned();
    let mut found = found.into_iter();
    let Some((field, contact)) = found.next() else { return Ok(Match::default()) };
    let mut matched = Match::default();
    // The contact has the value, as its own or as a further one.
    matched.left_out.extend(IDENTIFYING.into_iter().filter(|known| *known == field));
    if let Some((_, other)) = found.next() {
        matched.left_out.push("phone");
        if id(&other) != id(&contact) {
            let note = format!("`phone` was left out: another contact, {}, has it.", id(&other));
            matched.note = Some(note);
        }
    }
    matched.contact = Some(contact);
    Ok(matched)
}

/// The contact that has the upsert's value in a field, as it is now.
async fn with_value(api: &Adapter, field: &str, upsert: &Invocation, context: &CallContext) -> Result<Option<Value>> {
    let Some(value) = upsert.arguments.text(field) else { return Ok(None) };
    let forms = if field == "email" { emails(value) } else { phones(value) };
    for form in forms {
        let Some(id) = api.matching_contact(field, &form, context).await? else { continue };
        if let Some(contact) = read(api, id, context).await? {
            return Ok(Some(contact));
        }
    }
    let account = api.account_or_address().await?;
    let made = api.store().created_since(&account, &contact_key(field, value), Utc::now() - REMEMBERED).await?;
    let Some(id) = made.into_iter().next().and_then(|id| id.parse::<Id>().ok()) else { return Ok(None) };
    let contact = read(api, id, context).await?;
    let has_value = |contact: &Value| normal::same(field, &value.into(), contact.get(field).unwrap_or(&Value::Null));
    Ok(contact.filter(has_value))
}

/// The contact with this id. `None` if it was deleted.
async fn read(api: &Adapter, id: Id, context: &CallContext) -> Result<Option<Value>> {
    let get = Invocation::about(api.catalog().get::<GetContact>()?, id);
    match api.object(&get, context).await {
        Ok(contact) => Ok(Some(contact)),
        Err(error) if error.code == Code::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

impl Match {
    /// The update of the contact: tags are added, and what identified it stays.
    fn update(&self, api: &Adapter, upsert: &Invocation, contact: &Value) -> Result<Invocation> {
        let id = contact.get("id").and_then(Value::as_str).and_then(|id| id.parse::<Id>().ok());
        let id = id.ok_or_else(|| Error::new(Code::UpstreamError, "The contact that was found has no id."))?;
        let mut update = Invocation::about(api.catalog().get::<UpdateContact>()?, id);
        // No tags to add. The API refuses an empty list, after it has changed the other fields.
        let adds_nothing = |name: &str, value: &Value| name == "tags" && value.as_array().is_some_and(Vec::is_empty);
        let given = upsert.arguments.iter().filter(|(name, _)| !self.left_out.contains(name));
        for (name, value) in given.filter(|(name, value)| !adds_nothing(name, value)) {
            update.arguments.set(if name == "tags" { "addTags" } else { name }, value.clone());
        }
        Ok(update)
    }
}

impl AccountService {
    /// Runs an upsert.
    pub(super) async fn upsert(
        &self,
        upsert: &Invocation,
        agreed: Agreement,
        context: &CallContext,
    ) -> Result<VerifiedWrite> {
        let mut keys: Vec<String> = identifying(upsert).map(|(field, value)| contact_key(field, value)).collect();
        // All upserts take their turns in one order, so that none waits for another one that waits for it.
        keys.sort_unstable();
        let mut turns = Vec::new();
        for key in &keys {
            turns.push(self.api.write_lock(key, context).await?);
        }
        let found = find(&self.api, upsert, context).await?;
        if let Some(contact) = &found.contact {
            self.pin.check_object(contact)?;
        }
        let attempt = self.recorder.begin(&self.api, upsert, found.contact.as_ref(), &agreed, context).await?;
        let verified = match &found.contact {
            Some(contact) => self.update_found(upsert, &found, contact, context).await,
            None => self.create_by_upsert(upsert, &keys, context).await,
        };
        if let Some(attempt) = attempt {
            attempt.finish(&self.api, upsert, &verified).await;
        }
        verified
    }

    /// Updates the contact that was found.
    async fn update_found(
        &self,
        upsert: &Invocation,
        found: &Match,
        contact: &Value,
        context: &CallContext,
    ) -> Result<VerifiedWrite> {
        let api = &self.api;
        let update = found.update(api, upsert, contact)?;
        let _turn = self.turn(&update, context).await?;
        let mut verified = if update.fields().next().is_none() {
            VerifiedWrite::unchanged(contact.clone())
        } else {
            let written = reconcile::update(api, &update, Some(contact), context).await?;
            let verified = verify_write::verify(api, &update, written, context).await?;
            // The journal keeps the whole object, so that the change can be taken back.
            match self.recorder.wants_objects() {
                true => verify_write::whole(api, &update, contact, verified, context).await,
                false => verified,
            }
        };
        for name in verified.not_applied.iter_mut().filter(|name| *name == "addTags") {
            "tags".clone_into(name);
        }
        verified.created = Some(false);
        verified.note = match (verified.note.take(), &found.note) {
            (Some(note), Some(more)) => Some(format!("{note} {more}")),
            (note, more) => note.or_else(|| more.clone()),
        };
        Ok(verified)
    }

    /// Sends the API's own upsert once. If the answer is unclear, looks for the contact.
    async fn create_by_upsert(
        &self,
        upsert: &Invocation,
        keys: &[String],
        context: &CallContext,
    ) -> Result<VerifiedWrite> {
        let api = &self.api;
        let account = api.account_or_address().await?;
        let mut numbers = Vec::new();
        for key in keys {
            numbers.push(api.store().begin_creation(&account, key).await?);
        }
        let failed = match api.run(upsert, context).await {
            Ok(done) => {
                let mut value = done.answer.into_json();
                api.store().end_creations(numbers, value.get("id").and_then(Value::as_str)).await;
                let created = value.as_object_mut().and_then(|members| members.shift_remove("created"));
                let written = reconcile::WriteOutcome::answered(value);
                let mut verified = verify_write::verify(api, upsert, written, context).await?;
                verified.created = Some(created.as_ref().and_then(Value::as_bool).unwrap_or(true));
                return Ok(verified);
            }
            Err(failed) => failed,
        };
        if failed.fate == Fate::NotExecuted || failed.sent_at.is_none() {
            api.store().end_creations(numbers, None).await;
            return Err(failed.error);
        }
        context.report("no clear answer: searching for the contact");
        let mut why = "no such contact appeared".to_owned();
        for wait in WAITS {
            if let Err(ended) = context.bound(tokio::time::sleep(wait)).await {
                why = format!("{why}; {}", ended.message);
                break;
            }
            match find(api, upsert, context).await {
                Ok(found) => {
                    let Some(contact) = &found.contact else { continue };
                    api.store().end_creations(numbers, contact.get("id").and_then(Value::as_str)).await;
                    let mut verified = match verify_write::shows_effect(upsert, None, contact) {
                        true => VerifiedWrite::plain(contact.clone()),
                        false => self.update_found(upsert, &found, contact, context).await?,
                    };
                    verified.created = Some(true);
                    return Ok(verified);
                }
                Err(error) => why = format!("looking for it failed ({})", error.message),
            }
        }
        Err(unknown(upsert, &failed, &why))
    }
}

/// The fields that identify the contact, with the values that were sent.
fn identifying(upsert: &Invocation) -> impl Iterator<Item = (&'static str, &str)> {
    IDENTIFYING.into_iter().filter_map(|field| Some((field, upsert.arguments.text(field)?)))
}

/// The `outcome_unknown` error of an upsert. Unlike a create, it may be repeated.
fn unknown(upsert: &Invocation, failed: &SendError, why: &str) -> Error {
    let said = failed.error.message.trim_end_matches('.');
    let until = Utc::now().to_rfc3339_opts(SecondsFormat::Secs, true);
    let message = format!(
        "It is not known whether upsert_contact took effect: {said}, and {why} until {until}. Repeat the call later: it changes the contact if there is one by then."
    );
    let sent: Map<String, Value> = identifying(upsert).map(|(name, value)| (name.to_owned(), value.into())).collect();
    Error::new(Code::OutcomeUnknown, message).with("check", ListContacts::NAME).with("lookedFor", sent)
}
