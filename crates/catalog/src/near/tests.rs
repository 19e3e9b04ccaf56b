//! Near forms of every argument of every tool, and the examples in errors.

use super::*;
use crate::catalog::Catalog;
use serde_json::json;

fn error(spec: &'static OperationSpec, arguments: Value) -> Error {
    let Value::Object(arguments) = arguments else { panic!("no object") };
    match spec.parse(arguments.clone()) {
        Ok(_) => panic!("{} took {arguments:?}", spec.name),
        Err(error) => error,
    }
}

fn merged(one: &Map<String, Value>, other: &Value) -> Map<String, Value> {
    one.iter().chain(other.as_object().unwrap()).map(|(name, value)| (name.clone(), value.clone())).collect()
}

#[test]
fn every_wrong_argument_is_refused_with_a_valid_example() {
    for spec in Catalog::declared().iter() {
        let schema = spec.input_schema();
        let mut base = example::of_all(schema);
        base.values_mut().filter(|value| **value == "…").for_each(|id| *id = "a1".into());
        for (name, of) in schema["properties"].as_object().unwrap() {
            let wrong = match of["type"].as_str().unwrap() {
                "array" => json!(true),
                "object" => json!("12 Main St, Austin"),
                "string" => json!(["a", "b"]),
                _ => json!("many"),
            };
            let error = error(spec, merged(&base, &json!({name: wrong})).into());
            assert_eq!((error.code, error.field.as_deref()), (Code::InvalidArguments, Some(name.as_str())));
            let Some((_, example)) = error.message.split_once("For example ") else {
                let has_no_example = ["id", "stage", "assignedTo", "template", "replyTo"].contains(&name.as_str())
                    || name.ends_with("Id");
                assert!(has_no_example, "{}: {}", spec.name, error.message);
                continue;
            };
            let example: Value = serde_json::from_str(example.trim_end_matches('.')).unwrap();
            let works = spec.parse(merged(&base, &example));
            assert!(works.is_ok(), "{} {example}: {:?}", spec.name, works.err());
        }
    }
}

#[test]
fn near_forms_are_converted_for_every_tool() {
    for spec in Catalog::declared().iter() {
        let schema = spec.input_schema();
        let mut base = example::of_all(schema);
        base.values_mut().filter(|value| **value == "…").for_each(|id| *id = "a1".into());
        for (name, of) in schema["properties"].as_object().unwrap() {
            let Some(example) = example::of_argument(schema, name) else { continue };
            let right = example[name].clone();
            let mut near = vec![json!(right.to_string())];
            match (of["type"].as_str().unwrap(), &right) {
                ("array", Value::Array(items)) if items[0].is_string() => {
                    near.extend([items[0].clone(), json!(items[0].to_string())])
                }
                ("integer", number) => near = vec![json!(format!(" {number} ")), json!(number.as_f64())],
                ("number", number) => near = vec![json!(format!(" {number} ")), json!(format!("{number}.0"))],
                ("string", Value::String(text)) if of.get("enum").is_some() => {
                    near = vec![json!(text.to_uppercase()), json!(format!(" {text} "))]
                }
                ("string", _) => continue,
                _ => {}
            }
            let plain = spec.parse(merged(&base, &example)).unwrap().arguments;
            for near in near {
                let read = spec.parse(merged(&base, &json!({name: near}))).map(|read| read.arguments);
                assert_eq!(read.unwrap(), plain, "{} {name}: {near}", spec.name);
            }
            let snake: String = name
                .chars()
                .flat_map(|c| if c.is_ascii_uppercase() { vec!['_', c.to_ascii_lowercase()] } else { vec![c] })
                .collect();
            let mut renamed = merged(&base, &json!({}));
            renamed.shift_remove(name);
            let read = spec.parse(merged(&renamed, &json!({snake: right}))).map(|read| read.arguments);
            assert_eq!(read.unwrap(), plain, "{} {name}", spec.name);
        }
    }
}
