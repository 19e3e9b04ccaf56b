//! HighLevel's files as documents that Prism can serve.

use super::LOCATION;
use highlevel_catalog::path_shape;
use serde_json::{Map, Value, json};
use std::{
    collections::HashSet,
    fs,
    path::{Path, PathBuf},
};

/// HighLevel's files in a directory, those of v2 first. Those of v3 may be in `v3`, as HighLevel publishes them.
pub(super) fn files(directory: &Path) -> Vec<PathBuf> {
    let all = [directory.to_owned(), directory.join("v3")].into_iter().filter(|directory| directory.exists());
    let entries = all.flat_map(|directory| fs::read_dir(directory).unwrap()).map(|entry| entry.unwrap().path());
    let mut files: Vec<PathBuf> = entries.filter(|path| path.extension().is_some_and(|name| name == "json")).collect();
    files.sort_by_key(|path| (path.to_str().unwrap().ends_with("-v3.json"), path.clone()));
    files
}

/// Several files in one, since a Prism serves one. Of two with the same operation, the first one has it.
pub(super) fn merged(files: &[PathBuf]) -> Value {
    let (mut paths, mut schemas, mut schemes) = (Map::new(), Map::new(), Map::new());
    let mut known = HashSet::new();
    for path in files {
        let file = path.file_stem().unwrap().to_str().unwrap();
        let text = fs::read_to_string(path).unwrap();
        // The files use the same names for different schemas.
        let text = text.replace("\"#/components/schemas/", &format!("\"#/components/schemas/{file}."));
        let mut api: Value = serde_json::from_str(&text).unwrap();
        let mut take = |pointer: &str| api.pointer_mut(pointer).and_then(Value::as_object_mut).map(std::mem::take);
        for (path, methods) in take("/paths").unwrap() {
            let shape = path_shape(&path).collect::<Vec<_>>().join("/");
            for (method, operation) in methods.as_object().unwrap() {
                if known.insert((method.clone(), shape.clone())) {
                    let methods = paths.entry(path.clone()).or_insert_with(|| json!({}));
                    methods[method] = operation.clone();
                }
            }
        }
        let named = take("/components/schemas").unwrap_or_default().into_iter();
        schemas.extend(named.map(|(name, schema)| (format!("{file}.{name}"), schema)));
        schemes.extend(take("/components/securitySchemes").unwrap_or_default());
    }
    for operation in paths.values_mut().flat_map(|path| path.as_object_mut().unwrap().values_mut()) {
        // Error responses are described in a file that is not published.
        operation["responses"].as_object_mut().unwrap().retain(|status, _| status.starts_with('2'));
    }
    json!({
        "openapi": "3.0.0", "info": {"title": "HighLevel", "version": "1"}, "paths": paths,
        "components": {"schemas": schemas, "securitySchemes": schemes},
    })
}

/// Removes every example, so that Prism answers by type: many of HighLevel's examples contradict their own schemas. Returns
/// the number of schemas whose type is left open.
///
/// The generator of HighLevel's files writes `object` where it does not know a type, and a list of untyped lists where it
/// does not know the items. Where the example is a text, a number or a list, the type is open.
pub(super) fn without_examples(value: &mut Value) -> u32 {
    let mut opened = 0;
    match value {
        Value::Object(members) => {
            let is_single = members.get("example").is_some_and(|example| !example.is_object() && !example.is_null());
            let is_untyped = members.get("type") == Some(&json!("object")) && !members.contains_key("properties");
            if is_untyped && is_single {
                members.shift_remove("type");
                opened += 1;
            }
            if members.get("items").is_some_and(|items| items["type"] == "array" && items["items"] == json!({})) {
                members.insert("items".to_owned(), json!({}));
                opened += 1;
            }
            // Below `properties` a member is a field, whatever its name.
            members.retain(|name, member| !matches!(name.as_str(), "example" | "examples") || is_schema(member));
            opened += members.values_mut().map(without_examples).sum::<u32>();
        }
        Value::Array(items) => opened += items.iter_mut().map(without_examples).sum::<u32>(),
        _ => {}
    }
    opened
}

/// Makes Prism answer with objects of the location that are drafts, where they can be: the server refuses others. It reads
/// the location itself first.
pub(super) fn of_the_location(document: &mut Value) {
    belongs_to_the_location(document);
    let location = json!({"location": {"id": LOCATION, "name": "Location"}});
    let content = json!({"application/json": {"schema": {}, "example": location}});
    document["paths"]["/locations/{locationId}"]["get"]["responses"]["200"]["content"] = content;
}

fn belongs_to_the_location(value: &mut Value) {
    match value {
        Value::Object(members) => {
            for (name, schema) in members.get_mut("properties").and_then(Value::as_object_mut).into_iter().flatten() {
                if ["locationId", "location_id", "locationID", "altId"].contains(&name.as_str())
                    && schema["type"] == "string"
                {
                    schema["example"] = LOCATION.into();
                }
                // Prism answers with the first one. The server refuses to send what was sent before.
                let words = schema.get_mut("enum").filter(|_| name == "status").and_then(Value::as_array_mut);
                words.into_iter().for_each(|words| words.sort_by_key(|word| word != "draft"));
            }
            members.values_mut().for_each(belongs_to_the_location);
        }
        Value::Array(items) => items.iter_mut().for_each(belongs_to_the_location),
        _ => {}
    }
}

fn is_schema(value: &Value) -> bool {
    ["type", "$ref", "allOf"].iter().any(|name| value.get(*name).is_some())
}
