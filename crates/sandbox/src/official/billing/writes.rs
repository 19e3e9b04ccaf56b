//! Writes of invoices. Each send is recorded on the invoice, so that tests can count them.

use super::bodies::{CREATE, PAYMENT, SEND, UPDATE, VOID, check};
use super::invoices::{next, shown, unknown};
use super::money::{amount, number, rounded, sum_up};
use crate::account::{Account, Fields, ObjectKind};
use crate::manners::Manners;
use crate::official::errors::unprocessable;
use crate::official::organization::{renamed, text};
use crate::operation::{Completed, HandlerResult, WriteKind, timestamp};
use crate::response::ApiResponse;
use crate::validate;
use serde_json::{Value, json};
use std::time::Duration;

/// Stores an invoice, and answers with what `answer` makes of it.
fn save(
    account: &mut Account,
    mut invoice: Fields,
    before: Option<&Fields>,
    write: WriteKind,
    now: Duration,
    manners: &Manners,
) -> (Fields, (WriteKind, String)) {
    manners.on_write(before, &mut invoice);
    invoice.insert("updatedAt".into(), timestamp(now).into());
    let id = text(&invoice, "id").to_owned();
    account.put(ObjectKind::Invoices, &id, &invoice);
    (shown(account, &invoice, manners), (write, id))
}

fn completed(answer: Value, write: (WriteKind, String)) -> HandlerResult {
    Ok(Completed { response: ApiResponse::ok(answer), write: Some(write) })
}

pub(super) fn create(account: &mut Account, body: &Fields, now: Duration, manners: &Manners) -> HandlerResult {
    check(CREATE, "items", body)?;
    if body.get("items").and_then(Value::as_array).is_none_or(Vec::is_empty) {
        return Err(unprocessable("items should not be empty"));
    }
    let contact = body.get("contactDetails").and_then(|contact| contact.get("id")).and_then(Value::as_str);
    if account.get(ObjectKind::Contacts, contact.unwrap_or_default()).is_none() {
        return Err(ApiResponse::bad_request("Contact not found"));
    }
    let number =
        body.get("invoiceNumber").and_then(Value::as_str).map_or_else(|| next(account).to_string(), str::to_owned);
    if account.objects(ObjectKind::Invoices).any(|one| text(&one, "invoiceNumber") == number) {
        return Err(ApiResponse::bad_request("Invoice number already exists"));
    }
    let mut invoice = Fields::new();
    invoice.insert("id".into(), account.new_id().into());
    invoice.insert("status".into(), "draft".into());
    invoice.insert("amountPaid".into(), 0.into());
    invoice.insert("automaticTaxesEnabled".into(), false.into());
    // Without a day, an invoice is due at once.
    invoice.insert("dueDate".into(), body.get("issueDate").cloned().unwrap_or_default());
    invoice.insert("title".into(), "INVOICE".into());
    let names: Vec<_> = CREATE.iter().map(|field| field.name).collect();
    let renames: Vec<_> =
        names.iter().map(|name| (*name, if *name == "items" { "invoiceItems" } else { *name })).collect();
    invoice.extend(renamed(body, &renames).into_iter().filter(|(name, _)| !name.starts_with("alt")));
    invoice.insert("invoiceNumber".into(), number.into());
    invoice.insert("createdAt".into(), timestamp(now).into());
    sum_up(&mut invoice);
    let (answer, write) = save(account, invoice, None, WriteKind::Create, now, manners);
    completed(Value::Object(answer), write)
}

pub(super) fn update(
    account: &mut Account,
    id: &str,
    body: &Fields,
    now: Duration,
    manners: &Manners,
) -> HandlerResult {
    let before = account.get(ObjectKind::Invoices, id).ok_or_else(unknown)?;
    check(UPDATE, "invoiceItems", body)?;
    if !matches!(text(&before, "status"), "draft" | "sent") {
        return Err(ApiResponse::bad_request("Invoice status need to be draft or sent to update an invoice"));
    }
    let mut invoice = before.clone();
    invoice.extend(body.clone().into_iter().filter(|(name, _)| !name.starts_with("alt") && name != "contactId"));
    sum_up(&mut invoice);
    let (answer, write) = save(account, invoice, Some(&before), WriteKind::Update, now, manners);
    completed(Value::Object(answer), write)
}

pub(super) fn delete(account: &mut Account, id: &str, manners: &Manners) -> HandlerResult {
    let invoice = account.get(ObjectKind::Invoices, id).ok_or_else(unknown)?;
    if text(&invoice, "status") != "draft" {
        return Err(ApiResponse::bad_request("Invoice status need to be draft to delete an invoice"));
    }
    account.remove(ObjectKind::Invoices, id);
    completed(Value::Object(shown(account, &invoice, manners)), (WriteKind::Delete, id.to_owned()))
}

