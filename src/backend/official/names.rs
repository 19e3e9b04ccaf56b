//! What the account calls its stages, custom fields and users, and which ids those have. Pure: the lists come from
//! [`super::known`], as the API gave them.

use super::ask::text;
use crate::{
    crm::nearest,
    error::{Error, Result},
};
use serde_json::{Map, Value, json};

/// A stage and its pipeline.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Stage<'a> {
    pub(super) id: &'a str,
    pub(super) name: &'a str,
    pub(super) pipeline_id: &'a str,
    pub(super) pipeline: &'a str,
}

/// Every stage of every pipeline.
pub(super) fn stages(pipelines: &[Value]) -> impl Iterator<Item = Stage<'_>> {
    objects(pipelines).flat_map(|pipeline| {
        let stages = pipeline.get("stages").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        objects(stages).filter_map(|stage| {
            Some(Stage {
                id: text(stage, "id")?,
                name: text(stage, "name")?,
                pipeline_id: text(pipeline, "id")?,
                pipeline: text(pipeline, "name").unwrap_or_default(),
            })
        })
    })
}

/// The stages that a caller may mean: by id, by name, or by "Pipeline / Stage" where several pipelines have that name.
///
/// # Errors
/// `invalid_arguments` with the nearest name, and all that there are.
pub(super) fn stages_named<'a>(pipelines: &'a [Value], wanted: &str) -> Result<Vec<Stage<'a>>> {
    let fits = |stage: &Stage<'_>| stage.id == wanted || same(stage.name, wanted) || same(&whole(stage), wanted);
    let found: Vec<_> = stages(pipelines).filter(fits).collect();
    if !found.is_empty() {
        return Ok(found);
    }
    let known: Vec<String> = stages(pipelines).map(|stage| whole(&stage)).collect();
    let plain = stages(pipelines).map(|stage| stage.name);
    let near = nearest(wanted, plain).or_else(|| nearest(wanted, known.iter().map(String::as_str)));
    Err(unknown("stage", wanted, near, &known))
}

/// A stage with its pipeline, as a caller may give it.
pub(super) fn whole(stage: &Stage<'_>) -> String {
    format!("{} / {}", stage.pipeline, stage.name)
}

struct Field<'a> {
    id: &'a str,
    key: &'a str,
    name: &'a str,
    model: Option<&'a str>,
    is_number: bool,
}

impl Field<'_> {
    /// A value as its type has it: numbers are texts in the API's answers, and texts that look like one stay texts.
    fn value(&self, value: &Value) -> Value {
        match value {
            Value::String(text) if self.is_number => {
                let whole = text.trim().parse::<i64>().ok().map(Value::from);
                let number = whole.or_else(|| text.trim().parse::<f64>().ok().map(Value::from));
                number.filter(|number| !number.is_null()).unwrap_or_else(|| value.clone())
            }
            Value::Number(number) if !self.is_number => number.to_string().into(),
            Value::Bool(flag) => flag.to_string().into(),
            other => other.clone(),
        }
    }

    /// A field that does not say what it belongs to may be anyone's.
    fn is_of(&self, model: &str) -> bool {
        self.model.is_none_or(|own| own == model)
    }
}

/// `contact.pincode` is called `pincode`.
fn fields(dictionary: &[Value]) -> impl Iterator<Item = Field<'_>> {
    objects(dictionary).filter_map(|field| {
        let id = text(field, "id")?;
        let key = text(field, "fieldKey").unwrap_or(id);
        let key = key.split_once('.').map_or(key, |(_, key)| key);
        let is_number = text(field, "dataType").is_some_and(|kind| ["NUMERICAL", "MONETORY"].contains(&kind));
        Some(Field { id, key, name: text(field, "name").unwrap_or(key), model: text(field, "model"), is_number })
    })
}

/// The same map with each field under its key; a caller may have given its name or id.
///
/// # Errors
/// `invalid_arguments` with the nearest key, and all that there are.
pub(super) fn with_keys(dictionary: &[Value], model: &str, values: &Map<String, Value>) -> Result<Map<String, Value>> {
    let known = || fields(dictionary).filter(|field| field.is_of(model));
    let key_of = |wanted: &String| {
        let plain = wanted.strip_prefix(model).and_then(|rest| rest.strip_prefix('.')).unwrap_or(wanted);
        let by_key = known().find(|field| field.key == plain || field.id == plain);
        let Some(field) = by_key.or_else(|| known().find(|field| same(field.name, wanted))) else {
            let keys: Vec<String> = known().map(|field| field.key.to_owned()).collect();
            let near = nearest(wanted, known().map(|field| field.key))
                .or_else(|| nearest(wanted, known().map(|field| field.name)));
            return Err(unknown(&format!("customFields.{wanted}"), wanted, near, &keys));
        };
        Ok(field)
    };
    let own = |(name, value)| {
        let field = key_of(name)?;
        Ok((field.key.to_owned(), field.value(value)))
    };
    values.iter().map(own).collect()
}

