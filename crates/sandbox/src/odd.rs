//! Odd values in answers: null and empty where something else could stand, and times in several forms.

use super::account::{Fields, Kind};
use chrono::DateTime;
use serde_json::{Value, json};

/// Times that every object may have, by all their names.
const TIMES: &[&str] = &["createdAt", "updatedAt", "dateAdded", "dateUpdated"];

/// What an object of this kind is shown with as null when it has none.
fn optional(kind: Kind) -> &'static [&'static str] {
    match kind {
        Kind::Contacts => &["phone", "companyName", "source", "assignedTo", "website", "dateOfBirth"],
        Kind::Opportunities => &["assignedTo", "lostReasonId"],
        Kind::Campaigns => &["template"],
        Kind::Pages => &["description", "url"],
        _ => &[],
    }
}

/// Writes an object's odd values, by its id, so that an object has always the same ones.
pub(super) fn distort(kind: Kind, object: &mut Fields) {
    let id = object.get("id").or_else(|| object.get("_id")).and_then(Value::as_str).unwrap_or_default();
    let turn = id.bytes().map(usize::from).sum::<usize>() % 3;
    for name in TIMES {
        if let Some(value) = object.get_mut(*name) {
            *value = time(turn, value);
        }
    }
    for name in optional(kind) {
        object.entry(*name).or_insert(Value::Null);
    }
    if matches!(kind, Kind::Contacts | Kind::Opportunities) {
        let is_empty = |value: Option<&Value>| match value {
            None | Some(Value::Null) => true,
            Some(Value::Array(list)) => list.is_empty(),
            Some(Value::Object(map)) => map.is_empty(),
            Some(_) => false,
        };
        if is_empty(object.get("tags")) {
            object.insert("tags".into(), if turn == 0 { Value::Null } else { json!([]) });
        }
        if is_empty(object.get("customFields")) {
            object.insert("customFields".into(), if turn == 1 { Value::Null } else { json!([]) });
        }
    }
}

/// A time as it is, in milliseconds since 1970, or with an offset that is written without a colon.
fn time(turn: usize, value: &Value) -> Value {
    let Some(time) = value.as_str().and_then(|text| DateTime::parse_from_rfc3339(text).ok()) else {
        return value.clone();
    };
    match turn {
        0 => time.timestamp_millis().into(),
        1 => value.clone(),
        _ => time.to_utc().format("%Y-%m-%dT%H:%M:%S%.3f+0000").to_string().into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_comes_up_and_what_is_there_stays() {
        let mut seen = [false; 3];
        for id in ["a", "b", "c"] {
            let object = json!({ "id": id, "createdAt": "2025-11-03T15:30:00.000Z", "source": "web", "tags": [] });
            let mut object = object.as_object().cloned().unwrap();
            distort(Kind::Contacts, &mut object);
            assert_eq!((&object["source"], &object["phone"]), (&json!("web"), &Value::Null));
            let forms = [
                json!(1_762_183_800_000_u64),
                json!("2025-11-03T15:30:00.000Z"),
                json!("2025-11-03T15:30:00.000+0000"),
            ];
            seen[forms.iter().position(|form| *form == object["createdAt"]).unwrap()] = true;
            assert!(object["tags"].is_null() || object["tags"] == json!([]));
        }
        assert_eq!(seen, [true; 3]);
    }
}
