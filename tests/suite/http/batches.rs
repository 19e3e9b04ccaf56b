//! Batches, which revision 2025-03-26 of the protocol has: several messages in one body.

use super::{Web, hello, web_command};
use crate::support::Account;
use reqwest::StatusCode;
use serde_json::{Value, json};

/// The messages of a stream.
fn messages(text: &str) -> Vec<Value> {
    let data = text.lines().filter_map(|line| line.strip_prefix("data: ")).filter(|data| !data.trim().is_empty());
    data.map(|data| serde_json::from_str(data).unwrap()).collect()
}

async fn session(web: &Web, version: &str) -> String {
    let said = web.send(web.post("", "", hello().replace(super::HANDSHAKE, version))).await;
    assert_eq!(said.answer()["result"]["protocolVersion"], version);
    said.header("mcp-session-id").to_owned()
}

#[tokio::test]
async fn sessions_of_the_revision_that_has_batches_answer_each_message_and_no_others_do() {
    let account = Account::new().await;
    let state = tempfile::tempdir().unwrap();
    let web = Web::start(web_command(&account, state.path()), &["--no-auth"]).await;
    let id = session(&web, "2025-03-26").await;
    let ask = async |batch: &Value| web.send(web.post("", &id, batch.to_string())).await;
    let note = json!({"jsonrpc": "2.0", "method": "notifications/initialized"});
    assert_eq!(ask(&json!([note])).await.status, StatusCode::ACCEPTED);

    let call = |id: u32| {
        json!({"jsonrpc": "2.0", "id": id, "method": "tools/call",
            "params": {"name": "list_contacts", "arguments": {"limit": 2}}})
    };
    let ping = |id: Value| json!({"jsonrpc": "2.0", "id": id, "method": "ping"});
    let begin: Value = serde_json::from_str(&hello()).unwrap();
    let mut modern = ping(json!("modern"));
    modern["params"] = json!({"_meta": {"io.modelcontextprotocol/protocolVersion": "2026-07-28"}});
    let many = json!([call(70), note, ping(json!("b")), ping(json!(1.5)), call(70), begin, modern, 5]);
    let said = web.send(web.post("", &id, many.to_string()).header("mcp-protocol-version", "2025-11-25")).await;
    assert_eq!((said.status, said.header("content-type")), (StatusCode::OK, "text/event-stream"));
    let answers = messages(&said.text);
    let of = |id: Value| answers.iter().filter(|one| one["id"] == id).collect::<Vec<_>>();
    assert_eq!(answers.len(), 7, "{said:?}");
    assert!(of(json!("b"))[0]["result"].is_object() && of(json!(1.5))[0]["result"].is_object(), "{said:?}");
    let (good, repeated): (Vec<_>, Vec<_>) = of(json!(70)).into_iter().partition(|one| one["result"].is_object());
    assert_eq!(good[0]["result"]["structuredContent"]["data"].as_array().unwrap().len(), 2);
    assert_eq!(repeated[0]["error"]["code"], -32600, "the same id twice");
    for id in [json!(0), json!("modern")] {
        assert!(of(id)[0]["error"]["message"].as_str().unwrap().contains("never part of a batch"), "{said:?}");
    }
    assert_eq!(of(Value::Null)[0]["error"]["code"], -32600, "a number is no message");

    // More calls than there are slots for answers.
    let answered = messages(&ask(&(0..60).map(|id| call(id + 100)).collect()).await.text);
    assert_eq!(answered.iter().filter(|one| one["result"]["isError"] == false).count(), 60);
    for wrong in [json!([]), (0..65).map(|id| ping(json!(id))).collect()] {
        let said = ask(&wrong).await;
        assert!(said.status == 400 && said.text.contains("1 to 64 messages"), "{said:?}");
    }
    let later = session(&web, "2025-06-18").await;
    for session in ["", &later] {
        let said = web.send(web.post("", session, json!([ping(json!(1))]).to_string())).await;
        assert!(said.status == 400 && said.text.contains("2025-03-26"), "{said:?}");
    }
    assert_eq!(web.ask("", &id, "ping", json!({})).await["id"], 1, "it serves on");
}
