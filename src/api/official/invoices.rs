//! Invoices and transactions. Pure functions, but for the requests before a new invoice and before a send.

use super::{
    Official,
    endpoint::{Account, List, Names, OfficialOperation, RequestBuilder},
    new_invoice::NewInvoice,
    request,
};
use chrono::{DateTime, NaiveDate, Utc};
use highlevel_api_client::{Request, Response, api_message};
use highlevel_catalog::{
    FilterGap, GapValues, Invocation, Route,
    invoices::{CreateInvoice, GetInvoice, ListInvoices, ListTransactions, SendInvoice},
};
use highlevel_core::{
    context::CallContext,
    error::{Code, Error, Result},
};
use highlevel_time_zone::Tz;
use serde_json::{Map, Value, json};
use std::borrow::Cow;

/// The largest page of requests. The file names no limit.
const MAX_PAGE: u64 = 100;

/// The statuses of invoices that wait for money.
const OPEN: [&str; 2] = ["sent", "partially_paid"];

/// Members of an invoice that say nothing about it, or are shown under other names.
const INVOICE_DROPPED: [&str; 9] = [
    "altType",
    "businessDetails",
    "contactDetails",
    "sentTo",
    "remindersConfiguration",
    "lateFeesConfiguration",
    "tipsConfiguration",
    "paymentMethods",
    "__v",
];

/// Members of a transaction that are the payment provider's own or say nothing.
const TRANSACTION_DROPPED: [&str; 3] = ["altType", "chargeSnapshot", "entitySourceMeta"];

/// The filters that the API does not have.
const INVOICE_GAPS: &[FilterGap] = &[
    FilterGap {
        argument: Cow::Borrowed("status"),
        values: GapValues::Flags(Cow::Borrowed(&[Cow::Borrowed("overdue")])),
    },
    FilterGap { argument: Cow::Borrowed("dueFrom"), values: GapValues::From(Cow::Borrowed("dueDate")) },
    FilterGap { argument: Cow::Borrowed("dueUntil"), values: GapValues::Until(Cow::Borrowed("dueDate")) },
];

const TRANSACTION_GAPS: &[FilterGap] = &[FilterGap { argument: Cow::Borrowed("status"), values: GapValues::All }];

/// The operations on invoices and transactions.
pub(super) fn operations() -> Vec<OfficialOperation> {
    vec![
        OfficialOperation::new::<ListInvoices>(
            Route::get("/invoices/"),
            "GET /invoices/",
            RequestBuilder::List(List::Counted { member: "invoices", most: MAX_PAGE, page: list }),
        )
        .converted_by(invoice, &[])
        .filter_gaps(INVOICE_GAPS)
        .with_today(),
        OfficialOperation::new::<GetInvoice>(
            Route::get("/invoices/{id}"),
            "GET /invoices/{invoiceId}",
            RequestBuilder::Object(get),
        )
        .converted_by(invoice, &[])
        .with_today(),
        OfficialOperation::new::<CreateInvoice>(
            Route::post("/invoices/"),
            "POST /invoices/, after GET /contacts/{contactId}, /locations/{locationId}, /invoices/settings and \
             /invoices/generate-invoice-number",
            RequestBuilder::NewInvoice,
        )
        .converted_by(invoice, &[]),
        OfficialOperation::new::<SendInvoice>(
            Route::post("/invoices/{id}/send"),
            "POST /invoices/{invoiceId}/send",
            RequestBuilder::InvoiceSend,
        )
        .converted_by(invoice, &[])
        .unreported(&["by", "sender", "again"]),
        OfficialOperation::new::<ListTransactions>(
            Route::get("/payments/transactions"),
            "GET /payments/transactions",
            RequestBuilder::List(List::Counted { member: "data", most: MAX_PAGE, page: transactions }),
        )
        .converted_by(transaction, &[])
        .filter_gaps(TRANSACTION_GAPS),
    ]
}

/// The parameters that name the location.
fn owner(location: &str) -> Vec<(&'static str, String)> {
    vec![("altId", location.to_owned()), ("altType", "location".to_owned())]
}

/// Adds arguments to a query, each under the API's name.
fn add(query: &mut Vec<(&'static str, String)>, list: &Invocation, names: &[(&'static str, &str)]) {
    query.extend(names.iter().filter_map(|(name, given)| Some((*name, list.arguments.text(given)?.to_owned()))));
}

