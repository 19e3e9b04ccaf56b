//! The operations of invoices and payments.

use crate::official::routes::{self, ANY, Holds, Parameter, Route, json, may, must, read};
use crate::operation::Effect;

/// An operation on invoices or payments.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Op {
    Invoices,
    InvoiceNumber,
    Settings,
    GetInvoice,
    CreateInvoice,
    UpdateInvoice,
    DeleteInvoice,
    SendInvoice,
    VoidInvoice,
    RecordPayment,
    Transactions,
    GetTransaction,
    Orders,
    Subscriptions,
}

const LOCATION: Holds = Holds::OneOf(&["location"]);
const MODE: Holds = Holds::OneOf(&["default", "live", "test"]);
const PAGE: Holds = Holds::Whole(1, 100);

const OWNER: &[Parameter] = &[must("altId", Holds::Text), must("altType", LOCATION)];

const INVOICES: &[Parameter] = &[
    must("altId", Holds::Text),
    must("altType", LOCATION),
    may("status", Holds::Text),
    may("startAt", Holds::IsoDay),
    may("endAt", Holds::IsoDay),
    may("search", Holds::Text),
    may("paymentMode", MODE),
    may("contactId", Holds::Text),
    // The file has both as required strings. The bound of `limit` is that of the other lists.
    must("limit", PAGE),
    must("offset", ANY),
    may("sortField", Holds::OneOf(&["issueDate"])),
    may("sortOrder", Holds::OneOf(&["ascend", "descend"])),
];

const TRANSACTION: &[Parameter] =
    &[may("locationId", Holds::Text), must("altId", Holds::Text), must("altType", LOCATION)];

const TRANSACTIONS: &[Parameter] = &[
    may("locationId", Holds::Text),
    must("altId", Holds::Text),
    must("altType", LOCATION),
    may("paymentMode", Holds::Text),
    may("startAt", Holds::IsoDay),
    may("endAt", Holds::IsoDay),
    may("entitySourceType", Holds::Text),
    may("entitySourceSubType", Holds::Text),
    may("search", Holds::Text),
    may("subscriptionId", Holds::Text),
    may("entityId", Holds::Text),
    may("contactId", Holds::Text),
    may("limit", PAGE),
    may("offset", ANY),
];

/// The file has no `altType` here.
const ORDERS: &[Parameter] = &[
    may("locationId", Holds::Text),
    must("altId", Holds::Text),
    may("status", Holds::Text),
    may("paymentStatus", Holds::OneOf(&["paid", "unpaid", "refunded", "partially_paid"])),
    may("paymentMode", Holds::Text),
    may("startAt", Holds::IsoDay),
    may("endAt", Holds::IsoDay),
    may("search", Holds::Text),
    may("contactId", Holds::Text),
    may("funnelProductIds", Holds::Text),
    may("sourceId", Holds::Text),
    may("limit", PAGE),
    may("offset", ANY),
];

const SUBSCRIPTIONS: &[Parameter] = &[
    must("altId", Holds::Text),
    must("altType", LOCATION),
    may("entityId", Holds::Text),
    may("paymentMode", Holds::Text),
    may("startAt", Holds::IsoDay),
    may("endAt", Holds::IsoDay),
    may("entitySourceType", Holds::Text),
    may("search", Holds::Text),
    may("contactId", Holds::Text),
    may("id", Holds::Text),
    may("limit", PAGE),
    may("offset", ANY),
    may("getPaymentsCollectedCount", Holds::Flag),
];

const fn get(op: Op, name: &'static str, query: &'static [Parameter]) -> Route {
    read(routes::Op::Billing(op), name, "", query).official_only()
}

const fn write(op: Op, name: &'static str) -> Route {
    json(Effect::Write, routes::Op::Billing(op), name, "").official_only()
}

/// Every operation. A literal path comes before a pattern that also matches it.
pub(crate) const ROUTES: &[Route] = &[
    get(Op::Invoices, "GET /invoices/", INVOICES),
    write(Op::CreateInvoice, "POST /invoices/"),
    get(Op::InvoiceNumber, "GET /invoices/generate-invoice-number", OWNER),
    get(Op::Settings, "GET /invoices/settings", OWNER),
    get(Op::GetInvoice, "GET /invoices/{invoiceId}", OWNER),
    write(Op::UpdateInvoice, "PUT /invoices/{invoiceId}"),
    get(Op::DeleteInvoice, "DELETE /invoices/{invoiceId}", OWNER).writes(),
    write(Op::SendInvoice, "POST /invoices/{invoiceId}/send"),
    write(Op::VoidInvoice, "POST /invoices/{invoiceId}/void"),
    write(Op::RecordPayment, "POST /invoices/{invoiceId}/record-payment"),
    get(Op::Transactions, "GET /payments/transactions", TRANSACTIONS),
    get(Op::GetTransaction, "GET /payments/transactions/{transactionId}", TRANSACTION),
    get(Op::Orders, "GET /payments/orders", ORDERS),
    get(Op::Subscriptions, "GET /payments/subscriptions", SUBSCRIPTIONS),
];
