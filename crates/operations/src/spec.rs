//! An operation of the catalogue as an [`OperationSpec`].

use crate::{
    facts::Facts,
    marks,
    operation::{self, Operation},
};
use highlevel_catalog::{
    AnswerShape, BodyForm, Effect, Method, Names, OperationSpec, PagingStyle, Passthrough, Schemas, Scope, ScopeField,
    Toolset,
    marks::AGAIN,
    place::{ALT_ID, ALT_TYPE, LOCATION_NAMES},
    secrets::is_secret_name,
};
use serde_json::{Map, Value, json};
use std::borrow::Cow;

/// The arguments that name a company.
const COMPANIES: [&str; 2] = ["companyId", "company_id"];

/// The spec of an operation.
pub(crate) fn of(operation: &'static Operation, facts: Facts) -> OperationSpec {
    let scope_fields = scope_fields(&facts);
    let mut input = input(&facts, &scope_fields);
    if let (Some(_), Some(properties)) =
        (&operation.marks.sends, input.get_mut("properties").and_then(Value::as_object_mut))
    {
        properties.insert(AGAIN.to_owned(), json!({"type": "boolean"}));
    }
    let clearable = clearable(operation, &facts);
    let sensitive = facts.arguments.keys().filter(|name| is_secret_name(name)).cloned().map(Cow::Owned).collect();
    let is_list = facts.list.is_some();
    let output = match is_list {
        true => object(json!({"data": {"type": "array", "items": {}}, "meta": {"type": "object"}})),
        false => object(json!({})),
    };
    let schemas = Schemas { description: operation.summary.to_owned(), input, output };
    let mut spec =
        OperationSpec::from_row(operation.name.to_owned(), operation.summary.to_owned(), operation.route(), schemas);
    spec.toolset = toolset(operation);
    spec.listed = false;
    spec.effect = operation.effect;
    spec.effect_rules = operation.effect_rules.clone().into();
    spec.answer = if is_list { AnswerShape::Many } else { AnswerShape::One(Cow::Borrowed("answer")) };
    spec.version = facts.version.clone().map(Cow::Owned);
    spec.scopes = operation.scopes.iter().map(|scope| Cow::Borrowed(*scope)).collect();
    let is_paged = facts.list.as_ref().is_some_and(highlevel_catalog::PagedList::is_paged);
    spec.paging = if is_paged { PagingStyle::Offset } else { PagingStyle::None };
    spec.scope_fields = scope_fields.into();
    spec.clearable = clearable;
    spec.sensitive = sensitive;
    spec.touches = operation.touches.clone();
    let reads = reads(operation);
    let known: Vec<&str> = reads.iter().map(|read| read.name).collect();
    let marks = marks::with_references(&operation.marks, facts.arguments.keys().map(String::as_str), &known);
    let file = facts.file().map(str::to_owned);
    spec.passthrough = Some(Box::new(Passthrough {
        joined: joined(&facts.arguments),
        query: facts.query.into_iter().map(Cow::Owned).collect(),
        body: facts.body,
        list: facts.list,
        reads_itself: reads.first().is_some_and(|read| read.route().is(Method::Get, operation.path)),
        reads: reads.into_iter().map(|read| Cow::Borrowed(read.name)).collect(),
        marks,
        file,
    }));
    spec
}

/// The lists of a query that HighLevel's files declare with `explode: false`.
fn joined(arguments: &Map<String, Value>) -> Names {
    let joined = arguments.iter().filter(|(_, schema)| schema.get("explode") == Some(&Value::Bool(false)));
    joined.map(|(name, _)| Cow::Owned(name.clone())).collect()
}

/// The group of tools that the operation belongs to, for `--toolsets`.
fn toolset(operation: &Operation) -> Toolset {
    let has = |part: &str| operation.path.contains(part);
    match operation.group {
        "contacts" if has("/notes") => Toolset::Notes,
        "contacts" | "locations" if has("/task") || has("recurring-task") => Toolset::Tasks,
        "contacts" if has("/workflow") => Toolset::Workflows,
        "contacts" if has("/appointments") => Toolset::Calendars,
        "contacts" if has("/campaigns") => Toolset::Campaigns,
        "contacts" => Toolset::Contacts,
        "opportunities" => Toolset::Opportunities,
        "conversations" => Toolset::Conversations,
        "calendars" => Toolset::Calendars,
        "workflows" => Toolset::Workflows,
        "forms" | "surveys" => Toolset::Forms,
        "invoices" | "payments" => Toolset::Invoices,
        "campaigns" | "emails" => Toolset::Campaigns,
        "funnels" => Toolset::Funnels,
        "users" => Toolset::Users,
        "locations" => Toolset::Locations,
        _ => Toolset::Operations,
    }
}

