//! Reading the object that an operation is about.

use super::{scan, told};
use crate::{
    backend::Backend,
    context::CallContext,
    crm::{
        Id, Invocation, Toolset, campaigns::GetCampaign, contacts::GetContact, opportunities::GetOpportunity,
        pages::GetPage, webhooks::ListWebhooks,
    },
    error::{Code, Error, Result},
};
use serde_json::Value;

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
        Toolset::Webhooks => return webhook(backend, &id, context).await.map(Some),
        Toolset::Users | Toolset::Locations | Toolset::Funnels | Toolset::Insights => return Ok(None),
    };
    backend.run(&get, context).await.map(|done| Some(done.value)).map_err(|failed| told(&get, failed))
}

async fn webhook(backend: &Backend, id: &Id, context: &CallContext) -> Result<Value> {
    let all =
        scan::all(backend, &Invocation::of(&ListWebhooks::default())?, context).await.map_err(|failed| failed.error)?;
    all.items
        .into_iter()
        .find(|item| item.get("id").and_then(Value::as_str) == Some(id.as_str()))
        .ok_or_else(|| Error::new(Code::NotFound, format!("The account has no webhook {id}.")))
}
