//! Pairs of values that are the same to the API, and pairs that are not.

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
fn phones_compare_by_digits_with_or_without_country_code() {
    all_same(
        "phone",
        &[json!("(555) 010-0100"), json!("+15550100100"), json!("1 555 010 0100"), json!(5_550_100_100_u64)],
    );
    all_same("phone", &[json!("+49 (0)151 2345678"), json!("0151 2345678"), json!("0049 151 2345678")]);
    assert!(same("phone", &json!("011 44 7700 900123"), &json!("+447700900123")));
    all_differ("phone", &[json!("+15550100100"), json!("+15550100101"), json!("call me"), json!("0100100"), json!("")]);
    assert_eq!(canonical("phone", &json!("(555) 010-0100")), canonical("phone", &json!("+1 555 010 0100")));
}

#[test]
fn texts_ignore_case_spaces_and_encoding() {
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
fn dates_compare_in_any_notation() {
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
fn urls_and_slugs_have_a_normal_form() {
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
fn countries_compare_by_name_or_code() {
    all_same("country", &[json!("United States"), json!("US"), json!("usa"), json!("United States of America")]);
    all_same("country", &[json!("UK"), json!("GB"), json!("United Kingdom"), json!("Great Britain")]);
    all_same("country", &[json!("Germany"), json!("DE"), json!("DEU")]);
    all_differ("country", &[json!("Germany"), json!("US"), json!("Atlantis"), json!("FR")]);
}

#[test]
fn lists_are_sets_and_objects_may_have_more_members() {
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
    let list =
        json!([{"id": "x1", "fieldKey": "contact.plan", "fieldValueString": "gold"}, {"id": "seats", "value": "5"}]);
    assert!(same("customFields", &fields, &list));
    assert!(!same("customFields", &json!({"plan": "Silver"}), &list));
}

#[test]
fn all_empty_values_are_the_same() {
    all_same("source", &[json!(null), json!(""), json!(" "), json!([]), json!({}), json!({"a": null})]);
    assert!(!same("source", &json!("web"), &json!(null)) && !same("value", &json!(0), &json!(null)));
}
