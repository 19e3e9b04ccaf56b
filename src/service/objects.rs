//! Reading the object that an operation is about.

use super::scan;
use crate::api::Backend;
use highlevel_catalog::{
    Id, Invocation, Toolset, campaigns::GetCampaign, contacts::GetContact, opportunities::GetOpportunity,
    pages::GetPage, webhooks::ListWebhooks,
};
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
pub(super) async fn look(backend: &Backend, invocation: &Invocation, context: &CallContext) -> Result<Seen> {
    if let (Toolset::Webhooks, Some(id)) = (invocation.entry.toolset, &invocation.id) {
        return webhook(backend, id, context).await;
    }
    match read(backend, invocation, context).await {
        Ok(Some(object)) => Ok(Seen::There(object)),
        Ok(None) => Ok(Seen::Unlisted),
        Err(error) if error.code == Code::NotFound => Ok(Seen::Gone),
        Err(error) => Err(error),
    }
}

/// The object that `invocation` names, in full; `None` when it names none.
pub(super) async fn read(backend: &Backend, invocation: &Invocation, context: &CallContext) -> Result<Option<Value>> {
    match invocation.id.clone() {
        Some(id) => by_id(backend, invocation.entry.toolset, id, context).await,
        None => Ok(None),
    }
}

/// One object of a resource; `None` for resources that nothing here changes.
pub(super) async fn by_id(
    backend: &Backend,
    resource: Toolset,
    id: Id,
    context: &CallContext,
) -> Result<Option<Value>> {
    let get = match resource {
        Toolset::Contacts => Invocation::of(&GetContact { id })?,
        Toolset::Opportunities => Invocation::of(&GetOpportunity { id })?,
        Toolset::Campaigns => Invocation::of(&GetCampaign { id })?,
        Toolset::Pages => Invocation::of(&GetPage { id, content_offset: None })?,
        // The API has no single webhook to get.
        Toolset::Webhooks => {
            return match webhook(backend, &id, context).await? {
                Seen::There(webhook) => Ok(Some(webhook)),
                Seen::Gone => Err(missing(format!("The account has no webhook {id}."))),
                Seen::Unlisted => {
                    Err(missing(format!("The list of webhooks, which may not be whole, does not show {id}.")))
                }
            };
        }
        Toolset::Users | Toolset::Locations | Toolset::Funnels | Toolset::Insights => return Ok(None),
    };
    backend.run(&get, context).await.map(|done| Some(done.value)).map_err(|failed| failed.error)
}

fn missing(message: String) -> Error {
    Error::new(Code::NotFound, message)
}

async fn webhook(backend: &Backend, id: &Id, context: &CallContext) -> Result<Seen> {
    let all =
        scan::all(backend, &Invocation::of(&ListWebhooks::default())?, context).await.map_err(|failed| failed.error)?;
    let found = all.items.into_iter().find(|item| item.get("id").and_then(Value::as_str) == Some(id.as_str()));
    Ok(match found {
        Some(webhook) => Seen::There(webhook),
        None if all.complete => Seen::Gone,
        None => Seen::Unlisted,
    })
}
