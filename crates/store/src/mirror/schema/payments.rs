//! Invoices and transactions.

use super::{ON_DEMAND, Table, date, day, number, text};

pub(super) const INVOICES: Table = Table {
    name: "invoices",
    one: "invoice",
    tool: "list_invoices",
    columns: &[
        text("number"),
        text("name"),
        text("contactId"),
        text("status"),
        text("currency"),
        number("total"),
        number("amountPaid"),
        number("amountDue"),
        day("issueDate"),
        day("dueDate"),
        text("contactName"),
        date("createdAt"),
        date("updatedAt"),
    ],
    // True or false as of the reading.
    dropped: &["overdue"],
    title: &["name"],
    searched: &["number", "contactName"],
    shown: &["status", "total", "amountDue", "currency", "dueDate", "contactId"],
    money: &["total", "amountPaid", "amountDue"],
    indexes: &["contactId"],
    detailed: true,
    remark: "status draft, sent, payment_processing, partially_paid, paid, void",
    ..ON_DEMAND
};

pub(super) const TRANSACTIONS: Table = Table {
    name: "transactions",
    one: "transaction",
    tool: "list_transactions",
    columns: &[
        text("contactId"),
        number("amount"),
        number("amountRefunded"),
        text("currency"),
        text("status"),
        text("entityType"),
        text("entityId"),
        text("sourceType"),
        text("sourceName"),
        date("createdAt"),
        date("updatedAt"),
    ],
    title: &["sourceName"],
    shown: &["status", "amount", "currency", "contactId", "createdAt"],
    money: &["amount", "amountRefunded"],
    indexes: &["contactId", "entityId"],
    ..ON_DEMAND
};
