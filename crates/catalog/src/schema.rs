//! JSON Schemas of arguments and answers, generated from the types, in a form that every host accepts.
//!
//! Inputs: root `type: object`, `additionalProperties: false`, no `$schema`, no `$ref`, no type arrays with null, no
//! Rust-only formats. Outputs: the same, but `null` stays where a field can be null.

use schemars::{JsonSchema, Schema, generate::SchemaSettings, transform::transform_subschemas};
use serde_json::{Map, Value, json};
use std::borrow::Cow;

/// The argument that carries a confirmation token.
pub const CONFIRMATION_TOKEN: &str = "confirmationToken";

/// A description and a schema.
pub(super) type Described = (String, Map<String, Value>);

/// An operation's description and the schema of its arguments. The description is the doc comment, on one line.
pub(super) fn input<T: JsonSchema>(clearable: &[Cow<'static, str>]) -> Described {
    let mut schema = generate::<T>(&|schema| {
        let Some(object) = schema.as_object_mut() else { return };
        drop_null(object);
        if object.contains_key("properties") && object.get("additionalProperties") != Some(&Value::Bool(true)) {
            object.insert("additionalProperties".into(), false.into());
        }
        if object.get("type") == Some(&"object".into()) && object.get("additionalProperties") == Some(&true.into()) {
            object.remove("properties");
        }
    });
    let description = schema.remove("description");
    let description = description.as_ref().and_then(Value::as_str).map(|text| text.replace('\n', " "));
    schema.entry("properties").or_insert_with(|| json!({}));
    schema.insert("additionalProperties".into(), false.into());
    if let Some(items) = schema.get_mut("properties").and_then(|all| all.get_mut("clear")?.get_mut("items")) {
        *items = json!({"type": "string", "enum": clearable});
    }
    (description.unwrap_or_default(), schema)
}

/// The schema of an operation's answer. It requires at most `id`, because `fields` can leave out everything else.
pub(super) fn output<T: JsonSchema>() -> Map<String, Value> {
    let mut schema = generate::<T>(&|schema| {
        if let Some(object) = schema.as_object_mut() {
            object.remove("default");
            split_null(object);
        }
    });
    schema.remove("description");
    schema
}

/// Replaces `{"type": ["string", "null"]}` by `{"anyOf": [{"type": "string"}, {"type": "null"}]}`. Some hosts accept
/// only single types.
fn split_null(object: &mut Map<String, Value>) {
    let Some(Value::Array(types)) = object.get("type") else { return };
    let kept: Vec<Value> = types.iter().filter(|kind| kind.as_str() != Some("null")).cloned().collect();
    let ([only], true) = (kept.as_slice(), kept.len() < types.len()) else { return };
    let mut inner = std::mem::take(object);
    inner.insert("type".into(), only.clone());
    object.extend(inner.shift_remove("description").map(|text| ("description".to_owned(), text)));
    object.insert("anyOf".into(), json!([inner, {"type": "null"}]));
}

/// Drops the description of an argument's type, where the argument's name says enough.
pub(super) fn without_description(schema: &mut Schema) {
    schema.remove("description");
}

fn generate<T: JsonSchema>(adapt: &dyn Fn(&mut Schema)) -> Map<String, Value> {
    let settings = SchemaSettings::draft2020_12().with(|settings| {
        settings.meta_schema = None;
        settings.inline_subschemas = true;
    });
    let mut schema = settings.into_generator().into_root_schema_for::<T>();
    walk(&mut schema, adapt);
    match schema.to_value() {
        Value::Object(object) => object,
        _ => Map::new(),
    }
}

fn walk(schema: &mut Schema, adapt: &dyn Fn(&mut Schema)) {
    if let Some(object) = schema.as_object_mut() {
        simplify(object);
    }
    adapt(schema);
    transform_subschemas(&mut |inner: &mut Schema| walk(inner, adapt), schema);
}

/// Removes what no host needs, from inputs and outputs alike.
fn simplify(object: &mut Map<String, Value>) {
    object.remove("title");
    // Some hosts take no `true` for a schema that allows everything.
    let members = object.get_mut("properties").and_then(Value::as_object_mut).into_iter().flat_map(Map::values_mut);
    members.for_each(without_bare_true);
    ["items", "not"].iter().for_each(|key| object.get_mut(*key).into_iter().for_each(without_bare_true));
    for key in ["anyOf", "oneOf", "allOf", "prefixItems"] {
        object.get_mut(key).and_then(Value::as_array_mut).into_iter().flatten().for_each(without_bare_true);
    }
    // Formats such as `uint32` and `double` are not standard.
    if object.get("format").and_then(Value::as_str).is_some_and(|format| {
        format.starts_with("uint") || format.starts_with("int") || format == "double" || format == "float"
    }) {
        object.remove("format");
    }
    // schemars describes an enum whose variants have doc comments as `oneOf` of constants.
    if let Some(Value::Array(variants)) = object.get("oneOf") {
        let words: Option<Vec<Value>> = variants.iter().map(|variant| variant.get("const").cloned()).collect();
        if let Some(words) = words {
            object.remove("oneOf");
            object.insert("type".into(), "string".into());
            object.insert("enum".into(), words.into());
        }
    }
}

fn without_bare_true(schema: &mut Value) {
    if *schema == Value::Bool(true) {
        *schema = json!({});
    }
}

/// Replaces `["string", "null"]` by `"string"`, and `anyOf: [X, null]` by X.
fn drop_null(object: &mut Map<String, Value>) {
    object.remove("default");
    if let Some(Value::Array(types)) = object.get("type") {
        let kept: Vec<Value> = types.iter().filter(|kind| kind.as_str() != Some("null")).cloned().collect();
        if let [only] = kept.as_slice() {
            object.insert("type".into(), only.clone());
        }
    }
    if let Some(Value::Array(words)) = object.get_mut("enum") {
        words.retain(|word| !word.is_null());
    }
    if let Some(Value::Array(options)) = object.get("anyOf") {
        let null = json!({"type": "null"});
        let kept: Vec<Value> = options.iter().filter(|option| **option != null).cloned().collect();
        if let [Value::Object(only)] = kept.as_slice() {
            object.remove("anyOf");
            for (key, value) in only {
                object.entry(key.clone()).or_insert_with(|| value.clone());
            }
        }
    }
}
