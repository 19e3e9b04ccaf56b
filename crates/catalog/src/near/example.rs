//! Examples of valid arguments, for error messages.

use serde_json::{Map, Value, json};

/// An object with one argument and a valid value. For an unknown name, the nearest known argument.
pub(super) fn of_argument(schema: &Map<String, Value>, name: &str) -> Option<Value> {
    let properties = schema.get("properties")?.as_object()?;
    let known = properties.keys().map(String::as_str);
    let name = if properties.contains_key(name) { name } else { highlevel_core::suggest::nearest(name, known)? };
    let value = of(name, properties.get(name)?)?;
    Some(json!({name: value}))
}

/// An object with all required arguments, or with the first argument that has an example.
pub(super) fn of_all(schema: &Map<String, Value>) -> Map<String, Value> {
    let properties = schema.get("properties").and_then(Value::as_object).into_iter().flatten();
    let required = schema.get("required").and_then(Value::as_array);
    let is_required = |name: &String| required.is_some_and(|all| all.iter().any(|one| one == name));
    let shown = |(name, schema): (&String, &Value)| {
        let value = of(name, schema).or_else(|| is_required(name).then(|| "…".into()))?;
        Some((name.clone(), value))
    };
    let mut all: Map<String, Value> =
        properties.clone().filter(|(name, _)| is_required(name)).filter_map(shown).collect();
    if all.is_empty() {
        all.extend(properties.filter_map(shown).next());
    }
    all
}

/// A valid value. `None` for an id, because ids depend on the account.
fn of(name: &str, schema: &Value) -> Option<Value> {
    if let Some(word) = schema.get("enum").and_then(|words| words.get(0)) {
        return Some(word.clone());
    }
    let most = schema.get("maximum").and_then(Value::as_u64);
    match schema.get("type")?.as_str()? {
        "integer" => Some(most.map_or(0, |most| most.min(20)).into()),
        "number" => Some(most.map_or(1500, |most| most / 2).into()),
        "boolean" => Some(true.into()),
        "array" => Some(vec![of(name, schema.get("items")?)?].into()),
        "object" => {
            let fields = schema.get("properties").and_then(Value::as_object);
            let Some(fields) = fields else { return Some(json!({"plan": "gold"})) };
            let each = fields.iter().filter_map(|(name, schema)| Some((name.clone(), of(name, schema)?)));
            Some(each.collect::<Map<_, _>>().into())
        }
        _ => text(name, schema).map(Value::from),
    }
}

fn text(name: &str, schema: &Value) -> Option<&'static str> {
    let is_date = schema
        .get("description")
        .and_then(Value::as_str)
        .is_some_and(|text| text.contains("Date") || text.contains("YYYY"))
        || schema.get("format").and_then(Value::as_str) == Some("date");
    Some(match name {
        _ if is_date => "2025-02-28",
        "email" => "ada@example.com",
        "phone" => "+15550100100",
        "firstName" => "Ada",
        "lastName" => "Lovelace",
        "url" => "https://example.com/hook",
        "events" => "contact.created",
        "tags" => "vip",
        "fields" => "id",
        "slug" => "spring-offer",
        "currency" => "USD",
        "type" => "email",
        "street" => "12 Main St",
        "city" => "Austin",
        "state" => "TX",
        "postalCode" => "78701",
        "country" => "US",
        "startTime" => "2026-03-01T09:00",
        "endTime" => "2026-03-01T10:00",
        "timeZone" => "Europe/Berlin",
        "content" => "<p>Hello</p>",
        "sql" => "SELECT COUNT(*) FROM contacts",
        "id" | "stage" | "assignedTo" | "template" | "replyTo" => return None,
        _ if name.ends_with("Id") => return None,
        _ => "Spring offer",
    })
}