/// A map by keys as the API takes it: `[{id, key, field_value}]`. What is to be empty is an empty text, and numbers are
/// texts, because the file's schema lets no number through.
pub(super) fn to_array(dictionary: &[Value], model: &str, values: &Map<String, Value>) -> Value {
    let item = |(key, value): (&String, &Value)| {
        let known = fields(dictionary).filter(|field| field.is_of(model)).find(|field| field.key == key);
        let id = known.map_or(key.as_str(), |field| field.id);
        let value = match value {
            Value::Null => "".into(),
            Value::Number(number) => number.to_string().into(),
            other => other.clone(),
        };
        json!({"id": id, "key": key, "field_value": value})
    };
    values.iter().map(item).collect()
}

/// Turns an object's array of custom fields into a map by keys; what the dictionary does not know keeps its id.
pub(super) fn to_map(dictionary: &[Value], object: &mut Map<String, Value>) {
    let Some(Value::Array(items)) = object.get_mut("customFields") else { return };
    let mut map = Map::new();
    for item in items.iter_mut().filter_map(Value::as_object_mut) {
        let Some(id) = text(item, "id").map(str::to_owned) else { continue };
        let named = ["value", "field_value", "fieldValue", "fieldValueString", "fieldValueNumber", "fieldValueArray"];
        let value = named.iter().find_map(|name| item.shift_remove(*name)).unwrap_or_default();
        match fields(dictionary).find(|field| field.id == id) {
            Some(field) => map.insert(field.key.to_owned(), field.value(&value)),
            None => map.insert(id, value),
        };
    }
    object.insert("customFields".to_owned(), map.into());
}

/// The user whom a caller means: by id, name or e-mail address.
///
/// # Errors
/// `invalid_arguments` with the nearest name, and all that there are; or with those that share the name.
pub(super) fn user_id(users: &[Value], field: &str, wanted: &str) -> Result<String> {
    let fits = |user: &&Map<String, Value>| {
        text(user, "id") == Some(wanted)
            || same(&name_of(user), wanted)
            || text(user, "email").is_some_and(|email| same(email, wanted))
    };
    let found: Vec<&str> = objects(users).filter(fits).filter_map(|user| text(user, "id")).collect();
    match found.as_slice() {
        [only] => Ok((*only).to_owned()),
        [] => {
            let known: Vec<String> = objects(users).map(name_of).collect();
            Err(unknown(field, wanted, nearest(wanted, known.iter().map(String::as_str)), &known))
        }
        several => Err(Error::invalid(
            field,
            format!("`{field}`: {wanted} may be any of {}. Give the id.", several.join(", ")),
        )),
    }
}

/// The name of the user with this id.
pub(super) fn user_name(users: &[Value], id: &str) -> Option<String> {
    objects(users).find(|user| text(user, "id") == Some(id)).map(name_of).filter(|name| !name.is_empty())
}

fn name_of(user: &Map<String, Value>) -> String {
    match text(user, "name") {
        Some(name) if !name.trim().is_empty() => name.trim().to_owned(),
        _ => {
            let parts = ["firstName", "lastName"].map(|part| text(user, part).unwrap_or_default());
            parts.join(" ").trim().to_owned()
        }
    }
}

fn unknown(field: &str, wanted: &str, near: Option<&str>, known: &[String]) -> Error {
    /// More would be no help.
    const MOST: usize = 40;
    let near = near.map_or_else(String::new, |near| format!(" Did you mean `{near}`?"));
    let shown: Vec<&str> = known.iter().take(MOST).map(String::as_str).collect();
    let known = match shown.as_slice() {
        [] => "There is none in this account.".to_owned(),
        shown => format!("Known: {}{}.", shown.join(", "), if known.len() > MOST { ", …" } else { "" }),
    };
    Error::invalid(field, format!("`{field}`: the account has no `{wanted}`.{near} {known}"))
}

/// Without regard to case, and to white space around.
fn same(one: &str, other: &str) -> bool {
    one.trim().to_lowercase() == other.trim().to_lowercase()
}

fn objects(items: &[Value]) -> impl Iterator<Item = &Map<String, Value>> {
    items.iter().filter_map(Value::as_object)
}
