//! Tests of finished answers: their bounds, their notes, and that they fit their schemas.

use super::*;
use highlevel_catalog::{Catalog, ListAnswer, ListPaging};
use highlevel_core::error::Code;
use proptest::prelude::*;
use serde_json::json;

fn invocation(tool: &str, arguments: Value) -> Invocation {
    Catalog::session().find(tool).unwrap().parse(arguments.as_object().unwrap().clone()).unwrap()
}

fn finished(tool: &str, arguments: Value, value: Value, max_bytes: usize) -> Value {
    finished_at(tool, arguments, value, None, max_bytes)
}

/// `offsets`: where the items of a list that was filtered here stand.
fn finished_at(tool: &str, arguments: Value, value: Value, offsets: Option<Vec<u64>>, max_bytes: usize) -> Value {
    let invocation = invocation(tool, arguments);
    let answer = match (&invocation.spec.answer, &value) {
        (AnswerShape::Many, Value::Object(list)) if list["data"].is_array() => {
            let member = |name: &str| list.get(name).cloned().unwrap_or_default();
            let items = serde_json::from_value(member("data")).unwrap();
            let reported = serde_json::from_value(member("meta")).unwrap();
            let paging = ListPaging { item_offsets: offsets, ..ListPaging::reported(reported) };
            let notes = list.get("note").map(|note| note.as_str().unwrap().to_owned()).into_iter().collect();
            Answer::List(ListAnswer { paging, notes, ..ListAnswer::of(items) })
        }
        _ => Answer::Object(value),
    };
    let finished = finish(&invocation, answer, max_bytes);
    assert!(finished.to_string().len() <= max_bytes, "{} bytes: {finished:.300}", finished.to_string().len());
    let schema = Value::Object(invocation.spec.output_schema().clone());
    jsonschema::validate(&schema, &finished).unwrap_or_else(|error| panic!("{error}: {finished:.300}"));
    finished
}

#[test]
fn an_answer_that_fits_is_not_changed() {
    for (tool, value) in [
        ("get_contact", json!({"id": "a", "note": "mine", "customFields": {"x": [1, null]}})),
        ("delete_page", json!({"id": "a", "deleted": true})),
        ("list_contacts", json!({"data": [{"id": "a"}], "meta": {"total": 1}})),
    ] {
        let arguments = if tool == "list_contacts" { json!({}) } else { json!({"id": "a"}) };
        assert_eq!(finished(tool, arguments, value.clone(), MIN_MAX_BYTES), value);
    }
}

#[test]
fn removed_characters_are_counted_in_every_shape() {
    let dirty = "M\u{202e}ark\u{200b}";
    let object = finished("get_contact", json!({"id": "a"}), json!({"id": "a", "firstName": dirty}), MIN_MAX_BYTES);
    assert_eq!(object, json!({"id": "a", "firstName": "Mark", REMOVED: 2}));
    let list = json!({"data": [{"id": "a", "tags": [dirty, dirty]}], "meta": {}});
    assert_eq!(finished("list_contacts", json!({}), list, MIN_MAX_BYTES)[REMOVED], 4);
    let deleted = json!({"id": "a", "deleted": true, "message": dirty});
    assert_eq!(finished("delete_page", json!({"id": "a"}), deleted, MIN_MAX_BYTES)[REMOVED], 2);
}

#[test]
fn a_list_is_cut_between_items_and_says_where_to_go_on() {
    let items: Vec<Value> = (0..100).map(|n| json!({"id": format!("c{n}"), "source": "x".repeat(200)})).collect();
    let list = json!({"data": items, "meta": {"total": 500, "offset": 40}});
    let cut = finished("list_contacts", json!({"offset": 40, "limit": 100}), list.clone(), 10_000);
    let shown = cut["data"].as_array().unwrap().len();
    assert!((20..50).contains(&shown), "{shown}");
    assert_eq!(cut["data"].as_array().unwrap()[..], list["data"].as_array().unwrap()[..shown], "whole items only");
    assert_eq!(cut["meta"]["nextOffset"], 40 + shown);
    assert!(cut["note"].as_str().unwrap().contains("meta.nextOffset"), "{}", cut["note"]);
    // In a list that was filtered here, items stand further apart.
    let offsets: Vec<u64> = (0..100).map(|n| n * 7).collect();
    let arguments = json!({"offset": 40, "limit": 100});
    let cut = finished_at("list_contacts", arguments, list.clone(), Some(offsets.clone()), 10_000);
    assert_eq!(cut["meta"]["nextOffset"], shown * 7);
    let whole = finished_at("list_contacts", json!({}), list.clone(), Some(offsets), 1_000_000);
    assert_eq!(whole["meta"], list["meta"], "the offsets never leave");
}