/// `GET /invoices/`.
fn list(list: &Invocation, account: &Account<'_>, offset: u64, limit: u64) -> Request {
    let mut query = owner(account.location);
    query.extend([("limit", limit.to_string()), ("offset", offset.to_string())]);
    add(&mut query, list, &[("status", "status"), ("contactId", "contactId"), ("search", "search")]);
    request::get("/invoices/".to_owned(), &query)
}

/// `GET /invoices/{invoiceId}`.
fn get(get: &Invocation, account: &Account<'_>) -> Request {
    request::get(request::under("/invoices/", get.id.as_ref()), &owner(account.location))
}

/// `GET /payments/transactions`.
fn transactions(list: &Invocation, account: &Account<'_>, offset: u64, limit: u64) -> Request {
    let mut query = owner(account.location);
    query.extend([("limit", limit.to_string()), ("offset", offset.to_string())]);
    let names = [
        ("contactId", "contactId"),
        ("entityId", "entityId"),
        ("search", "search"),
        ("startAt", "since"),
        ("endAt", "until"),
    ];
    add(&mut query, list, &names);
    request::get("/payments/transactions".to_owned(), &query)
}

/// Converts an invoice to the tools' form.
pub(super) fn invoice(mut invoice: Map<String, Value>, names: &Names) -> Value {
    request::rename(&mut invoice, "_id", "id");
    request::rename(&mut invoice, "altId", "locationId");
    if let Some(number) = invoice.shift_remove("invoiceNumber").filter(|number| !number.is_null()) {
        let number = number.as_str().map_or_else(|| number.to_string(), str::to_owned);
        invoice.insert("number".to_owned(), number.into());
    }
    let contact = invoice.get("contactDetails").and_then(Value::as_object).cloned().unwrap_or_default();
    for (from, to) in [("id", "contactId"), ("name", "contactName")] {
        invoice.extend(contact.get(from).cloned().map(|value| (to.to_owned(), value)));
    }
    for (list, own, to) in [("email", "email", "emails"), ("phoneNo", "phoneNo", "phones")] {
        let listed = invoice.get("sentTo").and_then(|sent| sent.get(list)).and_then(Value::as_array).cloned();
        let mut addresses = listed.filter(|all| !all.is_empty()).unwrap_or_default();
        if addresses.is_empty() {
            addresses.extend(contact.get(own).cloned());
        }
        addresses.retain(|address| address.as_str().is_some_and(|address| !address.trim().is_empty()));
        invoice.insert(to.to_owned(), addresses.into());
    }
    request::rename(&mut invoice, "invoiceItems", "items");
    for item in invoice.get_mut("items").and_then(Value::as_array_mut).into_iter().flatten() {
        if let Some(item) = item.as_object_mut() {
            request::rename(item, "qty", "quantity");
        }
    }
    for name in ["issueDate", "dueDate"] {
        if let Some(day) = invoice.get(name).and_then(day) {
            invoice.insert(name.to_owned(), day.to_string().into());
        }
    }
    if let Some(today) = names.today {
        let is_overdue = is_overdue(&invoice, today);
        invoice.insert("overdue".to_owned(), is_overdue.into());
    }
    invoice.retain(|name, value| !INVOICE_DROPPED.contains(&name.as_str()) && !value.is_null());
    invoice.into()
}

fn is_overdue(invoice: &Map<String, Value>, today: NaiveDate) -> bool {
    let owes = invoice.get("amountDue").is_none_or(|due| amount(due) != Some(0.0));
    let is_open = request::text(invoice, "status").is_some_and(|status| OPEN.contains(&status));
    is_open && owes && invoice.get("dueDate").and_then(day).is_some_and(|due| due < today)
}

/// An amount, which answers write as a number or as text.
fn amount(value: &Value) -> Option<f64> {
    value.as_f64().or_else(|| value.as_str()?.trim().parse().ok())
}

/// A day, which answers write as a day, as its first moment, or in milliseconds since 1970.
fn day(value: &Value) -> Option<NaiveDate> {
    match value {
        Value::String(text) => text.get(.."yyyy-mm-dd".len())?.parse().ok(),
        Value::Number(millis) => DateTime::from_timestamp_millis(millis.as_i64()?).map(|at| at.date_naive()),
        _ => None,
    }
}

