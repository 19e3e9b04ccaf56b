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

/// Stores an invoice. Returns it as answers show it.
fn save(
    account: &mut Account,
    mut invoice: Fields,
    before: Option<&Fields>,
    now: Duration,
    manners: &Manners,
) -> Fields {
    manners.on_write(before, &mut invoice);
    invoice.insert("updatedAt".into(), timestamp(now).into());
    account.put(ObjectKind::Invoices, text(&invoice, "id"), &invoice);
    shown(account, &invoice, manners)
}

/// A write of an invoice: which one, when, and how the account behaves.
pub(super) struct Write<'a> {
    pub(super) id: &'a str,
    pub(super) now: Duration,
    pub(super) manners: &'a Manners,
}

impl Write<'_> {
    /// Replaces the invoice by what `change` makes of it, and answers with what `answer` makes of that.
    fn change(
        &self,
        account: &mut Account,
        change: impl FnOnce(&mut Account, Fields) -> Result<Fields, ApiResponse>,
        answer: impl FnOnce(Fields) -> Value,
    ) -> HandlerResult {
        let before = account.get(ObjectKind::Invoices, self.id).ok_or_else(unknown)?;
        let invoice = change(account, before.clone())?;
        let shown = save(account, invoice, Some(&before), self.now, self.manners);
        Ok(Completed::written(ApiResponse::ok(answer(shown)), WriteKind::Update, self.id))
    }
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
    let id = account.new_id();
    invoice.insert("id".into(), id.clone().into());
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
    let shown = save(account, invoice, None, now, manners);
    Ok(Completed::written(ApiResponse::ok(shown.into()), WriteKind::Create, id))
}

pub(super) fn update(account: &mut Account, write: &Write<'_>, body: &Fields) -> HandlerResult {
    let change = |_: &mut Account, mut invoice: Fields| {
        check(UPDATE, "invoiceItems", body)?;
        if !matches!(text(&invoice, "status"), "draft" | "sent") {
            return Err(ApiResponse::bad_request("Invoice status need to be draft or sent to update an invoice"));
        }
        invoice.extend(body.clone().into_iter().filter(|(name, _)| !name.starts_with("alt") && name != "contactId"));
        sum_up(&mut invoice);
        Ok(invoice)
    };
    write.change(account, change, Value::Object)
}

pub(super) fn delete(account: &mut Account, id: &str, manners: &Manners) -> HandlerResult {
    let invoice = account.get(ObjectKind::Invoices, id).ok_or_else(unknown)?;
    if text(&invoice, "status") != "draft" {
        return Err(ApiResponse::bad_request("Invoice status need to be draft to delete an invoice"));
    }
    account.remove(ObjectKind::Invoices, id);
    let shown = shown(account, &invoice, manners);
    Ok(Completed::written(ApiResponse::ok(shown.into()), WriteKind::Delete, id))
}

pub(super) fn void(account: &mut Account, write: &Write<'_>, body: &Fields) -> HandlerResult {
    let change = |_: &mut Account, mut invoice: Fields| {
        validate::creation(VOID, body).map_err(unprocessable)?;
        if text(&invoice, "status") == "draft" {
            return Err(ApiResponse::bad_request("Can not void draft invoice. You can delete draft invoice!"));
        }
        if number(&invoice, "amountPaid") > 0.0 {
            let refund = "To void an invoice which has received payment through the payment provider, the \
                          corresponding transaction needs to be refunded first";
            return Err(ApiResponse::bad_request(refund));
        }
        invoice.insert("status".into(), "void".into());
        Ok(invoice)
    };
    write.change(account, change, Value::Object)
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

pub(super) fn send(account: &mut Account, write: &Write<'_>, body: &Fields) -> HandlerResult {
    let change = |account: &mut Account, mut invoice: Fields| {
        validate::creation(SEND, body).map_err(unprocessable)?;
        if account.get(ObjectKind::Users, text(body, "userId")).is_none() {
            return Err(unprocessable("userId names no user of this location"));
        }
        if let status @ ("paid" | "void") = text(&invoice, "status") {
            return Err(ApiResponse::bad_request(format!("Can not send {status} invoice")));
        }
        let action = text(body, "action");
        let (by_email, by_sms) = (action.contains("email"), action.contains("sms"));
        let emails = if by_email { receivers(&invoice, "email", "email") } else { Vec::new() };
        let phones = if by_sms { receivers(&invoice, "phoneNo", "phoneNo") } else { Vec::new() };
        if (by_email && emails.is_empty()) || (by_sms && phones.is_empty()) {
            return Err(ApiResponse::bad_request("The invoice has no address to send to"));
        }
        if text(&invoice, "status") == "draft" {
            invoice.insert("status".into(), "sent".into());
        }
        invoice.insert("sentAt".into(), timestamp(write.now).into());
        let one = json!({ "action": action, "emails": emails, "phones": phones, "userId": body.get("userId") });
        match invoice.entry("sends").or_insert_with(|| json!([])) {
            Value::Array(sends) => sends.push(one),
            other => *other = json!([one]),
        }
        Ok(invoice)
    };
    write.change(account, change, |invoice| json!({ "invoice": invoice, "smsData": {}, "emailData": {} }))
}

pub(super) fn record_payment(account: &mut Account, write: &Write<'_>, body: &Fields) -> HandlerResult {
    let change = |account: &mut Account, mut invoice: Fields| {
        validate::creation(PAYMENT, body).map_err(unprocessable)?;
        if !matches!(text(&invoice, "status"), "sent" | "partially_paid") {
            return Err(ApiResponse::bad_request("Only a sent invoice can be paid"));
        }
        let due = number(&invoice, "amountDue");
        let paid = body.get("amount").and_then(Value::as_f64).unwrap_or(due);
        if paid <= 0.0 || paid > due {
            return Err(ApiResponse::bad_request("The amount must be more than 0 and at most the amount due"));
        }
        let status = if rounded(due - paid) > 0.0 { "partially_paid" } else { "paid" };
        invoice.insert("status".into(), status.into());
        let paid_before = number(&invoice, "amountPaid");
        invoice.insert("amountPaid".into(), amount(paid_before + paid));
        sum_up(&mut invoice);
        let transaction = super::payments::of_invoice(&invoice, paid, timestamp(write.now), account.new_id());
        account.put(ObjectKind::Transactions, text(&transaction, "id"), &transaction);
        Ok(invoice)
    };
    write.change(account, change, |invoice| json!({ "success": true, "invoice": invoice }))
}
