//! Sample invoices and payments in two currencies.

use super::contacts::Person;
use super::lists::SERVICES;
use super::{AsOf, new_id, pick, put, word};
use crate::account::{Account, ObjectKind};
use crate::official::billing::sum_up;
use crate::official::organization::text;
use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use serde_json::{Value, json};

/// Status, the days since the issue, the days until it is due, the share that was paid, and how many there are.
const INVOICES: &[(&str, i64, i64, f64, i64)] = &[
    ("draft", 1, 14, 0.0, 5),
    ("sent", 4, 14, 0.0, 5),
    // Overdue.
    ("sent", 30, 14, 0.0, 4),
    ("partially_paid", 6, 30, 0.5, 2),
    // Overdue.
    ("partially_paid", 60, 30, 0.25, 2),
    ("paid", 40, 14, 1.0, 6),
    ("payment_processing", 2, 14, 0.0, 1),
    ("void", 90, 14, 0.0, 2),
];

/// Status of the payments that are not for an invoice, the share that was refunded, and how many there are.
const PAYMENTS: &[(&str, f64, i64)] =
    &[("succeeded", 0.0, 8), ("failed", 0.0, 4), ("refunded", 1.0, 3), ("succeeded", 0.4, 2), ("pending", 0.0, 2)];

const ORDERS: &[(&str, &str)] = &[
    ("completed", "paid"),
    ("completed", "paid"),
    ("pending", "unpaid"),
    ("completed", "refunded"),
    ("completed", "paid"),
    ("pending", "unpaid"),
    ("completed", "partially_paid"),
    ("completed", "paid"),
];

const SUBSCRIPTIONS: &[&str] = &["active", "active", "canceled", "past_due"];

const DAY: i64 = 24 * 60;

/// The contact of an invoice or payment.
#[derive(Debug, Default)]
struct Payer {
    id: String,
    name: String,
    email: String,
    phone: String,
}

/// What the objects have in common: the account's contacts, the random stream and the moment.
struct Billing<'a> {
    account: &'a mut Account,
    rng: ChaCha8Rng,
    people: &'a [Person],
    as_of: AsOf,
}

/// Adds invoices, transactions, orders and subscriptions, if the account has contacts.
pub(super) fn fill(account: &mut Account, rng: ChaCha8Rng, people: &[Person], as_of: AsOf) {
    if people.is_empty() {
        return;
    }
    let mut billing = Billing { account, rng, people, as_of };
    let mut number = 1_000;
    for (status, issued, due, share, count) in INVOICES.iter().rev() {
        for place in 0..*count {
            number += 1;
            let days = issued + (count - place - 1) * 9;
            // A draft or an invoice of the last days keeps its day, so that it is not due.
            let days = if *issued < 10 { issued + (count - place - 1) % 5 } else { days };
            billing.invoice(status, (days, *due), *share, number);
        }
    }
    for (status, refunded, count) in PAYMENTS {
        (0..*count).for_each(|place| billing.payment(status, *refunded, place));
    }
    (0..).zip(ORDERS).for_each(|(place, (status, paid))| billing.order(status, paid, place));
    (0..).zip(SUBSCRIPTIONS).for_each(|(place, status)| billing.subscription(status, place));
}

