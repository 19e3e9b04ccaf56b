//! Invoices and payments. Amounts are in the currency's main unit: 12.5 of USD are twelve dollars and fifty cents.

use super::{
    id::Id,
    list::{List, Paging},
    meaning::{Lookup, LookupField, LookupFilter, ReadBack, StateRule, States},
    operation::{AnswerShape, Effect, Operation, Output, Toolset},
    route::Route,
    text::{Currency, Day, UserRef},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use serde_with::skip_serializing_none;
use std::borrow::Cow;

/// An invoice.
#[skip_serializing_none]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "the fields are the API's own")]
pub struct Invoice {
    pub id: String,
    pub number: Option<String>,
    pub name: Option<String>,
    /// draft, sent, payment_processing, partially_paid, paid or void; others are kept as they come.
    pub status: Option<String>,
    /// Whether it is sent, not paid in full, and its due date has passed in the location's time zone.
    pub overdue: Option<bool>,
    pub contact_id: Option<String>,
    pub contact_name: Option<String>,
    /// Where the invoice goes by e-mail.
    pub emails: Option<Vec<String>>,
    /// Where the invoice goes by SMS.
    pub phones: Option<Vec<String>>,
    pub currency: Option<String>,
    /// In the currency's main unit, as all amounts.
    pub total: Option<f64>,
    pub amount_paid: Option<f64>,
    pub amount_due: Option<f64>,
    pub issue_date: Option<String>,
    pub due_date: Option<String>,
    pub items: Option<Vec<Value>>,
    pub created_at: Option<String>,
    pub updated_at: Option<String>,
    /// Other fields of the API's answer.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

impl Output for Invoice {
    const SHAPE: AnswerShape = AnswerShape::One(Cow::Borrowed("invoice"));
}

/// A payment, or an attempt of one.
#[skip_serializing_none]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "the fields are the API's own")]
pub struct Transaction {
    pub id: String,
    /// succeeded, failed, pending or refunded; others are kept as they come.
    pub status: Option<String>,
    /// In the currency's main unit.
    pub amount: Option<f64>,
    pub amount_refunded: Option<f64>,
    pub currency: Option<String>,
    pub contact_id: Option<String>,
    pub contact_name: Option<String>,
    /// invoice, order or another kind of thing that is paid for.
    pub entity_type: Option<String>,
    pub entity_id: Option<String>,
    /// Where the payment came from: invoice, funnel, form and others.
    pub source_type: Option<String>,
    pub source_name: Option<String>,
    pub created_at: Option<String>,
    pub updated_at: Option<String>,
    /// Other fields of the API's answer.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

impl Output for Transaction {
    const SHAPE: AnswerShape = AnswerShape::One(Cow::Borrowed("transaction"));
}

/// The statuses by which invoices can be filtered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(transform = super::schema::without_description)]
#[expect(missing_docs, reason = "the values are the API's own")]
pub enum InvoiceFilter {
    Draft,
    Sent,
    PartiallyPaid,
    Overdue,
    PaymentProcessing,
    Paid,
    Void,
}

/// List invoices.
#[skip_serializing_none]
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "doc comments become schema text, which costs tokens")]
pub struct ListInvoices {
    #[serde(flatten)]
    pub paging: Paging,
    pub status: Option<InvoiceFilter>,
    pub contact_id: Option<Id>,
    /// Name, email or phone
    pub search: Option<String>,
    pub due_from: Option<Day>,
    pub due_until: Option<Day>,
}

impl Operation for ListInvoices {
    type Output = List<Invoice>;
    const NAME: &'static str = "list_invoices";
    const TITLE: &'static str = "List invoices";
    const EFFECT: Effect = Effect::Read;
    const TOOLSET: Toolset = Toolset::Invoices;
    const LISTED: bool = false;
    const SESSION: Route = Route::Absent;
}

/// Get an invoice.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[expect(missing_docs, reason = "doc comments become schema text, which costs tokens")]
pub struct GetInvoice {
    pub id: Id,
}

impl Operation for GetInvoice {
    type Output = Invoice;
    const NAME: &'static str = "get_invoice";
    const TITLE: &'static str = "Get invoice";
    const EFFECT: Effect = Effect::Read;
    const TOOLSET: Toolset = Toolset::Invoices;
    const LISTED: bool = false;
    const SESSION: Route = Route::Absent;
    const ID: Option<fn(&Self) -> &Id> = Some(|invoice| &invoice.id);
    const READ_BACK: Option<ReadBack> = Some(ReadBack::get(Self::NAME));
}

/// An item of an invoice.
#[skip_serializing_none]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(transform = super::schema::without_description)]
#[expect(missing_docs, reason = "doc comments become schema text, which costs tokens")]
pub struct InvoiceItem {
    pub name: String,
    pub description: Option<String>,
    /// Of one, such as 12.50
    #[schemars(range(min = 0))]
    pub amount: f64,
    /// Default 1
    #[schemars(range(min = 0))]
    pub quantity: Option<f64>,
}

/// Draft an invoice.
#[skip_serializing_none]
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "doc comments become schema text, which costs tokens")]
pub struct CreateInvoice {
    pub contact_id: Id,
    pub name: String,
    #[schemars(length(min = 1))]
    pub items: Vec<InvoiceItem>,
    /// Such as USD
    pub currency: Currency,
    /// Default today
    pub issue_date: Option<Day>,
    /// Default as the location's settings say
    pub due_date: Option<Day>,
    /// Heading
    pub title: Option<String>,
}