fn scope_fields(facts: &Facts) -> Vec<ScopeField> {
    let field = |name: &str, of| ScopeField { name: Cow::Owned(name.to_owned()), of };
    let names = || facts.arguments.keys().map(String::as_str);
    let locations = names().filter(|name| LOCATION_NAMES.contains(name)).map(|name| field(name, Scope::Location));
    let alternative = facts.arguments.contains_key(ALT_ID).then(|| field(ALT_ID, Scope::Location));
    let companies = names().filter(|name| COMPANIES.contains(name)).map(|name| field(name, Scope::Company));
    locations.chain(alternative).chain(companies).collect()
}

/// The schema of the arguments. Those that the server fills in are optional, and those that page a list are left out.
fn input(facts: &Facts, scope_fields: &[ScopeField]) -> Map<String, Value> {
    let paging: Vec<&str> = facts.list.iter().flat_map(highlevel_catalog::PagedList::arguments).collect();
    let is_filled = |name: &str| {
        name == ALT_TYPE || scope_fields.iter().any(|field| field.of == Scope::Location && field.name == name)
    };
    let kept = facts.arguments.iter().filter(|(name, _)| !paging.contains(&name.as_str()));
    let mut properties: Map<String, Value> = kept.map(|(name, schema)| (name.clone(), schema.clone())).collect();
    properties.values_mut().for_each(repair);
    let required = facts.required.iter().filter(|name| properties.contains_key(*name) && !is_filled(name));
    let required: Vec<Value> = required.map(|name| Value::from(name.as_str())).collect();
    let mut input = object(Value::Object(properties));
    if !required.is_empty() {
        input.insert("required".to_owned(), required.into());
    }
    input.insert("additionalProperties".to_owned(), false.into());
    input
}

/// Moves what HighLevel's files say at the wrong place, and drops what contradicts itself.
fn repair(schema: &mut Value) {
    let Some(facts) = schema.as_object_mut() else { return };
    let kind = facts.get("type").and_then(Value::as_str).unwrap_or_default().to_owned();
    if let Some(words) = facts.get("enum").and_then(Value::as_array) {
        let fits = |word: &Value| match kind.as_str() {
            "string" => word.is_string(),
            "number" | "integer" => word.is_number(),
            "boolean" => word.is_boolean(),
            _ => true,
        };
        if kind == "array" {
            // The values of the items.
            if let (Some(words), Some(items)) =
                (facts.shift_remove("enum"), facts.get_mut("items").and_then(Value::as_object_mut))
            {
                items.entry("enum").or_insert(words);
            }
        } else if !words.iter().all(fits) {
            facts.shift_remove("type");
        }
    }
    for name in ["properties", "items", "anyOf"] {
        match facts.get_mut(name) {
            Some(Value::Object(members)) if name == "properties" => members.values_mut().for_each(repair),
            Some(Value::Array(choices)) => choices.iter_mut().for_each(repair),
            Some(inner) => repair(inner),
            None => {}
        }
    }
}

/// The fields that an update can empty: optional members of the body whose type has an empty value.
fn clearable(operation: &Operation, facts: &Facts) -> Names {
    if operation.effect != Effect::Update || facts.body != BodyForm::Json {
        return Cow::default();
    }
    let is_clearable = |(name, schema): &(&String, &Value)| {
        let in_path = operation.path.contains(&format!("{{{name}}}"));
        let kind = schema.get("type").and_then(Value::as_str).unwrap_or_default();
        let has_empty = schema.get("nullable") == Some(&Value::Bool(true))
            || (matches!(kind, "string" | "array") && schema.get("enum").is_none());
        has_empty && !in_path && !facts.query.contains(name) && !facts.required.contains(name)
    };
    let names = facts.arguments.iter().filter(is_clearable);
    names.map(|(name, _)| Cow::Owned(name.clone())).collect()
}

/// The operations that read the object, or what it belongs to, by shorter and shorter parts of the path. The nearest
/// comes first.
fn reads(operation: &Operation) -> Vec<&'static Operation> {
    let mut path = operation.path.trim_end_matches('/');
    let mut reads = Vec::new();
    while path.contains('{') {
        let is_itself = operation.method == Method::Get && path.len() == operation.path.trim_end_matches('/').len();
        if path.ends_with('}') && !is_itself {
            reads.extend(operation::at_route(Method::Get, path).filter(|read| read.effect == Effect::Read));
        }
        path = path.rsplit_once('/').map_or("", |(parent, _)| parent);
    }
    reads
}

fn object(properties: Value) -> Map<String, Value> {
    let mut schema = Map::new();
    schema.insert("type".to_owned(), "object".into());
    schema.insert("properties".to_owned(), properties);
    schema
}
