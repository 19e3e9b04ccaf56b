//! Every operation of the catalogue: the example of `describe_operation`, run by `run_operation`, passes Prism on HighLevel's
//! files, and a broken one is refused before it is sent.
//!
//! In CI the files are `tests/openapi`: a sample of operations of every group and every form of a body.
//! `bench/prism DIR` runs the same test on the whole files in `DIR`.

#![expect(clippy::print_stdout, reason = "the figures are what the script is run for")]

use super::{
    Judged, LOCATION, Prism,
    documents::{files, merged, of_the_location, without_examples},
};
use crate::{
    official::files::DIRECTORY,
    support::{BINARY, Era, Host, Person, error_of},
};
use rmcp::model::CallToolResult;
use serde_json::{Map, Value, json};
use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
    process::Command,
};

/// The directory of HighLevel's whole files. Without it, the files are the sample.
const WHOLE: &str = "HIGHLEVEL_OPENAPI";

const DATA: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/crates/operations/data");

/// Operations that Prism cannot judge, with the reason.
const UNJUDGED: [(&str, &str); 2] = [
    ("social-media-posting.start-oauth", "Prism takes v2's operation of the platform for it"),
    (
        "social-media-posting.attach-oauth-accounts",
        "the body depends on the platform: the files have no example that fits",
    ),
];

