//! The session API's answers in every shape that its description allows, sent literally by a test server. For the official
//! API's shapes see `official/` and `src/api/official/tests/`.

use super::upstream::{Upstream, answer};
use crate::support::{Account, Era, Host, Person, command};
use serde_json::{Value, json};

pub async fn host(upstream: &Upstream) -> Host {
    let account = Account::new().await;
    let state = tempfile::tempdir().unwrap();
    let mut command = command(&account, state.path());
    command.env("GHL_BASE_URL", &upstream.url);
    Host::start(command, state, Era::Modern, Person::Absent).await
}

#[tokio::test]
async fn lists_are_read_in_every_envelope() {
    let upstream = Upstream::new().await;
    let host = host(&upstream).await;
    let items = json!([{"id": "a", "custom": {"kept": true}}, {"id": "b"}]);
    for (body, meta) in [
        (
            json!({"data": items, "meta": {"total": 2, "limit": 50, "offset": 0}}),
            json!({"total": 2, "limit": 50, "offset": 0}),
        ),
        (
            json!({"data": items, "meta": {"total": 9, "page": 1}}),
            json!({"total": 9, "page": 1, "limit": 50, "offset": 0, "nextOffset": 2}),
        ),
        (
            json!({"data": items, "meta": {"total": "9"}}),
            json!({"total": 9, "limit": 50, "offset": 0, "nextOffset": 2}),
        ),
        // Without a total a list continues until a page is empty, however short this one is.
        (json!({"data": items}), json!({"limit": 50, "offset": 0, "nextOffset": 2})),
        (items.clone(), json!({"limit": 50, "offset": 0, "nextOffset": 2})),
        (json!({"contacts": items, "count": 2}), json!({"count": 2, "limit": 50, "offset": 0, "nextOffset": 2})),
    ] {
        upstream.says_json(&body);
        let list = host.answer("list_contacts", json!({})).await;
        assert_eq!(list["data"], items, "{body}");
        assert_eq!(list["meta"], meta, "{body}");
    }
    // An API that ignores the limit: the server cuts its answer.
    upstream.says_json(&items);
    let list = host.answer("list_contacts", json!({"limit": 1, "offset": 1})).await;
    assert_eq!(list["data"], json!([{"id": "b"}]), "{list}");
    upstream.is_done();
}

#[tokio::test]
async fn single_objects_are_read_in_every_envelope() {
    let upstream = Upstream::new().await;
    let host = host(&upstream).await;
    let contact = json!({"id": "a", "firstName": "Ada", "scores": [1, 2], "address": null});
    for body in [contact.clone(), json!({"data": contact}), json!({"contact": contact, "traceId": "t"})] {
        upstream.says_json(&body);
        assert_eq!(host.answer("get_contact", json!({"id": "a"})).await, contact, "{body}");
    }
    upstream.is_done();
}

#[tokio::test]
async fn unusual_values_are_read_or_set_aside_but_never_dropped() {
    let upstream = Upstream::new().await;
    let host = host(&upstream).await;
    let body = json!({
        "id": 17, "name": "Deal", "value": "1250.5", "probability": "likely", "status": "abandoned",
        "tags": "vip, sales", "expectedCloseDate": "2026-02-28T00:00:00Z", "extra": {"a": 1}
    });
    upstream.says_json(&body);
    let expected = json!({
        "id": "17", "name": "Deal", "value": 1250.5, "status": "abandoned", "tags": ["vip", "sales"],
        "expectedCloseDate": "2026-02-28T00:00:00Z", "extra": {"a": 1}, "unreadable": {"probability": "likely"}
    });
    assert_eq!(host.answer("get_opportunity", json!({"id": "17"})).await, expected);
    upstream.says_json(&json!({"id": "a", "value": [1], "unreadable": "a field of the API's own"}));
    let expected = json!({"id": "a", "unreadable": "a field of the API's own", "unreadable_": {"value": [1]}});
    assert_eq!(host.answer("get_opportunity", json!({"id": "a"})).await, expected);
    upstream.is_done();
}

