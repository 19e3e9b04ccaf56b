//! Custom fields as a list of entries, `[{id, key, name, value}]`, and their conversion to a map. Pure.

use serde_json::{Map, Value};

/// Members that identify an entry's field. A map uses the first one that is present.
const NAMES: [&str; 4] = ["key", "fieldKey", "id", "name"];

/// One custom field of a list.
pub(super) struct FieldEntry<'a> {
    /// The names by which callers may identify the field.
    names: Vec<&'a str>,
    pub(super) value: Value,
}

impl FieldEntry<'_> {
    /// Whether the name identifies this field: `score` also identifies `contact.score`.
    pub(super) fn is_called(&self, wanted: &str) -> bool {
        self.names.iter().any(|name| plain(name).eq_ignore_ascii_case(plain(wanted)))
    }

    /// The field's key in a map.
    fn key(&self) -> String {
        self.names.first().map(|name| plain(name).to_owned()).unwrap_or_default()
    }
}

/// The name without the prefix of its object.
fn plain(name: &str) -> &str {
    let name = name.trim();
    name.strip_prefix("contact.").or_else(|| name.strip_prefix("opportunity.")).unwrap_or(name)
}

/// The entries of a list; `None` if one of them does not identify its field.
pub(super) fn entries(items: &[Value]) -> Option<Vec<FieldEntry<'_>>> {
    items.iter().map(entry).collect()
}

fn entry(item: &Value) -> Option<FieldEntry<'_>> {
    let item = item.as_object()?;
    let text = |name: &&str| item.get(*name).and_then(Value::as_str).filter(|text| !text.trim().is_empty());
    let names: Vec<&str> = NAMES.iter().filter_map(text).collect();
    let is_value = |name: &str| name == "value" || name.starts_with("field_value") || name.starts_with("fieldValue");
    let value = item.iter().find(|(name, value)| is_value(name) && !value.is_null());
    let value = value.map(|(_, value)| value.clone()).unwrap_or_default();
    (!names.is_empty()).then_some(FieldEntry { names, value })
}

/// The value of one member of a field, which is a map or, for custom fields, possibly a list of entries.
pub(super) fn member(field: &Value, name: &str) -> Value {
    match field {
        Value::Array(items) => {
            let entries = entries(items).unwrap_or_default();
            entries.into_iter().find(|entry| entry.is_called(name)).map_or(Value::Null, |entry| entry.value)
        }
        _ => field.get(name).cloned().unwrap_or(Value::Null),
    }
}

/// A list of custom fields as a map with the changes applied; `None` if the list is ambiguous.
pub(super) fn merged(items: &[Value], changes: &Map<String, Value>) -> Option<Map<String, Value>> {
    let entries = entries(items)?;
    let mut whole: Map<String, Value> = entries.iter().map(|entry| (entry.key(), entry.value.clone())).collect();
    if whole.len() < entries.len() {
        // Two entries have the same name, so the map would lose one of the values.
        return None;
    }
    for (name, value) in changes {
        let key = entries.iter().find(|entry| entry.is_called(name)).map_or_else(|| name.clone(), FieldEntry::key);
        whole.insert(key, value.clone());
    }
    Some(whole)
}

#[cfg(test)]
mod tests {
    use super::merged;
    use serde_json::{Value, json};

    fn merge(old: Value, changes: Value) -> Option<Value> {
        merged(old.as_array().unwrap(), changes.as_object().unwrap()).map(Value::from)
    }

    #[test]
    fn a_list_becomes_a_map_with_the_changes_applied() {
        let old = json!([
            {"id": "f1", "value": "a"}, {"id": "f2", "key": "contact.score", "field_value": 7},
            {"name": "Colour", "fieldValueArray": ["red"]}, {"id": "f4"}
        ]);
        assert_eq!(
            merge(old, json!({"f2": 8, "colour": ["blue"], "new": true})).unwrap(),
            json!({"f1": "a", "score": 8, "Colour": ["blue"], "f4": null, "new": true})
        );
    }

    #[test]
    fn an_entry_that_does_not_identify_its_field_is_not_guessed() {
        for old in [json!(["x"]), json!([{"value": 1}]), json!([{"id": "a", "value": 1}, {"key": "a", "value": 2}])] {
            assert!(merge(old.clone(), json!({"b": 1})).is_none(), "{old}");
        }
    }
}
