//! Messages that are almost what the protocol has: each is answered with its own id.

use super::{meta, talk, wire};
use crate::support::{Account, Wire, all_tools};
use serde_json::{Value, json};

fn call(id: &Value, arguments: &Value) -> Value {
    json!({"jsonrpc": "2.0", "id": id, "method": "tools/call", "params": {"name": "list_contacts", "arguments": arguments}})
}

/// The error of a tool's result.
fn error_of(answer: &Value) -> Value {
    assert_eq!(answer["result"]["isError"], true, "{answer}");
    serde_json::from_str::<Value>(answer["result"]["content"][0]["text"].as_str().unwrap()).unwrap()["error"].clone()
}

/// Writes lines in a session of this revision, and reads an answer to each.
async fn answers(version: &'static str, lines: Vec<String>) -> Vec<Value> {
    let account = Account::new().await;
    let state = tempfile::tempdir().unwrap();
    let (_, answers) = talk(wire(&account, state.path(), &[]), move |wire| {
        wire.initialize(version, json!({}));
        let answers = lines.iter().map(|line| {
            wire.write(line);
            wire.line()
        });
        answers.collect::<Vec<_>>()
    })
    .await;
    answers
}

#[tokio::test]
async fn every_id_is_answered_as_it_was_written() {
    let ids = [
        "1.5",
        "-5",
        "0",
        "-0.5",
        "1e3",
        "9223372036854775807",
        "9223372036854775808",
        "18446744073709551615",
        "123456789012345678901234567890",
        "\"\"",
        "\"1.5\"",
        "\"a b\\\"c\\u0000\"",
    ];
    let mut lines = Vec::new();
    for id in ids {
        lines.push(format!(r#"{{"jsonrpc":"2.0","id":{id},"method":"ping"}}"#));
        lines.push(format!(r#"{{"method":"tools/list","params":{{"x":{{"id":3}}}},"jsonrpc":"2.0","id": {id} }}"#));
        lines.push(format!(r#"{{"jsonrpc":"2.0","id":{id},"method":"no/such"}}"#));
        lines.push(format!(r#"{{"jsonrpc":"2.0","id":{id},"method":"tools/call","params":7}}"#));
        lines.push(format!(
            r#"{{"jsonrpc":"2.0","id":{id},"method":"tools/call","params":{{"name":"get_current_user"}}}}"#
        ));
    }
    let answers = answers("2025-11-25", lines).await;
    for (id, answers) in ids.iter().zip(answers.chunks(5)) {
        let written: Value = serde_json::from_str(id).unwrap();
        let same = |answer: &Value| {
            answer["id"] == written || answer["id"].is_number() && answer["id"].as_f64() == written.as_f64()
        };
        assert!(answers.iter().all(same), "{id}: {:?}", answers.iter().map(|answer| &answer["id"]).collect::<Vec<_>>());
        assert!(answers[0]["result"].is_object(), "{id}");
        assert_eq!(answers[1]["result"]["tools"].as_array().unwrap().len(), all_tools());
        assert_eq!((&answers[2]["error"]["code"], &answers[3]["error"]["code"]), (&json!(-32601), &json!(-32602)));
        assert!(answers[4]["result"]["structuredContent"]["id"].is_string(), "{id}: {}", answers[4]);
    }
}

#[tokio::test]
async fn a_call_by_an_odd_id_can_be_cancelled() {
    let account = Account::new().await;
    account.faults("429:30@GET /users/me*1").await;
    let state = tempfile::tempdir().unwrap();
    let (wire, ()) = talk(wire(&account, state.path(), &[]), |wire| {
        wire.initialize("2025-11-25", json!({}));
        wire.write(r#"{"jsonrpc":"2.0","id":1.5,"method":"tools/call","params":{"name":"get_current_user"}}"#);
    })
    .await;
    while account.requests().await.is_empty() {
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    let (mut wire, line) = talk(wire, |wire| {
        wire.notify("notifications/cancelled", json!({"requestId": 1.5}));
        let pong = wire.ask("ping", json!({}));
        wire.close_input();
        pong
    })
    .await;
    assert!(line["result"].is_object(), "{line}");
    assert_eq!(wire.exit_code(), Some(0), "the drain does not wait for what was cancelled");
}

#[tokio::test]
async fn an_id_of_another_type_is_refused() {
    let lines = ["null", "true", "{}", "[1]"].map(|id| format!(r#"{{"jsonrpc":"2.0","id":{id},"method":"ping"}}"#));
    for answer in answers("2025-11-25", lines.to_vec()).await {
        assert_eq!((&answer["error"]["code"], &answer["id"]), (&json!(-32600), &Value::Null), "{answer}");
    }
}

#[tokio::test]
async fn arguments_may_be_json_text_or_null_and_anything_else_is_refused_with_an_example() {
    let read = [json!("{\"limit\": 1}"), json!(" {\"limit\": \"1\"} "), json!({"limit": 1})];
    let none = [json!(null), json!(""), json!("{}")];
    let wrong = [json!(5), json!([1]), json!("limit 1"), json!("[1]"), json!(true)];
    let lines =
        |all: &[Value]| all.iter().map(|arguments| call(&json!("c"), arguments).to_string()).collect::<Vec<_>>();
    for answer in answers("2025-11-25", lines(&read)).await {
        assert_eq!(answer["result"]["structuredContent"]["data"].as_array().unwrap().len(), 1, "{answer}");
    }
    for answer in answers("2025-06-18", lines(&none)).await {
        assert_eq!(answer["result"]["structuredContent"]["data"].as_array().unwrap().len(), 50, "{answer}");
    }
    for answer in answers("2025-11-25", lines(&wrong)).await {
        let error = error_of(&answer);
        assert_eq!(
            (&answer["id"], &error["code"], &error["field"]),
            (&json!("c"), &json!("invalid_arguments"), &json!("arguments")),
            "{answer}"
        );
        let (_, example) = error["message"].as_str().unwrap().split_once("For example ").unwrap();
        let example: Value = serde_json::from_str(example.trim_end_matches('.')).unwrap();
        let works = answers("2025-11-25", vec![call(&json!(1), &example).to_string()]).await;
        assert_eq!(works[0]["result"]["isError"], false, "{example}: {works:?}");
    }
}

#[tokio::test]
async fn arguments_that_are_nested_too_deep_are_answered_with_their_id() {
    for levels in [130, 10_000, 1_000_000] {
        let deep = format!("{}1{}", r#"{"a":"#.repeat(levels), "}".repeat(levels));
        let list = format!("{}1{}", "[".repeat(levels), "]".repeat(levels));
        let line = |arguments: &str| {
            format!(
                r#"{{"method":"tools/call","params":{{"name":"get_contact","arguments":{arguments}}},"jsonrpc":"2.0","id":"deep"}}"#
            )
        };
        let other = format!(
            r#"{{"jsonrpc":"2.0","id":7,"method":"resources/read","params":{{"uri":"ghl://user","x":{deep}}}}}"#
        );
        let answers = answers("2025-11-25", vec![line(&deep), line(&format!(r#"{{"id":{list}}}"#)), other]).await;
        for answer in &answers[..2] {
            let error = error_of(answer);
            assert_eq!((&answer["id"], &error["code"]), (&json!("deep"), &json!("invalid_arguments")));
            assert!(error["message"].as_str().unwrap().contains("nested deeper than 100"), "{error}");
        }
        assert_eq!((&answers[2]["id"], &answers[2]["error"]["code"]), (&json!(7), &json!(-32602)));
    }
}

#[tokio::test]
async fn a_line_that_is_too_long_or_not_json_is_answered_with_its_id() {
    let pad = "x".repeat(17 * 1024 * 1024);
    let answers = answers(
        "2025-11-25",
        vec![
            format!(r#"{{"method":"tools/call","params":{{"name":"x","arguments":{{"id":1,"pad":"{pad}"}}}},"jsonrpc":"2.0","id":41}}"#),
            format!(r#"{{"jsonrpc":"2.0","id":1.5,"method":"tools/call","params":{{"pad":"{pad}"}}}}"#),
            r#"{"jsonrpc":"2.0","id":42,"method":"tools/call","params":{"name":"search_crm","arguments":{"text":"\ud83d"}}}"#.to_owned(),
            r#"{"id":43,"method":"ping"}"#.to_owned(),
            r#"{"jsonrpc":"1.0","id":44,"method":"ping"}"#.to_owned(),
            r#"{"jsonrpc":"2.0","id":45,"method":"tools/call"}"#.to_owned(),
            r#"{"jsonrpc":"2.0","id":46,"method":"ping","params":[],"more":{"x":1}}"#.to_owned(),
        ],
    )
    .await;
    let ids: Vec<&Value> = answers.iter().map(|answer| &answer["id"]).collect();
    assert_eq!(ids, [&json!(41), &json!(1.5), &json!(42), &json!(43), &json!(44), &json!(45), &json!(46)]);
    let codes: Vec<&Value> = answers.iter().map(|answer| &answer["error"]["code"]).collect();
    assert_eq!(
        codes,
        [&json!(-32600), &json!(-32600), &json!(-32700), &Value::Null, &json!(-32600), &json!(-32602), &Value::Null]
    );
    assert!(answers[5]["error"]["message"].as_str().unwrap().contains("`name`"), "{}", answers[5]);
}

#[tokio::test]
async fn a_byte_order_mark_before_the_first_line_is_skipped() {
    let account = Account::new().await;
    let state = tempfile::tempdir().unwrap();
    let (_, hello) = talk(wire(&account, state.path(), &[]), |wire| {
        let info = json!({"name": "windows", "version": "1"});
        let hello = json!({"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": {"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": info}});
        wire.write(&format!("\u{feff}{hello}\r"));
        wire.line()
    })
    .await;
    assert_eq!((&hello["id"], &hello["result"]["protocolVersion"]), (&json!(1), &json!("2025-11-25")));
}

fn ids(batch: &Value) -> Vec<Value> {
    let mut ids: Vec<Value> =
        batch.as_array().unwrap_or_else(|| panic!("{batch}")).iter().map(|one| one["id"].clone()).collect();
    ids.sort_by_key(ToString::to_string);
    ids
}

#[tokio::test]
async fn the_revision_that_has_batches_answers_them_together() {
    let account = Account::new().await;
    let state = tempfile::tempdir().unwrap();
    talk(wire(&account, state.path(), &[]), |wire: &mut Wire| {
        wire.initialize("2025-03-26", json!({}));
        let ping = |id: Value| json!({"jsonrpc": "2.0", "id": id, "method": "ping"});
        let note = json!({"jsonrpc": "2.0", "method": "notifications/progress", "params": {"progressToken": 1, "progress": 1}});
        let many = json!([call(&json!(70), &json!({"limit": 2})), note, ping(json!("b")), ping(json!(1.5)), call(&json!(71), &json!({"limit": 0})), 5]);
        wire.write(&many.to_string());
        let answer = wire.line();
        assert_eq!(ids(&answer), [json!("b"), json!(1.5), json!(70), json!(71), json!(null)], "{answer}");
        let of = |id: Value| answer.as_array().unwrap().iter().find(|one| one["id"] == id).unwrap();
        assert_eq!(of(json!(70))["result"]["structuredContent"]["data"].as_array().unwrap().len(), 2);
        assert_eq!(error_of(of(json!(71)))["code"], "invalid_arguments");
        assert_eq!(of(json!(null))["error"]["code"], -32600);
        // A batch that needs no answer gets none.
        wire.write(&json!([note]).to_string());
        // More calls than there are slots for answers.
        let calls: Vec<Value> = (0..60).map(|id| call(&json!(id + 100), &json!({"limit": 100}))).collect();
        wire.write(&Value::from(calls).to_string());
        assert_eq!(ids(&wire.line()).len(), 60);
        for wrong in [json!([]), Value::from((0..65).map(|id| ping(json!(id + 1000))).collect::<Vec<_>>())] {
            wire.write(&wrong.to_string());
            assert_eq!(wire.line()["error"]["code"], -32600);
        }
        assert!(wire.ask("ping", json!({}))["result"].is_object());
    })
    .await;
}

#[tokio::test]
async fn other_revisions_have_no_batches() {
    let batch = json!([{"jsonrpc": "2.0", "id": 70, "method": "ping"}]).to_string();
    for version in ["2024-11-05", "2025-06-18", "2025-11-25"] {
        let answers =
            answers(version, vec![batch.clone(), r#"{"jsonrpc":"2.0","id":1,"method":"ping"}"#.to_owned()]).await;
        assert_eq!((&answers[0]["error"]["code"], &answers[1]["id"]), (&json!(-32600), &json!(1)), "{version}");
    }
}

#[tokio::test]
async fn requests_before_a_session_and_odd_calls_of_the_newest_revision_are_answered() {
    let account = Account::new().await;
    let state = tempfile::tempdir().unwrap();
    let (_, (early, wrong, right)) = talk(wire(&account, state.path(), &[]), |wire| {
        wire.write(r#"{"jsonrpc":"2.0","id":2.5,"method":"tools/list"}"#);
        let early = wire.line();
        let params =
            |arguments: Value| json!({"name": "list_contacts", "arguments": arguments, "_meta": meta(json!({}))});
        let wrong = wire.ask("tools/call", params(json!([1])));
        wire.write(
            &json!({"jsonrpc": "2.0", "id": 3.5, "method": "tools/call", "params": params(json!("{\"limit\": 1}"))})
                .to_string(),
        );
        (early, wrong, wire.line())
    })
    .await;
    assert_eq!((&early["id"], &early["error"]["code"]), (&json!(2.5), &json!(-32602)), "{early}");
    assert_eq!(
        (error_of(&wrong)["code"].clone(), &wrong["result"]["resultType"]),
        (json!("invalid_arguments"), &json!("complete"))
    );
    assert_eq!((&right["id"], &right["result"]["resultType"]), (&json!(3.5), &json!("complete")), "{right}");
}