#[tokio::test]
async fn deletes_are_read_as_json_text_or_nothing() {
    let upstream = Upstream::new().await;
    let host = host(&upstream).await;
    let page = json!({"id": "p1", "name": "Old", "slug": "old", "status": "draft"});
    let mut location = Some(json!({"id": "l1", "name": "Here"}));
    for (said, message) in [
        (answer(200, "application/json", r#"{"message": "Page deleted"}"#), json!("Page deleted")),
        (answer(200, "application/json", r#"{"success": true}"#), Value::Null),
        (answer(200, "text/plain", "deleted"), json!("deleted")),
        ("HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n".to_owned(), Value::Null),
    ] {
        upstream.says_json(&page);
        // The confirmation names the location, which is read once.
        location.take().iter().for_each(|location| upstream.says_json(location));
        let token = host.error("delete_page", json!({"id": "p1"})).await["confirmationToken"].clone();
        upstream.says_json(&page);
        upstream.says(said.clone());
        let gone = host.answer("delete_page", json!({"id": "p1", "confirmationToken": token})).await;
        assert_eq!((&gone["id"], &gone["deleted"]), (&json!("p1"), &json!(true)), "{said}");
        assert_eq!(gone.get("message").cloned().unwrap_or_default(), message, "{said}");
    }
    upstream.is_done();
}

#[tokio::test]
async fn an_unreadable_answer_is_an_upstream_error() {
    let upstream = Upstream::new().await;
    let host = host(&upstream).await;
    for body in [json!({"name": "no id"}), json!("text"), json!(7), json!([])] {
        upstream.says_json(&body);
        let error = host.error("get_contact", json!({"id": "a"})).await;
        assert_eq!(error["code"], "upstream_error", "{body}: {error}");
    }
    upstream.says_json(&json!({"total": 3}));
    assert_eq!(host.error("list_contacts", json!({})).await["code"], "upstream_error");
    // Another campaign than the requested one.
    upstream.says_json(&json!({"id": "other", "name": "x"}));
    assert_eq!(host.error("get_campaign", json!({"id": "wanted"})).await["code"], "upstream_error");
    upstream.is_done();
}

#[tokio::test]
async fn the_api_cannot_make_the_server_show_its_token() {
    let upstream = Upstream::new().await;
    let host = {
        let account = Account::new().await;
        let state = tempfile::tempdir().unwrap();
        let mut command = command(&account, state.path());
        command.env("GHL_BASE_URL", &upstream.url).env("GHL_TOKEN_ID", "canary-token-of-this-test");
        Host::start(command, state, Era::Modern, Person::Absent).await
    };
    upstream.says(answer(403, "application/json", r#"{"message": "token canary-token-of-this-test may not"}"#));
    let error = host.error("get_contact", json!({"id": "a"})).await;
    assert_eq!(error["code"], "forbidden");
    assert!(!error.to_string().contains("canary") && error["message"].as_str().unwrap().contains("may not"), "{error}");
    upstream.says_json(&json!({"id": "a", "source": "canary-token-of-this-test"}));
    let contact = host.answer("get_contact", json!({"id": "a"})).await;
    assert!(!contact.to_string().contains("canary"), "{contact}");
    upstream.is_done();
}

#[tokio::test]
async fn custom_fields_that_come_as_a_list_are_shown_as_a_map() {
    let upstream = Upstream::new().await;
    let host = host(&upstream).await;
    let list = json!([
        {"id": "f1", "value": "Steel"}, {"id": "f2", "key": "contact.score", "field_value": 7},
        {"id": "f3", "value": null, "fieldValueDate": 1_740_700_800_000_u64}, {"value": "whose?"},
    ]);
    let map = json!({"f1": "Steel", "score": 7, "f3": "2025-02-28"});
    let aside = json!({"customFields": [{"value": "whose?"}]});
    let contact = json!({"id": "a", "customFields": list});
    upstream.says_json(&contact);
    let shown = host.answer("get_contact", json!({"id": "a"})).await;
    assert_eq!((&shown["customFields"], &shown["unreadable"]), (&map, &aside), "{shown}");
    upstream.says_json(&json!({"data": [contact], "meta": {"total": 1}}));
    let listed = host.answer("list_contacts", json!({})).await;
    assert_eq!((&listed["data"][0]["customFields"], &listed["data"][0]["unreadable"]), (&map, &aside), "{listed}");
    upstream.says_json(&json!({"id": "d", "customFields": [{"id": "f1", "fieldValue": ["a"]}]}));
    let deal = host.answer("get_opportunity", json!({"id": "d"})).await;
    assert_eq!(deal["customFields"], json!({"f1": ["a"]}));
    upstream.is_done();
}
