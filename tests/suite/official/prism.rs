//! Every request of every tool passes Prism, which serves HighLevel's files with validation, and its example answers are
//! read. This needs npm, which installs Prism.
//!
//! The files leave this open, so that only the sandbox judges it:
//! - the body and the response of the contact search, which have no schema; Prism responds with an empty body;
//! - the stages of a pipeline, which are empty lists in the files;
//! - that funnels and pages are lists: the files have a single object.

use super::{
    calls::{Names, every_tool},
    files::{DIRECTORY, FILES},
};
use crate::support::{BINARY, Era, Host, Person, error_of};
use serde_json::{Map, Value, json};
use std::{
    collections::BTreeMap,
    fs::{self, File},
    path::{Path, PathBuf},
    process::{Child, Command},
    time::Duration,
};
use tempfile::TempDir;

const PRISM: &str = "@stoplight/prism-cli@5.14.2";

/// The location in most examples.
const LOCATION: &str = "ve9EPM428h8vShlRW1KT";

/// Parts of the examples that have another place in a tool's answer than in the API's.
const EXAMPLES: [(&str, &str, &str); 8] = [
    ("get_contact", "/address/street", "3535 1st St N"),
    ("get_contact", "/customFields/MgobCB14YMVKuE4Ka8p1", "name"),
    // Read back: the creation's own answer shows too little of what was sent.
    ("create_contact", "/createdAt", "2021-07-02T05:18:26.704Z"),
    ("list_opportunities", "/data/0/stage", "e93ba61a-53b3-45e7-985a-c7732dbcdb69"),
    ("get_user", "/role", "admin"),
    ("list_campaigns", "/data/0/type", "email"),
    ("list_funnels", "/data/0/pages/0/id", "2IhBmBcQRx9JXV1JZsRt"),
    ("list_funnels", "/data/0/pages/0/name", "Step 1"),
];

/// All files in one, since a Prism serves one.
fn merged() -> Value {
    let (mut paths, mut schemas, mut schemes) = (Map::new(), Map::new(), Map::new());
    for file in FILES {
        let text = fs::read_to_string(format!("{DIRECTORY}/{file}.json")).unwrap();
        // The files use the same names for different schemas.
        let text = text.replace("\"#/components/schemas/", &format!("\"#/components/schemas/{file}."));
        let Value::Object(mut api) = serde_json::from_str(&text).unwrap() else { panic!("{file} is no object") };
        let take = |part: &mut Value| std::mem::take(part.as_object_mut().unwrap());
        paths.extend(take(&mut api["paths"]));
        schemas.extend(
            take(&mut api["components"]["schemas"]).into_iter().map(|(name, of)| (format!("{file}.{name}"), of)),
        );
        schemes.extend(take(&mut api["components"]["securitySchemes"]));
    }
    for operation in paths.values_mut().flat_map(|path| path.as_object_mut().unwrap().values_mut()) {
        // Error responses are described in a file that is not published.
        operation["responses"].as_object_mut().unwrap().retain(|status, _| status.starts_with('2'));
    }
    schemas.values_mut().for_each(mend);
    json!({
        "openapi": "3.0.0", "info": {"title": "HighLevel", "version": "1"}, "paths": paths,
        "components": {"schemas": schemas, "securitySchemes": schemes},
    })
}

/// Adapts the examples: the server is pinned to one location, and Prism refuses to answer with an example that its schema
/// refuses.
fn mend(schema: &mut Value) {
    for (name, property) in schema["properties"].as_object_mut().into_iter().flatten() {
        if name == "locationId" || name == "altId" {
            property["example"] = LOCATION.into();
        }
        if let Some(location) = property.pointer_mut("/example/locationId") {
            *location = LOCATION.into();
        }
        let example = &property["example"];
        let has_type = match property["type"].as_str() {
            Some("string") => example.is_string(),
            Some("number") => example.is_number(),
            Some("boolean") => example.is_boolean(),
            Some("object") => example.is_object(),
            _ => true,
        };
        let has_items = property["items"]["type"] != "string" || example[0].is_null() || example[0].is_string();
        let wrong = [(!has_type && !example.is_null(), "type"), (!has_items, "items")];
        for (_, member) in wrong.iter().filter(|(is_wrong, _)| *is_wrong) {
            property.as_object_mut().unwrap().shift_remove(*member);
        }
    }
}

/// A Prism process that serves the files, with its output.
struct Prism {
    process: Child,
    directory: TempDir,
    url: String,
}

impl Prism {
    async fn serve(program: &Path, document: &Value) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let (files, log) = (directory.path().join("files.json"), directory.path().join("log"));
        fs::write(&files, document.to_string()).unwrap();
        // A port that was free just now; Prism cannot choose one itself.
        let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port().to_string();
        let mut command = Command::new(program);
        command.args(["mock", "--errors", "--host", "127.0.0.1", "--port", &port]).arg(files);
        let process = command.stdout(File::create(log).unwrap()).stderr(std::process::Stdio::null()).spawn().unwrap();
        let mut prism = Self { process, directory, url: format!("http://127.0.0.1:{port}") };
        while !prism.log().contains("Prism is listening") {
            assert!(prism.process.try_wait().unwrap().is_none(), "Prism ended: {}", prism.log());
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        prism
    }

    fn log(&self) -> String {
        fs::read_to_string(self.directory.path().join("log")).unwrap()
    }
}

impl Drop for Prism {
    fn drop(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }
}

/// Prism's program, installed in Cargo's target directory.
fn program() -> PathBuf {
    let directory = Path::new(env!("CARGO_TARGET_TMPDIR")).join("prism");
    let program = directory.join("node_modules/.bin/prism");
    if !program.exists() {
        let mut npm = Command::new("npm");
        npm.args(["install", "--silent", "--no-audit", "--no-fund", "--prefix"]).arg(&directory).arg(PRISM);
        assert!(npm.status().unwrap().success(), "npm could not install {PRISM}");
    }
    program
}

#[tokio::test]
#[ignore = "needs npm, which installs Prism; .ci/run runs it"]
async fn every_request_passes_prism_and_its_example_answers_are_read() {
    let prism = Prism::serve(&program(), &merged()).await;
    let state = tempfile::tempdir().unwrap();
    let mut server = Command::new(BINARY);
    server.env_clear().env("HOME", state.path()).env("GHL_STATE_DIR", state.path());
    server.env("GHL_BASE_URL", &prism.url).env("GHL_TOKEN_ID", "pit-of-nobody").env("GHL_LOCATION_ID", LOCATION);
    let host = Host::start(server, state, Era::Modern, Person::Absent).await;
    let names = Names { fields: ["pincode", "pincode"], stage: None };
    let mut said = BTreeMap::new();
    for (tool, result) in every_tool(&host, &names).await.0 {
        if tool == "list_contacts" {
            let message = error_of(&result)["message"].to_string();
            assert!(message.contains("it is empty"), "the file has no answer to it: {message}");
            continue;
        }
        assert_ne!(result.is_error, Some(true), "{tool}: {result:?}");
        let answer = result.structured_content.unwrap();
        assert!(!answer.to_string().contains("unreadable"), "{tool}: {answer}");
        said.entry(tool).or_insert(answer);
    }
    for (tool, at, example) in EXAMPLES {
        assert_eq!(said[tool].pointer(at), Some(&json!(example)), "{tool} at {at}: {}", said[tool]);
    }
    let log = prism.log();
    let count = |text: &str| log.matches(text).count();
    assert_eq!(count("Request received"), count("The request passed the validation rules"), "{log}");
    assert!(count("Request received") > 25 && count("did not pass") == 0, "{log}");
}