impl Billing<'_> {
    fn payer(&mut self) -> Payer {
        let Some(person) = pick(&mut self.rng, self.people) else { return Payer::default() };
        let contact = self.account.get(ObjectKind::Contacts, &person.id).unwrap_or_default();
        Payer {
            id: person.id.clone(),
            name: format!("{} {}", text(&contact, "firstName"), text(&contact, "lastName")),
            email: text(&contact, "email").to_owned(),
            phone: text(&contact, "phone").to_owned(),
        }
    }

    fn currency(&mut self) -> &'static str {
        if self.rng.random_range(0..4) == 0 { "EUR" } else { "USD" }
    }

    fn day(&self, days_ago: i64) -> String {
        self.as_of.minutes_ago(days_ago * DAY).chars().take("yyyy-mm-dd".len()).collect()
    }

    /// A price in cents that ends in 95 or 50.
    fn price(&mut self, (least, most): (u32, u32)) -> f64 {
        let whole = f64::from(self.rng.random_range(least / 100..=most / 100));
        if self.rng.random_range(0..2) == 0 { whole + 0.95 } else { whole + 0.5 }
    }

    fn items(&mut self, currency: &str) -> Vec<Value> {
        let count = self.rng.random_range(1..=3);
        let item = |billing: &mut Self| {
            let (service, least, most) = pick(&mut billing.rng, SERVICES).copied().unwrap_or_default();
            let (amount, qty) = (billing.price((least, most)), billing.rng.random_range(1..=3));
            let taxes = match billing.rng.random_range(0..3) {
                0 => json!([{ "_id": "6578278e879ad2646715ba9c", "name": "Sales tax", "rate": 8.25 }]),
                _ => json!([]),
            };
            json!({ "name": service, "currency": currency, "amount": amount, "qty": qty, "taxes": taxes })
        };
        (0..count).map(|_| item(self)).collect()
    }

    fn invoice(&mut self, status: &str, (issued, due): (i64, i64), share: f64, number: u32) {
        let (payer, currency) = (self.payer(), self.currency());
        let at = self.as_of.minutes_ago(issued * DAY + self.rng.random_range(1..600));
        let home = self.account.first(ObjectKind::Locations).unwrap_or_default();
        let items = self.items(currency);
        let first = items.first().and_then(|item| item.get("name")).cloned().unwrap_or_default();
        let invoice = json!({
            "id": new_id(&mut self.rng),
            "status": status,
            "liveMode": true,
            "amountPaid": 0,
            "name": first,
            "title": "INVOICE",
            "invoiceNumber": number.to_string(),
            "currency": currency,
            "businessDetails": { "name": text(&home, "name"), "phoneNo": text(&home, "phone") },
            "contactDetails": { "id": payer.id, "name": payer.name, "email": payer.email, "phoneNo": payer.phone },
            "sentTo": { "email": [payer.email], "phoneNo": [payer.phone] },
            "issueDate": self.day(issued),
            "dueDate": self.day(issued - due),
            "discount": { "type": "percentage", "value": 0 },
            "invoiceItems": items,
            "automaticTaxesEnabled": false,
            "createdAt": at,
            "updatedAt": at,
        });
        let mut invoice = invoice.as_object().cloned().unwrap_or_default();
        sum_up(&mut invoice);
        let total = invoice.get("total").and_then(Value::as_f64).unwrap_or_default();
        if share > 0.0 {
            let paid = (total * share * 100.0).round() / 100.0;
            invoice.insert("amountPaid".into(), json!(paid));
            sum_up(&mut invoice);
            let source = ("invoice", text(&invoice, "name").to_owned(), text(&invoice, "id").to_owned());
            self.transaction(&payer, (currency, paid), ("succeeded", 0.0), source, issued * DAY - 600);
        }
        put(self.account, ObjectKind::Invoices, &Value::Object(invoice));
    }

    fn payment(&mut self, status: &str, refunded: f64, place: i64) {
        let (payer, currency) = (self.payer(), self.currency());
        let amount = self.price((4_900, 99_900)) / 10.0;
        let amount = (amount * 100.0).round() / 100.0;
        let minutes = (place * 11 + 1) * DAY + self.rng.random_range(0..DAY);
        let source = ("funnel", word(&mut self.rng, &["Free audit", "Spring promotion"]).to_owned(), "".to_owned());
        self.transaction(&payer, (currency, amount), (status, refunded), source, minutes);
    }

    /// A transaction. `source` is its type, its name, and the id of what was paid, if it is stored.
    fn transaction(
        &mut self,
        payer: &Payer,
        (currency, amount): (&str, f64),
        (status, refunded): (&str, f64),
        (source, name, entity): (&str, String, String),
        minutes_ago: i64,
    ) {
        let at = self.as_of.minutes_ago(minutes_ago);
        let entity = if entity.is_empty() { new_id(&mut self.rng) } else { entity };
        let transaction = json!({
            "id": new_id(&mut self.rng),
            "contactId": payer.id,
            "contactName": payer.name,
            "contactEmail": payer.email,
            "currency": currency,
            "amount": amount,
            "status": status,
            "liveMode": true,
            "entityType": if source == "invoice" { "invoice" } else { "order" },
            "entityId": entity,
            "entitySourceType": source,
            "entitySourceName": name,
            "entitySourceId": entity,
            "chargeId": format!("ch_{}", new_id(&mut self.rng)),
            "paymentProviderType": "stripe",
            "amountRefunded": (amount * refunded * 100.0).round() / 100.0,
            "createdAt": at,
            "updatedAt": at,
            "fulfilledAt": at,
        });
        put(self.account, ObjectKind::Transactions, &transaction);
    }

    fn order(&mut self, status: &str, paid: &str, place: i64) {
        let (payer, currency) = (self.payer(), self.currency());
        let amount = self.price((19_900, 99_900)) / 10.0;
        let at = self.as_of.minutes_ago((place * 13 + 2) * DAY);
        let order = json!({
            "id": new_id(&mut self.rng),
            "contactId": payer.id,
            "contactName": payer.name,
            "contactEmail": payer.email,
            "currency": currency,
            "amount": (amount * 100.0).round() / 100.0,
            "status": status,
            "paymentStatus": paid,
            "liveMode": true,
            "totalProducts": 1,
            "sourceType": "funnel",
            "sourceName": "Free audit",
            "sourceId": new_id(&mut self.rng),
            "createdAt": at,
            "updatedAt": at,
        });
        put(self.account, ObjectKind::Orders, &order);
    }

    fn subscription(&mut self, status: &str, place: i64) {
        let payer = self.payer();
        let at = self.as_of.minutes_ago((place * 60 + 20) * DAY);
        let subscription = json!({
            "id": new_id(&mut self.rng),
            "contactId": payer.id,
            "contactName": payer.name,
            "contactEmail": payer.email,
            "currency": "USD",
            "amount": 297,
            "status": status,
            "liveMode": true,
            "entitySourceType": "funnel",
            "entitySourceName": "Renewal",
            "subscriptionId": format!("sub_{}", new_id(&mut self.rng)),
            "paymentProviderType": "stripe",
            "createdAt": at,
            "updatedAt": at,
        });
        put(self.account, ObjectKind::Subscriptions, &subscription);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::account::Fields;
    use crate::seed;
    use chrono::{DateTime, Utc};
    use std::collections::BTreeSet;

    const AS_OF: DateTime<Utc> = DateTime::from_timestamp(1_762_183_800, 0).unwrap();

    fn invoices(seed: u64) -> Vec<Fields> {
        seed::account(seed, 0, 250, AS_OF).objects(ObjectKind::Invoices).collect()
    }

    #[test]
    fn there_is_an_invoice_for_each_question() {
        for seed in 1..4 {
            let invoices = invoices(seed);
            let today = "2025-11-03";
            let open = |one: &&Fields| matches!(text(one, "status"), "sent" | "partially_paid");
            let overdue = invoices.iter().filter(open).filter(|one| text(one, "dueDate") < today).count();
            assert_eq!((invoices.iter().filter(open).count(), overdue), (13, 6), "seed {seed}");
            let currencies: BTreeSet<_> = invoices.iter().map(|one| text(one, "currency")).collect();
            assert_eq!(currencies.len(), 2, "seed {seed}");
            for one in &invoices {
                let number = |name: &str| one[name].as_f64().unwrap();
                assert!((number("total") - number("amountPaid") - number("amountDue")).abs() < 0.001, "{one:?}");
            }
        }
    }
}
