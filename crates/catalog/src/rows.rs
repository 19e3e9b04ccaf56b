//! Operations described by rows of data: one JSON object per line, with the fields of [`Row`].
//!
//! A row becomes an [`OperationSpec`], as a typed operation does. Guard, journal, policy, `call`, docs and MCP treat
//! both alike. The arguments stay JSON.

use crate::{
    list::DEFAULT_LIMIT,
    meaning::{FilterGap, Inverse, Lookup, Names, ReadBack, ScopeField},
    operation::{AnswerShape, Effect, EffectRule, Toolset},
    route::{HttpRoute, Method, PagingStyle},
    spec::{OperationSpec, Schemas},
};
use highlevel_core::error::{Code, Error, Result};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use std::borrow::Cow;

/// One operation of the official API, as data.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Row {
    /// The tool's name, `verb_noun`.
    name: String,
    /// The tool's title.
    title: String,
    /// The tool's description.
    description: String,
    /// The tool's group.
    toolset: Toolset,
    /// The effect on the account.
    effect: Effect,
    /// Rules that give some calls another effect.
    #[serde(default)]
    effect_rules: Vec<EffectRule>,
    /// The HTTP method.
    method: Method,
    /// The path. `{name}` is replaced by the argument of that name, and `{locationId}` by the account's location.
    path: String,
    /// The `Version` header, if it differs from the API's usual one.
    version: Option<String>,
    /// The OAuth scopes that the operation needs.
    #[serde(default)]
    scopes: Names,
    /// The shape of the answer.
    answer: AnswerShape,
    /// The member of the answer that holds the list.
    #[serde(default)]
    list_member: Option<String>,
    /// How the API pages the list.
    #[serde(default)]
    paging: PagingStyle,
    /// The JSON Schemas of the arguments, by name.
    #[serde(default)]
    arguments: Map<String, Value>,
    /// The arguments that are required.
    #[serde(default)]
    required: Vec<String>,
    /// The JSON Schemas of the answer's fields, by name.
    #[serde(default)]
    fields: Map<String, Value>,
    /// The argument that holds the id of the object.
    id_field: Option<String>,
    /// The arguments that name a location or a company.
    #[serde(default)]
    scope_fields: Vec<ScopeField>,
    /// The fields that an update can empty.
    #[serde(default)]
    clearable: Names,
    /// The secret arguments and answer members.
    #[serde(default)]
    sensitive: Names,
    /// The arguments that no answer of the API shows.
    #[serde(default)]
    unreported: Names,
    /// The filters that the API applies wrongly.
    #[serde(default)]
    filter_gaps: Vec<FilterGap>,
    /// How to look up the object of a create whose outcome is unknown.
    lookup: Option<Lookup>,
    /// The operation that reads the object back.
    read_back: Option<ReadBack>,
    /// The operation that reverts the effect.
    inverse: Option<Inverse>,
}

/// Reads rows, one JSON object per line. Empty lines and lines that begin with `#` are skipped.
///
/// # Errors
/// `internal` with the number of the first wrong line and the problem.
pub fn read(text: &str) -> Result<Vec<OperationSpec>> {
    let lines = text.lines().enumerate().map(|(at, line)| (at + 1, line.trim()));
    let rows = lines.filter(|(_, line)| !line.is_empty() && !line.starts_with('#'));
    rows.map(|(number, line)| {
        let wrong =
            |what: String| Error::new(Code::Internal, format!("Line {number} of the operations is wrong: {what}."));
        let row: Row = serde_json::from_str(line).map_err(|fault| wrong(fault.to_string()))?;
        row.check().map_err(wrong)?;
        Ok(row.into_spec())
    })
    .collect()
}

impl Row {
    /// Checks what the compiler checks for typed operations.
    fn check(&self) -> Result<(), String> {
        let route = HttpRoute { method: self.method, path: Cow::Borrowed(""), takes_query: true };
        let rules = [
            (
                (route.method == Method::Delete) == (self.effect == Effect::Delete),
                "the method DELETE and the effect `delete` go together",
            ),
            (self.method != Method::Get || self.effect == Effect::Read, "a GET has the effect `read`"),
            (self.clearable.is_empty() || self.effect == Effect::Update, "only an update has clearable fields"),
        ];
        if let Some((_, rule)) = rules.iter().find(|(holds, _)| !holds) {
            return Err(format!("{}: {rule}", self.name));
        }
        let path = HttpRoute { path: Cow::Owned(self.path.clone()), ..route };
        let unknown = path.parameters().find(|name| *name != "locationId" && !self.arguments.contains_key(*name));
        match unknown {
            Some(name) => Err(format!("{}: the path parameter {{{name}}} is not an argument", self.name)),
            None => Ok(()),
        }
    }

    fn into_spec(self) -> OperationSpec {
        let schemas = Schemas { description: self.description.clone(), input: self.input(), output: self.output() };
        let route = HttpRoute { method: self.method, path: self.path.into(), takes_query: true };
        OperationSpec {
            toolset: self.toolset,
            effect: self.effect,
            effect_rules: self.effect_rules.into(),
            answer: self.answer,
            version: self.version.map(Cow::Owned),
            scopes: self.scopes,
            paging: self.paging,
            filter_gaps: self.filter_gaps.into(),
            id_field: self.id_field.map(Cow::Owned),
            scope_fields: self.scope_fields.into(),
            clearable: self.clearable,
            sensitive: self.sensitive,
            unreported: self.unreported,
            lookup: self.lookup,
            read_back: self.read_back,
            inverse: self.inverse,
            list_member: self.list_member.map(Cow::Owned),
            ..OperationSpec::from_row(self.name, self.title, route, schemas)
        }
    }

    fn input(&self) -> Map<String, Value> {
        let mut properties = self.arguments.clone();
        if self.answer == AnswerShape::Many {
            let limit = json!({"type": "integer", "minimum": 1, "maximum": 100,
                "description": format!("Default {DEFAULT_LIMIT}")});
            properties.insert("limit".to_owned(), limit);
            properties.insert("offset".to_owned(), json!({"type": "integer", "minimum": 0}));
            let fields = json!({"type": "array", "items": {"type": "string"},
                "description": "Only these"});
            properties.insert("fields".to_owned(), fields);
        }
        let mut input = object(properties, &self.required);
        input.insert("additionalProperties".to_owned(), false.into());
        input
    }

    fn output(&self) -> Map<String, Value> {
        match self.answer {
            AnswerShape::One(_) => object(self.object_fields(), &["id".to_owned()]),
            AnswerShape::Many => {
                let items = object(self.object_fields(), &["id".to_owned()]);
                let properties = json!({"data": {"type": "array", "items": items}, "meta": {"type": "object"}});
                object(members(properties), &["data".to_owned()])
            }
            AnswerShape::Deleted => {
                let properties = json!({"id": {"type": "string"}, "deleted": {"type": "boolean"}});
                object(members(properties), &["id".to_owned(), "deleted".to_owned()])
            }
        }
    }

    fn object_fields(&self) -> Map<String, Value> {
        let mut fields = members(json!({"id": {"type": "string"}}));
        fields.extend(self.fields.clone());
        fields
    }
}

fn object(properties: Map<String, Value>, required: &[String]) -> Map<String, Value> {
    let mut schema = members(json!({"type": "object", "properties": properties}));
    if !required.is_empty() {
        schema.insert("required".to_owned(), required.iter().cloned().collect());
    }
    schema
}

fn members(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(members) => members,
        _ => Map::new(),
    }
}