pub(super) fn void(account: &mut Account, id: &str, body: &Fields, now: Duration, manners: &Manners) -> HandlerResult {
    let before = account.get(ObjectKind::Invoices, id).ok_or_else(unknown)?;
    validate::creation(VOID, body).map_err(unprocessable)?;
    if text(&before, "status") == "draft" {
        return Err(ApiResponse::bad_request("Can not void draft invoice. You can delete draft invoice!"));
    }
    if number(&before, "amountPaid") > 0.0 {
        let refund = "To void an invoice which has received payment through the payment provider, the corresponding \
                      transaction needs to be refunded first";
        return Err(ApiResponse::bad_request(refund));
    }
    let mut invoice = before.clone();
    invoice.insert("status".into(), "void".into());
    let (answer, write) = save(account, invoice, Some(&before), WriteKind::Update, now, manners);
    completed(Value::Object(answer), write)
}

/// The addresses of one kind that an invoice goes to.
fn receivers(invoice: &Fields, list: &str, own: &str) -> Vec<Value> {
    let listed = invoice.get("sentTo").and_then(|to| to.get(list)).and_then(Value::as_array);
    let listed = listed.cloned().unwrap_or_default();
    let contact = invoice.get("contactDetails").and_then(|contact| contact.get(own)).cloned();
    let mut receivers = if listed.is_empty() { contact.into_iter().collect() } else { listed };
    receivers.retain(|receiver| receiver.as_str().is_some_and(|receiver| !receiver.is_empty()));
    receivers
}

pub(super) fn send(account: &mut Account, id: &str, body: &Fields, now: Duration, manners: &Manners) -> HandlerResult {
    let before = account.get(ObjectKind::Invoices, id).ok_or_else(unknown)?;
    validate::creation(SEND, body).map_err(unprocessable)?;
    if account.get(ObjectKind::Users, text(body, "userId")).is_none() {
        return Err(unprocessable("userId names no user of this location"));
    }
    if let status @ ("paid" | "void") = text(&before, "status") {
        return Err(ApiResponse::bad_request(format!("Can not send {status} invoice")));
    }
    let action = text(body, "action");
    let (by_email, by_sms) = (action.contains("email"), action.contains("sms"));
    let emails = if by_email { receivers(&before, "email", "email") } else { Vec::new() };
    let phones = if by_sms { receivers(&before, "phoneNo", "phoneNo") } else { Vec::new() };
    if (by_email && emails.is_empty()) || (by_sms && phones.is_empty()) {
        return Err(ApiResponse::bad_request("The invoice has no address to send to"));
    }
    let mut invoice = before.clone();
    if text(&invoice, "status") == "draft" {
        invoice.insert("status".into(), "sent".into());
    }
    invoice.insert("sentAt".into(), timestamp(now).into());
    let one = json!({ "action": action, "emails": emails, "phones": phones, "userId": body.get("userId") });
    match invoice.entry("sends").or_insert_with(|| json!([])) {
        Value::Array(sends) => sends.push(one),
        other => *other = json!([one]),
    }
    let (answer, write) = save(account, invoice, Some(&before), WriteKind::Update, now, manners);
    completed(json!({ "invoice": answer, "smsData": {}, "emailData": {} }), write)
}

pub(super) fn record_payment(
    account: &mut Account,
    id: &str,
    body: &Fields,
    now: Duration,
    manners: &Manners,
) -> HandlerResult {
    let before = account.get(ObjectKind::Invoices, id).ok_or_else(unknown)?;
    validate::creation(PAYMENT, body).map_err(unprocessable)?;
    if !matches!(text(&before, "status"), "sent" | "partially_paid") {
        return Err(ApiResponse::bad_request("Only a sent invoice can be paid"));
    }
    let due = number(&before, "amountDue");
    let paid = body.get("amount").and_then(Value::as_f64).unwrap_or(due);
    if paid <= 0.0 || paid > due {
        return Err(ApiResponse::bad_request("The amount must be more than 0 and at most the amount due"));
    }
    let mut invoice = before.clone();
    let status = if rounded(due - paid) > 0.0 { "partially_paid" } else { "paid" };
    invoice.insert("status".into(), status.into());
    invoice.insert("amountPaid".into(), amount(number(&before, "amountPaid") + paid));
    sum_up(&mut invoice);
    let transaction = super::payments::of_invoice(&invoice, paid, timestamp(now), account.new_id());
    account.put(ObjectKind::Transactions, text(&transaction, "id"), &transaction);
    let (answer, write) = save(account, invoice, Some(&before), WriteKind::Update, now, manners);
    completed(json!({ "success": true, "invoice": answer }), write)
}
