//! Reading the object that an operation is about.

use super::scan;
use crate::api::Adapter;
use highlevel_catalog::{Id, Invocation, OperationSpec, ReadBack};
use highlevel_core::context::CallContext;
use highlevel_core::error::{Code, Error, Result};
use serde_json::Value;

/// What a look for an object found.
pub(super) enum Seen {
    /// The object.
    There(Value),
    /// The account has no such object.
    Gone,
    /// A list that shows no such object, and may not be whole.
    Unlisted,
}

/// Looks whether the object that `invocation` names is there.
pub(super) async fn look(api: &Adapter, invocation: &Invocation, context: &CallContext) -> Result<Seen> {
    if let (Some(ReadBack::List(list)), Some(id)) = (&invocation.spec.read_back, &invocation.id) {
        return in_list(api, list, id, context).await;
    }
    match read(api, invocation, context).await {
        Ok(Some(object)) => Ok(Seen::There(object)),
        Ok(None) => Ok(Seen::Unlisted),
        Err(error) if error.code == Code::NotFound => Ok(Seen::Gone),
        Err(error) => Err(error),
    }
}

/// The object that `invocation` names, in full; `None` when it names none.
pub(super) async fn read(api: &Adapter, invocation: &Invocation, context: &CallContext) -> Result<Option<Value>> {
    match invocation.id.clone() {
        Some(id) => by_id(api, invocation.spec, id, context).await,
        None => Ok(None),
    }
}

/// The object that an operation is about, by its id; `None` for operations that name no way to read it back.
pub(super) async fn by_id(api: &Adapter, spec: &OperationSpec, id: Id, context: &CallContext) -> Result<Option<Value>> {
    match &spec.read_back {
        Some(ReadBack::Get(operation)) => api.object(&api.about(operation, id)?, context).await.map(Some),
        Some(ReadBack::List(list)) => match in_list(api, list, &id, context).await? {
            Seen::There(object) => Ok(Some(object)),
            Seen::Gone => Err(missing(format!("The account has no {} {id}.", noun(list)))),
            Seen::Unlisted => {
                Err(missing(format!("The list of {}s, which may not be whole, does not show {id}.", noun(list))))
            }
        },
        None => Ok(None),
    }
}

/// What a list's items are called: `webhook` of `list_webhooks`.
fn noun(list: &str) -> &str {
    list.strip_prefix("list_").unwrap_or(list).trim_end_matches('s')
}

fn missing(message: String) -> Error {
    Error::new(Code::NotFound, message)
}

async fn in_list(api: &Adapter, list: &str, id: &Id, context: &CallContext) -> Result<Seen> {
    let list = Invocation::bare(api.catalog().named(list)?);
    let all = scan::all(api, &list, context).await.map_err(|failed| failed.error)?;
    let found = all.items.into_iter().find(|item| item.get("id").and_then(Value::as_str) == Some(id.as_str()));
    Ok(match found {
        Some(object) => Seen::There(object),
        None if all.complete => Seen::Gone,
        None => Seen::Unlisted,
    })
}
