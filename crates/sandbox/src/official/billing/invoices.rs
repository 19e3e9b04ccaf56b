//! Invoices as answers show them, and the lists and settings that are read.

use super::{in_mode, page, within_days};
use crate::account::{Account, Fields, ObjectKind};
use crate::manners::Manners;
use crate::official::checks::Query;
use crate::official::organization::{all, own_location_id, renamed, text};
use crate::official::paging::millis;
use crate::response::ApiResponse;
use serde_json::{Value, json};

/// The members of an answer that are stored under the same name.
const SHOWN: &[&str] = &[
    "status",
    "liveMode",
    "amountPaid",
    "name",
    "businessDetails",
    "currency",
    "contactDetails",
    "issueDate",
    "dueDate",
    "discount",
    "invoiceItems",
    "total",
    "title",
    "amountDue",
    "createdAt",
    "updatedAt",
    "automaticTaxesEnabled",
    "paymentSchedule",
];

/// The message for an unknown invoice, as the file's example has it.
pub(super) fn unknown() -> ApiResponse {
    ApiResponse::bad_request("Unable to find an invoice with the given invoice id")
}

/// An invoice as an answer to a write shows it.
pub(super) fn shown(account: &Account, invoice: &Fields, manners: &Manners) -> Fields {
    let mut shown = renamed(invoice, &[("id", "_id")]);
    shown.extend(renamed(invoice, &SHOWN.iter().map(|name| (*name, *name)).collect::<Vec<_>>()));
    shown.insert("altId".into(), own_location_id(account).into());
    shown.insert("altType".into(), "location".into());
    // A number that was given with letters is shown as given.
    let number = text(invoice, "invoiceNumber");
    shown.insert("invoiceNumber".into(), number.parse::<u64>().map_or_else(|_| number.into(), Value::from));
    if manners.edge_values {
        // Live answers have members that the file does not declare.
        shown.extend(renamed(invoice, &["sentTo", "termsNotes", "sentAt"].map(|name| (name, name))));
        shown.insert("__v".into(), 0.into());
    }
    manners.on_read(ObjectKind::Invoices, &mut shown);
    shown
}

/// An invoice as reads show it. While lists lag, its status is the one from before the last write.
fn read(account: &Account, invoice: &Fields, manners: &Manners) -> Fields {
    let mut shown = shown(account, invoice, manners);
    shown.extend(renamed(invoice, &[("totalSummary", "totalSummary")]));
    let listed = account.get_listed(ObjectKind::Invoices, text(invoice, "id"));
    shown.extend(listed.map(|listed| renamed(&listed, &[("status", "status")])).unwrap_or_default());
    shown
}

pub(super) fn get(account: &Account, id: &str, manners: &Manners) -> Result<ApiResponse, ApiResponse> {
    let invoice = account.get(ObjectKind::Invoices, id).ok_or_else(unknown)?;
    Ok(ApiResponse::ok(Value::Object(read(account, &invoice, manners))))
}

/// One page of the invoices, the latest created first.
pub(super) fn list(account: &Account, query: &Query, manners: &Manners) -> ApiResponse {
    let search = query.get("search").unwrap_or_default().to_lowercase();
    let mut found = all(account, ObjectKind::Invoices);
    found.retain(|one| {
        let contact = one.get("contactDetails").and_then(Value::as_object).cloned().unwrap_or_default();
        let texts = [text(one, "id"), text(one, "name"), text(&contact, "name"), text(&contact, "email")];
        let named = texts.iter().chain(&[text(&contact, "phoneNo")]).any(|text| text.to_lowercase().contains(&search));
        named
            && query.get("status").is_none_or(|asked| asked == text(one, "status"))
            && query.get("contactId").is_none_or(|asked| asked == text(&contact, "id"))
            && in_mode(one, query)
            && within_days(one, "issueDate", query)
    });
    found.sort_by_key(|one| std::cmp::Reverse(millis(one, "createdAt")));
    if query.get("sortField").is_some() {
        found.sort_by(|one, other| text(one, "issueDate").cmp(text(other, "issueDate")));
        if query.get("sortOrder") != Some("ascend") {
            found.reverse();
        }
    }
    page(&found, |invoice| read(account, invoice, manners), ("invoices", "total"), query, manners)
}

/// The number that the next invoice can have. Asking does not reserve it.
pub(super) fn next_number(account: &Account) -> ApiResponse {
    ApiResponse::ok(json!({ "invoiceNumber": next(account) }))
}

/// One more than the highest number.
pub(super) fn next(account: &Account) -> u64 {
    let numbers = account.objects(ObjectKind::Invoices);
    numbers.filter_map(|one| text(&one, "invoiceNumber").parse::<u64>().ok()).max().unwrap_or(1_000) + 1
}

/// The settings of the location's invoices.
pub(super) fn settings(account: &Account) -> ApiResponse {
    let location = account.first(ObjectKind::Locations).unwrap_or_default();
    ApiResponse::ok(json!({
        "altId": own_location_id(account),
        "altType": "location",
        "title": "INVOICE",
        "termsNote": "<p>Payment is due within 14 days.</p>",
        "dueAfterXDays": 14,
        "businessDetails": {
            "name": text(&location, "name"),
            "phoneNo": text(&location, "phone"),
            "address": { "addressLine1": text(&location, "address") },
        },
        "senderConfiguration": { "fromName": text(&location, "name"), "fromEmail": text(&location, "email") },
    }))
}
