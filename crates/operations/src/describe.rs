//! The description of an operation, within a bound.

use crate::{example::example, operation::Operation};
use highlevel_catalog::{Effect, EffectRule, OperationSpec, Scope};
use highlevel_core::{
    error::{Error, Result},
    suggest::nearest,
};
use serde_json::{Map, Value};

/// The most bytes of a description: about 800 tokens.
const MAX_BYTES: usize = 2_500;

/// The depths to which arguments are shown, the deepest that fits.
const DEPTHS: [usize; 4] = [3, 2, 1, 0];

/// What a caller has to know of an operation: its effect, arguments, an example and the form of its answer. With
/// `argument`, the members of that argument, by its path.
///
/// # Errors
/// `invalid_arguments` for an argument that the operation does not have.
pub fn describe(operation: &'static Operation, argument: Option<&str>) -> Result<Map<String, Value>> {
    let spec = operation.spec()?;
    if let Some(path) = argument {
        return describe_argument(operation, spec, path);
    }
    let mut last = Map::new();
    for depth in DEPTHS {
        for lists_optional in [true, false] {
            last = whole(operation, spec, depth, lists_optional)?;
            if size(&last) <= MAX_BYTES {
                return Ok(last);
            }
        }
    }
    // The example and the answer matter less than the arguments' names.
    last.shift_remove("answer");
    if size(&last) > MAX_BYTES {
        last.shift_remove("example");
    }
    Ok(last)
}

fn size(description: &Map<String, Value>) -> usize {
    Value::Object(description.clone()).to_string().len()
}

fn whole(
    operation: &'static Operation,
    spec: &OperationSpec,
    depth: usize,
    lists_optional: bool,
) -> Result<Map<String, Value>> {
    let mut shown = head(operation, spec);
    let schema = spec.input_schema();
    let (arguments, more) = arguments(spec, schema, depth, lists_optional);
    shown.insert("arguments".to_owned(), arguments.into());
    if !more.is_empty() {
        shown.insert("optional".to_owned(), more.join(", ").into());
    }
    if depth < DEPTHS.first().copied().unwrap_or_default() || !lists_optional {
        shown.insert("more".to_owned(), "Give `argument` to see one in full.".into());
    }
    shown.insert("example".to_owned(), example(operation)?.into());
    let answer = answer(operation)?;
    if !answer.is_empty() {
        shown.insert("answer".to_owned(), answer.into());
    }
    Ok(shown)
}

/// The operation's name, effect, request and scopes.
fn head(operation: &'static Operation, spec: &OperationSpec) -> Map<String, Value> {
    let mut head = Map::new();
    let mut add = |name: &str, value: Value| drop(head.insert(name.to_owned(), value));
    add("operation", operation.name.into());
    add("summary", operation.summary.into());
    add("request", format!("{} {}", operation.method.as_str(), operation.path).into());
    add("effect", effect(operation).into());
    if let Some(asks) = asks(operation) {
        add("asksAPerson", asks.into());
    }
    if !operation.scopes.is_empty() {
        add("scopes", operation.scopes.join(", ").into());
    }
    let company = spec.scope_fields.iter().any(|field| field.of == Scope::Company);
    let location = spec.scope_fields.iter().any(|field| field.of == Scope::Location);
    if company && !location {
        add("needs", "an agency's credential; refused for a server of one location".into());
    }
    let form = spec.passthrough.as_deref();
    if let Some(kind) = form.and_then(|form| form.file.as_ref()) {
        let file = format!("a file ({kind}), saved in --write-dir: path, bytes, contentType. A short text is answered");
        add("returns", file.into());
    }
    if let Some(list) = form.and_then(|form| form.list.as_ref()) {
        let how = if list.is_paged() { "a list: `limit` and `offset` of run_operation page it" } else { "a list" };
        add("returns", how.into());
    }
    head
}

/// The effect with its rules.
fn effect(operation: &Operation) -> String {
    let mut text = operation.effect.as_str().to_owned();
    for EffectRule { effect, when } in &operation.effect_rules {
        text.push_str(&format!("; {} {}", effect.as_str(), when.in_words(str::to_owned)));
    }
    text
}

/// When a person is asked. `None` for never.
fn asks(operation: &Operation) -> Option<&'static str> {
    let mut effects = operation.effect_rules.iter().map(|rule| rule.effect).chain([operation.effect]);
    if !operation.may_be_guarded() {
        None
    } else if operation.touches.may_change_several(operation.effect) || effects.all(Effect::is_guarded) {
        Some("always")
    } else {
        Some("by effect")
    }
}

/// The arguments with their types, and the names of those that are not shown. Required ones are marked.
fn arguments(
    spec: &OperationSpec,
    schema: &Map<String, Value>,
    depth: usize,
    lists_optional: bool,
) -> (Map<String, Value>, Vec<String>) {
    let mut shown = Map::new();
    let mut more = Vec::new();
    let properties = schema.get("properties").and_then(Value::as_object);
    for (name, inner) in properties.into_iter().flatten() {
        let is_required = is_required(schema, name);
        let is_filled = name == "altType"
            || spec.scope_fields.iter().any(|field| field.of == Scope::Location && field.name == *name);
        if is_filled {
            continue;
        }
        if is_required || lists_optional {
            let mark = if is_required { "required " } else { "" };
            shown.insert(name.clone(), format!("{mark}{}", kind(inner, depth)).into());
        } else {
            more.push(name.clone());
        }
    }
    if !spec.clearable.is_empty() && lists_optional {
        shown.insert("clear".to_owned(), "[string] fields to empty".into());
    }
    (shown, more)
}

