//! Lines that hold no message, and messages at the wrong time.

use super::{talk, wire};
use crate::support::Account;
use serde_json::{Value, json};

#[tokio::test]
async fn a_notification_before_the_session_does_not_end_it() {
    let account = Account::new().await;
    let state = tempfile::tempdir().unwrap();
    let (_, hello) = talk(wire(&account, state.path(), &[]), |wire| {
        wire.notify("notifications/cancelled", json!({"requestId": 9}));
        wire.write(&json!({"jsonrpc": "2.0", "id": 5, "result": {}}).to_string());
        wire.initialize("2025-11-25", json!({}))
    })
    .await;
    assert_eq!(hello["result"]["protocolVersion"], "2025-11-25");
}

#[tokio::test]
async fn a_line_that_cannot_be_read_is_answered_and_the_session_goes_on() {
    let account = Account::new().await;
    let state = tempfile::tempdir().unwrap();
    let (_, answers) = talk(wire(&account, state.path(), &[]), |wire| {
        wire.initialize("2025-11-25", json!({}));
        let mut answers = Vec::new();
        for line in [
            "{broken".to_owned(),
            "[]".to_owned(),
            json!([{"jsonrpc": "2.0", "id": 70, "method": "ping"}]).to_string(),
            json!({"jsonrpc": "2.0", "id": 71, "method": "tools/call", "params": {"name": 7, "arguments": {}}})
                .to_string(),
            json!({"jsonrpc": "2.0", "id": 72}).to_string(),
            format!("{{\"pad\": \"{}\"}}", "x".repeat(17 * 1024 * 1024)),
        ] {
            wire.write(&line);
            answers.push(wire.line());
        }
        wire.write("");
        wire.write(&json!({"jsonrpc": "2.0", "method": "notifications/unheard-of", "params": 7}).to_string());
        answers.push(wire.ask("ping", json!({})));
        answers
    })
    .await;
    let codes: Vec<&Value> = answers.iter().map(|answer| &answer["error"]["code"]).collect();
    assert_eq!(
        codes[..6],
        [&json!(-32700), &json!(-32600), &json!(-32600), &json!(-32602), &json!(-32600), &json!(-32600)],
        "{answers:#?}"
    );
    assert_eq!(answers[3]["id"], 71);
    assert_eq!(answers[4]["id"], 72);
    assert!(answers[6]["result"].is_object(), "{answers:#?}");
}