/// The catalogue's lines.
fn catalogue() -> Vec<Value> {
    let mut groups: Vec<_> =
        fs::read_dir(format!("{DATA}/catalogue")).unwrap().map(|group| group.unwrap().path()).collect();
    groups.sort();
    let lines = groups.iter().map(|group| fs::read_to_string(group).unwrap()).collect::<String>();
    lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// The requests that corrections change, by operation: there, HighLevel's files are wrong. The names of arguments, and
/// `required`.
fn corrected() -> BTreeMap<String, BTreeSet<String>> {
    let text = fs::read_to_string(format!("{DATA}/corrections.jsonl")).unwrap();
    let lines = text.lines().filter(|line| line.starts_with('{'));
    let mut corrected = BTreeMap::<String, BTreeSet<String>>::new();
    for line in lines.map(|line| serde_json::from_str::<Value>(line).unwrap()) {
        let changed = corrected.entry(line["name"].as_str().unwrap().to_owned()).or_default();
        changed.extend(line["merge"]["arguments"].as_object().into_iter().flatten().map(|(name, _)| name.clone()));
        changed.extend(line["merge"].get("required").map(|_| "required".to_owned()));
    }
    corrected
}

/// A server whose API is Prism, with a person who agrees to everything.
async fn server(prism: &Prism) -> Host {
    let state = tempfile::tempdir().unwrap();
    let mut server = Command::new(BINARY);
    server.env_clear().env("HOME", state.path()).env("GHL_STATE_DIR", state.path());
    server.env("GHL_BASE_URL", &prism.url).env("GHL_TOKEN_ID", "pit-of-nobody").env("GHL_LOCATION_ID", LOCATION);
    server.env("GHL_RATE_LIMIT", "1000000").env("GHL_READ_DIR", state.path()).env("GHL_WRITE_DIR", state.path());
    // The file in the examples.
    fs::write(state.path().join("file.pdf"), "%PDF-1.7").unwrap();
    Host::start(server, state, Era::Modern, Person::agrees()).await
}

/// What came of the operations.
#[derive(Default)]
struct Outcome {
    passed: u32,
    /// Refused for a server of one location: those of an agency, and those that nothing shows to be of the location. Prism
    /// judges a request from the catalogue.
    beyond_a_location: u32,
    /// Refused by Prism where a correction says that HighLevel's files are wrong.
    corrected: BTreeMap<String, Vec<String>>,
    unjudged: u32,
    /// Broken calls that never left.
    refused: u32,
    without_arguments: u32,
    wrong: Vec<String>,
}

#[tokio::test]
#[ignore = "needs npm, which installs Prism; .ci/run runs it"]
async fn every_operations_example_passes_prism_and_a_broken_one_is_not_sent() {
    let directory = std::env::var(WHOLE).unwrap_or_else(|_| DIRECTORY.to_owned());
    let mut document = merged(&files(Path::new(&directory)));
    let opened = without_examples(&mut document);
    of_the_location(&mut document);
    let (catalogue, corrected) = (catalogue(), corrected());
    let is_there = |operation: &&Value| {
        let method = operation["method"].as_str().unwrap().to_lowercase();
        document["paths"][operation["path"].as_str().unwrap()].get(method).is_some()
    };
    let operations: Vec<&Value> = catalogue.iter().filter(is_there).collect();
    let prism = Prism::serve(&document, &[]).await;
    let host = server(&prism).await;
    let mut outcome = Outcome::default();
    for operation in &operations {
        outcome.judge(&prism, &host, operation, &corrected).await;
    }
    println!("{} of {} operations are in the files.", operations.len(), catalogue.len());
    println!("{opened} types that the files leave unknown are left open.");
    report(&outcome);
    assert_eq!(outcome.wrong, [""; 0]);
    let groups: BTreeSet<_> =
        operations.iter().map(|operation| operation["name"].as_str().unwrap().split('.').next()).collect();
    assert_eq!((operations.len() > 100, groups.len()), (true, 41), "the files have operations of all groups");
}

impl Outcome {
    async fn judge(
        &mut self,
        prism: &Prism,
        host: &Host,
        operation: &Value,
        corrected: &BTreeMap<String, BTreeSet<String>>,
    ) {
        let name = operation["name"].as_str().unwrap();
        if UNJUDGED.iter().any(|(unjudged, _)| *unjudged == name) {
            self.unjudged += 1;
            return;
        }
        let described = host.answer("describe_operation", json!({"operation": name})).await;
        let example = described["example"].as_object().cloned().unwrap_or_default();
        prism.judged().await;
        let result = run(host, name, &example).await;
        if result.is_error == Some(true) && error_of(&result)["code"] == "policy_denied" {
            self.beyond_a_location += 1;
            send(prism, operation, &example).await;
        }
        let judged = prism.judged().await;
        match own_request(operation, &judged) {
            Some(Judged { faults, .. }) if faults.is_empty() => self.passed += 1,
            Some(Judged { faults, .. })
                if corrected.get(name).is_some_and(|of| faults.iter().all(|at| is_about(at, of))) =>
            {
                self.corrected.insert(name.to_owned(), faults.clone());
            }
            Some(Judged { faults, .. }) => self.wrong.push(format!("{name} {}: {faults:?}", json!(example))),
            None => self.wrong.push(format!("{name} {} was not sent: {:?} {judged:?}", json!(example), result.content)),
        }
        let Some(broken) = broken(operation, &example) else {
            self.without_arguments += 1;
            return;
        };
        let result = run(host, name, &broken).await;
        let judged = prism.judged().await;
        if result.is_error == Some(true) && judged.is_empty() && error_of(&result)["code"] == "invalid_arguments" {
            self.refused += 1;
        } else {
            let broken = json!(broken);
            self.wrong.push(format!("{name} with {broken} was not refused: {:?}, {judged:?}", result.content));
        }
    }
}

async fn run(host: &Host, operation: &str, arguments: &Map<String, Value>) -> CallToolResult {
    host.call("run_operation", json!({"operation": operation, "arguments": arguments})).await
}

/// Whether a fault is about something that a correction changes, such as "Request body property subType must be object".
fn is_about(fault: &str, corrected: &BTreeSet<String>) -> bool {
    let named = fault.split([' ', '.']).any(|word| corrected.contains(word));
    named || (corrected.contains("required") && fault.contains("must have required property"))
}

/// Sends the example as the catalogue says, for operations that a server of one location refuses.
async fn send(prism: &Prism, operation: &Value, example: &Map<String, Value>) {
    let mut path = operation["path"].as_str().unwrap().to_owned();
    let (mut query, mut body) = (url::form_urlencoded::Serializer::new(String::new()), Map::new());
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    for (name, value) in example.iter().map(|(name, value)| (name, value.clone())).chain(filled(operation, example)) {
        let place = format!("{{{name}}}");
        let in_query = operation["query"].as_array().is_some_and(|query| query.iter().any(|known| known == name));
        if path.contains(&place) {
            path = path.replace(&place, &text(&value));
        } else if operation["body"].is_null() || in_query {
            let values = value.as_array().cloned().unwrap_or_else(|| vec![value]);
            for value in values {
                query.append_pair(name, &text(&value));
            }
        } else {
            body.insert(name.clone(), value);
        }
    }
    let method = operation["method"].as_str().unwrap().parse().unwrap();
    let url = format!("{}{path}?{}", prism.url, query.finish());
    let mut request = reqwest::Client::new().request(method, url).bearer_auth("pit-of-nobody");
    request = request.header("version", operation["version"].as_str().unwrap());
    if operation["body"] == "json" {
        request = request.header("content-type", "application/json").body(json!(body).to_string());
    } else if operation["body"] == "form" {
        let part = |(name, value): (&String, &Value)| {
            format!("--part\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{}\r\n", text(value))
        };
        let parts: String = body.iter().map(part).collect();
        request = request.header("content-type", "multipart/form-data; boundary=part").body(parts + "--part--\r\n");
    }
    request.send().await.unwrap();
}

/// The required arguments that the server fills in.
fn filled<'a>(operation: &'a Value, example: &Map<String, Value>) -> impl Iterator<Item = (&'a String, Value)> {
    let required = operation["required"].as_array().into_iter().flatten().filter_map(|name| match name {
        Value::String(name) => Some(name),
        _ => None,
    });
    let missing: Vec<&String> = required.filter(|name| !example.contains_key(*name)).collect();
    missing.into_iter().map(move |name| match operation["arguments"][name]["type"].as_str() {
        Some("number" | "integer") => (name, 1.into()),
        _ if name == "altType" => (name, "location".into()),
        _ => (name, LOCATION.into()),
    })
}

