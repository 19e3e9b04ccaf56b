//! A preview as rows of text. Its values come from strangers: they are cleaned once more, and nothing of them is markup.

use highlevel_core::clean;
use serde_json::{Map, Value};

/// The member that counts invisible characters which a preview left out. No call writes it.
const REMOVED: &str = "removedCharacters";

/// The members of a sample of a plan.
const FROM: &str = "from";
const TO: &str = "to";

/// A value that a call writes, beside the one that is there.
#[derive(Debug, PartialEq)]
pub(super) struct Change {
    pub(super) name: String,
    /// `None` where nothing is there.
    pub(super) old: Option<String>,
    pub(super) new: Option<String>,
}

/// A preview as the page shows it.
#[derive(Debug, Default)]
pub(super) struct Shown {
    pub(super) sentence: String,
    pub(super) is_irreversible: bool,
    pub(super) account: Vec<(String, String)>,
    pub(super) object: Vec<(String, String)>,
    /// What is sent and has no old value.
    pub(super) arguments: Vec<(String, String)>,
    pub(super) changes: Vec<Change>,
    pub(super) not_shown: Option<String>,
}

impl Shown {
    pub(super) fn of(tool: &str, preview: &Value) -> Self {
        let text = |name: &str| preview.get(name).and_then(Value::as_str).map(cleaned);
        let part = |name: &str| preview.get(name).and_then(Value::as_object);
        let mut shown = Self {
            sentence: text("sentence").unwrap_or_else(|| title(tool)),
            is_irreversible: preview.get("irreversible") == Some(&Value::Bool(true)),
            account: part("account").map(rows).unwrap_or_default(),
            object: part("object").map(rows).unwrap_or_default(),
            not_shown: text("notShown"),
            ..Self::default()
        };
        let before = part("before");
        for (name, new) in part("arguments").into_iter().flatten() {
            match before.and_then(|before| before.get(name)).filter(|_| name != REMOVED) {
                Some(old) => shown.add_changes(name, old, new),
                None => shown.arguments.push((title(name), written(new).unwrap_or_default())),
            }
        }
        shown
    }

    fn add_changes(&mut self, name: &str, old: &Value, new: &Value) {
        match (old, new) {
            (Value::Object(old), Value::Object(new)) if !new.is_empty() => {
                for (part, new) in new {
                    let name = format!("{}: {}", title(name), title(part));
                    let old = old.get(part).and_then(written);
                    self.changes.push(Change { name, old, new: written(new) });
                }
            }
            _ => self.changes.push(Change { name: title(name), old: written(old), new: written(new) }),
        }
    }
}

fn rows(members: &Map<String, Value>) -> Vec<(String, String)> {
    members.iter().map(|(name, value)| (title(name), written(value).unwrap_or_default())).collect()
}

/// A value as a person reads it. `None` for nothing.
fn written(value: &Value) -> Option<String> {
    match value {
        Value::Null => None,
        Value::Bool(yes) => Some(if *yes { "yes" } else { "no" }.to_owned()),
        Value::Number(number) => Some(number.to_string()),
        Value::String(text) => Some(cleaned(text)).filter(|text| !text.is_empty()),
        Value::Array(items) if items.is_empty() => None,
        Value::Array(items) if items.iter().all(|item| !item.is_object() && !item.is_array()) => {
            Some(items.iter().filter_map(written).collect::<Vec<_>>().join(", "))
        }
        Value::Object(members) if members.is_empty() => None,
        Value::Array(items) => {
            let items = items.iter().filter_map(written).map(|item| format!("• {}", item.replace('\n', "\n  ")));
            Some(items.collect::<Vec<_>>().join("\n"))
        }
        Value::Object(members) => Some(lines(members).join("\n")),
    }
}

/// The members of an object within a value, one a line. What is `from` and `to` is shown side by side.
fn lines(members: &Map<String, Value>) -> Vec<String> {
    let part = |name: &str| members.get(name).and_then(Value::as_object);
    let (from, to) = (part(FROM), part(TO));
    let mut all = Vec::new();
    for (name, value) in members {
        match (name.as_str(), from, to) {
            (FROM, Some(_), Some(_)) => {}
            (TO, Some(from), Some(to)) => all.extend(to.iter().map(|(name, new)| {
                let text = |value: Option<&Value>| value.and_then(written).unwrap_or_else(|| "nothing".to_owned());
                format!("{}: {} → {}", title(name), text(from.get(name)), text(Some(new)))
            })),
            _ => {
                let text = written(value).unwrap_or_else(|| "nothing".to_owned());
                let gap = if text.contains('\n') { "\n  " } else { " " };
                all.push(format!("{}:{gap}{}", title(name), text.replace('\n', "\n  ")));
            }
        }
    }
    all
}

/// The name of a member as words: `First name` for `firstName`.
fn title(name: &str) -> String {
    let mut words = String::new();
    for c in cleaned(name).chars() {
        match c {
            '_' => words.push(' '),
            _ if c.is_ascii_uppercase() && words.chars().last().is_some_and(|last| last.is_ascii_lowercase()) => {
                words.push(' ');
                words.push(c.to_ascii_lowercase());
            }
            _ => words.push(c),
        }
    }
    let mut letters = words.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

fn cleaned(text: &str) -> String {
    clean::text(text).0.into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn values_within_values_are_lines_and_no_json() {
        let samples = json!([
            {"row": 1, "from": {"companyName": "Old"}, "to": {"companyName": "New", "tags": ["a", "b"]}},
            {"row": 2, "address": {"city": "Bern", "street": null}},
        ]);
        let expected = "• Row: 1\n  Company name: Old → New\n  Tags: nothing → a, b\n• Row: 2\n  Address:\n    City: Bern\n    Street: nothing";
        assert_eq!(written(&samples).unwrap(), expected);
    }

    #[test]
    fn a_preview_becomes_rows_with_old_and_new_values() {
        let shown = Shown::of(
            "update_contact",
            &json!({
                "sentence": "Update contact \u{202e}\"Ana\"?", "irreversible": false,
                "account": {"name": "Smile", "id": "loc1"},
                "object": {"id": "c1", "firstName": "Ana"},
                "arguments": {"id": "c1", "tags": ["a", "b"], "customFields": {"score": 3}, "email": ""},
                "before": {"tags": [], "customFields": {"score": null, "other": 1}, "email": "a@b.c"},
            }),
        );
        assert_eq!(shown.sentence, "Update contact \"Ana\"?");
        assert_eq!(shown.object[1], ("First name".to_owned(), "Ana".to_owned()));
        assert_eq!(shown.arguments, [("Id".to_owned(), "c1".to_owned())]);
        let change = |name: &str, old: Option<&str>, new: Option<&str>| Change {
            name: name.to_owned(),
            old: old.map(str::to_owned),
            new: new.map(str::to_owned),
        };
        assert_eq!(
            shown.changes,
            [
                change("Tags", None, Some("a, b")),
                change("Custom fields: Score", None, Some("3")),
                change("Email", Some("a@b.c"), None),
            ]
        );
    }
}
