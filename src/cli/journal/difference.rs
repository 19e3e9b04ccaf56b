//! The difference between two JSON values, for people: one line a field, by dotted path. Pure.

use highlevel_core::clean;
use serde_json::Value;
use similar::{ChangeTag, TextDiff};
use std::collections::BTreeMap;

/// The most characters of a value.
const SHOWN: usize = 100;

/// The characters that are shown before the first difference of a long text.
const LEAD: usize = 20;

/// The most lines of a difference between two texts.
const LINES: usize = 200;

/// The members of an object by dotted path, empty ones left out. Lists are values.
pub(super) fn fields(object: &Value) -> BTreeMap<String, &Value> {
    let mut fields = BTreeMap::new();
    collect(object, String::new(), &mut fields);
    fields
}

fn collect<'a>(value: &'a Value, path: String, fields: &mut BTreeMap<String, &'a Value>) {
    match value {
        Value::Object(members) if !members.is_empty() => {
            for (name, value) in members {
                let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
                collect(value, path, fields);
            }
        }
        Value::Null => {}
        Value::String(text) if text.is_empty() => {}
        Value::Array(items) if items.is_empty() => {}
        Value::Object(_) => {}
        value => drop(fields.insert(path, value)),
    }
}

/// A value on one line.
pub(super) fn short(value: Option<&Value>) -> String {
    value.map_or_else(|| "(empty)".to_owned(), |value| clean::line(&value.to_string(), SHOWN))
}

/// The lines that say how a field changed.
pub(super) fn change(path: &str, old: Option<&Value>, new: Option<&Value>) -> Vec<String> {
    let path = clean::line(path, SHOWN);
    if let (Some(Value::String(old)), Some(Value::String(new))) = (old, new) {
        if old.contains('\n') || new.contains('\n') {
            return lines(&path, old, new);
        }
        if old.chars().count().max(new.chars().count()) > SHOWN {
            let (old, new) = around_difference(old, new);
            return vec![format!("{path}: {old} → {new}")];
        }
    }
    vec![format!("{path}: {} → {}", short(old), short(new))]
}

/// The lines in which two texts differ, each with the line before and after it.
fn lines(path: &str, old: &str, new: &str) -> Vec<String> {
    let mut shown = vec![format!("{path}:")];
    let diff = TextDiff::from_lines(old, new);
    for (number, group) in diff.grouped_ops(1).iter().enumerate() {
        if number > 0 {
            shown.push("    …".to_owned());
        }
        for change in group.iter().flat_map(|operation| diff.iter_changes(operation)) {
            let sign = match change.tag() {
                ChangeTag::Delete => '-',
                ChangeTag::Insert => '+',
                ChangeTag::Equal => ' ',
            };
            shown.push(format!("    {sign} {}", clean::line(change.value(), SHOWN)));
        }
    }
    if shown.len() > LINES {
        let more = shown.len() - LINES;
        shown.truncate(LINES);
        shown.push(format!("    … {more} more lines; `journal export` has the whole texts"));
    }
    shown
}

/// Both texts from shortly before their first difference.
fn around_difference(old: &str, new: &str) -> (String, String) {
    let same = old.chars().zip(new.chars()).take_while(|(old, new)| old == new).count();
    let start = same.saturating_sub(LEAD);
    let part = |text: &str| {
        let rest: String = text.chars().skip(start).collect();
        format!("{}{}", if start > 0 { "…" } else { "" }, clean::line(&Value::from(rest).to_string(), SHOWN))
    };
    (part(old), part(new))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn changed(old: &Value, new: &Value) -> String {
        change("field", Some(old), Some(new)).join("\n")
    }

    #[test]
    fn fields_are_found_by_dotted_path() {
        let object = json!({"id": "a", "address": {"city": "Oslo", "street": ""}, "tags": ["x", "y"], "none": null, "customFields": {}});
        let fields: Vec<String> = fields(&object).into_iter().map(|(path, value)| format!("{path}={value}")).collect();
        assert_eq!(fields, [r#"address.city="Oslo""#, r#"id="a""#, r#"tags=["x","y"]"#]);
    }

    #[test]
    fn what_differs_is_visible_in_long_texts() {
        assert_eq!(changed(&json!(1), &json!("a")), r#"field: 1 → "a""#);
        assert_eq!(change("field", None, Some(&json!("a"))), [r#"field: (empty) → "a""#]);
        let long = |end: &str| json!(format!("{}{end}", "word ".repeat(100)));
        let said = changed(&long("old"), &long("new"));
        assert!(said.contains(r#"old" → …"#) && said.ends_with(r#"new""#) && said.len() < 250, "{said}");
        let said = changed(&json!("a\nb\nc\nd\ne"), &json!("a\nb\nX\nd\ne"));
        assert_eq!(said, "field:\n      b\n    - c\n    + X\n      d");
        let (many, others) = ("x\n".repeat(1000), "y\n".repeat(1000));
        assert!(changed(&json!(many), &json!(others)).contains("1801 more lines"));
    }
}
