//! Edge values in answers: null or empty instead of absent, and times in several forms.

use crate::account::{Fields, ObjectKind};
use chrono::{DateTime, NaiveDate};
use serde_json::{Value, json};

/// The names of times in both APIs.
const TIMES: &[&str] = &["createdAt", "updatedAt", "dateAdded", "dateUpdated", "dueDate"];

/// The names of amounts of money. The files declare numbers.
const AMOUNTS: &[&str] = &["amount", "amountPaid", "amountDue", "amountRefunded", "total", "invoiceNumber"];

/// The names of days. The files declare `yyyy-mm-dd`.
const DAYS: &[&str] = &["issueDate", "dueDate"];

/// The fields that are null, not absent, when an object has no value.
fn optional(kind: ObjectKind) -> &'static [&'static str] {
    match kind {
        ObjectKind::Contacts => &["phone", "companyName", "source", "assignedTo", "website", "dateOfBirth"],
        ObjectKind::Opportunities => &["assignedTo", "lostReasonId"],
        ObjectKind::Campaigns => &["template"],
        ObjectKind::Notes => &["userId", "title", "color"],
        ObjectKind::Tasks => &["body", "assignedTo"],
        ObjectKind::Pages => &["description", "url"],
        ObjectKind::Appointments => &["address", "notes", "description"],
        ObjectKind::Invoices => &["dueDate", "title", "paymentSchedule"],
        ObjectKind::FormSubmissions | ObjectKind::SurveySubmissions => &["contactId", "name", "email"],
        ObjectKind::Transactions => &["contactId", "contactEmail", "subscriptionId", "amountRefunded"],
        _ => &[],
    }
}

/// Adds an object's edge values. They depend on its id, so an object always has the same ones.
pub(crate) fn add(kind: ObjectKind, object: &mut Fields) {
    let id = object.get("id").or_else(|| object.get("_id")).and_then(Value::as_str).unwrap_or_default();
    let variant = id.bytes().map(usize::from).sum::<usize>() % 3;
    for name in TIMES {
        if let Some(value) = object.get_mut(*name) {
            *value = time(variant, value);
        }
    }
    if variant == 2 {
        for (name, value) in object.iter_mut() {
            match name.as_str() {
                name if AMOUNTS.contains(&name) => as_text(value),
                name if DAYS.contains(&name) => as_midnight(value),
                _ => {}
            }
        }
    }
    for name in optional(kind) {
        object.entry(*name).or_insert(Value::Null);
    }
    if kind == ObjectKind::Appointments {
        misspell_status(variant, object);
    }
    if matches!(kind, ObjectKind::Contacts | ObjectKind::Opportunities) {
        let is_empty = |value: Option<&Value>| match value {
            None | Some(Value::Null) => true,
            Some(Value::Array(list)) => list.is_empty(),
            Some(Value::Object(map)) => map.is_empty(),
            Some(_) => false,
        };
        if is_empty(object.get("tags")) {
            object.insert("tags".into(), if variant == 0 { Value::Null } else { json!([]) });
        }
        if is_empty(object.get("customFields")) {
            object.insert("customFields".into(), if variant == 1 { Value::Null } else { json!([]) });
        }
    }
}

/// Adds the status of an appointment under the misspelled name that live answers have, beside the right one or alone.
fn misspell_status(variant: usize, appointment: &mut Fields) {
    if let Some(status) = appointment.get("appointmentStatus").cloned() {
        appointment.insert("appoinmentStatus".into(), status);
    }
    if variant == 2 {
        appointment.shift_remove("appointmentStatus");
    }
}

/// A number as a text.
fn as_text(value: &mut Value) {
    if let Value::Number(number) = value {
        *value = number.to_string().into();
    }
}

/// A day as its first moment.
fn as_midnight(value: &mut Value) {
    if let Value::String(day) = value
        && day.parse::<NaiveDate>().is_ok()
    {
        day.push_str("T00:00:00.000Z");
    }
}

/// A time in one of three forms: unchanged, in milliseconds since 1970, or with an offset without a colon.
fn time(variant: usize, value: &Value) -> Value {
    let Some(time) = value.as_str().and_then(|text| DateTime::parse_from_rfc3339(text).ok()) else {
        return value.clone();
    };
    match variant {
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
            add(ObjectKind::Contacts, &mut object);
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
