//! JSON Schemas without prose, from schemas of OpenAPI 3.0.

use anyhow::Context;
use serde_json::{Map, Value, json};
use std::{
    collections::HashMap,
    fs,
    path::{Path, PathBuf},
};

/// The members of a schema that are facts about single values.
const FACTS: [&str; 10] = [
    "format",
    "pattern",
    "minimum",
    "maximum",
    "minLength",
    "maxLength",
    "minItems",
    "maxItems",
    "uniqueItems",
    "nullable",
];

/// The longest example that is taken.
const EXAMPLE_CHARS: usize = 40;

/// One of HighLevel's files, with the files that it names.
pub(super) struct Document {
    path: PathBuf,
    value: Value,
    others: HashMap<PathBuf, Value>,
}

impl Document {
    pub(super) fn read(path: &Path) -> anyhow::Result<Self> {
        let text = fs::read_to_string(path).with_context(|| format!("{} cannot be read", path.display()))?;
        let value: Value = serde_json::from_str(&text).with_context(|| format!("{} is not JSON", path.display()))?;
        let mut document = Self { path: path.to_owned(), value, others: HashMap::new() };
        document.read_others()?;
        Ok(document)
    }

    pub(super) fn value(&self) -> &Value {
        &self.value
    }

    /// Reads the files that references name.
    fn read_others(&mut self) -> anyhow::Result<()> {
        let mut wanted = Vec::new();
        references(&self.value, &mut wanted);
        for reference in wanted {
            let Some((file, _)) = reference.split_once('#').filter(|(file, _)| !file.is_empty()) else { continue };
            let path = self.path.with_file_name("").join(file);
            if !self.others.contains_key(&path)
                && let Ok(text) = fs::read_to_string(&path)
            {
                self.others.insert(path, serde_json::from_str(&text)?);
            }
        }
        Ok(())
    }

    /// The value itself, or what it refers to.
    pub(super) fn resolve<'a>(&'a self, value: &'a Value) -> &'a Value {
        let mut value = value;
        while let Some(reference) = value.get("$ref").and_then(Value::as_str) {
            let (file, pointer) = reference.split_once('#').unwrap_or((reference, ""));
            let document = match file {
                "" => Some(&self.value),
                file => self.others.get(&self.path.with_file_name("").join(file)),
            };
            match document.and_then(|document| document.pointer(pointer)) {
                Some(found) => value = found,
                None => return &Value::Null,
            }
        }
        value
    }

    /// The schema without prose. Objects below `depth` lose their members.
    pub(super) fn schema(&self, schema: &Value, depth: usize) -> Map<String, Value> {
        let schema = self.resolve(schema);
        if let Some(parts) = schema.get("allOf").and_then(Value::as_array) {
            return self.merged(schema, parts, depth);
        }
        for name in ["oneOf", "anyOf"] {
            if let Some(choices) = schema.get(name).and_then(Value::as_array) {
                return self.choice(choices, depth);
            }
        }
        let mut facts = Map::new();
        let kind = type_of(schema);
        if let Some(kind) = &kind {
            facts.insert("type".to_owned(), kind.as_str().into());
        }
        if let Some(words) = allowed(schema) {
            facts.insert("enum".to_owned(), json!(words));
        }
        for name in FACTS {
            facts.extend(schema.get(name).map(|fact| (name.to_owned(), fact.clone())));
        }
        match kind.as_deref() {
            Some("array") => {
                let items = schema.get("items").map(|items| self.items(items, depth.saturating_sub(1)));
                facts.insert("items".to_owned(), items.unwrap_or_default().into());
            }
            Some("object") => self.add_members(schema, depth, &mut facts),
            None | Some("string") => facts.extend(example(schema).map(|example| ("example".to_owned(), example))),
            _ => {}
        }
        facts
    }

    /// The schema of a list's items. The generator of HighLevel's files writes a list of untyped lists where it does not
    /// know the items: anything is allowed there.
    fn items(&self, items: &Value, depth: usize) -> Map<String, Value> {
        let of_what = self.schema(items, depth);
        let is_untyped_list = of_what.get("items").and_then(Value::as_object).is_some_and(Map::is_empty);
        if is_untyped_list { Map::new() } else { of_what }
    }

