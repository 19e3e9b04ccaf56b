//! Values of custom fields.
//!
//! The API silently drops values that do not fit their field's type, so values are checked before they are sent. In
//! answers, values come in differently named members. Pure functions.

mod parse;
mod read;
mod write;

pub(super) use read::read;
pub(super) use write::written;

use super::{fields::Field, request::text};
use serde_json::Value;

/// A type of field, by the values that it allows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum FieldType {
    Text,
    Email,
    Number,
    Date,
    Flag,
    /// One of the options.
    One,
    /// Some of the options.
    Several,
    /// An object of texts, by the names of text boxes.
    Boxes,
    /// Any value: files, signatures and unknown types.
    Anything,
}

impl Field<'_> {
    fn field_type(&self) -> FieldType {
        match text(self.entry, "dataType").unwrap_or_default() {
            "TEXT" | "LARGE_TEXT" | "PHONE" => FieldType::Text,
            "EMAIL" => FieldType::Email,
            "NUMERICAL" | "MONETORY" | "MONETARY" => FieldType::Number,
            "DATE" => FieldType::Date,
            "BOOLEAN" => FieldType::Flag,
            "SINGLE_OPTIONS" | "RADIO" => FieldType::One,
            "MULTIPLE_OPTIONS" | "CHECKBOX" => FieldType::Several,
            "TEXTBOX_LIST" => FieldType::Boxes,
            _ => FieldType::Anything,
        }
    }

    /// The field's options, if it has any.
    fn options(&self) -> Vec<&str> {
        let lists =
            ["picklistOptions", "options", "textBoxListOptions"].iter().filter_map(|name| self.entry.get(*name));
        let all = lists.filter_map(Value::as_array).find(|list| !list.is_empty()).into_iter().flatten();
        all.filter_map(|option| match option {
            Value::String(option) => Some(option.as_str()),
            Value::Object(option) => ["label", "name", "value", "key", "id"].iter().find_map(|name| text(option, name)),
            _ => None,
        })
        .collect()
    }

    /// Whether the field accepts texts besides its options.
    fn allows_other_texts(&self) -> bool {
        ["isAllowedCustomOption", "allowCustomOption"]
            .iter()
            .any(|name| self.entry.get(*name).and_then(Value::as_bool) == Some(true))
    }
}
