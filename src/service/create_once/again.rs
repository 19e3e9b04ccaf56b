//! One more look for the object of a create that got no clear answer, in this process or an earlier one.

use super::{Creates, Creation, Lookup, LookupResult};
use crate::{api::Adapter, service::LaterLook};
use chrono::{DateTime, TimeDelta, Utc};
use highlevel_api_client::Moment;
use highlevel_catalog::Invocation;
use highlevel_core::{context::CallContext, error::Result};

/// How much earlier than its sending a create may have been recorded, which waits for the quota in between.
const RECORDED_BEFORE: TimeDelta = TimeDelta::minutes(10);

/// Looks once for the object of a create that was sent at `sent_at`.
///
/// # Errors
/// That of the wait for other calls that create the same object.
pub(in crate::service) async fn look_again(
    creates: &Creates,
    api: &Adapter,
    create: &Invocation,
    sent_at: DateTime<Utc>,
    context: &CallContext,
) -> Result<LaterLook> {
    let creation = Creation::in_turn(api, create, context).await?;
    let Some(identity) = &creation.identity else { return Ok(LaterLook::CannotTell) };
    let recorded = api.store().creation_since(&creation.account, &creation.key, sent_at - RECORDED_BEFORE).await?;
    let number = match recorded {
        Some((_, Some(object))) => return Ok(LaterLook::Done(serde_json::json!({"id": object}))),
        Some((number, None)) => Some(number),
        None => None,
    };
    let sent_at = Moment::earlier(sent_at);
    let lookup = Lookup { api, create, identity, stamps: &creates.stamps, sent_at, number, known: None };
    Ok(match lookup.look(context).await.0 {
        Ok(LookupResult::One(object)) => LaterLook::Done(object),
        Ok(LookupResult::None) => LaterLook::NotShown,
        Ok(LookupResult::Unclear(..)) | Err(_) => LaterLook::CannotTell,
    })
}
