//! What a restart on the same state directory keeps: confirmations that were asked before it are good for one call after it.

use super::{Web, add, web_command};
use crate::support::{Account, Wire};
use serde_json::{Value, json};

const YES: &str = "confirm";

/// A call of protocol 2026-07-28 that is sent again with a person's answer.
async fn answered(web: &Web, token: &str, id: &str, state: &Value) -> Value {
    let params = json!({"name": "delete_page", "arguments": {"id": id}, "requestState": state,
        "inputResponses": {YES: {"action": "accept", "content": {YES: true}}}});
    web.send(web.modern(token, "tools/call", params)).await.answer()
}

/// The ids of pages that may be deleted.
async fn drafts(account: &Account) -> Vec<String> {
    let pages = account.objects("pages").await.into_iter().filter(|page| page["status"] == "draft");
    pages.map(|page| page["id"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn what_was_asked_before_a_restart_is_good_for_one_call_after_it() {
    let account = Account::new().await;
    let state = tempfile::tempdir().unwrap();
    let command = || web_command(&account, state.path());
    let (token, other) = (add(command(), "claude", &[]).await, add(command(), "other", &[]).await);
    let all = account.objects("pages").await.len();
    let id = drafts(&account).await[0].clone();

    let mut web = Web::start(command(), &[]).await;
    let params = json!({"name": "delete_page", "arguments": {"id": id}});
    let asked = web.send(web.modern(&token, "tools/call", params)).await.answer();
    let sealed = &asked["result"]["requestState"];
    assert!(sealed.is_string(), "{asked}");
    web.signal("-TERM");
    assert_eq!(web.exit_code().await, Some(0));

    let web = Web::start(command(), &[]).await;
    let stolen = answered(&web, &other, &id, sealed).await;
    assert_eq!(stolen["result"]["isError"], true, "another client's answer: {stolen}");
    let done = answered(&web, &token, &id, sealed).await;
    assert_eq!(done["result"]["isError"], false, "{done}");
    let again = answered(&web, &token, &id, sealed).await;
    assert_eq!(again["result"]["isError"], true, "once: {again}");
    assert_eq!(account.objects("pages").await.len(), all - 1);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let key = std::fs::metadata(state.path().join("sealing.key")).unwrap();
        assert_eq!((key.permissions().mode() & 0o777, key.len()), (0o600, 32));
    }
}

#[tokio::test]
async fn a_token_of_an_older_protocol_outlives_a_restart_too() {
    let account = Account::new().await;
    let state = tempfile::tempdir().unwrap();
    let command = || web_command(&account, state.path());
    let token = add(command(), "claude", &[]).await;
    let id = drafts(&account).await[0].clone();
    let flags = ["--confirm", "two-step"];
    let mut web = Web::start(command(), &flags).await;
    let session = web.initialize(&token).await;
    let pending = web.call(&token, &session, "delete_page", json!({"id": id})).await;
    let text: Value = serde_json::from_str(pending["content"][0]["text"].as_str().unwrap()).unwrap();
    let code = text["error"]["confirmationToken"].as_str().unwrap_or_else(|| panic!("{text}")).to_owned();
    web.signal("-TERM");
    assert_eq!(web.exit_code().await, Some(0));

    let web = Web::start(command(), &flags).await;
    let session = web.initialize(&token).await;
    let confirmed = json!({"id": id, "confirmationToken": code});
    let done = web.call(&token, &session, "delete_page", confirmed.clone()).await;
    assert_eq!(done["isError"], false, "{done}");
    assert_eq!(web.call(&token, &session, "delete_page", confirmed).await["isError"], true, "once");
}

#[tokio::test]
async fn the_same_holds_over_standard_input() {
    let account = Account::new().await;
    let state = tempfile::tempdir().unwrap();
    let id = drafts(&account).await[0].clone();
    let call = |more: Value| {
        let mut params = json!({"name": "delete_page", "arguments": {"id": id}, "_meta": {
            "io.modelcontextprotocol/protocolVersion": "2026-07-28",
            "io.modelcontextprotocol/clientInfo": {"name": "wire", "version": "1"},
            "io.modelcontextprotocol/clientCapabilities": {"elicitation": {}}}});
        params.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        params
    };
    let ask = async |params: Value| {
        let command = web_command(&account, state.path());
        let asked = tokio::task::spawn_blocking(move || {
            let mut wire = Wire::start(command);
            let answer = wire.ask("tools/call", params);
            wire.close_input();
            assert_eq!(wire.exit_code(), Some(0));
            answer["result"].clone()
        });
        asked.await.unwrap()
    };
    let asked = ask(call(json!({}))).await;
    let again = json!({"requestState": asked["requestState"],
        "inputResponses": {YES: {"action": "accept", "content": {YES: true}}}});
    let done = ask(call(again.clone())).await;
    assert_eq!(done["isError"], false, "{done}");
    assert_eq!(ask(call(again)).await["isError"], true, "once");
}
