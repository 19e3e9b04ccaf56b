//! What a refused create says of its effect. Pure.
//!
//! The live API has been seen to answer 422 to the creation of a contact that is there afterwards. A refusal counts as one
//! where it names what it refuses.

use highlevel_api_client::{Body, Fate};
use highlevel_catalog::{Effect, OperationSpec};
use http::StatusCode;
use serde_json::Value;

/// Words of a rule that the API names.
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

/// Phrases that name nothing, although their words may be a field's name.
const PHRASES: [&str; 4] = ["status code", "error status", "status:", "request failed"];

/// Members in which an answer explains itself.
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

/// Members of errors that say nothing of what was sent.
const ASIDE: [&str; 11] =
    ["name", "status", "statusCode", "code", "type", "path", "url", "method", "timestamp", "traceId", "stack"];

/// Members of an answer that name the object that stands in the way.
const OTHERS: [&str; 6] =
    ["contactId", "existingId", "existingContactId", "duplicateId", "matchingField", "matchingFields"];

/// What is known of the effect of a request that was answered by this status, which is no success.
pub(super) fn fate<'a>(
    spec: &OperationSpec,
    status: StatusCode,
    body: &Body,
    sent: impl Iterator<Item = (&'a str, &'a Value)>,
) -> Fate {
    if spec.effect != Effect::Create {
        return Fate::NotExecuted;
    }
    match status {
        // A gateway lost patience with the API.
        StatusCode::REQUEST_TIMEOUT => Fate::AnsweredFailure,
        StatusCode::CONFLICT | StatusCode::UNPROCESSABLE_ENTITY => {
            if names(body, sent) {
                Fate::NotExecuted
            } else {
                Fate::Refused
            }
        }
        _ => Fate::NotExecuted,
    }
}

/// Whether the answer names a field or a value that was sent, a rule, or another object.
fn names<'a>(body: &Body, mut sent: impl Iterator<Item = (&'a str, &'a Value)>) -> bool {
    let mut said = Vec::new();
    match body {
        Body::Json(value) => {
            if names_another(value) {
                return true;
            }
            words(value, !value.is_object(), &mut said);
        }
        Body::Text(text) if !text.trim_start().starts_with('<') => said.push(text.to_lowercase()),
        Body::Text(_) | Body::Empty => {}
    }
    said.iter_mut().for_each(|text| PHRASES.iter().for_each(|phrase| *text = text.replace(phrase, " ")));
    let says = |wanted: &str| said.iter().any(|text| text.contains(wanted));
    RULES.iter().any(|rule| says(rule)) || sent.any(|(name, value)| is_named(name, value, &said))
}

fn names_another(value: &Value) -> bool {
    let Value::Object(members) = value else { return false };
    let here = OTHERS.iter().any(|name| members.get(*name).is_some_and(|value| !value.is_null()));
    here || ["meta", "details", "error", "data"].iter().filter_map(|place| members.get(*place)).any(names_another)
}

/// The texts by which an answer explains itself, and the names of members in them: those of fields stand there.
fn words(value: &Value, explains: bool, said: &mut Vec<String>) {
    match value {
        Value::String(text) if explains => said.push(text.to_lowercase()),
        Value::Array(items) => items.iter().for_each(|item| words(item, explains, said)),
        Value::Object(members) => {
            for (name, value) in members.iter().filter(|(name, _)| !ASIDE.contains(&name.as_str())) {
                let is_explanation = EXPLANATIONS.contains(&name.as_str());
                if explains && !is_explanation {
                    said.push(name.to_lowercase());
                }
                words(value, explains || is_explanation, said);
            }
        }
        _ => {}
    }
}

fn is_named(name: &str, value: &Value, said: &[String]) -> bool {
    /// Shorter values stand in any text.
    const TELLING: usize = 4;
    let whole = name.to_lowercase();
    let apart = apart(name);
    let by_name = said.iter().any(|text| has_word(text, &whole) || has_word(text, &apart));
    by_name
        || match value {
            Value::String(text) if text.chars().count() >= TELLING => {
                let text = text.to_lowercase();
                said.iter().any(|said| has_word(said, &text))
            }
            Value::Object(members) => members.iter().any(|(name, value)| is_named(name, value, said)),
            _ => false,
        }
}

/// `firstName` as `first name`.
fn apart(name: &str) -> String {
    let mut words = String::with_capacity(name.len() + 2);
    for letter in name.chars() {
        if letter.is_uppercase() || letter == '_' {
            words.push(' ');
        }
        words.extend(letter.to_lowercase().filter(|letter| *letter != '_'));
    }
    words
}

/// Whether `text` has `word` with no letter or digit next to it.
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
    fn what_names_a_field_a_value_a_rule_or_another_object_is_a_refusal() {
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
    fn what_names_nothing_leaves_a_doubt() {
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
    fn only_creates_are_in_doubt() {
        let update = Catalog::session().find("update_contact").unwrap();
        assert_eq!(fate(update, StatusCode::CONFLICT, &Body::Empty, std::iter::empty()), Fate::NotExecuted);
    }
}
