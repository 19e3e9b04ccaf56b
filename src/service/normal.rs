//! Whether a stored value is the one that was sent. The API normalises what it stores: phones to E.164, tags and e-mails
//! to lower case, dates to date-times, numbers to texts or back, country names to codes, URLs and slugs to their normal
//! form. Pure.

mod country;
mod date;
mod text;

pub(super) use date::moment;
use serde_json::{Map, Value};

/// What a field holds, as far as its name tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Holds {
    Phone,
    Country,
    Slug,
    Url,
    Anything,
}

impl Holds {
    fn of(field: &str) -> Self {
        let field = field.to_ascii_lowercase();
        let ends = |words: &[&str]| words.iter().any(|word| field.ends_with(word));
        match field.as_str() {
            "slug" => Self::Slug,
            "country" => Self::Country,
            _ if ends(&["phone", "mobile"]) => Self::Phone,
            _ if ends(&["url", "website"]) => Self::Url,
            _ => Self::Anything,
        }
    }
}

/// Whether `stored` is what the API makes of `sent` in this field. Null, empty and absent (as null) are the same. Members
/// of an object that were not sent count for nothing, and lists are sets.
pub(super) fn same(field: &str, sent: &Value, stored: &Value) -> bool {
    if is_empty(sent) || is_empty(stored) {
        return is_empty(sent) && is_empty(stored);
    }
    match (sent, stored) {
        (Value::Object(sent), Value::Object(stored)) => {
            sent.iter().all(|(name, value)| same(name, value, member(stored, name)))
        }
        (Value::Object(sent), Value::Array(stored)) => {
            sent.iter().all(|(name, value)| same(name, value, listed(stored, name)))
        }
        (Value::Array(sent), Value::Array(stored)) => same_set(field, sent, stored),
        (Value::Array(sent), one) => same_set(field, sent, &items(one)),
        (one, Value::Array(stored)) => same_set(field, &items(one), stored),
        (Value::Object(_), _) | (_, Value::Object(_)) => false,
        (sent, stored) => same_scalar(Holds::of(field), sent, stored),
    }
}

/// The value as a text that is the same for all values that are the same, as far as one form exists.
pub(super) fn canonical(field: &str, value: &Value) -> String {
    match value {
        Value::Array(items) => {
            let mut all: Vec<_> = items.iter().map(|item| canonical(field, item)).collect();
            all.sort();
            all.dedup();
            all.join("\n")
        }
        Value::Object(_) => value.to_string(),
        scalar => {
            let text = as_text(scalar);
            match Holds::of(field) {
                Holds::Phone => text::phone(&text),
                Holds::Country => country::code(&text).map(str::to_owned),
                Holds::Slug => Some(text::slug(&text)),
                Holds::Url => text::url(&text).or_else(|| text::url(&format!("https://{text}"))),
                Holds::Anything => text::number(&text),
            }
            .unwrap_or_else(|| text::fold(&text))
        }
    }
}

/// Whether nothing stands there.
pub(super) fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.trim().is_empty(),
        Value::Array(items) => items.iter().all(is_empty),
        Value::Object(members) => members.values().all(is_empty),
        Value::Bool(_) | Value::Number(_) => false,
    }
}

/// The member of this name, in any case.
fn member<'a>(object: &'a Map<String, Value>, name: &str) -> &'a Value {
    let in_any_case = || object.iter().find(|(other, _)| text::fold(other) == text::fold(name)).map(|(_, value)| value);
    object.get(name).or_else(in_any_case).unwrap_or(&Value::Null)
}

/// The value of the custom field `name` in a list of `{id, key, value}`.
fn listed<'a>(list: &'a [Value], name: &str) -> &'a Value {
    const NAMES: [&str; 4] = ["id", "key", "fieldKey", "name"];
    let bare = |key: &str| {
        let key = text::fold(key);
        key.split_once('.').map_or(key.clone(), |(_, bare)| bare.to_owned())
    };
    let is_named = |item: &&Value| {
        NAMES.iter().filter_map(|member| item.get(*member)?.as_str()).any(|other| bare(other) == bare(name))
    };
    let is_value = |name: &str| name == "value" || name == "field_value" || name.starts_with("fieldValue");
    let of = |item: &'a Value| item.as_object()?.iter().find(|(name, value)| is_value(name) && !value.is_null());
    list.iter().find(is_named).and_then(of).map_or(&Value::Null, |(_, value)| value)
}

/// One value as the list of its parts.
fn items(one: &Value) -> Vec<Value> {
    match one {
        Value::String(text) if text.contains(',') => text.split(',').map(|part| part.trim().into()).collect(),
        one => vec![one.clone()],
    }
}

