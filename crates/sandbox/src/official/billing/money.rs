//! What an invoice's items amount to.

use crate::account::Fields;
use serde_json::{Map, Value, json};

/// An amount in whole cents.
pub(super) fn rounded(amount: f64) -> f64 {
    (amount * 100.0).round() / 100.0
}

/// A number, or zero.
pub(super) fn number(object: &Map<String, Value>, name: &str) -> f64 {
    object.get(name).and_then(Value::as_f64).unwrap_or_default()
}

/// An amount as JSON: a whole one without decimals.
pub(super) fn amount(amount: f64) -> Value {
    let amount = rounded(amount);
    match format!("{amount:.0}").parse::<i64>() {
        Ok(whole) if amount.fract() == 0.0 => whole.into(),
        _ => json!(amount),
    }
}

/// Sets the sums of an invoice from its items, its discount and what was paid.
pub(crate) fn sum_up(invoice: &mut Fields) {
    let items = invoice.get("invoiceItems").and_then(Value::as_array).cloned().unwrap_or_default();
    let (mut before_tax, mut tax) = (0.0, 0.0);
    for item in items.iter().filter_map(Value::as_object) {
        let price = number(item, "amount") * number(item, "qty");
        let taxes = item.get("taxes").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_object);
        before_tax += price;
        if item.get("taxInclusive") != Some(&Value::Bool(true)) {
            tax += taxes.map(|tax| price * number(tax, "rate") / 100.0).sum::<f64>();
        }
    }
    let off = invoice.get("discount").and_then(Value::as_object).cloned().unwrap_or_default();
    let value = number(&off, "value");
    let off = if off.get("type") == Some(&json!("fixed")) { value } else { before_tax * value / 100.0 };
    let total = rounded(before_tax) - rounded(off) + rounded(tax);
    let due = total - number(invoice, "amountPaid");
    invoice.insert("total".into(), amount(total));
    invoice.insert("amountDue".into(), amount(due.max(0.0)));
    invoice.insert(
        "totalSummary".into(),
        json!({ "subTotal": amount(before_tax), "discount": amount(off), "tax": amount(tax) }),
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_are_in_whole_cents() {
        let mut invoice = json!({
            "invoiceItems": [
                { "amount": 0.1, "qty": 3 },
                { "amount": 19.99, "qty": 2, "taxes": [{ "rate": 8.25 }] },
            ],
            "discount": { "type": "percentage", "value": 10 },
            "amountPaid": 10,
        });
        let invoice = invoice.as_object_mut().unwrap();
        sum_up(invoice);
        assert_eq!(invoice["totalSummary"], json!({ "subTotal": 40.28, "discount": 4.03, "tax": 3.3 }));
        assert_eq!((&invoice["total"], &invoice["amountDue"]), (&json!(39.55), &json!(29.55)));
    }
}