    fn add_members(&self, schema: &Value, depth: usize, facts: &mut Map<String, Value>) {
        let Some(members) = schema.get("properties").and_then(Value::as_object).filter(|_| depth > 0) else { return };
        let inner = members.iter().map(|(name, member)| (name.clone(), self.schema(member, depth - 1).into()));
        facts.insert("properties".to_owned(), inner.collect::<Map<_, _>>().into());
        let required = schema.get("required").and_then(Value::as_array).into_iter().flatten();
        let required: Vec<&Value> =
            required.filter(|name| name.as_str().is_some_and(|name| members.contains_key(name))).collect();
        if !required.is_empty() {
            facts.insert("required".to_owned(), json!(required));
        }
    }

    /// `allOf` as one schema.
    fn merged(&self, schema: &Value, parts: &[Value], depth: usize) -> Map<String, Value> {
        let mut whole = Map::new();
        for part in parts {
            for (name, fact) in self.schema(part, depth) {
                match (whole.get_mut(&name), fact) {
                    (Some(Value::Object(all)), Value::Object(more)) => all.extend(more),
                    (Some(Value::Array(all)), Value::Array(more)) if name == "required" => all.extend(more),
                    (_, fact) => drop(whole.insert(name, fact)),
                }
            }
        }
        if schema.get("nullable") == Some(&Value::Bool(true)) {
            whole.insert("nullable".to_owned(), true.into());
        }
        whole
    }

    /// `oneOf` or `anyOf`. A choice of one is no choice.
    fn choice(&self, choices: &[Value], depth: usize) -> Map<String, Value> {
        let mut all: Vec<Map<String, Value>> = Vec::new();
        for choice in choices {
            let choice = self.schema(choice, depth);
            if !choice.is_empty() && !all.contains(&choice) {
                all.push(choice);
            }
        }
        match all.len() {
            0 => Map::new(),
            1 => all.pop().unwrap_or_default(),
            _ => [("anyOf".to_owned(), json!(all))].into_iter().collect(),
        }
    }
}

/// The type, if the schema says one. The generator of HighLevel's files writes `object` where it does not know the type: an
/// example then says it.
fn type_of(schema: &Value) -> Option<String> {
    let kind = schema.get("type").and_then(Value::as_str).map(str::to_lowercase);
    let kind = kind.or_else(|| schema.get("properties").map(|_| "object".to_owned())).filter(|kind| is_type(kind))?;
    if kind == "number" && allowed(schema).is_some_and(|words| words.iter().all(|word| word.is_string())) {
        return Some("string".to_owned());
    }
    let is_unknown =
        kind == "object" && ["properties", "additionalProperties"].iter().all(|name| schema.get(name).is_none());
    let example = schema.get("example").filter(|_| is_unknown);
    let by_example = match example {
        Some(Value::String(_)) => Some("string"),
        Some(Value::Number(_)) => Some("number"),
        Some(Value::Bool(_)) => Some("boolean"),
        Some(Value::Array(_)) => Some("array"),
        _ => None,
    };
    Some(by_example.map_or(kind, str::to_owned))
}

/// The allowed values. Some of HighLevel's files have a list of them as the only one.
fn allowed(schema: &Value) -> Option<Vec<&Value>> {
    let words = schema.get("enum")?.as_array()?;
    let words = words.first().and_then(Value::as_array).filter(|_| words.len() == 1).unwrap_or(words);
    let words: Vec<&Value> = words.iter().filter(|word| !word.is_null()).collect();
    (!words.is_empty()).then_some(words)
}

fn is_type(kind: &str) -> bool {
    ["string", "number", "integer", "boolean", "array", "object"].contains(&kind)
}

/// A short example of a text whose form the type does not say. Ids depend on the account.
fn example(schema: &Value) -> Option<Value> {
    let text = schema.get("example")?.as_str()?;
    let says_a_form = text.contains([':', '-', '/', '+', '@', '#']);
    (schema.get("enum").is_none() && says_a_form && text.chars().count() <= EXAMPLE_CHARS).then(|| text.into())
}

fn references(value: &Value, all: &mut Vec<String>) {
    match value {
        Value::Object(members) => {
            all.extend(members.get("$ref").and_then(Value::as_str).map(str::to_owned));
            members.values().for_each(|member| references(member, all));
        }
        Value::Array(items) => items.iter().for_each(|item| references(item, all)),
        _ => {}
    }
}