/// The same items in any order and number.
fn same_set(field: &str, sent: &[Value], stored: &[Value]) -> bool {
    let full = |items: &[Value]| items.iter().filter(|item| !is_empty(item)).cloned().collect::<Vec<_>>();
    let (sent, stored) = (full(sent), full(stored));
    sent.iter().all(|item| stored.iter().any(|other| same(field, item, other)))
        && stored.iter().all(|other| sent.iter().any(|item| same(field, item, other)))
}

fn as_text(scalar: &Value) -> String {
    match scalar {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

fn same_scalar(holds: Holds, sent: &Value, stored: &Value) -> bool {
    let (a, b) = (as_text(sent), as_text(stored));
    if text::fold(&a) == text::fold(&b) {
        return true;
    }
    let equal = |one: Option<String>, other: Option<String>| one.is_some() && one == other;
    match holds {
        Holds::Phone => text::same_phone(&a, &b),
        Holds::Country => country::code(&a).is_some_and(|code| country::code(&b) == Some(code)),
        Holds::Slug => text::slug(&a) == text::slug(&b),
        Holds::Url => same_url(&a, &b),
        Holds::Anything => {
            let one_is_bool = sent.is_boolean() || stored.is_boolean();
            equal(text::number(&a), text::number(&b))
                || (one_is_bool && text::truth(&a).is_some() && text::truth(&a) == text::truth(&b))
                || equal(text::url(&a), text::url(&b))
                || date::same(&a, &b)
        }
    }
}

/// One of them may lack its scheme.
fn same_url(a: &str, b: &str) -> bool {
    match (text::url(a), text::url(b)) {
        (Some(a), Some(b)) => a == b,
        (Some(a), None) => {
            ["https", "http"].iter().any(|scheme| text::url(&format!("{scheme}://{b}")).as_ref() == Some(&a))
        }
        (None, Some(b)) => {
            ["https", "http"].iter().any(|scheme| text::url(&format!("{scheme}://{a}")).as_ref() == Some(&b))
        }
        (None, None) => {
            text::url(&format!("https://{a}")).is_some_and(|a| text::url(&format!("https://{b}")) == Some(a))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{canonical, same};
    use serde_json::{Value, json};

    fn all_same(field: &str, forms: &[Value]) {
        for one in forms {
            for other in forms {
                assert!(same(field, one, other), "{field}: {one} and {other}");
            }
        }
    }

    fn all_differ(field: &str, forms: &[Value]) {
        for (at, one) in forms.iter().enumerate() {
            for other in forms.iter().skip(at + 1) {
                assert!(!same(field, one, other), "{field}: {one} and {other}");
                assert!(!same(field, other, one), "{field}: {other} and {one}");
            }
        }
    }

    #[test]
    fn a_phone_is_its_digits_with_or_without_the_countrys_code() {
        all_same(
            "phone",
            &[json!("(555) 010-0100"), json!("+15550100100"), json!("1 555 010 0100"), json!(5_550_100_100_u64)],
        );
        all_same("phone", &[json!("+49 (0)151 2345678"), json!("0151 2345678"), json!("0049 151 2345678")]);
        assert!(same("phone", &json!("011 44 7700 900123"), &json!("+447700900123")));
        all_differ(
            "phone",
            &[json!("+15550100100"), json!("+15550100101"), json!("call me"), json!("0100100"), json!("")],
        );
        assert_eq!(canonical("phone", &json!("(555) 010-0100")), canonical("phone", &json!("+1 555 010 0100")));
    }

    #[test]
    fn texts_differ_by_neither_case_nor_spaces_nor_their_encoding() {
        all_same("email", &[json!("Ada@Example.com "), json!("ada@example.com")]);
        all_same("companyName", &[json!("  Acme   Inc. "), json!("ACME Inc."), json!("acme\u{a0}inc.")]);
        all_same("firstName", &[json!("Zo\u{eb}"), json!("Zoe\u{308}"), json!("ZO\u{cb}")]);
        all_differ("firstName", &[json!("Ada"), json!("Adam"), json!("A da")]);
    }

    #[test]
    fn numbers_and_booleans_may_be_texts() {
        all_same("value", &[json!(5), json!(5.0), json!("5"), json!("5.00"), json!(" 05")]);
        all_same("value", &[json!(1500), json!("1,500.00"), json!("1.5e3")]);
        all_differ("value", &[json!(5), json!(-5), json!(50), json!("5a"), json!(5.01), json!("1,5")]);
        all_differ("id", &[json!("12345678901234567890"), json!("12345678901234567891")]);
        assert!(same("optIn", &json!(true), &json!("Yes")) && same("optIn", &json!("false"), &json!(false)));
        assert!(!same("optIn", &json!(true), &json!("false")));
    }

    #[test]
    fn a_date_may_be_written_in_any_way() {
        all_same(
            "expectedCloseDate",
            &[
                json!("2026-07-01"),
                json!("2026-07-01T00:00:00.000Z"),
                json!("2026-07-01T00:00:00+0000"),
                json!("Jul 1, 2026"),
                json!("07/01/2026"),
            ],
        );
        assert!(same("due", &json!("2026-07-01"), &json!(1_782_864_000_000_u64)), "epoch in milliseconds");
        assert!(same("due", &json!("2026-07-01"), &json!("1782864000")), "epoch in seconds");
        assert!(same("due", &json!("2026-07-01"), &json!("2026-06-30T22:00:00.000Z")), "midnight in Berlin");
        all_same(
            "at",
            &[
                json!("2026-07-01T10:30:00+02:00"),
                json!("2026-07-01T08:30:00.000Z"),
                json!("2026-07-01T08:30Z"),
                json!("Wed, 01 Jul 2026 08:30:00 GMT"),
            ],
        );
        all_differ(
            "due",
            &[json!("2026-07-01"), json!("2026-07-02"), json!("2026-07-03T00:00:00Z"), json!("2026-07-04T23:17:04Z")],
        );
        assert!(same("due", &json!("2026-07-01"), &json!("2026-07-01T23:17:04Z")), "at the coarser resolution");
    }

    #[test]
    fn addresses_of_the_web_have_a_normal_form() {
        all_same(
            "url",
            &[
                json!("https://Example.com:443/hook/"),
                json!("https://example.com/hook"),
                json!("https://example.com/ho%6fk"),
            ],
        );
        all_same("website", &[json!("https://example.com"), json!("example.com/"), json!("EXAMPLE.com")]);
        all_same("anything", &[json!("https://example.com/a%2fb"), json!("https://EXAMPLE.com/a%2Fb")]);
        all_differ(
            "url",
            &[
                json!("https://example.com/a"),
                json!("http://example.com/a"),
                json!("https://example.com/b"),
                json!("https://example.com/a?x=1"),
            ],
        );
        all_same("slug", &[json!("/About Us/"), json!("about-us"), json!("About%20Us"), json!("about_us")]);
        all_differ("slug", &[json!("about"), json!("about-us"), json!("aboutus")]);
    }

    #[test]
    fn a_country_may_be_named_or_coded() {
        all_same("country", &[json!("United States"), json!("US"), json!("usa"), json!("United States of America")]);
        all_same("country", &[json!("UK"), json!("GB"), json!("United Kingdom"), json!("Great Britain")]);
        all_same("country", &[json!("Germany"), json!("DE"), json!("DEU")]);
        all_differ("country", &[json!("Germany"), json!("US"), json!("Atlantis"), json!("FR")]);
    }

    #[test]
    fn lists_are_sets_and_objects_may_have_more() {
        all_same(
            "tags",
            &[
                json!(["VIP", "hot lead"]),
                json!(["hot lead", "vip"]),
                json!(["vip", "vip", "Hot  Lead"]),
                json!("vip, hot lead"),
            ],
        );
        all_differ("tags", &[json!(["vip"]), json!(["vip", "hot"]), json!([])]);
        let address = json!({"city": "Berlin", "country": "Germany"});
        assert!(same(
            "address",
            &address,
            &json!({"city": "berlin", "country": "DE", "state": null, "postalCode": "10115"})
        ));
        assert!(!same("address", &address, &json!({"city": "Berlin"})));
        let fields = json!({"plan": "Gold", "seats": 5, "none": null});
        assert!(same("customFields", &fields, &json!({"plan": "gold", "seats": "5", "other": 1})));
        let list = json!([{"id": "x1", "fieldKey": "contact.plan", "fieldValueString": "gold"}, {"id": "seats", "value": "5"}]);
        assert!(same("customFields", &fields, &list));
        assert!(!same("customFields", &json!({"plan": "Silver"}), &list));
    }

    #[test]
    fn nothing_is_nothing_in_every_form() {
        all_same("source", &[json!(null), json!(""), json!(" "), json!([]), json!({}), json!({"a": null})]);
        assert!(!same("source", &json!("web"), &json!(null)) && !same("value", &json!(0), &json!(null)));
    }
}
