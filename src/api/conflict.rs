//! Conflicts: writes that the API refuses because another object exists. Finds that object and the matching field.

use highlevel_api_client::{Body, api_message};
use highlevel_core::error::{Code, Error};
use http::StatusCode;
use serde_json::{Map, Value};

/// Members that hold the other object's id, with the object's noun and the tool that reads it.
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

/// Members that hold details beside the API's message.
const CONTAINERS: [&str; 5] = ["meta", "details", "error", "data", "existing"];

/// The conflict error for a refusal, or `None` if the refusal reports no other object.
pub(super) fn from_refusal(status: StatusCode, body: &Body) -> Option<Error> {
    if ![StatusCode::BAD_REQUEST, StatusCode::CONFLICT, StatusCode::UNPROCESSABLE_ENTITY].contains(&status) {
        return None;
    }
    let Body::Json(Value::Object(top)) = body else { return None };
    let said = api_message(body).unwrap_or_default();
    let lower = said.to_lowercase();
    let is_duplicate =
        ["duplicate", "already exist", "already taken", "already in use"].iter().any(|words| lower.contains(words));
    let inner = CONTAINERS.iter().filter_map(|container| top.get(*container)?.as_object());
    // The top level of other refusals may hold fields of the request.
    let places: Vec<_> = inner.chain((status == StatusCode::CONFLICT || is_duplicate).then_some(top)).collect();
    let field = places.iter().find_map(|place| matching(place));
    let is_conflict = is_duplicate || status == StatusCode::CONFLICT || field.is_some();
    let other = places.iter().find_map(|place| other(place, is_conflict));
    if other.is_none() && field.is_none() && !is_duplicate {
        return None;
    }
    let says = if said.is_empty() { String::new() } else { format!(" The API says: {said}") };
    let same = field.as_ref().map_or_else(String::new, |field| format!(" with the same {field}"));
    let message = match &other {
        Some((id, what, tool)) => format!(
            "The account already has this: {what} {id}{same}. Read it with {tool} and update it, or give another value.{says}"
        ),
        None => {
            format!("The account already has this{same}. Find it with the list tool and update it.{says}")
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

/// The other object's id, noun and tool. Unless `is_conflict`, only names that cannot be the request's own fields
/// count.
fn other(place: &Map<String, Value>, is_conflict: bool) -> Option<(String, &'static str, &'static str)> {
    let text = |value: &Value| match value {
        Value::String(id) if !id.is_empty() => Some(id.clone()),
        Value::Number(id) => Some(id.to_string()),
        _ => None,
    };
    IDS.iter()
        .filter(|(name, ..)| is_conflict || *name == "contactId" || name.starts_with("existing"))
        .find_map(|(name, what, tool)| Some((text(place.get(*name)?)?, *what, *tool)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn conflict(status: u16, body: Value) -> Option<Error> {
        from_refusal(StatusCode::from_u16(status).unwrap(), &Body::Json(body))
    }

    #[test]
    fn errors_carry_the_other_object_and_the_field() {
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
            let error = conflict(status, body).unwrap();
            assert_eq!(error.code, Code::Conflict);
            assert_eq!(
                (&error.details["existingId"], &error.details["matchingField"]),
                (&json!("c9"), &json!("phone"))
            );
            assert!(error.message.contains("c9") && error.message.contains("same phone"), "{error}");
        }
        let error = conflict(400, json!({"message": "Can not create duplicate opportunity for the contact."})).unwrap();
        assert_eq!((error.code, error.details.len()), (Code::Conflict, 0));
    }

    #[test]
    fn other_refusals_are_not_conflicts() {
        for (status, body) in [
            (400, json!({"message": ["contactId must be a string"], "contactId": "x"})),
            (422, json!({"message": "email must be an email", "meta": {"id": "x"}})),
            (409, json!({"message": "The page is published."})),
            (404, json!({"message": "duplicate", "meta": {"contactId": "x"}})),
        ] {
            assert_eq!(conflict(status, body.clone()), None, "{body}");
        }
    }
}
