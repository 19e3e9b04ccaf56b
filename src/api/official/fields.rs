//! Custom fields: lookup in the account's dictionary, and conversion between the API's lists and maps by key. Pure
//! functions.

use super::{
    names::{self, same},
    request::text,
    values,
};
use highlevel_catalog::Toolset;
use highlevel_core::error::{Error, Result};
use highlevel_core::suggest::nearest;
use serde_json::{Map, Value, json};

/// The most names in an error.
const MAX_SHOWN: usize = 40;

/// A type of object with custom fields: `model` in the dictionary.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Model {
    Contact,
    Opportunity,
}

impl Model {
    pub(super) fn of(toolset: Toolset) -> Self {
        if toolset == Toolset::Opportunities { Self::Opportunity } else { Self::Contact }
    }

    fn word(self) -> &'static str {
        match self {
            Self::Contact => "contact",
            Self::Opportunity => "opportunity",
        }
    }

    fn plural(self) -> &'static str {
        match self {
            Self::Contact => "contacts",
            Self::Opportunity => "deals",
        }
    }

    /// A key without its model: `pincode` for `contact.pincode`.
    fn bare_key(self, key: &str) -> &str {
        let key = key.trim();
        key.strip_prefix(self.word()).and_then(|rest| rest.strip_prefix('.')).unwrap_or(key)
    }
}

/// One entry of the dictionary.
#[derive(Debug, Clone, Copy)]
pub(super) struct Field<'a> {
    pub(super) id: &'a str,
    pub(super) key: &'a str,
    pub(super) name: &'a str,
    model: Option<&'a str>,
    pub(super) entry: &'a Map<String, Value>,
}

impl Field<'_> {
    /// Whether the field may belong to the model. A field without a model may belong to any.
    fn is_of(&self, model: Model) -> bool {
        self.model.is_none_or(|own| own == model.word())
    }
}

fn fields(dictionary: &[Value]) -> impl Iterator<Item = Field<'_>> {
    dictionary.iter().filter_map(Value::as_object).filter_map(|entry| {
        let id = text(entry, "id")?;
        let key = text(entry, "fieldKey").unwrap_or(id);
        let key = key.split_once('.').map_or(key, |(_, key)| key);
        Some(Field { id, key, name: text(entry, "name").unwrap_or(key), model: text(entry, "model"), entry })
    })
}

/// The field with an id, key or name. Ids and keys are unique, so they take precedence over names.
///
/// # Errors
/// `invalid_arguments` for an unknown name, and for a name of several fields.
fn named<'a>(dictionary: &'a [Value], model: Model, wanted: &str) -> Result<Field<'a>> {
    let own = || fields(dictionary).filter(|field| field.is_of(model));
    let plain = model.bare_key(wanted);
    let exact = own().find(|field| field.id == plain).or_else(|| own().find(|field| field.key == plain));
    if let Some(field) = exact {
        return Ok(field);
    }
    let at = format!("customFields.{wanted}");
    let by_name: Vec<Field<'_>> = own().filter(|field| same(field.name, wanted)).collect();
    let by_key = own().filter(|field| same(field.key, plain));
    let found: Vec<Field<'_>> = if by_name.is_empty() { by_key.collect() } else { by_name };
    match found.as_slice() {
        [only] => Ok(*only),
        [] => Err(unknown(dictionary, model, &at, wanted)),
        several => {
            let all: Vec<String> = several.iter().map(|field| format!("`{}` (id {})", field.key, field.id)).collect();
            let message = format!(
                "`{at}`: {} custom fields of {} are called `{}`: {}. Give the key or the id.",
                several.len(),
                model.plural(),
                wanted.trim(),
                all.join(", ")
            );
            Err(Error::invalid(at, message))
        }
    }
}

fn unknown(dictionary: &[Value], model: Model, at: &str, wanted: &str) -> Error {
    let own = || fields(dictionary).filter(|field| field.is_of(model));
    let plain = model.bare_key(wanted);
    let of_other = fields(dictionary)
        .find(|field| !field.is_of(model) && (field.id == plain || same(field.key, plain) || same(field.name, wanted)));
    let near = nearest(plain, own().map(|field| field.key)).or_else(|| nearest(wanted, own().map(|field| field.name)));
    let hint = match (of_other, near) {
        (Some(field), _) => format!(" There is one for {}s.", field.model.unwrap_or("other object")),
        (None, Some(near)) => format!(" Did you mean `{near}`?"),
        (None, None) => String::new(),
    };
    let keys: Vec<String> = own().take(MAX_SHOWN).map(|field| shown(&field)).collect();
    let known = match keys.as_slice() {
        [] => "There are none.".to_owned(),
        keys if own().count() > keys.len() => format!("Known: {}, …", keys.join(", ")),
        keys => format!("Known: {}.", keys.join(", ")),
    };
    let message = format!("`{at}`: {} have no custom field `{wanted}` in this account.{hint} {known}", model.plural());
    Error::invalid(at, message)
}

/// The key of the field with this id. Other texts are returned as they are.
pub(super) fn name_of(dictionary: &[Value], id: &str) -> String {
    fields(dictionary).find(|field| field.id == id).map_or(id, |field| field.key).to_owned()
}