#[tokio::test]
async fn bad_arguments_are_a_result_that_names_the_field() {
    let account = Account::new().await;
    let state = tempfile::tempdir().unwrap();
    let cases = [
        ("list_contacts", json!({"limt": 5}), "limt", "`limit`"),
        ("list_contacts", json!({"limit": 0}), "limit", "from 1 to 100"),
        ("list_contacts", json!({"limit": "many"}), "limit", "an integer"),
        ("list_contacts", json!({"email": "nobody"}), "email", "e-mail"),
        ("list_contacts", json!({"phone": " "}), "phone", "empty"),
        ("list_contacts", json!({"tags": ["vip", ""]}), "tags[1]", "empty"),
        ("list_contacts", json!({"limit": 2.5}), "limit", "an integer"),
        ("update_contact", json!({"id": "a", "firstName": ""}), "firstName", "empty"),
        ("update_page", json!({"id": "a", "slug": " "}), "slug", "empty"),
        ("create_webhook", json!({"url": "https://example.com", "events": [" "]}), "events[0]", "empty"),
        ("list_pages", json!({"status": "live"}), "status", "draft, published, archived"),
        ("get_contact", json!({}), "id", "required"),
        ("create_contact", json!({"firstName": " ", "lastName": "B", "email": "a@b.co"}), "firstName", "empty"),
        (
            "create_contact",
            json!({"firstName": "A", "lastName": "B", "email": "a@b.co", "address": {"zip": "1"}}),
            "address.zip",
            "postalCode",
        ),
        (
            "create_opportunity",
            json!({"name": "x", "contactId": "c", "value": -1, "status": "open"}),
            "value",
            "at least 0",
        ),
        (
            "create_opportunity",
            json!({"name": "x", "contactId": "c", "value": 1, "status": "open", "probability": 101}),
            "probability",
            "from 0 to 100",
        ),
        (
            "create_opportunity",
            json!({"name": "x", "contactId": "c", "value": 1, "status": "open", "expectedCloseDate": "soon"}),
            "expectedCloseDate",
            "date",
        ),
        ("create_webhook", json!({"url": "http://example.com", "events": ["a"]}), "url", "https"),
        ("create_webhook", json!({"url": "https://127.0.0.1/x", "events": ["a"]}), "url", "private"),
        ("create_webhook", json!({"url": "https://example.com", "events": []}), "events", "at least 1"),
        ("update_contact", json!({"id": "a", "clear": ["email"]}), "clear[0]", "phone"),
        ("update_contact", json!({"id": "a", "clear": ["firstName"]}), "clear[0]", "cannot be emptied"),
        ("update_contact", json!({"id": "a", "phone": "1", "clear": ["phone"]}), "phone", "both"),
        ("get_current_user", json!({"verbose": true}), "verbose", "no arguments"),
    ];
    let (_, results) = talk(wire(&account, state.path(), &[]), {
        let cases = cases.clone();
        move |wire| {
            wire.initialize("2025-11-25", json!({}));
            cases.map(|(tool, arguments, ..)| wire.call(tool, arguments))
        }
    })
    .await;
    for ((tool, arguments, field, hint), result) in cases.iter().zip(&results) {
        let case = format!("{tool} {arguments}: {result}");
        assert_eq!(result["isError"], true, "{case}");
        let error: Value = serde_json::from_str(result["content"][0]["text"].as_str().unwrap()).unwrap();
        assert_eq!(error["error"]["code"], "invalid_arguments", "{case}");
        assert_eq!(error["error"]["field"], *field, "{case}");
        assert!(error["error"]["message"].as_str().unwrap().contains(hint), "{case}");
    }
    assert_eq!(account.requests().await.len(), 0, "bad arguments cost no quota");
}

#[tokio::test]
async fn an_id_that_is_in_use_is_refused_and_the_first_request_is_answered() {
    let account = Account::new().await;
    account.faults("latency:300@GET /users/me").await;
    let state = tempfile::tempdir().unwrap();
    let (_, lines) = talk(wire(&account, state.path(), &[]), |wire| {
        wire.initialize("2025-11-25", json!({}));
        let request = json!({"jsonrpc": "2.0", "id": 50, "method": "tools/call", "params": {"name": "get_current_user", "arguments": {}}});
        wire.write(&request.to_string());
        wire.write(&request.to_string());
        [wire.line(), wire.line()]
    })
    .await;
    assert_eq!(lines[0]["error"]["code"], -32600, "{lines:?}");
    assert_eq!(lines[1]["id"], 50);
    assert!(lines[1]["result"]["structuredContent"]["id"].is_string(), "{lines:?}");
}

#[tokio::test]
async fn stdout_is_the_protocols_alone_even_at_the_highest_log_level() {
    let account = Account::new().await;
    let state = tempfile::tempdir().unwrap();
    // The wire fails the test on any line of stdout that is no JSON.
    let (mut wire, lines) = talk(wire(&account, state.path(), &["--log", "trace"]), |wire| {
        let mut lines = vec![wire.initialize("2025-11-25", json!({}))];
        lines.push(wire.ask("tools/call", json!({"name": "list_contacts", "arguments": {"limit": 1}})));
        lines.push(wire.ask("tools/call", json!({"name": "get_contact", "arguments": {"id": "nobody"}})));
        wire.close_input();
        lines
    })
    .await;
    assert!(lines.iter().all(|line| line["jsonrpc"] == "2.0"), "{lines:?}");
    assert_eq!(wire.exit_code(), Some(0));
}
