//! Operations that write: in turn, recorded in the journal, and compared with the object afterwards.

use super::{
    AccountService, create_once, merge, present, recipient,
    reconcile::{self, WriteOutcome},
    send_once, upsert,
    verify_write::{self, VerifiedWrite},
};
use crate::{api::custom_fields, guard::Agreement};
use highlevel_catalog::{Answer, Effect, Invocation};
use highlevel_core::{context::CallContext, error::Result};
use highlevel_store::WriteLock;
use serde_json::Value;

impl AccountService {
    /// Runs a write and prepares its answer for the caller.
    pub(super) async fn answer_write(
        &self,
        invocation: &Invocation,
        object: Option<Value>,
        agreed: Agreement,
        context: &CallContext,
    ) -> Result<Answer> {
        let _turn = self.turn(invocation, context).await?;
        let mut written = self.write(invocation, object, agreed, context).await;
        if let (Ok(verified), None) = (&mut written, &invocation.spec.passthrough) {
            custom_fields::object_as_map(&mut verified.value);
        }
        self.mirroring.note(invocation, written.as_ref().map(|verified| &verified.value), context).await;
        let mut answer = Answer::Object(written?.into_object());
        present::present(invocation, &mut answer, false);
        Ok(answer)
    }

    /// Waits until no other process writes the same object. A retry must not overwrite a later call's write, and an
    /// update that merges needs the object unchanged between its read and its write.
    pub(super) async fn turn(&self, invocation: &Invocation, context: &CallContext) -> Result<Option<WriteLock>> {
        if let Some(key) = send_once::turn(invocation) {
            return self.api.write_lock(&key, context).await.map(Some);
        }
        match (&invocation.id, invocation.spec.effect) {
            (None, Effect::Update | Effect::Delete) if invocation.spec.passthrough.is_some() => {
                let key = self.api.path(invocation)?;
                self.api.write_lock(&key, context).await.map(Some)
            }
            (Some(id), Effect::Update | Effect::Publish | Effect::Delete | Effect::Send) => {
                let key = format!("{:?} {id}", invocation.spec.toolset);
                self.api.write_lock(&key, context).await.map(Some)
            }
            _ => Ok(None),
        }
    }

    async fn write(
        &self,
        invocation: &Invocation,
        object: Option<Value>,
        agreed: Agreement,
        context: &CallContext,
    ) -> Result<VerifiedWrite> {
        if upsert::applies(invocation) {
            return self.upsert(invocation, agreed, context).await;
        }
        let sends_object = send_once::applies(invocation);
        if sends_object {
            send_once::check_earlier(&self.api, invocation, context).await?;
        }
        let creation = match invocation.spec.effect {
            _ if sends_object => None,
            Effect::Create | Effect::Send | Effect::Money | Effect::Start | Effect::Access => {
                Some(create_once::Creation::in_turn(&self.api, invocation, context).await?)
            }
            // What the catalogue publishes is not read back, so that it is sent once.
            Effect::Publish if invocation.spec.passthrough.is_some() => {
                Some(create_once::Creation::in_turn(&self.api, invocation, context).await?)
            }
            _ => None,
        };
        let effect = invocation.spec.effect;
        let needs_object = merge::needs_object(&self.api, invocation);
        let before = match object {
            // What a person was shown of the recipient is not what the call changes.
            Some(_) if recipient::applies(invocation) => None,
            None if recipient::applies(invocation) => {
                self.checked_object(invocation, context).await?;
                None
            }
            // A merge needs the object as it is now: a person may have taken long to confirm.
            // Another call may have sent the object while this one waited for its turn.
            Some(object) if !needs_object && !sends_object => Some(object),
            _ => self.before(invocation, context).await?,
        };
        let to_send = match &before {
            Some(object) if needs_object => merge::full_update(&self.api, invocation, object)?,
            _ => invocation.clone(),
        };
        if effect == Effect::Update
            && to_send.spec.passthrough.is_none()
            && to_send.fields().next().is_none()
            && let Some(object) = before
        {
            return Ok(VerifiedWrite::unchanged(object));
        }
        let attempt = self.recorder.begin(&self.api, invocation, before.as_ref(), &agreed, context).await?;
        let verified = match self.send(&to_send, before.as_ref(), creation.as_ref(), context).await {
            Ok(written) => verify_write::verify(&self.api, &to_send, written, context).await,
            Err(error) => Err(error),
        };
        let verified = match (verified, &before) {
            // The journal keeps the whole object, so that the change can be taken back.
            (Ok(written), Some(before)) if self.recorder.wants_objects() && effect != Effect::Delete => {
                Ok(verify_write::whole(&self.api, invocation, before, written, context).await)
            }
            (verified, _) => verified,
        };
        if let Some(attempt) = attempt {
            attempt.finish(&self.api, invocation, &verified).await;
        }
        verified
    }

    async fn send(
        &self,
        write: &Invocation,
        before: Option<&Value>,
        creation: Option<&create_once::Creation>,
        context: &CallContext,
    ) -> Result<WriteOutcome> {
        let api = &self.api;
        match (write.spec.effect, creation) {
            (_, Some(creation)) => creation.run(&self.creates, api, write, context).await.map(WriteOutcome::answered),
            _ if send_once::applies(write) => send_once::send(api, write, before, context).await,
            (Effect::Update, None) => reconcile::update(api, write, before, context).await,
            (Effect::Publish, None) => reconcile::publish(api, write, context).await,
            (Effect::Delete, None) => reconcile::delete(api, write, context).await,
            (Effect::Read | Effect::Create | Effect::Send | Effect::Money | Effect::Start | Effect::Access, None) => {
                api.object(write, context).await.map(WriteOutcome::answered)
            }
        }
    }

    /// The object before its change, if a rule, a merge, the pin or the journal needs it.
    async fn before(&self, invocation: &Invocation, context: &CallContext) -> Result<Option<Value>> {
        let effect = invocation.spec.effect;
        let is_required = invocation.spec.state_rule.is_some()
            || merge::needs_object(&self.api, invocation)
            || send_once::applies(invocation);
        // With a pin, the object's location is checked before anything is sent.
        let is_checked = effect == Effect::Update && self.pin.is_set();
        let changes = matches!(effect, Effect::Update | Effect::Publish | Effect::Delete);
        let is_wanted = is_checked || (changes && self.recorder.wants_objects());
        if is_required || is_wanted { self.checked_object(invocation, context).await } else { Ok(None) }
    }
}
