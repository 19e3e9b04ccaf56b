//! Transactions, orders and subscriptions.

use super::money::amount;
use super::routes::Op;
use super::{in_mode, page, within_days};
use crate::account::{Account, Fields, ObjectKind};
use crate::manners::Manners;
use crate::official::checks::Query;
use crate::official::errors::not_found;
use crate::official::organization::{all, own_location_id, renamed, text};
use crate::official::paging::millis;
use crate::response::ApiResponse;
use serde_json::{Value, json};

/// Parameters that filter by the field with their name.
const SAME_NAME: &[&str] = &[
    "status",
    "paymentStatus",
    "entitySourceType",
    "entitySourceSubType",
    "subscriptionId",
    "entityId",
    "contactId",
    "sourceId",
    "id",
];

/// The stored fields that answers have not.
const HIDDEN: &[&str] = &["id", "paymentStatus"];

/// The payment of an invoice that was recorded by hand.
pub(super) fn of_invoice(invoice: &Fields, paid: f64, at: String, id: String) -> Fields {
    let contact = invoice.get("contactDetails").and_then(Value::as_object).cloned().unwrap_or_default();
    let transaction = json!({
        "id": id,
        "contactId": contact.get("id"),
        "contactName": contact.get("name"),
        "contactEmail": contact.get("email"),
        "currency": invoice.get("currency"),
        "amount": amount(paid),
        "status": "succeeded",
        "liveMode": invoice.get("liveMode"),
        "entityType": "invoice",
        "entityId": invoice.get("id"),
        "entitySourceType": "invoice",
        "entitySourceSubType": "manual",
        "entitySourceName": invoice.get("name"),
        "entitySourceId": invoice.get("id"),
        "paymentProviderType": "manual",
        "amountRefunded": 0,
        "createdAt": at,
        "updatedAt": at,
        "fulfilledAt": at,
    });
    transaction.as_object().cloned().unwrap_or_default()
}

fn shown(account: &Account, kind: ObjectKind, object: &Fields, manners: &Manners) -> Fields {
    let mut shown = renamed(object, &[("id", "_id")]);
    shown.insert("altId".into(), own_location_id(account).into());
    shown.insert("altType".into(), "location".into());
    shown.extend(object.clone().into_iter().filter(|(name, _)| !HIDDEN.contains(&name.as_str())));
    manners.on_read(kind, &mut shown);
    shown
}

/// One page of a list, the latest first.
pub(super) fn list(account: &Account, op: Op, query: &Query, manners: &Manners) -> ApiResponse {
    let kind = match op {
        Op::Orders => ObjectKind::Orders,
        Op::Subscriptions => ObjectKind::Subscriptions,
        _ => ObjectKind::Transactions,
    };
    let search = query.get("search").unwrap_or_default().to_lowercase();
    let mut found = all(account, kind);
    found.retain(|one| {
        let texts = ["contactName", "contactEmail", "entitySourceName", "sourceName"].map(|name| text(one, name));
        SAME_NAME.iter().all(|name| query.get(name).is_none_or(|asked| asked == text(one, name)))
            && texts.iter().any(|text| text.to_lowercase().contains(&search))
            && in_mode(one, query)
            && within_days(one, "createdAt", query)
    });
    found.sort_by_key(|one| std::cmp::Reverse(millis(one, "createdAt")));
    page(&found, |one| shown(account, kind, one, manners), ("data", "totalCount"), query, manners)
}

pub(super) fn get_transaction(account: &Account, id: &str, manners: &Manners) -> Result<ApiResponse, ApiResponse> {
    let kind = ObjectKind::Transactions;
    let transaction = account.get(kind, id).ok_or_else(|| not_found("Transaction"))?;
    let mut shown = shown(account, kind, &transaction, manners);
    // The file has one source object here, and the flat members in the list.
    for name in ["entitySourceType", "entitySourceSubType", "entitySourceName", "entitySourceId"] {
        shown.shift_remove(name);
    }
    let names = [
        ("entitySourceType", "type"),
        ("entitySourceSubType", "subType"),
        ("entitySourceName", "name"),
        ("entitySourceId", "id"),
    ];
    shown.insert("entitySource".into(), Value::Object(renamed(&transaction, &names)));
    Ok(ApiResponse::ok(Value::Object(shown)))
}
