//! The normal form of stored values, as users report it from live accounts.

use crate::account::{Account, Fields, ObjectKind, digits};
use chrono::{DateTime, NaiveDate, SecondsFormat};
use serde_json::Value;

/// Normalizes the fields that a write has changed. Other fields stay as they are.
pub(crate) fn changed_fields(before: Option<&Fields>, object: &mut Fields) {
    for (name, value) in object.iter_mut() {
        if before.and_then(|before| before.get(name)) != Some(value) {
            *value = field(name, value);
        }
    }
}

/// Normalizes every object of an account.
pub(crate) fn account(account: &mut Account) {
    for kind in [
        ObjectKind::Contacts,
        ObjectKind::Opportunities,
        ObjectKind::Pages,
        ObjectKind::Webhooks,
        ObjectKind::Campaigns,
        ObjectKind::Notes,
        ObjectKind::Tasks,
    ] {
        let objects: Vec<_> = account.objects(kind).collect();
        for mut object in objects {
            changed_fields(None, &mut object);
            let id = object.get("id").and_then(Value::as_str).unwrap_or_default().to_owned();
            account.put(kind, &id, &object);
        }
    }
}

fn field(name: &str, value: &Value) -> Value {
    match (name, value) {
        ("id" | "contactId" | "userId" | "assignedTo" | "secret" | "content" | "createdAt" | "updatedAt", value) => {
            value.clone()
        }
        ("phone", Value::String(text)) => phone(text).into(),
        ("email", Value::String(text)) => text.trim().to_lowercase().into(),
        ("slug", Value::String(text)) => slug(text).into(),
        ("url" | "website", Value::String(text)) => address(text).into(),
        ("country", Value::String(text)) => country(text).into(),
        ("expectedCloseDate" | "dateOfBirth" | "dueDate", Value::String(text)) => date_time(text).into(),
        ("tags", Value::Array(list)) => set(list, str::to_lowercase),
        ("events", Value::Array(list)) => set(list, str::to_owned),
        ("customFields", Value::Object(map)) => {
            map.iter().map(|(key, value)| (key.clone(), custom(value))).collect::<Fields>().into()
        }
        ("address", Value::Object(map)) => {
            map.iter().map(|(key, value)| (key.clone(), field(key, value))).collect::<Fields>().into()
        }
        (_, Value::String(text)) => text.trim().into(),
        (_, Value::Array(list)) => list.iter().map(|value| field("", value)).collect(),
        (_, value) => value.clone(),
    }
}

/// A phone number in E.164. A number without a country code is read as one of the United States.
fn phone(text: &str) -> String {
    let digits = digits(text);
    let international = text.trim_start().starts_with('+');
    match digits.len() {
        0 => text.trim().to_owned(),
        _ if international => format!("+{digits}"),
        _ if digits.starts_with("00") => format!("+{}", digits.trim_start_matches('0')),
        1..=10 => format!("+1{digits}"),
        _ => format!("+{digits}"),
    }
}

fn slug(text: &str) -> String {
    let words = text.trim().trim_matches('/').to_lowercase();
    words.split_whitespace().collect::<Vec<_>>().join("-")
}

/// A URL with its host in lower case, without a default port and without a slash at the end of its path.
fn address(text: &str) -> String {
    let Ok(mut url) = url::Url::parse(text.trim()) else { return text.trim().to_owned() };
    let path = url.path().trim_end_matches('/').to_owned();
    url.set_path(&path);
    url.to_string()
}

/// The names of countries in lower case, with their codes.
const COUNTRIES: &[(&str, &str)] = &[
    ("united states", "US"),
    ("united states of america", "US"),
    ("usa", "US"),
    ("u.s.", "US"),
    ("u.s.a.", "US"),
    ("america", "US"),
    ("canada", "CA"),
    ("mexico", "MX"),
    ("united kingdom", "GB"),
    ("great britain", "GB"),
    ("england", "GB"),
    ("uk", "GB"),
    ("ireland", "IE"),
    ("germany", "DE"),
    ("deutschland", "DE"),
    ("austria", "AT"),
    ("switzerland", "CH"),
    ("france", "FR"),
    ("spain", "ES"),
    ("portugal", "PT"),
    ("italy", "IT"),
    ("netherlands", "NL"),
    ("belgium", "BE"),
    ("denmark", "DK"),
    ("sweden", "SE"),
    ("norway", "NO"),
    ("finland", "FI"),
    ("poland", "PL"),
    ("australia", "AU"),
    ("new zealand", "NZ"),
    ("india", "IN"),
    ("japan", "JP"),
    ("brazil", "BR"),
    ("south africa", "ZA"),
];

