//! The effect of a refused write. Pure functions.
//!
//! The live API sometimes answers 422 and creates the contact nevertheless. A refusal therefore proves that nothing was
//! created only if it names what it refuses. A send counts as the create of a message.

use highlevel_api_client::{Body, Fate};
use highlevel_catalog::{Effect, OperationSpec, contacts::UpsertContact};
use http::StatusCode;
use serde_json::Value;

/// Phrases that name a rule.
const RULES: [&str; 20] = [
    "already exist",
    "already taken",
    "already in use",
    "already has",
    "duplicate",
    "must be",
    "must not",
    "must have",
    "should be",
    "should not",
    "should have",
    "is required",
    "are required",
    "not allowed",
    "not found",
    "at least",
    "at most",
    "too long",
    "too short",
    "exceed",
];

/// Phrases that name nothing, although their words may be field names. They are ignored.
const GENERIC: [&str; 4] = ["status code", "error status", "status:", "request failed"];

/// Members that explain the refusal.
const EXPLANATIONS: [&str; 12] = [
    "message",
    "messages",
    "error",
    "errors",
    "error_description",
    "msg",
    "detail",
    "details",
    "title",
    "fields",
    "reason",
    "description",
];

/// Members of errors that do not refer to the request.
const UNRELATED: [&str; 11] =
    ["name", "status", "statusCode", "code", "type", "path", "url", "method", "timestamp", "traceId", "stack"];

/// Members that name a conflicting object.
const CONFLICTS: [&str; 6] =
    ["contactId", "existingId", "existingContactId", "duplicateId", "matchingField", "matchingFields"];

/// What is known about the effect of a request that was answered with an error status.
pub(super) fn fate<'a>(
    spec: &OperationSpec,
    status: StatusCode,
    body: &Body,
    sent: impl Iterator<Item = (&'a str, &'a Value)>,
) -> Fate {
    let repeats = matches!(spec.effect, Effect::Read | Effect::Update | Effect::Publish | Effect::Delete);
    // An upsert that is sent creates a contact.
    if repeats && !spec.is::<UpsertContact>() {
        return Fate::NotExecuted;
    }
    match status {
        // A gateway stopped waiting for the API, which may still finish.
        StatusCode::REQUEST_TIMEOUT => Fate::AnsweredFailure,
        StatusCode::CONFLICT | StatusCode::UNPROCESSABLE_ENTITY => {
            if is_specific(body, sent) {
                Fate::NotExecuted
            } else {
                Fate::Refused
            }
        }
        _ => Fate::NotExecuted,
    }
}

/// Whether the answer names a sent field or value, a rule, or a conflicting object.
fn is_specific<'a>(body: &Body, mut sent: impl Iterator<Item = (&'a str, &'a Value)>) -> bool {
    let mut said = Vec::new();
    match body {
        Body::Json(value) => {
            if names_conflict(value) {
                return true;
            }
            explanations(value, !value.is_object(), &mut said);
        }
        Body::Text(text) if !text.trim_start().starts_with('<') => said.push(text.to_lowercase()),
        Body::Text(_) | Body::File(_) | Body::Empty => {}
    }
    said.iter_mut().for_each(|text| GENERIC.iter().for_each(|phrase| *text = text.replace(phrase, " ")));
    let says = |wanted: &str| said.iter().any(|text| text.contains(wanted));
    RULES.iter().any(|rule| says(rule)) || sent.any(|(name, value)| is_named(name, value, &said))
}

fn names_conflict(value: &Value) -> bool {
    let Value::Object(members) = value else { return false };
    let here = CONFLICTS.iter().any(|name| members.get(*name).is_some_and(|value| !value.is_null()));
    here || ["meta", "details", "error", "data"].iter().filter_map(|place| members.get(*place)).any(names_conflict)
}

/// Collects the texts that explain the refusal, and the names of members in them, which can be field names.
fn explanations(value: &Value, explains: bool, said: &mut Vec<String>) {
    match value {
        Value::String(text) if explains => said.push(text.to_lowercase()),
        Value::Array(items) => items.iter().for_each(|item| explanations(item, explains, said)),
        Value::Object(members) => {
            for (name, value) in members.iter().filter(|(name, _)| !UNRELATED.contains(&name.as_str())) {
                let is_explanation = EXPLANATIONS.contains(&name.as_str());
                if explains && !is_explanation {
                    said.push(name.to_lowercase());
                }
                explanations(value, explains || is_explanation, said);
            }
        }
        _ => {}
    }
}

