//! A write that is refused because another object is in its way: which one, and by which field.

use highlevel_api_client::{Body, api_message};
use highlevel_core::error::{Code, Error};
use http::StatusCode;
use serde_json::{Map, Value};

/// Where an API names the other object's id, what that object is, and the tool that reads it.
const IDS: [(&str, &str, &str); 9] = [
    ("contactId", "contact", "get_contact"),
    ("opportunityId", "opportunity", "get_opportunity"),
    ("pageId", "page", "get_page"),
    ("campaignId", "campaign", "get_campaign"),
    ("webhookId", "webhook", "list_webhooks"),
    ("existingContactId", "contact", "get_contact"),
    ("existingId", "object", "its get tool"),
    ("duplicateId", "object", "its get tool"),
    ("id", "object", "its get tool"),
];

/// Members in which an API puts what it says beside its message.
const PLACES: [&str; 5] = ["meta", "details", "error", "data", "existing"];

/// The conflict that a refusal tells of; `None` for any other refusal.
pub(super) fn with_another(status: StatusCode, body: &Body) -> Option<Error> {
    if ![StatusCode::BAD_REQUEST, StatusCode::CONFLICT, StatusCode::UNPROCESSABLE_ENTITY].contains(&status) {
        return None;
    }
    let Body::Json(Value::Object(told)) = body else { return None };
    let said = api_message(body).unwrap_or_default();
    let lower = said.to_lowercase();
    let is_twin =
        ["duplicate", "already exist", "already taken", "already in use"].iter().any(|words| lower.contains(words));
    let inner = PLACES.iter().filter_map(|place| told.get(*place)?.as_object());
    // A refusal may name its own fields at the top.
    let places: Vec<_> = inner.chain((status == StatusCode::CONFLICT || is_twin).then_some(told)).collect();
    let field = places.iter().find_map(|place| matching(place));
    let other =
        places.iter().find_map(|place| other(place, is_twin || status == StatusCode::CONFLICT || field.is_some()));
    if other.is_none() && field.is_none() && !is_twin {
        return None;
    }
    let says = if said.is_empty() { String::new() } else { format!(" The API says: {said}") };
    let same = field.as_ref().map_or_else(String::new, |field| format!(" with the same {field}"));
    let message = match &other {
        Some((id, what, tool)) => format!(
            "The account has this already: {what} {id}{same}. Read it with {tool}, then update that one, or give another value.{says}"
        ),
        None => {
            format!("The account has this already{same}. Look for it with the list tool, then update that one.{says}")
        }
    };
    let mut error = Error::new(Code::Conflict, message);
    if let Some((id, ..)) = other {
        error = error.with("existingId", id);
    }
    if let Some(field) = field {
        error = error.with("matchingField", field);
    }
    Some(error)
}

fn matching(place: &Map<String, Value>) -> Option<String> {
    let field = ["matchingField", "matchingFields", "duplicateField"].iter().find_map(|name| place.get(*name))?;
    match field {
        Value::String(field) => Some(field.clone()),
        Value::Array(fields) => Some(fields.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(", ")),
        _ => None,
    }
    .filter(|field| !field.is_empty())
}

/// The other object. `sure`: its id may stand under a plain name.
fn other(place: &Map<String, Value>, sure: bool) -> Option<(String, &'static str, &'static str)> {
    let text = |value: &Value| match value {
        Value::String(id) if !id.is_empty() => Some(id.clone()),
        Value::Number(id) => Some(id.to_string()),
        _ => None,
    };
    IDS.iter()
        .filter(|(name, ..)| sure || *name == "contactId" || name.starts_with("existing"))
        .find_map(|(name, what, tool)| Some((text(place.get(*name)?)?, *what, *tool)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn told(status: u16, body: Value) -> Option<Error> {
        with_another(StatusCode::from_u16(status).unwrap(), &Body::Json(body))
    }

    #[test]
    fn the_other_object_and_the_field_are_passed_on() {
        let said = "This location does not allow duplicated contacts.";
        for (status, body) in [
            (
                400,
                json!({"statusCode": 400, "message": said, "meta": {"contactId": "c9", "contactName": "Ada", "matchingField": "phone"}}),
            ),
            (422, json!({"message": said, "meta": {"contactId": "c9", "matchingField": "phone"}})),
            (409, json!({"message": "taken", "contactId": "c9", "matchingField": "phone"})),
            (409, json!({"error": {"message": "taken", "id": "c9", "matchingField": "phone"}})),
        ] {
            let error = told(status, body).unwrap();
            assert_eq!(error.code, Code::Conflict);
            assert_eq!(
                (&error.details["existingId"], &error.details["matchingField"]),
                (&json!("c9"), &json!("phone"))
            );
            assert!(error.message.contains("c9") && error.message.contains("same phone"), "{error}");
        }
        let error = told(400, json!({"message": "Can not create duplicate opportunity for the contact."})).unwrap();
        assert_eq!((error.code, error.details.len()), (Code::Conflict, 0));
    }

    #[test]
    fn another_refusal_is_no_conflict_with_another() {
        for (status, body) in [
            (400, json!({"message": ["contactId must be a string"], "contactId": "x"})),
            (422, json!({"message": "email must be an email", "meta": {"id": "x"}})),
            (409, json!({"message": "The page is published."})),
            (404, json!({"message": "duplicate", "meta": {"contactId": "x"}})),
        ] {
            assert_eq!(told(status, body.clone()), None, "{body}");
        }
    }
}
