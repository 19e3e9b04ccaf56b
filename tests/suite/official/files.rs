//! Checks every request of every tool against HighLevel's OpenAPI files (`tests/openapi`). The files leave the body of the
//! contact search open, which the sandbox judges. Beyond Prism's checks (`prism.rs`), a request may have nothing that the
//! files do not declare.

use super::{
    calls::{Names, every_tool},
    official,
};
use serde_json::{Value, json};

/// The parts of HighLevel's files that tests need.
pub const DIRECTORY: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/openapi");

pub const FILES: &[&str] = &["calendars", "contacts", "opportunities", "users", "locations", "funnels", "emails-v3"];

/// The operations of all files: method, path, declaration, and the file's schemas.
fn operations() -> Vec<(String, String, Value, Value)> {
    let mut all = Vec::new();
    for file in FILES {
        let text = std::fs::read_to_string(format!("{DIRECTORY}/{file}.json")).unwrap();
        let api: Value = serde_json::from_str(&text).unwrap();
        for (path, methods) in api["paths"].as_object().unwrap() {
            for (method, operation) in methods.as_object().unwrap() {
                all.push((
                    method.to_uppercase(),
                    path.clone(),
                    operation.clone(),
                    api["components"]["schemas"].clone(),
                ));
            }
        }
    }
    // A literal path precedes a pattern that also matches it.
    all.sort_by_key(|(_, path, ..)| path.matches('{').count());
    all
}

fn fits(pattern: &str, path: &str) -> bool {
    let (pattern, path): (Vec<&str>, Vec<&str>) = (pattern.split('/').collect(), path.split('/').collect());
    pattern.len() == path.len()
        && pattern
            .iter()
            .zip(&path)
            .all(|(one, other)| if one.starts_with('{') { !other.is_empty() } else { one == other })
}

/// Translates OpenAPI's `nullable` to JSON Schema.
fn with_nulls(schema: &mut Value) {
    match schema {
        Value::Object(members) => {
            members.values_mut().for_each(with_nulls);
            if members.get("nullable") == Some(&json!(true)) {
                let inner = Value::Object(std::mem::take(members));
                members.insert("anyOf".into(), json!([inner, {"type": "null"}]));
            }
        }
        Value::Array(items) => items.iter_mut().for_each(with_nulls),
        _ => {}
    }
}

fn faults(request: &Value, operations: &[(String, String, Value, Value)]) -> Vec<String> {
    let text = |name: &str| request[name].as_str().unwrap_or_default();
    let found = operations.iter().find(|(method, path, ..)| method == text("method") && fits(path, text("path")));
    let Some((.., operation, schemas)) = found else { return vec!["no file has it".to_owned()] };
    let mut faults = Vec::new();
    let declared: Vec<&Value> = operation["parameters"].as_array().into_iter().flatten().collect();
    let version = declared.iter().find(|parameter| parameter["name"] == "Version");
    // The API refuses a request without a version, also where the file declares none.
    let version = version.map_or(json!("2021-07-28"), |parameter| parameter["schema"]["enum"][0].clone());
    if request["headers"]["version"] != version {
        faults.push(format!("the version is not {version}"));
    }
    let in_query: Vec<&&Value> = declared.iter().filter(|parameter| parameter["in"] == "query").collect();
    let given: Vec<_> = url::form_urlencoded::parse(text("query").as_bytes()).collect();
    for (name, value) in &given {
        match in_query.iter().find(|parameter| parameter["name"] == name.as_ref()) {
            None => faults.push(format!("{name} is not declared")),
            Some(parameter) => {
                let schema = &parameter["schema"];
                let value = if schema["type"] == "number" { json!(value.parse::<f64>().ok()) } else { json!(value) };
                if !jsonschema::is_valid(schema, &value) {
                    faults.push(format!("{name} must not be {value}"));
                }
            }
        }
    }
    for parameter in in_query.iter().filter(|parameter| parameter["required"] == true) {
        if !given.iter().any(|(name, _)| parameter["name"] == name.as_ref()) {
            faults.push(format!("{} is missing", parameter["name"]));
        }
    }
    let schema = operation["requestBody"]["content"]["application/json"]["schema"].clone();
    match (schema.is_object(), text("body").is_empty()) {
        (true, false) => {
            let mut whole = json!({"allOf": [schema], "components": {"schemas": schemas}});
            with_nulls(&mut whole);
            let body: Value = serde_json::from_str(text("body")).unwrap();
            let validator = jsonschema::draft4::new(&whole).unwrap();
            faults.extend(validator.iter_errors(&body).map(|error| format!("{error} at {}", error.instance_path())));
        }
        (false, true) => {}
        _ => faults.push("a body where none is declared, or none where one is".to_owned()),
    }
    faults
}

#[tokio::test]
async fn every_request_of_every_tool_is_as_the_files_say() {
    let (account, host) = official().await;
    let names = Names { fields: ["industry", "employees"], stage: Some("proposal") };
    for (tool, result) in every_tool(&host, &names).await.0 {
        assert_ne!(result.is_error, Some(true), "{tool}: {result:?}");
    }
    let (requests, operations) = (account.requests().await, operations());
    assert!(requests.len() > 25, "{}", requests.len());
    for request in requests {
        assert_eq!(faults(&request, &operations), [""; 0], "{request}");
    }
}
