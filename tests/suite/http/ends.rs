//! The end of a server: what is under way is answered, and nothing begins.

use super::{Web, add, until, web_command};
use crate::support::Account;
use reqwest::Method;
use serde_json::json;

#[tokio::test]
async fn sigterm_drains_what_is_under_way_and_ends_streams() {
    let account = Account::new().await;
    account.faults("latency:1000@GET /users/me").await;
    let state = tempfile::tempdir().unwrap();
    let token = add(web_command(&account, state.path()), "claude", &[]).await;
    let mut web = Web::start(web_command(&account, state.path()), &[]).await;
    let session = web.initialize(&token).await;
    let stream = web.request(Method::GET, &token).header("mcp-session-id", &session).send().await.unwrap();
    let call = json!({"jsonrpc": "2.0", "id": 7, "method": "tools/call",
        "params": {"name": "get_current_user", "arguments": {}}});
    let older = tokio::spawn(web.post(&token, &session, call.to_string()).send());
    let modern = web.modern(&token, "tools/call", json!({"name": "get_current_user", "arguments": {}}));
    let modern = tokio::spawn(modern.send());
    until("both calls are under way", || async { account.stats().await["requests"].as_u64() >= Some(2) }).await;
    web.signal("-TERM");
    stream.bytes().await.expect("the stream ends as it should");
    for call in [older, modern] {
        let text = call.await.unwrap().unwrap().text().await.expect("whole answers");
        assert!(text.contains("structuredContent"), "{text}");
    }
    assert_eq!(web.exit_code().await, Some(0));
    assert!(web.post(&token, "", "{}").send().await.is_err(), "nobody listens any more");
}

#[tokio::test]
async fn a_second_signal_ends_at_once() {
    let account = Account::new().await;
    account.faults("latency:20000@GET /users/me").await;
    let state = tempfile::tempdir().unwrap();
    let mut web = Web::start(web_command(&account, state.path()), &["--no-auth"]).await;
    let call = web.modern("", "tools/call", json!({"name": "get_current_user", "arguments": {}}));
    let call = tokio::spawn(call.send());
    until("the call is under way", || async { account.stats().await["requests"] != 0 }).await;
    web.signal("-TERM");
    until("the server refuses connections", || async { web.http.get(web.at("/healthz")).send().await.is_err() }).await;
    web.signal("-TERM");
    assert_eq!(web.exit_code().await, Some(1));
    drop(call);
}