fn is_named(name: &str, value: &Value, said: &[String]) -> bool {
    /// Shorter values occur in any text by chance.
    const MIN_CHARS: usize = 4;
    let whole = name.to_lowercase();
    let spaced = spaced(name);
    let by_name = said.iter().any(|text| has_word(text, &whole) || has_word(text, &spaced));
    by_name
        || match value {
            Value::String(text) if text.chars().count() >= MIN_CHARS => {
                let text = text.to_lowercase();
                said.iter().any(|said| has_word(said, &text))
            }
            Value::Object(members) => members.iter().any(|(name, value)| is_named(name, value, said)),
            _ => false,
        }
}

/// Turns `firstName` into `first name`.
fn spaced(name: &str) -> String {
    let mut words = String::with_capacity(name.len() + 2);
    for letter in name.chars() {
        if letter.is_uppercase() || letter == '_' {
            words.push(' ');
        }
        words.extend(letter.to_lowercase().filter(|letter| *letter != '_'));
    }
    words
}

/// Whether `text` contains `word` as a whole word.
fn has_word(text: &str, word: &str) -> bool {
    let is_end = |c: Option<char>| c.is_none_or(|c| !c.is_alphanumeric());
    text.match_indices(word).any(|(at, _)| {
        let (before, after) = (text.get(..at), text.get(at + word.len()..));
        is_end(before.and_then(|text| text.chars().next_back())) && is_end(after.and_then(|text| text.chars().next()))
    })
}

#[cfg(test)]
mod tests {
    use super::fate;
    use highlevel_api_client::{Body, Fate};
    use highlevel_catalog::Catalog;
    use http::StatusCode;
    use serde_json::{Value, json};

    fn of(status: u16, body: Body) -> Fate {
        let sent =
            json!({"firstName": "Ada", "email": "ada@example.com", "status": "open", "address": {"postalCode": "1"}});
        let status = StatusCode::from_u16(status).unwrap();
        let sent = sent.as_object().unwrap().iter().map(|(name, value)| (name.as_str(), value));
        fate(Catalog::session().find("create_contact").unwrap(), status, &body, sent)
    }

    #[test]
    fn specific_refusals_mean_not_executed() {
        for body in [
            json!({"message": "email must be an email"}),
            json!({"message": ["first name is wrong"]}),
            json!({"errors": {"email": ["wrong"]}}),
            json!({"message": [{"property": "postalCode", "constraints": {}}]}),
            json!({"message": "ada@example.com cannot be reached"}),
            json!({"message": "Duplicate entry"}),
            json!({"message": "Conflict", "meta": {"contactId": "c1"}}),
            json!("The property locationId is required"),
        ] {
            assert_eq!(of(422, Body::Json(body.clone())), Fate::NotExecuted, "{body}");
            assert_eq!(of(409, Body::Json(body.clone())), Fate::NotExecuted, "{body}");
        }
        assert_eq!(of(409, Body::Text("email taken".into())), Fate::NotExecuted);
    }

    #[test]
    fn generic_refusals_of_creates_leave_the_outcome_unknown() {
        for body in [
            Body::Json(json!({"statusCode": 422, "message": "Unprocessable Entity", "error": "Unprocessable Entity"})),
            Body::Json(json!({"message": "Request failed with status code 422", "name": "Error", "status": 422})),
            Body::Json(json!({"error": {"message": "Something went wrong"}, "traceId": "email"})),
            Body::Json(Value::Null),
            Body::Text("<html>email</html>".into()),
            Body::Text("Conflict".into()),
            Body::Empty,
        ] {
            assert_eq!(of(422, body.clone()), Fate::Refused, "{body:?}");
            assert_eq!(of(409, body.clone()), Fate::Refused, "{body:?}");
            assert_eq!(of(400, body), Fate::NotExecuted);
        }
        assert_eq!(of(408, Body::Empty), Fate::AnsweredFailure);
    }

    #[test]
    fn refused_updates_mean_not_executed() {
        let update = Catalog::session().find("update_contact").unwrap();
        assert_eq!(fate(update, StatusCode::CONFLICT, &Body::Empty, std::iter::empty()), Fate::NotExecuted);
    }
}
