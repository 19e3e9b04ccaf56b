//! Conversion of custom fields from a list, `[{id, key, value}]`, to the map of the tools. The session API returns both
//! forms.

use super::official;
use highlevel_catalog::Answer;
use highlevel_core::UNREADABLE;
use serde_json::{Map, Value};

/// Converts the custom fields of an object, or of each item of a list. No value is lost.
pub(crate) fn as_map(answer: &mut Answer) {
    match answer {
        Answer::Object(object) => object_as_map(object),
        Answer::List(list) => list.items.iter_mut().filter_map(Value::as_object_mut).for_each(of_object),
    }
}

/// Converts the custom fields of one object.
pub(crate) fn object_as_map(object: &mut Value) {
    if let Some(object) = object.as_object_mut() {
        of_object(object);
    }
}

fn of_object(object: &mut Map<String, Value>) {
    // Coercion moved the list aside, because the schema asks for a map.
    let has_map = object.contains_key("customFields");
    let aside = object.get_mut(UNREADABLE).and_then(Value::as_object_mut);
    if !has_map
        && let Some(aside) = aside
        && aside.get("customFields").is_some_and(Value::is_array)
    {
        let list = aside.shift_remove("customFields");
        if aside.is_empty() {
            object.shift_remove(UNREADABLE);
        }
        object.extend(list.map(|list| ("customFields".to_owned(), list)));
    }
    official::to_map(&[], object);
}