impl Operation for CreateInvoice {
    type Output = Invoice;
    const NAME: &'static str = "create_invoice";
    const TITLE: &'static str = "Create invoice";
    const EFFECT: Effect = Effect::Create;
    const TOOLSET: Toolset = Toolset::Invoices;
    const LISTED: bool = false;
    const SESSION: Route = Route::Absent;
    const LOOKUP: Option<Lookup> = Some(Lookup {
        list: Cow::Borrowed(ListInvoices::NAME),
        fields: Cow::Borrowed(&[
            LookupField::filtered("contactId", LookupFilter::AsSent),
            LookupField::compared("name"),
        ]),
        any: false,
    });
    const READ_BACK: Option<ReadBack> = Some(ReadBack::get(GetInvoice::NAME));
}

/// By which way an invoice is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(transform = super::schema::without_description)]
#[expect(missing_docs, reason = "the values are the API's own")]
pub enum SendBy {
    Email,
    Sms,
    SmsAndEmail,
}

/// Send an invoice to its contact, once a person confirms.
#[skip_serializing_none]
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[expect(missing_docs, reason = "doc comments become schema text, which costs tokens")]
pub struct SendInvoice {
    pub id: Id,
    pub by: SendBy,
    /// User in whose name; default an admin
    pub sender: Option<UserRef>,
    /// true: also if it was sent before
    pub again: Option<bool>,
}

impl Operation for SendInvoice {
    type Output = Invoice;
    const NAME: &'static str = "send_invoice";
    const TITLE: &'static str = "Send invoice";
    const EFFECT: Effect = Effect::Send;
    const TOOLSET: Toolset = Toolset::Invoices;
    const LISTED: bool = false;
    const SESSION: Route = Route::Absent;
    const ID: Option<fn(&Self) -> &Id> = Some(|invoice| &invoice.id);
    const READ_BACK: Option<ReadBack> = Some(ReadBack::get(GetInvoice::NAME));
    const STATE_RULE: Option<StateRule> = Some(StateRule {
        field: "status",
        allowed: States::AllBut(&["paid", "void", "payment_processing"]),
        refusal: "it cannot be sent",
        refusals: &[
            ("paid", "a paid invoice is not sent again"),
            ("void", "a void invoice cannot be sent; create a new one"),
            ("payment_processing", "a payment of it is being processed"),
        ],
    });
}

/// List payments and attempts.
#[skip_serializing_none]
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "doc comments become schema text, which costs tokens")]
pub struct ListTransactions {
    #[serde(flatten)]
    pub paging: Paging,
    /// succeeded, failed, pending, refunded
    pub status: Option<String>,
    pub contact_id: Option<Id>,
    /// Invoice or order
    pub entity_id: Option<Id>,
    pub search: Option<String>,
    pub since: Option<Day>,
    pub until: Option<Day>,
}

impl Operation for ListTransactions {
    type Output = List<Transaction>;
    const NAME: &'static str = "list_transactions";
    const TITLE: &'static str = "List transactions";
    const EFFECT: Effect = Effect::Read;
    const TOOLSET: Toolset = Toolset::Invoices;
    const LISTED: bool = false;
    const SESSION: Route = Route::Absent;
}
