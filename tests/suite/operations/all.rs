//! Laws for all operations of the catalogue.

use highlevel_catalog::{Effect, Method};
use highlevel_operations::{all, describe, example, find};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

#[test]
fn an_example_passes_its_own_schema() {
    for operation in all() {
        let spec = operation.spec().unwrap();
        let example = example(operation).unwrap();
        let parsed = spec.parse(example.clone());
        assert!(parsed.is_ok(), "{}: {} for {}", operation.name, parsed.unwrap_err().message, Value::Object(example));
    }
}

/// Each required argument left out, and each argument with a value of another type, is refused before anything is sent,
/// and the error names the argument.
#[test]
fn broken_arguments_are_refused_by_name() {
    for operation in all() {
        let spec = operation.spec().unwrap();
        let schema = spec.input_schema();
        let example = example(operation).unwrap();
        let properties = schema["properties"].as_object().unwrap();
        let mut refused = 0;
        for name in schema.get("required").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str) {
            let mut less = example.clone();
            less.shift_remove(name);
            let error = spec.parse(less).expect_err(&format!("{}: {name} is required", operation.name));
            assert_eq!(error.field.as_deref(), Some(name), "{}: {}", operation.name, error.message);
            refused += 1;
        }
        for (name, inner) in properties {
            let wrong = match inner.get("type").and_then(Value::as_str) {
                Some("object" | "array" | "boolean" | "integer" | "number") => json!("no such value"),
                Some("string") => json!({"a": ["b"]}),
                _ => continue,
            };
            let mut more = example.clone();
            more.insert(name.clone(), wrong);
            let Err(error) = spec.parse(more) else { continue };
            let field = error.field.unwrap_or_default();
            assert!(field.starts_with(name.as_str()), "{}: {name} is broken, {field} is named", operation.name);
            refused += 1;
        }
        let mut unknown = example.clone();
        unknown.insert("noSuchArgument".to_owned(), json!(1));
        assert_eq!(spec.parse(unknown).unwrap_err().field.as_deref(), Some("noSuchArgument"), "{}", operation.name);
        assert!(properties.is_empty() || refused > 0, "{}: no broken argument is refused", operation.name);
    }
}

/// No GET that acts and nothing unclassified runs without a person.
#[test]
fn whatever_acts_is_guarded() {
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for operation in all() {
        *counts.entry(format!("{:?}", operation.effect).to_lowercase()).or_default() += 1;
        let call = operation.spec().unwrap().parse(example(operation).unwrap()).unwrap();
        if !operation.is_reviewed {
            assert!(call.is_guarded(), "{} is not reviewed", operation.name);
        }
        let acts = operation.effect != Effect::Read;
        if operation.method == Method::Get && acts {
            assert!(call.is_guarded(), "{} is a GET that acts", operation.name);
        }
        if operation.effect.is_guarded() && operation.effect_rules.is_empty() {
            assert!(call.is_guarded(), "{}", operation.name);
        }
        if operation.method == Method::Delete {
            assert!(acts, "{} is a DELETE that reads", operation.name);
        }
        assert_eq!(operation.spec().unwrap().may_be_guarded(), operation.may_be_guarded(), "{}", operation.name);
    }
    for effect in ["read", "create", "update", "delete", "publish", "send", "money", "start", "access"] {
        assert!(counts.get(effect).is_some_and(|count| *count > 0), "no operation has the effect {effect}");
    }
}

/// The arguments decide about some effects.
#[test]
fn rules_decide_about_effects() {
    let effect = |name: &str, arguments: Value| {
        let spec = find(name).unwrap().spec().unwrap();
        let mut given = example(find(name).unwrap()).unwrap();
        given.extend(arguments.as_object().unwrap().clone());
        spec.parse(given).unwrap().effect()
    };
    for (name, arguments, expected) in [
        ("blogs.create-blog-post", json!({"status": "PUBLISHED"}), Effect::Publish),
        ("blogs.create-blog-post", json!({"status": "DRAFT"}), Effect::Create),
        ("calendars.create-appointment", json!({"toNotify": false}), Effect::Create),
        ("calendars.create-appointment", json!({"toNotify": true}), Effect::Send),
        ("calendars.create-appointment", json!({}), Effect::Send),
        ("contacts.create-association", json!({"removeAllTags": true}), Effect::Delete),
        ("contacts.create-association", json!({}), Effect::Update),
        ("contacts.search-contacts-advanced", json!({}), Effect::Read),
    ] {
        assert_eq!(effect(name, arguments.clone()), expected, "{name} {arguments}");
    }
}

#[test]
fn a_description_is_short_and_its_example_is_valid() {
    let count = |description: &Map<String, Value>| {
        let text = serde_json::to_string(description).unwrap();
        tiktoken_rs::o200k_base_singleton().encode_ordinary(&text).len()
    };
    let mut long = Vec::new();
    for operation in all() {
        let description = describe(operation, None).unwrap();
        let tokens = count(&description);
        if tokens > 800 {
            long.push((operation.name, tokens));
        }
        assert!(tokens < 1_600, "{} takes {tokens} tokens", operation.name);
        // Arguments that are not shown in full can be asked for one by one.
        for name in description["arguments"].as_object().unwrap().keys().filter(|name| *name != "clear") {
            let part = describe(operation, Some(name)).unwrap();
            assert!(count(&part) <= 900, "{} {name} takes {} tokens", operation.name, count(&part));
        }
    }
    assert!(long.len() * 20 <= all().len(), "{} descriptions are too long: {long:?}", long.len());
}
