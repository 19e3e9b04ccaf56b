//! The facts of each operation, from HighLevel's files: those of v2, and of v3 what only v3 has.

use super::{Groups, paging, schema::Document};
use anyhow::Context;
use highlevel_catalog::path_shape;
use serde_json::{Map, Value, json};
use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

/// Files of v3 whose group has another name in v2.
const RENAMED: [(&str, &str); 3] =
    [("ad-publishing", "ad-manager"), ("saas", "saas-api"), ("social-planner", "social-media-posting")];

/// The group of the operations on tokens. They are no tools.
const TOKENS: &str = "oauth";

const METHODS: [&str; 5] = ["get", "post", "put", "patch", "delete"];

/// The version of most of HighLevel's files.
const USUAL_VERSION: &str = "2021-07-28";

/// The depth to which arguments are described.
const ARGUMENT_DEPTH: usize = 16;

/// The depth to which answers are described.
const ANSWER_DEPTH: usize = 3;

/// Every operation of the files in `dir`.
pub(super) fn groups(dir: &Path) -> anyhow::Result<Groups> {
    let mut groups = Groups::new();
    let mut known = BTreeSet::new();
    let mut names = BTreeMap::<String, u32>::new();
    for path in files(dir)?.into_iter().chain(files(&dir.join("v3"))?) {
        let stem = path.file_stem().context("a file's name")?.to_string_lossy().into_owned();
        let stem = stem.strip_suffix("-v3").unwrap_or(&stem);
        let group = RENAMED.iter().find(|(file, _)| *file == stem).map_or(stem, |(_, group)| *group);
        if group == TOKENS {
            continue;
        }
        let document = Document::read(&path)?;
        let paths = document.value()["paths"].as_object().context("an object of paths")?;
        let usual = usual_version(&document);
        for (route, methods) in paths {
            for method in METHODS {
                let Some(operation) = methods.get(method) else { continue };
                // v2 and v3 name the parameters of a path differently.
                let shape: Vec<String> = path_shape(route).map(str::to_owned).collect();
                if !known.insert((method, shape)) {
                    continue;
                }
                let id = operation["operationId"].as_str().context("an operationId")?;
                let id = id.split_whitespace().collect::<Vec<_>>().join("-");
                let count = names.entry(format!("{group}.{id}")).or_default();
                *count += 1;
                let name = if *count == 1 { format!("{group}.{id}") } else { format!("{group}.{id}-{count}") };
                let facts = facts(&document, name, method, route, operation, &usual);
                groups.entry(group.to_owned()).or_default().push(facts);
            }
        }
    }
    Ok(groups)
}

fn files(dir: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let entries = fs::read_dir(dir).with_context(|| format!("{} cannot be read", dir.display()))?;
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.map(|entry| entry.path())).collect::<Result<_, _>>()?;
    files.retain(|path| path.extension().is_some_and(|extension| extension == "json"));
    files.sort();
    Ok(files)
}

fn facts(
    document: &Document,
    name: String,
    method: &str,
    route: &str,
    operation: &Value,
    usual_version: &str,
) -> Value {
    let mut arguments = Arguments::default();
    let parameters = operation["parameters"].as_array().into_iter().flatten();
    for parameter in parameters.map(|parameter| document.resolve(parameter)) {
        if let Some("path" | "query") = parameter["in"].as_str() {
            arguments.add_parameter(document, parameter);
        }
    }
    arguments.add_path(route);
    let body = arguments.add_body(document, document.resolve(&operation["requestBody"]));
    let answer = answer(document, operation);
    let scopes: BTreeSet<&str> = security(operation).collect();
    let mut facts = Map::new();
    facts.insert("name".to_owned(), name.into());
    facts.insert("method".to_owned(), method.to_uppercase().into());
    facts.insert("path".to_owned(), route.into());
    let optional = [
        ("version", version(document, operation).unwrap_or(usual_version).into()),
        ("scopes", json!(scopes)),
        ("query", if body.is_null() { Value::Null } else { json!(arguments.query) }),
        ("body", body),
        ("arguments", Value::Object(arguments.properties)),
        ("required", json!(arguments.required)),
        ("answer", Value::Object(answer)),
        ("deprecated", if operation["deprecated"] == true { true.into() } else { Value::Null }),
    ];
    let known = optional.into_iter().filter(|(_, fact)| !is_nothing(fact));
    facts.extend(known.map(|(name, fact)| (name.to_owned(), fact)));
    facts.into()
}

/// The value of the `Version` header. `None` if the operation declares none.
fn version<'a>(document: &'a Document, operation: &'a Value) -> Option<&'a str> {
    let parameters = operation["parameters"].as_array().into_iter().flatten();
    let mut headers = parameters.map(|parameter| document.resolve(parameter)).filter(|header| header["in"] == "header");
    let version = headers.find(|header| header["name"] == "Version")?;
    document.resolve(&version["schema"])["enum"].get(0)?.as_str()
}

/// The version that most operations of a file declare. The API refuses a request without one, also where the file declares
/// none.
fn usual_version(document: &Document) -> String {
    let mut counts = BTreeMap::<&str, u32>::new();
    let paths = document.value()["paths"].as_object().into_iter().flatten();
    let operations = paths.filter_map(|(_, methods)| methods.as_object()).flat_map(Map::values);
    for version in operations.filter_map(|operation| version(document, operation)) {
        *counts.entry(version).or_default() += 1;
    }
    counts.into_iter().max_by_key(|(_, count)| *count).map_or(USUAL_VERSION, |(version, _)| version).to_owned()
}