/// A field's key, and its name if that differs.
fn shown(field: &Field<'_>) -> String {
    if same(field.key, field.name) { field.key.to_owned() } else { format!("{} ({})", field.key, field.name) }
}

/// Converts a caller's map: each field under its key, each value in its type's form.
///
/// # Errors
/// `invalid_arguments` with the field and what is allowed.
pub(super) fn checked(dictionary: &[Value], model: Model, given: &Map<String, Value>) -> Result<Map<String, Value>> {
    let mut map = Map::new();
    for (wanted, value) in given {
        let field = named(dictionary, model, wanted)?;
        insert_once(&mut map, wanted, field.key, values::written(&field, wanted, value)?)?;
    }
    Ok(map)
}

/// Converts a caller's map when the dictionary cannot be read. Uses the last known dictionary. Unknown keys and ids
/// pass unchecked.
///
/// # Errors
/// The inner error is a name that is neither a key nor an id. The outer error is `invalid_arguments` for a field that
/// is given twice.
pub(super) fn unchecked(
    last: &[Value],
    model: Model,
    given: &Map<String, Value>,
) -> Result<Result<Map<String, Value>, String>> {
    let mut map = Map::new();
    for (wanted, value) in given {
        match named(last, model, wanted) {
            Ok(field) => {
                let value = values::written(&field, wanted, value).unwrap_or_else(|_| value.clone());
                insert_once(&mut map, wanted, field.key, value)?;
            }
            Err(_) if is_key_or_id(model.bare_key(wanted)) => {
                insert_once(&mut map, wanted, model.bare_key(wanted), value.clone())?;
            }
            Err(_) => return Ok(Err(wanted.clone())),
        }
    }
    Ok(Ok(map))
}

fn insert_once(map: &mut Map<String, Value>, wanted: &str, key: &str, value: Value) -> Result<()> {
    match map.insert(key.to_owned(), value) {
        None => Ok(()),
        Some(_) => {
            let at = format!("customFields.{wanted}");
            let message = format!("`{at}`: the custom field `{key}` is given twice, under two of its names.");
            Err(Error::invalid(at, message))
        }
    }
}

/// Whether a text can be a key or an id: one word.
fn is_key_or_id(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-')
}

/// Converts a map by key to the API's list: `[{id, key, field_value}]`. An empty string empties a field. Numbers are
/// sent as strings, because the API's schema allows no numbers.
pub(super) fn to_array(dictionary: &[Value], model: Model, values: &Map<String, Value>) -> Value {
    let item = |(key, value): (&String, &Value)| {
        let own = || fields(dictionary).filter(|field| field.is_of(model));
        let known = own().find(|field| field.key == key).or_else(|| own().find(|field| field.id == key));
        let value = match value {
            Value::Null => "".into(),
            Value::Number(number) => number.to_string().into(),
            Value::Bool(flag) => flag.to_string().into(),
            other => other.clone(),
        };
        match known {
            Some(field) => json!({"id": field.id, "key": field.key, "field_value": value}),
            None if looks_like_id(key) => json!({"id": key, "field_value": value}),
            None => json!({"key": key, "field_value": value}),
        }
    };
    values.iter().map(item).collect()
}

/// Whether an unknown name is an id. Keys are in lower case, and ids are not.
fn looks_like_id(text: &str) -> bool {
    names::is_id(text) && !text.contains('_') && text.bytes().any(|byte| byte.is_ascii_uppercase() || byte == b'-')
}

/// Converts an object's list of custom fields to a map by key. Fields that the dictionary does not have are listed by
/// id. Values without a field name are moved under `unreadable`.
pub(in crate::api) fn to_map(dictionary: &[Value], object: &mut Map<String, Value>) {
    let Some(Value::Array(items)) = object.get_mut("customFields") else { return };
    let mut map = Map::new();
    let mut unreadable = Vec::new();
    for mut item in items.drain(..) {
        let Some(entry) = item.as_object_mut() else {
            unreadable.extend(Some(item).filter(|item| !item.is_null()));
            continue;
        };
        let word = |name: &str| text(entry, name).filter(|text| !text.is_empty()).map(str::to_owned);
        let id = word("id").or_else(|| word("customFieldId")).or_else(|| word("_id"));
        let own_key = word("key").or_else(|| word("fieldKey"));
        let known = fields(dictionary).find(|field| match (&id, &own_key) {
            (Some(id), _) => field.id == id,
            (None, Some(key)) => field.key == key || text(field.entry, "fieldKey") == Some(key),
            (None, None) => false,
        });
        let plain_key = own_key.map(|key| key.split_once('.').map_or(key.clone(), |(_, key)| key.to_owned()));
        let names = [known.map(|field| field.key.to_owned()), plain_key, id, word("name")];
        // Fields of different models can have the same key. The next free name distinguishes them.
        let Some(name) = names.into_iter().flatten().find(|name| !map.contains_key(name)) else {
            unreadable.push(item);
            continue;
        };
        map.insert(name, values::read(known.as_ref(), entry));
    }
    object.insert("customFields".to_owned(), map.into());
    if !unreadable.is_empty() {
        highlevel_catalog::coerce::set_aside(object, json!({"customFields": unreadable}));
    }
}
