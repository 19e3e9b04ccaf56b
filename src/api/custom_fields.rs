//! Custom fields that an object has as a list, `[{id, key, value}]`, shown as the map that the tools have: the session API
//! has been seen to give both.

use super::official;
use highlevel_catalog::Answer;
use highlevel_core::UNREADABLE;
use serde_json::{Map, Value};

/// Turns the lists of an object, or of each object of a list, into maps. No value is lost.
pub(crate) fn as_map(answer: &mut Answer) {
    match answer {
        Answer::Object(object) => object_as_map(object),
        Answer::List(list) => list.items.iter_mut().filter_map(Value::as_object_mut).for_each(of_object),
    }
}

/// The same of one object.
pub(crate) fn object_as_map(object: &mut Value) {
    if let Some(object) = object.as_object_mut() {
        of_object(object);
    }
}

fn of_object(object: &mut Map<String, Value>) {
    // What is no map was set aside, as its schema has it.
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
