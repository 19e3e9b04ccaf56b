//! The members by which objects and arguments name a location.

use serde_json::{Map, Value};

/// Names of a location, as arguments and as members of objects.
pub const LOCATION_NAMES: [&str; 3] = ["locationId", "location_id", "locationID"];

/// The name of a location or a company: [`ALT_TYPE`] says which.
pub const ALT_ID: &str = "altId";

/// The name of what [`ALT_ID`] is.
pub const ALT_TYPE: &str = "altType";

/// The locations that the members of an object name.
pub fn locations_of(members: &Map<String, Value>) -> impl Iterator<Item = &str> {
    let is_location = members.get(ALT_TYPE).and_then(Value::as_str) == Some("location");
    let alternative = is_location.then_some(ALT_ID);
    let named = LOCATION_NAMES.into_iter().chain(alternative).filter_map(|name| members.get(name)?.as_str());
    named.filter(|id| !id.is_empty())
}

/// Whether the schema of an answer has a member that names a location, at most `depth` objects deep.
pub fn shows_location(schema: &Value, depth: usize) -> bool {
    let Some(members) = schema.get("properties").and_then(Value::as_object) else {
        return schema.get("items").is_some_and(|items| depth > 0 && shows_location(items, depth - 1));
    };
    let is_named = LOCATION_NAMES.iter().any(|name| members.contains_key(*name))
        || (members.contains_key(ALT_ID) && members.contains_key(ALT_TYPE));
    is_named || (depth > 0 && members.values().any(|inner| shows_location(inner, depth - 1)))
}
