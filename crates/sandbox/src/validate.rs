//! Strict validation of bodies. Each error names its field.

use chrono::{DateTime, NaiveDate};
use serde_json::{Map, Value};

/// The values that a field accepts.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Shape {
    /// Any string.
    Text,
    /// A non-blank string.
    Filled,
    /// An e-mail address: `local@domain`.
    Email,
    /// An https URL with a host.
    HttpsUrl,
    /// An ISO 8601 date or date-time.
    Date,
    /// A number within these bounds.
    Number(f64, f64),
    /// One of these words.
    OneOf(&'static [&'static str]),
    /// An array of strings.
    Texts,
    /// An array of at least one non-empty string.
    FilledTexts,
    /// An object of these fields, none of them required.
    Object(&'static [Field]),
    /// An object of anything.
    AnyObject,
    /// An array of anything.
    Array,
    /// An array of objects of these fields.
    Items(&'static [Field]),
    /// Anything.
    Any,
    /// True or false.
    Flag,
    /// The inner shape, or null.
    OrNull(&'static Shape),
}

/// A field of a body.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Field {
    pub(crate) name: &'static str,
    pub(crate) shape: Shape,
    pub(crate) required: bool,
}

/// A field that a creation requires.
pub(crate) const fn required(name: &'static str, shape: Shape) -> Field {
    Field { name, shape, required: true }
}

/// A field that may be absent.
pub(crate) const fn optional(name: &'static str, shape: Shape) -> Field {
    Field { name, shape, required: false }
}

/// Validates the body of a creation.
pub(crate) fn creation(fields: &[Field], body: &Map<String, Value>) -> Result<(), String> {
    for field in fields.iter().filter(|field| field.required) {
        if !body.contains_key(field.name) {
            return Err(format!("{} is required", field.name));
        }
    }
    object("", fields, body)
}

/// Validates the body of a partial update, in which null clears an optional field.
pub(crate) fn update(fields: &[Field], body: &Map<String, Value>) -> Result<(), String> {
    if body.is_empty() {
        return Err("the body names no field to update".to_owned());
    }
    let mut given = body.clone();
    for field in fields.iter().filter(|field| body.get(field.name).is_some_and(Value::is_null)) {
        if field.required {
            return Err(format!("{} is required and cannot be null", field.name));
        }
        given.remove(field.name);
    }
    object("", fields, &given)
}

fn object(prefix: &str, fields: &[Field], body: &Map<String, Value>) -> Result<(), String> {
    for (name, value) in body {
        let Some(field) = fields.iter().find(|field| field.name == name) else {
            return Err(format!("property {prefix}{name} should not exist"));
        };
        check(&format!("{prefix}{name}"), field.shape, value)?;
    }
    Ok(())
}

fn check(name: &str, shape: Shape, value: &Value) -> Result<(), String> {
    let text = value.as_str();
    let (fits, wanted) = match shape {
        Shape::Text => (text.is_some(), "a string".to_owned()),
        Shape::Filled => (text.is_some_and(|text| !text.trim().is_empty()), "a non-empty string".to_owned()),
        Shape::Email => (text.is_some_and(is_email), "an email address".to_owned()),
        Shape::HttpsUrl => (text.is_some_and(is_https), "an https URL".to_owned()),
        Shape::Date => (text.is_some_and(is_date), "an ISO 8601 date".to_owned()),
        Shape::Number(least, most) => {
            let fits = value.as_f64().is_some_and(|number| number >= least && number <= most);
            let wanted = match (least.is_finite(), most.is_finite()) {
                (_, true) => format!("a number, between {least} and {most}"),
                (true, false) => format!("a number, at least {least}"),
                (false, false) => "a number".to_owned(),
            };
            (fits, wanted)
        }
        Shape::OneOf(words) => {
            (text.is_some_and(|text| words.contains(&text)), format!("one of: {}", words.join(", ")))
        }
        Shape::Texts => (value.as_array().is_some_and(|list| list.iter().all(Value::is_string)), texts("an array")),
        Shape::FilledTexts => {
            let filled = |item: &Value| item.as_str().is_some_and(|text| !text.trim().is_empty());
            let fits = value.as_array().is_some_and(|list| !list.is_empty() && list.iter().all(filled));
            (fits, texts("a non-empty array"))
        }
        Shape::Object(fields) => match value.as_object() {
            Some(inner) => return object(&format!("{name}."), fields, inner),
            None => (false, "an object".to_owned()),
        },
        Shape::AnyObject => (value.is_object(), "an object".to_owned()),
        Shape::Array => (value.is_array(), "an array".to_owned()),
        Shape::Items(fields) => {
            let Some(items) = value.as_array() else { return Err(format!("{name} must be an array")) };
            for (place, item) in items.iter().enumerate() {
                check(&format!("{name}.{place}"), Shape::Object(fields), item)?;
            }
            return Ok(());
        }
        Shape::Any => return Ok(()),
        Shape::Flag => (value.is_boolean(), "a boolean".to_owned()),
        Shape::OrNull(_) if value.is_null() => return Ok(()),
        Shape::OrNull(shape) => return check(name, *shape, value),
    };
    if fits { Ok(()) } else { Err(format!("{name} must be {wanted}")) }
}

fn texts(array: &str) -> String {
    format!("{array} of strings")
}

fn is_email(text: &str) -> bool {
    let mut parts = text.split('@');
    let (local, domain, rest) = (parts.next(), parts.next(), parts.next());
    let filled = |part: Option<&str>| part.is_some_and(|part| !part.is_empty());
    filled(local) && filled(domain) && rest.is_none() && !text.contains(char::is_whitespace)
}

fn is_https(text: &str) -> bool {
    url::Url::parse(text).is_ok_and(|url| url.scheme() == "https" && url.has_host())
}

fn is_date(text: &str) -> bool {
    text.parse::<NaiveDate>().is_ok() || DateTime::parse_from_rfc3339(text).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const FIELDS: &[Field] = &[
        required("email", Shape::Email),
        optional("score", Shape::Number(0.0, 100.0)),
        optional("day", Shape::Date),
        optional("place", Shape::Object(&[optional("city", Shape::Text)])),
        optional("tags", Shape::FilledTexts),
        optional("kind", Shape::OneOf(&["a", "b"])),
        optional("url", Shape::HttpsUrl),
    ];

    fn map(value: Value) -> Map<String, Value> {
        value.as_object().cloned().unwrap()
    }

    #[test]
    fn each_refusal_names_its_field() {
        for (body, name) in [
            (json!({}), "email"),
            (json!({ "email": "x" }), "email"),
            (json!({ "email": null }), "email"),
            (json!({ "email": "a@b", "score": 101 }), "score"),
            (json!({ "email": "a@b", "score": "7" }), "score"),
            (json!({ "email": "a@b", "day": "tomorrow" }), "day"),
            (json!({ "email": "a@b", "place": { "planet": "x" } }), "place.planet"),
            (json!({ "email": "a@b", "place": [] }), "place"),
            (json!({ "email": "a@b", "tags": [] }), "tags"),
            (json!({ "email": "a@b", "tags": [1] }), "tags"),
            (json!({ "email": "a@b", "kind": "c" }), "kind"),
            (json!({ "email": "a@b", "url": "http://x.example" }), "url"),
            (json!({ "email": "a@b", "extra": 1 }), "extra"),
        ] {
            let message = creation(FIELDS, &map(body.clone())).unwrap_err();
            assert!(message.contains(name), "{body}: {message}");
        }
        let good = json!({ "email": "a@b", "score": 0, "day": "2025-02-28", "place": {}, "tags": ["x"], "kind": "a" });
        assert_eq!(creation(FIELDS, &map(good)), Ok(()));
    }

    #[test]
    fn null_clears_what_is_not_required() {
        assert_eq!(update(FIELDS, &map(json!({ "score": null }))), Ok(()));
        assert!(update(FIELDS, &map(json!({ "email": null }))).is_err());
        assert!(update(FIELDS, &map(json!({ "other": null }))).is_err());
        assert!(update(FIELDS, &map(json!({}))).is_err());
    }
}
