//! The fields by which lists filter objects without parsing them.

use super::Fields;
use serde_json::Value;

/// The fields that lists filter by: an object's values, or the values that a query wants. An empty field wants nothing.
#[derive(Debug, Default, Clone)]
pub(crate) struct FilterFields {
    /// In lower case, so that the search ignores case.
    pub(crate) email: String,
    /// Digits only, so that the search ignores punctuation.
    pub(crate) phone: String,
    pub(crate) status: String,
    pub(crate) tags: Vec<String>,
}

impl FilterFields {
    pub(crate) fn of(fields: &Fields) -> Self {
        let text = |name: &str| fields.get(name).and_then(Value::as_str).unwrap_or_default();
        let tags = fields.get("tags").and_then(Value::as_array).into_iter().flatten();
        Self {
            email: text("email").to_lowercase(),
            phone: digits(text("phone")),
            status: text("status").to_owned(),
            tags: tags.filter_map(Value::as_str).map(str::to_owned).collect(),
        }
    }

    /// Whether the query wants nothing.
    pub(crate) fn is_empty(&self) -> bool {
        self.email.is_empty() && self.phone.is_empty() && self.status.is_empty() && self.tags.is_empty()
    }

    /// Whether an object has every value that the query wants.
    pub(super) fn matches(&self, object: &Self) -> bool {
        let same = |wanted: &str, value: &str| wanted.is_empty() || wanted == value;
        same(&self.email, &object.email)
            && same(&self.phone, &object.phone)
            && same(&self.status, &object.status)
            && self.tags.iter().all(|tag| object.tags.contains(tag))
    }
}

/// The digits of a phone number.
pub(crate) fn digits(text: &str) -> String {
    text.chars().filter(char::is_ascii_digit).collect()
}
