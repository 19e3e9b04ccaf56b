//! The API's own message in a failure, cleaned for an error message.

use super::Body;
use highlevel_core::clean;
use serde_json::Value;

/// The most characters of the API's message.
const LONGEST: usize = 300;

/// What the API says in a failure's body: `message`, `error`, … or the text itself. It becomes one clean line
/// of at most 300 characters. Bodies of a [`Response`](super::Response) contain no token.
pub fn api_message(body: &Body) -> Option<String> {
    let text = match body {
        Body::Json(value) => spoken(value)?,
        // A proxy's error page says nothing that the status does not.
        Body::Text(text) if text.trim_start().starts_with('<') => return None,
        Body::Text(text) => text.clone(),
        Body::Empty | Body::File(_) => return None,
    };
    Some(clean::line(&text, LONGEST)).filter(|text| !text.is_empty())
}

fn spoken(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Array(items) => {
            let said: Vec<_> = items.iter().filter_map(spoken).collect();
            (!said.is_empty()).then(|| said.join("; "))
        }
        Value::Object(members) => ["message", "error_description", "error", "msg", "detail", "title", "errors"]
            .iter()
            .filter_map(|name| members.get(*name))
            .find_map(spoken),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_apis_words_are_found_where_they_are() {
        for (body, said) in [
            (json!({"message": "No such page"}), Some("No such page")),
            (json!({"message": ["a is bad", "b is bad"], "error": "Bad Request"}), Some("a is bad; b is bad")),
            (json!({"error": {"message": "deep"}}), Some("deep")),
            (json!({"statusCode": 400}), None),
        ] {
            assert_eq!(api_message(&Body::Json(body)).as_deref(), said);
        }
        assert_eq!(api_message(&Body::Text("<html>".into())), None);
        assert_eq!(api_message(&Body::Text("a\u{1b}[31m\n b".into())).as_deref(), Some("a [31m b"));
        assert_eq!(api_message(&Body::Text("x".repeat(1000))).map(|text| text.chars().count()), Some(300));
    }
}
