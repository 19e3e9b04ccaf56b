//! Reads of the object that an operation is about.

use super::{passthrough, scan, upsert};
use crate::api::Adapter;
use highlevel_catalog::{Id, Invocation, ReadBack};
use highlevel_core::context::CallContext;
use highlevel_core::error::{Code, Error, Result};
use serde_json::Value;

/// Whether an object exists, as far as one read can say.
pub(super) enum Presence {
    Present(Value),
    /// The account has no such object.
    Gone,
    /// The list does not show the object, but may be incomplete.
    Unlisted,
}

/// Looks for the object that `invocation` names.
pub(super) async fn look(api: &Adapter, invocation: &Invocation, context: &CallContext) -> Result<Presence> {
    if let (Some(ReadBack::List(list)), Some(id)) = (&invocation.spec.read_back, &invocation.id) {
        return in_list(api, list, id, context).await;
    }
    if invocation.spec.passthrough.is_some() && !passthrough::reads_itself(invocation) {
        return Ok(Presence::Unlisted);
    }
    match read(api, invocation, context).await {
        Ok(Some(object)) => Ok(Presence::Present(object)),
        Ok(None) => Ok(Presence::Unlisted),
        Err(error) if error.code == Code::NotFound => Ok(Presence::Gone),
        Err(error) => Err(error),
    }
}

/// The full object that `invocation` names; `None` if it names none.
pub(super) async fn read(api: &Adapter, invocation: &Invocation, context: &CallContext) -> Result<Option<Value>> {
    if invocation.spec.passthrough.is_some() {
        return passthrough::object(api, invocation, context).await;
    }
    match invocation.id.clone() {
        Some(id) => by_id(api, invocation, id, context).await,
        None if upsert::applies(invocation) => Ok(upsert::find(api, invocation, context).await?.contact),
        None => Ok(None),
    }
}

/// The object with this id; `None` for operations that declare no way to read it back.
pub(super) async fn by_id(api: &Adapter, write: &Invocation, id: Id, context: &CallContext) -> Result<Option<Value>> {
    match &write.spec.read_back {
        Some(ReadBack::Own(_)) => api.own_object(write, &id, context).await.map(Some),
        Some(ReadBack::Get(operation)) => api.object(&api.about(operation, id)?, context).await.map(Some),
        Some(ReadBack::List(list)) => match in_list(api, list, &id, context).await? {
            Presence::Present(object) => Ok(Some(object)),
            Presence::Gone => Err(not_found(format!("The account has no {} {id}.", noun(list)))),
            Presence::Unlisted => {
                Err(not_found(format!("The list of {}s does not show {id}, but may be incomplete.", noun(list))))
            }
        },
        None => Ok(None),
    }
}

/// The name of a list's items: `webhook` for `list_webhooks`.
fn noun(list: &str) -> &str {
    list.strip_prefix("list_").unwrap_or(list).trim_end_matches('s')
}

fn not_found(message: String) -> Error {
    Error::new(Code::NotFound, message)
}

async fn in_list(api: &Adapter, list: &str, id: &Id, context: &CallContext) -> Result<Presence> {
    let list = Invocation::bare(api.catalog().named(list)?);
    let all = scan::all(api, &list, context).await.map_err(|failed| failed.error)?;
    let found = all.items.into_iter().find(|item| item.get("id").and_then(Value::as_str) == Some(id.as_str()));
    Ok(match found {
        Some(object) => Presence::Present(object),
        None if all.complete => Presence::Gone,
        None => Presence::Unlisted,
    })
}
