//! Compares a stored value with a sent one, where an account may store a normal form. It is independent of the server's own
//! code for this.

use serde_json::Value;

/// A value's canonical form.
fn essence(field: &str, value: &Value) -> String {
    let text = value.as_str().map_or_else(|| value.to_string(), |text| text.trim().to_lowercase());
    match field {
        // The country code may have been added.
        "phone" => {
            let digits: Vec<_> = text.chars().filter(char::is_ascii_digit).collect();
            digits[digits.len().saturating_sub(10)..].iter().collect()
        }
        "slug" => text.trim_matches('/').split_whitespace().collect::<Vec<_>>().join("-"),
        "url" => text.replace(":443", "").trim_end_matches('/').to_owned(),
        _ => text,
    }
}

/// Whether an account that normalizes values may store `stored` for `sent`.
pub fn stored_as(field: &str, stored: &Value, sent: &Value) -> bool {
    !stored.is_null() && essence(field, stored) == essence(field, sent)
}