fn is_required(schema: &Map<String, Value>, name: &str) -> bool {
    schema.get("required").and_then(Value::as_array).is_some_and(|all| all.iter().any(|one| one == name))
}

/// A type as TypeScript would write it, with `!` for required members.
fn kind(schema: &Value, depth: usize) -> String {
    const MAX_WORDS: usize = 30;
    if let Some(words) = schema.get("enum").and_then(Value::as_array) {
        let text = |word: &Value| word.as_str().map_or_else(|| word.to_string(), str::to_owned);
        let shown: Vec<String> = words.iter().take(MAX_WORDS).map(text).collect();
        let rest = if words.len() > MAX_WORDS { "|…" } else { "" };
        return format!("{}{rest}", shown.join("|"));
    }
    if let Some(choices) = schema.get("anyOf").and_then(Value::as_array) {
        let mut kinds: Vec<String> = choices.iter().map(|choice| kind(choice, depth)).collect();
        kinds.dedup();
        return kinds.join(" or ");
    }
    match schema.get("type").and_then(Value::as_str) {
        Some("array") => {
            format!("[{}]", schema.get("items").map_or_else(|| "any".to_owned(), |inner| kind(inner, depth)))
        }
        Some("object") => {
            let Some(members) = schema.get("properties").and_then(Value::as_object) else { return "object".to_owned() };
            if depth == 0 {
                return "{…}".to_owned();
            }
            let outer = schema.as_object();
            let member = |(name, inner): (&String, &Value)| {
                let mark = if outer.is_some_and(|outer| is_required(outer, name)) { "!" } else { "" };
                format!("{name}{mark}: {}", kind(inner, depth - 1))
            };
            format!("{{{}}}", members.iter().map(member).collect::<Vec<_>>().join(", "))
        }
        Some("string") => form(schema),
        Some(other) => other.to_owned(),
        None => "any".to_owned(),
    }
}

/// A text, with its format or an example where its form is not plain.
fn form(schema: &Value) -> String {
    if let Some(format) = schema.get("format").and_then(Value::as_str) {
        return format.to_owned();
    }
    match schema.get("example").and_then(Value::as_str) {
        Some(example) if example.chars().any(|c| c.is_ascii_digit()) => format!("string, as {example}"),
        _ => "string".to_owned(),
    }
}

/// The members of one argument, by its path, such as `items.price`.
fn describe_argument(operation: &'static Operation, spec: &OperationSpec, path: &str) -> Result<Map<String, Value>> {
    let mut schema = Value::Object(spec.input_schema().clone());
    for name in path.split('.').map(|part| part.trim_end_matches("[]")) {
        while let Some(items) = schema.get("items") {
            schema = items.clone();
        }
        let members = schema.get("properties").and_then(Value::as_object);
        let inner = members.and_then(|members| members.get(name)).cloned();
        let Some(inner) = inner else {
            let known: Vec<&str> = members.into_iter().flatten().map(|(name, _)| name.as_str()).collect();
            let near =
                nearest(name, known.iter().copied()).map_or(String::new(), |near| format!(" Did you mean `{near}`?"));
            let message = format!("`argument`: {} has no `{path}`.{near} Known: {}.", operation.name, known.join(", "));
            return Err(Error::invalid("argument", message));
        };
        schema = inner;
    }
    let kinds = [5, 4, 3, 2, 1].map(|depth| kind(&schema, depth));
    let fitting = kinds.iter().find(|kind| kind.len() <= MAX_BYTES).or(kinds.last()).cloned().unwrap_or_default();
    let shown = [("operation", operation.name.to_owned()), ("argument", path.to_owned()), ("type", fitting)];
    Ok(shown.into_iter().map(|(name, text)| (name.to_owned(), text.into())).collect())
}

/// The form of the answer, in short.
fn answer(operation: &'static Operation) -> Result<String> {
    const MAX_CHARS: usize = 400;
    let facts = operation.facts()?;
    if facts.answer.is_empty() || facts.file().is_some() {
        return Ok(String::new());
    }
    let text = names(&Value::Object(facts.answer), 2);
    let cut: String = text.chars().take(MAX_CHARS).collect();
    Ok(if cut.len() < text.len() { format!("{cut}…") } else { text })
}

/// The members' names alone.
fn names(schema: &Value, depth: usize) -> String {
    if let Some(items) = schema.get("items") {
        return format!("[{}]", names(items, depth));
    }
    let Some(members) = schema.get("properties").and_then(Value::as_object).filter(|_| depth > 0) else {
        return String::new();
    };
    let member = |(name, inner): (&String, &Value)| {
        let inner = names(inner, depth - 1);
        if inner.is_empty() || inner == "[]" { name.clone() } else { format!("{name}: {inner}") }
    };
    format!("{{{}}}", members.iter().map(member).collect::<Vec<_>>().join(", "))
}
