//! What changed between two catalogues.

use super::Groups;
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// One line for each operation that was added, removed or changed, with the members that changed.
pub(super) fn between(before: &Groups, after: &Groups) -> Vec<String> {
    let (before, after) = (by_name(before), by_name(after));
    let mut lines = Vec::new();
    for (name, operation) in &after {
        match before.get(name) {
            None => lines.push(format!("added    {name}")),
            Some(old) if *old != *operation => lines.push(format!("changed  {name}: {}", members(old, operation))),
            Some(_) => {}
        }
    }
    lines.extend(before.keys().filter(|name| !after.contains_key(*name)).map(|name| format!("removed  {name}")));
    lines
}

fn by_name(groups: &Groups) -> BTreeMap<&str, &Value> {
    groups.values().flatten().filter_map(|operation| Some((operation["name"].as_str()?, operation))).collect()
}

/// The members that differ. For arguments, their names: `+added -removed ~changed`.
fn members(old: &Value, new: &Value) -> String {
    let none = Map::new();
    let of = |operation: &'_ Value| operation.as_object().cloned().unwrap_or_default();
    let (old, new) = (of(old), of(new));
    let mut names: Vec<&String> = old.keys().chain(new.keys().filter(|name| !old.contains_key(*name))).collect();
    names.retain(|name| old.get(*name) != new.get(*name));
    let shown = names.into_iter().map(|name| {
        if name != "arguments" {
            return name.clone();
        }
        let of = |operation: &Map<String, Value>| operation.get(name).and_then(Value::as_object).cloned();
        let (old, new) = (of(&old).unwrap_or_else(|| none.clone()), of(&new).unwrap_or_else(|| none.clone()));
        let added = new.keys().filter(|name| !old.contains_key(*name)).map(|name| format!("+{name}"));
        let removed = old.keys().filter(|name| !new.contains_key(*name)).map(|name| format!("-{name}"));
        let changed = new.iter().filter(|(name, schema)| old.get(*name).is_some_and(|before| before != *schema));
        let changed = changed.map(|(name, _)| format!("~{name}"));
        format!("arguments ({})", added.chain(removed).chain(changed).collect::<Vec<_>>().join(" "))
    });
    shown.collect::<Vec<_>>().join(", ")
}