fn country(text: &str) -> String {
    let text = text.trim();
    let lower = text.to_lowercase();
    match COUNTRIES.iter().find(|(name, _)| *name == lower) {
        Some((_, code)) => (*code).to_owned(),
        None if text.len() == 2 => text.to_uppercase(),
        None => text.to_owned(),
    }
}

/// A date as the start of its day, and a date-time in UTC.
pub(crate) fn date_time(text: &str) -> String {
    let text = text.trim();
    let day = text.parse::<NaiveDate>().ok().and_then(|day| day.and_hms_opt(0, 0, 0)).map(|time| time.and_utc());
    let time = day.or_else(|| DateTime::parse_from_rfc3339(text).ok().map(|time| time.to_utc()));
    time.map_or_else(|| text.to_owned(), |time| time.to_rfc3339_opts(SecondsFormat::Millis, true))
}

/// A text as HTML, one paragraph a line. Text that is HTML already stays as it is.
pub(crate) fn html_paragraphs(text: &str) -> String {
    if text.starts_with('<') && text.ends_with('>') {
        return text.to_owned();
    }
    let escaped = |line: &str| line.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    text.lines().map(|line| format!("<p>{}</p>", escaped(line))).collect()
}

/// Texts in the given form, sorted and without duplicates.
fn set(list: &[Value], form: impl Fn(&str) -> String) -> Value {
    let mut texts: Vec<_> = list.iter().filter_map(Value::as_str).map(|text| form(text.trim())).collect();
    texts.sort_unstable();
    texts.dedup();
    texts.into()
}

/// The value of a custom field: numbers and booleans become texts.
fn custom(value: &Value) -> Value {
    match value {
        Value::String(text) => text.trim().into(),
        Value::Number(number) => number.to_string().into(),
        Value::Bool(flag) => flag.to_string().into(),
        value => value.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn each_form() {
        for (name, sent, stored) in [
            ("phone", json!("(555) 010-0100"), json!("+15550100100")),
            ("phone", json!("1 512 555 0101"), json!("+15125550101")),
            ("phone", json!("+49 (89) 12 34"), json!("+49891234")),
            ("phone", json!("0049 89 1234"), json!("+49891234")),
            ("phone", json!(" none "), json!("none")),
            ("email", json!(" Ada@Engine.Example "), json!("ada@engine.example")),
            ("tags", json!(["VIP", " new ", "vip"]), json!(["new", "vip"])),
            ("events", json!(["b", "a"]), json!(["a", "b"])),
            ("firstName", json!(" Ada  B "), json!("Ada  B")),
            ("expectedCloseDate", json!("2026-03-01"), json!("2026-03-01T00:00:00.000Z")),
            ("expectedCloseDate", json!("2026-03-01T01:00:00+01:00"), json!("2026-03-01T00:00:00.000Z")),
            ("customFields", json!({"n": 12, "f": true, "l": ["a"]}), json!({"n": "12", "f": "true", "l": ["a"]})),
            ("address", json!({"country": "United States", "city": " Ulm "}), json!({"country": "US", "city": "Ulm"})),
            ("slug", json!("/Spring Sale/"), json!("spring-sale")),
            ("url", json!("https://Example.COM:443/Hook/"), json!("https://example.com/Hook")),
            ("url", json!("https://example.com"), json!("https://example.com/")),
            ("value", json!(1.5), json!(1.5)),
            ("content", json!(" <p> "), json!(" <p> ")),
        ] {
            assert_eq!(field(name, &sent), stored, "{name}: {sent}");
        }
    }

    #[test]
    fn texts_become_paragraphs() {
        assert_eq!(html_paragraphs("Called.\n2 < 3 & on"), "<p>Called.</p><p>2 &lt; 3 &amp; on</p>");
        assert_eq!(html_paragraphs("<p>Called.</p>"), "<p>Called.</p>");
    }

    #[test]
    fn only_what_a_write_changed() {
        let before = json!({"phone": "555 0100", "email": "A@b.example"});
        let mut object = json!({"phone": "555 0100", "email": "C@b.example"}).as_object().cloned().unwrap();
        changed_fields(before.as_object(), &mut object);
        assert_eq!(Value::Object(object), json!({"phone": "555 0100", "email": "c@b.example"}));
    }
}