fn is_nothing(fact: &Value) -> bool {
    fact.is_null() || fact.as_array().is_some_and(Vec::is_empty) || fact.as_object().is_some_and(Map::is_empty)
}

fn security(operation: &Value) -> impl Iterator<Item = &str> {
    let schemes = operation["security"].as_array().into_iter().flatten().filter_map(Value::as_object);
    schemes.flat_map(|scheme| scheme.values()).filter_map(Value::as_array).flatten().filter_map(Value::as_str)
}

/// The first answer of success.
fn answer(document: &Document, operation: &Value) -> Map<String, Value> {
    let answers = operation["responses"].as_object().into_iter().flatten();
    let good = answers.filter(|(status, _)| status.starts_with('2')).map(|(_, answer)| document.resolve(answer));
    let content = good.clone().find_map(|answer| answer.get("content")?.as_object());
    match content.and_then(|content| content.iter().next()) {
        Some((kind, content)) if kind.contains("json") => document.schema(&content["schema"], ANSWER_DEPTH),
        Some((kind, _)) => of_type(kind),
        None => good.into_iter().find_map(header_type).map(of_type).unwrap_or_default(),
    }
}

/// An answer that is a file.
fn of_type(media_type: &str) -> Map<String, Value> {
    [("contentType".to_owned(), media_type.into())].into_iter().collect()
}

/// The type of an answer without a schema. HighLevel's files describe it as a header, with its value as the description.
fn header_type(answer: &Value) -> Option<&str> {
    let header = answer.pointer("/headers/Content-Type")?;
    let values = ["/description", "/example", "/schema/example", "/schema/default"];
    let mut values = values.into_iter().filter_map(|place| header.pointer(place)?.as_str());
    values.find(|value| value.contains('/') && !value.contains("json"))
}

/// The arguments of an operation: parameters and the body's members, under one set of names.
#[derive(Default)]
struct Arguments {
    properties: Map<String, Value>,
    required: Vec<String>,
    query: Vec<String>,
}

impl Arguments {
    fn add(&mut self, name: &str, schema: Map<String, Value>, is_required: bool) {
        self.properties.insert(name.to_owned(), schema.into());
        if is_required && !self.required.iter().any(|known| known == name) {
            self.required.push(name.to_owned());
        }
    }

    fn add_parameter(&mut self, document: &Document, parameter: &Value) {
        let Some(name) = parameter["name"].as_str() else { return };
        let mut schema = document.schema(&parameter["schema"], ARGUMENT_DEPTH);
        if parameter["in"] == "query" {
            if self.properties.contains_key(name) {
                // The same name is in the path, where it counts.
                return;
            }
            self.query.push(name.to_owned());
            let said = parameter["description"].as_str().and_then(|text| paging::most(name, text));
            if let Some(most) = said.filter(|_| !schema.contains_key("maximum")) {
                schema.insert("maximum".to_owned(), most.into());
            }
            // One text with commas, not one parameter for each item.
            schema.extend(parameter.get("explode").map(|explode| ("explode".to_owned(), explode.clone())));
        }
        if parameter["in"] == "path" {
            self.query.retain(|known| known != name);
        }
        self.add(name, schema, parameter["required"] == true || parameter["in"] == "path");
    }

    /// Parameters of the route that the file does not declare.
    fn add_path(&mut self, route: &str) {
        for name in route.split('{').skip(1).filter_map(|rest| rest.split_once('}')).map(|(name, _)| name) {
            if !self.properties.contains_key(name) {
                self.add(name, [("type".to_owned(), "string".into())].into_iter().collect(), true);
            }
        }
    }

    /// The members of the body, and its form: `json`, `form` for multipart, or the argument that is the whole body.
    fn add_body(&mut self, document: &Document, body: &Value) -> Value {
        let Some((kind, content)) = body["content"].as_object().and_then(|content| content.iter().next()) else {
            return Value::Null;
        };
        let mut schema = document.schema(&content["schema"], ARGUMENT_DEPTH);
        if schema.get("type") == Some(&"array".into()) {
            self.add("items", schema, true);
            return json!({"whole": "items"});
        }
        if let Some(choices) = schema.get("anyOf").and_then(Value::as_array) {
            schema = united(choices);
        }
        let required: Vec<Value> = schema.get("required").and_then(Value::as_array).cloned().unwrap_or_default();
        for (name, member) in schema.get("properties").and_then(Value::as_object).into_iter().flatten() {
            // A parameter of the same name stays: the API cannot do without it.
            if self.properties.contains_key(name) {
                continue;
            }
            let is_required = required.iter().any(|required| required == name);
            self.add(name, member.as_object().cloned().unwrap_or_default(), is_required);
        }
        if kind.starts_with("multipart") { "form".into() } else { "json".into() }
    }
}

/// The members of all choices. What every choice requires stays required.
fn united(choices: &[Value]) -> Map<String, Value> {
    let mut properties = Map::new();
    let required = |choice: &Value| choice["required"].as_array().cloned().unwrap_or_default();
    let mut always = choices.first().map(required).unwrap_or_default();
    for choice in choices {
        for (name, schema) in choice["properties"].as_object().into_iter().flatten() {
            properties.entry(name.clone()).or_insert_with(|| schema.clone());
        }
        always.retain(|name| required(choice).contains(name));
    }
    let mut whole = Map::new();
    whole.insert("properties".to_owned(), properties.into());
    whole.insert("required".to_owned(), always.into());
    whole
}