#[test]
fn one_long_text_does_not_leave_out_other_items() {
    let items: Vec<Value> =
        (0..10).map(|n| json!({"id": format!("c{n}"), "customFields": {"story": "word ".repeat(if n == 1 { 200_000 } else { 1 })}})).collect();
    let cut = finished("list_contacts", json!({}), json!({"data": items, "meta": {}}), 20_000);
    assert_eq!(cut["data"].as_array().unwrap().len(), 10);
    let note = cut["note"].as_str().unwrap();
    assert!(note.contains("customFields.story of c1 (") && note.contains("of 1000000 characters)"), "{note}");
    assert!(note.contains("get_contact") && !cut["meta"].as_object().unwrap().contains_key("nextOffset"), "{cut:.500}");
}

#[test]
fn an_objects_longest_texts_are_cut_and_listed_in_the_note() {
    let contact = json!({"id": "a", "note": "mine", "firstName": "Ann", "customFields": {"story": "y".repeat(90_000), "short": "s".repeat(150)}});
    let cut = finished("get_contact", json!({"id": "a"}), contact, 10_000);
    assert_eq!((&cut["firstName"], &cut["note"]), (&json!("Ann"), &json!("mine")));
    assert_eq!(cut["customFields"]["short"], "s".repeat(150));
    assert!(cut["customFields"]["story"].as_str().unwrap().ends_with("y…"));
    assert!(cut["answerNote"].as_str().unwrap().contains("customFields.story ("), "{}", cut["answerNote"]);
}

#[test]
fn a_pages_content_is_read_in_parts() {
    let content = "<p class=\"x\">می\u{200c}خواهم 👩🏾\u{200d}⚕\u{fe0f} \\ \n</p>".repeat(3000);
    let page = json!({"id": "p", "content": content, "description": "d".repeat(100_000), "status": "draft"});
    let (mut read, mut offset, mut parts) = (String::new(), 0, 0);
    loop {
        let part = finished("get_page", json!({"id": "p", "contentOffset": offset}), page.clone(), 20_000);
        read.push_str(part["content"].as_str().unwrap());
        assert_eq!(part["contentLength"], content.chars().count());
        parts += 1;
        let Some(next) = part.get("nextContentOffset") else { break };
        assert!(part["note"].as_str().unwrap().contains(&format!("contentOffset {next}")));
        offset = next.as_u64().unwrap();
    }
    assert_eq!(read, content);
    assert!(parts > 5, "{parts}");
    let beyond = finished("get_page", json!({"id": "p", "contentOffset": 10_000_000}), page, 20_000);
    assert_eq!(beyond["content"], "");
}

#[test]
fn errors_are_cleaned_and_bounded() {
    let error = Error::new(Code::Conflict, format!("\"{}\u{202e}\" is published.", "n".repeat(100_000)));
    let error = error.with("preview", json!({"object": {"name": "x\u{e0041}".repeat(50_000)}}));
    let error = finish_error(error.with("confirmationToken", "t".repeat(22)), MIN_MAX_BYTES);
    assert!(error.to_json().to_string().len() < 3 * MIN_MAX_BYTES);
    assert_eq!(error.details[REMOVED], 50_001);
    assert_eq!(error.details["confirmationToken"], "t".repeat(22));
}

/// JSON of all sizes and shapes.
fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<i64>().prop_map(Value::from),
        "\\PC{0,30}".prop_map(Value::from),
        ("\\PC{1,9}", 0_usize..2000).prop_map(|(text, times)| text.repeat(times).into()),
    ];
    leaf.prop_recursive(5, 40, 20, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..20).prop_map(Value::from),
            prop::collection::vec((prop_oneof![9 => "[a-z]{1,8}", 1 => "\\PC{0,200}"], inner), 0..20)
                .prop_map(|pairs| pairs.into_iter().collect()),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]
    #[test]
    fn no_answer_exceeds_its_bound(odd in any_json(), items in prop::collection::vec(any_json(), 0..20), most in MIN_MAX_BYTES..60_000) {
        finished("get_contact", json!({"id": "a"}), json!({"id": "a", "other": odd, "more": items}), most);
        let page = json!({"id": "a", "content": odd.to_string(), "other": odd});
        finished("get_page", json!({"id": "a", "contentOffset": 3}), page, most);
        let data: Vec<Value> = items.iter().enumerate().map(|(n, item)| json!({"id": format!("c{n}"), "x": item})).collect();
        let list = json!({"data": data, "meta": {"x": odd}, "unreadable": items});
        let finished = finished("list_contacts", json!({}), list, most);
        let ids: Vec<_> = finished["data"].as_array().unwrap().iter().map(|item| item["id"].clone()).collect();
        let in_order = ids.iter().enumerate().all(|(n, id)| *id == format!("c{n}"));
        prop_assert!(in_order);
        prop_assert!(ids.len() == data.len() || finished["meta"]["nextOffset"] == ids.len());
        prop_assert!(data.is_empty() || !ids.is_empty(), "a call without items makes no progress");
    }
}