/// Converts a transaction to the tools' form.
fn transaction(mut transaction: Map<String, Value>, _: &Names) -> Value {
    let names = [
        ("_id", "id"),
        ("altId", "locationId"),
        ("entitySourceType", "sourceType"),
        ("entitySourceName", "sourceName"),
        ("entitySourceId", "sourceId"),
    ];
    names.into_iter().for_each(|(from, to)| request::rename(&mut transaction, from, to));
    transaction.retain(|name, _| !TRANSACTION_DROPPED.contains(&name.as_str()));
    transaction.into()
}

/// Whether the API refused an invoice because another one has its number.
pub(super) fn is_number_taken(response: &Response) -> bool {
    let says = |text: String| {
        let text = text.to_lowercase();
        text.contains("number") && (text.contains("exist") || text.contains("taken") || text.contains("use"))
    };
    response.status.is_client_error() && api_message(&response.body).is_some_and(says)
}

impl Official {
    /// Today in the location's time zone. `None` if the zone cannot be read.
    pub(super) async fn today(&self, context: &CallContext) -> Option<NaiveDate> {
        let zone = self.location_zone(context).await.ok()?;
        Some(Utc::now().with_timezone(&zone.unwrap_or(Tz::UTC)).date_naive())
    }

    /// The request that sends an invoice, in the name of the caller's user, the logged-in user or an admin.
    pub(super) async fn invoice_send(&self, send: &Invocation, context: &CallContext) -> Result<Request> {
        let user = match (send.arguments.text("sender"), &self.user) {
            (Some(user), _) => user.to_owned(),
            (None, Some(user)) => user.clone(),
            (None, None) => self.author(context).await?,
        };
        let body = json!({
            "altId": self.location,
            "altType": "location",
            "userId": user,
            "action": send.arguments.text("by").unwrap_or("email"),
            "liveMode": true,
        });
        let path = format!("{}/send", request::under("/invoices/", send.id.as_ref()));
        Ok(request::create(path, body.as_object().cloned().unwrap_or_default()))
    }

    /// The request for a new invoice, with the contact's details, the business's and the next number.
    pub(super) async fn new_invoice(&self, create: &Invocation, context: &CallContext) -> Result<Request> {
        let contact = create.arguments.text("contactId").unwrap_or_default();
        let contact = self.object_at(format!("/contacts/{contact}"), &[], "contact", context).await?;
        self.check_location(&contact.clone().into())?;
        let location = self.object_at(format!("/locations/{}", self.location), &[], "location", context).await?;
        let owner = owner(&self.location);
        let settings = match self.object_at("/invoices/settings".to_owned(), &owner, "settings", context).await {
            Ok(settings) => settings,
            Err(error) if is_about_the_api(&error) => {
                context.note(format!(
                    "The settings of invoices could not be read, so they are not applied: {}",
                    error.message
                ));
                Map::new()
            }
            Err(error) => return Err(error),
        };
        let next = "/invoices/generate-invoice-number".to_owned();
        let number = self.object_at(next, &owner, "data", context).await?.remove("invoiceNumber").unwrap_or_default();
        let today = today(request::text(&location, "timezone").unwrap_or("UTC"));
        let new = NewInvoice { location_id: &self.location, contact, location, settings, number, today };
        Ok(request::create("/invoices/".to_owned(), new.body(create)?))
    }

    /// The object at a path.
    async fn object_at(
        &self,
        path: String,
        query: &[(&str, String)],
        wrapper: &str,
        context: &CallContext,
    ) -> Result<Map<String, Value>> {
        let response = self.client.send(&request::get(path, query), context).await.map_err(|failed| failed.error)?;
        Ok(request::object(request::body(response)?, wrapper))
    }
}

/// Today in a time zone.
fn today(zone: &str) -> NaiveDate {
    let zone: Tz = zone.parse().unwrap_or(Tz::UTC);
    Utc::now().with_timezone(&zone).date_naive()
}

/// Whether the API refused a read or failed at it. Other errors end the call.
fn is_about_the_api(error: &Error) -> bool {
    use Code::{Forbidden, InvalidArguments, NotFound, Unauthorized, UpstreamError};
    matches!(error.code, Forbidden | InvalidArguments | NotFound | Unauthorized | UpstreamError)
}
