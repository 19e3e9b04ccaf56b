//! Looking whether a creation happened.

use super::same::{Likeness, created_after, likeness};
use crate::{
    account::{objects, scan},
    backend::Backend,
    context::CallContext,
    crm::{
        Id, Invocation, Toolset, campaigns::ListCampaigns, contacts::ListContacts, opportunities::ListOpportunities,
        pages::ListPages, webhooks::ListWebhooks,
    },
    error::Result,
};
use chrono::{DateTime, Utc};
use serde_json::Value;

/// How often a list is read that does not hold still.
const SCANS: usize = 2;

/// What a complete look-up found.
pub(super) enum Found {
    /// Exactly one object that can only be the one that was sent.
    One(Value),
    /// No trace.
    None,
    /// Objects of which one might be it, by id.
    Unclear(Vec<String>),
}

/// The list tool to check with, and what to look for.
pub(super) fn how(create: &Invocation) -> (&'static str, String) {
    let by = |names: &[&str]| {
        let parts: Vec<String> =
            names.iter().filter_map(|name| Some(format!("{name} {}", create.arguments.get(*name)?))).collect();
        parts.join(" and ")
    };
    match create.entry.toolset {
        Toolset::Contacts => ("list_contacts", by(&["email"])),
        Toolset::Opportunities => ("list_opportunities", by(&["name", "contactId"])),
        Toolset::Pages => ("list_pages", by(&["slug"])),
        Toolset::Webhooks => ("list_webhooks", by(&["url", "events"])),
        _ => ("list_campaigns", by(&["name"])),
    }
}

/// The list that would show the object, narrowed as far as the API can.
fn list(create: &Invocation) -> Result<Invocation> {
    match create.entry.toolset {
        Toolset::Contacts => {
            let email = create.text("email").and_then(|email| email.parse().ok());
            Invocation::of(&ListContacts { email, ..ListContacts::default() })
        }
        Toolset::Opportunities => {
            // The API's filter does not know every status.
            let status = create.text("status").filter(|status| *status != "negotiation");
            let mut list = Invocation::of(&ListOpportunities::default())?;
            list.arguments.extend(status.map(|status| ("status".to_owned(), status.into())));
            Ok(list)
        }
        Toolset::Pages => Invocation::of(&ListPages::default()),
        Toolset::Webhooks => Invocation::of(&ListWebhooks::default()),
        _ => Invocation::of(&ListCampaigns::default()),
    }
}

/// Looks for the object that `create`, first sent at `sent_at`, may have made.
///
/// # Errors
/// Why the look-up could not be completed.
pub(super) async fn created_since(
    backend: &Backend,
    create: &Invocation,
    sent_at: DateTime<Utc>,
    context: &CallContext,
) -> Result<Found, String> {
    let incomplete = |why: &str| format!("the look-up could not be completed ({why})");
    let items = every_item(backend, create, context).await.map_err(|why| incomplete(&why))?;
    // The look-up's own answer tells the server's clock, if nothing did before.
    let earliest = backend.server_time_at(sent_at).map(|time| time.earliest);
    let (mut sure, mut unsure) = (Vec::new(), Vec::new());
    for item in items {
        let mut item = item;
        let mut like = likeness(&create.arguments, &item).and(created_after(&item, earliest));
        if like == Likeness::Unclear
            && let Some(whole) = whole(backend, create, &item, context).await.map_err(|why| incomplete(&why))?
        {
            like = likeness(&create.arguments, &whole).and(created_after(&whole, earliest));
            item = whole;
        }
        match like {
            Likeness::Same => sure.push(item),
            Likeness::Unclear => unsure.push(item),
            Likeness::Different => {}
        }
    }
    if unsure.is_empty() && sure.len() <= 1 {
        return Ok(sure.pop().map_or(Found::None, Found::One));
    }
    let ids = sure.iter().chain(&unsure).filter_map(|item| item.get("id")?.as_str().map(str::to_owned)).collect();
    Ok(Found::Unclear(ids))
}

/// The whole list. One that others changed while it was read is read once more: that they work in the account too is
/// no reason to leave the outcome unknown. Not more often, because a list that never rests would eat the quota.
async fn every_item(backend: &Backend, create: &Invocation, context: &CallContext) -> Result<Vec<Value>, String> {
    let list = list(create).map_err(|error| error.message)?;
    for _ in 0..SCANS {
        let scan = scan::all(backend, &list, context).await.map_err(|failed| failed.error.message)?;
        if scan.complete {
            return Ok(scan.items);
        }
    }
    Err("the list changed while it was read".to_owned())
}

/// Lists may leave fields out; the object itself does not.
async fn whole(
    backend: &Backend,
    create: &Invocation,
    item: &Value,
    context: &CallContext,
) -> Result<Option<Value>, String> {
    let resource = create.entry.toolset;
    let id = item.get("id").and_then(Value::as_str).and_then(|id| id.parse::<Id>().ok());
    match id {
        Some(id) if resource != Toolset::Webhooks => {
            objects::by_id(backend, resource, id, context).await.map_err(|error| error.message)
        }
        _ => Ok(None),
    }
}
