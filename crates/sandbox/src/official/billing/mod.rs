//! Invoices and payments.

mod bodies;
mod invoices;
mod money;
mod payments;
mod routes;
mod writes;

pub(crate) use money::sum_up;
pub(crate) use routes::{Op, ROUTES};

use super::Request;
use super::checks::Query;
use super::errors::unprocessable;
use super::organization::{check_location, text};
use super::paging::millis;
use crate::account::{Account, Fields};
use crate::manners::Manners;
use crate::operation::{Completed, HandlerResult};
use crate::response::ApiResponse;
use chrono::DateTime;
use serde_json::json;
use std::time::Duration;
use writes::Write;

/// Performs an operation. `now` is the database's time of writes.
pub(super) fn perform(
    account: &mut Account,
    op: Op,
    request: &Request<'_>,
    now: Duration,
    manners: &Manners,
) -> HandlerResult {
    let Request { query, body, .. } = request;
    check_owner(account, query.get("altId").unwrap_or_else(|| text(body, "altId")))?;
    if query.get("locationId").is_some_and(|id| Some(id) != query.get("altId")) {
        return Err(unprocessable("locationId and altId must be the same"));
    }
    let id = request.id(0);
    let write = Write { id, now, manners };
    let read = |response| Ok(Completed::read(response));
    match op {
        Op::Invoices => read(invoices::list(account, query, manners)),
        Op::InvoiceNumber => read(invoices::next_number(account)),
        Op::Settings => read(invoices::settings(account)),
        Op::GetInvoice => read(invoices::get(account, id, manners)?),
        Op::CreateInvoice => writes::create(account, body, now, manners),
        Op::UpdateInvoice => writes::update(account, &write, body),
        Op::DeleteInvoice => writes::delete(account, id, manners),
        Op::SendInvoice => writes::send(account, &write, body),
        Op::VoidInvoice => writes::void(account, &write, body),
        Op::RecordPayment => writes::record_payment(account, &write, body),
        Op::Transactions | Op::Orders | Op::Subscriptions => read(payments::list(account, op, query, manners)),
        Op::GetTransaction => read(payments::get_transaction(account, id, manners)?),
    }
}

/// Refuses other locations. A body without an owner is left to the body's own check.
fn check_owner(account: &Account, id: &str) -> Result<(), ApiResponse> {
    if id.is_empty() { Ok(()) } else { check_location(account, id) }
}

/// One page of what a list found, in the member `list`, with the count of all in the member `total`.
fn page(
    found: &[Fields],
    shown: impl Fn(&Fields) -> Fields,
    (list, total): (&str, &str),
    query: &Query,
    manners: &Manners,
) -> ApiResponse {
    let (limit, offset) = (query.number("limit").unwrap_or(10), query.number("offset").unwrap_or(0));
    let page: Vec<_> = found.iter().skip(offset).take(manners.list_limit(limit)).map(shown).collect();
    let mut answer = Fields::from_iter([(list.to_owned(), json!(page))]);
    answer.extend(manners.list_total(found.len()).map(|count| (total.to_owned(), count)));
    ApiResponse::ok(answer.into())
}

/// Whether the day of this field is within `startAt` and `endAt`.
fn within_days(object: &Fields, name: &str, query: &Query) -> bool {
    let day = match text(object, name).parse::<chrono::NaiveDate>() {
        Ok(day) => day,
        Err(_) => DateTime::from_timestamp_millis(millis(object, name)).unwrap_or_default().date_naive(),
    };
    let bound = |name: &str| query.get(name).and_then(|day| day.parse::<chrono::NaiveDate>().ok());
    bound("startAt").is_none_or(|first| day >= first) && bound("endAt").is_none_or(|last| day <= last)
}

/// Whether the object is of this payment mode.
fn in_mode(object: &Fields, query: &Query) -> bool {
    let live = object.get("liveMode").and_then(serde_json::Value::as_bool);
    match query.get("paymentMode") {
        Some("live") => live == Some(true),
        Some("test") => live == Some(false),
        _ => true,
    }
}