/// The request of the operation itself, not of what was read before it.
fn own_request<'a>(operation: &Value, judged: &'a [Judged]) -> Option<&'a Judged> {
    let pattern: Vec<&str> = operation["path"].as_str().unwrap().split('/').collect();
    judged.iter().rev().find(|request| {
        let path: Vec<&str> = request.path.split(['/', '?']).collect();
        let fits = |(one, other): (&&str, &&str)| one.starts_with('{') || one == other;
        operation["method"] == request.method.as_str()
            && path.len() >= pattern.len()
            && pattern.iter().zip(&path).all(fits)
    })
}

/// The example with a fault: an argument of a type that it cannot have. `None` without arguments.
fn broken(operation: &Value, example: &Map<String, Value>) -> Option<Map<String, Value>> {
    let arguments = operation["arguments"].as_object()?;
    let is_paging =
        |name: &str| operation["list"].as_object().is_some_and(|list| list.values().any(|value| value == name));
    let mut typed = arguments.iter().filter(|(_, schema)| schema["type"].is_string());
    let (name, schema) = typed.clone().find(|(name, _)| !is_paging(name)).or_else(|| typed.next())?;
    let wrong = if schema["type"] == "object" { json!(["wrong"]) } else { json!({"wrong": true}) };
    let mut broken = example.clone();
    broken.insert(name.clone(), wrong);
    Some(broken)
}

/// Prints the figures that docs/operations.md records.
fn report(outcome: &Outcome) {
    let Outcome { passed, beyond_a_location, corrected, unjudged, refused, without_arguments, wrong } = outcome;
    println!(
        "{passed} examples pass Prism. {} are refused where a correction says that the files are wrong:",
        corrected.len()
    );
    corrected.iter().for_each(|(name, faults)| println!("  {name}: {}", faults.join("; ")));
    println!(
        "{beyond_a_location} of them were refused to a server of one location: a request from the catalogue was judged."
    );
    println!("{unjudged} are not judged:");
    UNJUDGED.iter().for_each(|(name, why)| println!("  {name}: {why}"));
    println!(
        "{refused} broken calls were refused before they were sent. {without_arguments} operations have no arguments."
    );
    println!("{} are wrong.", wrong.len());
}
