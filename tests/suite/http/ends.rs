//! The end of a server: what is under way is answered, and nothing begins.

use super::{Web, add, until, web_command};
use crate::support::{Account, closed_journal, run};
use reqwest::Method;
use serde_json::json;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

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
    // A body that stays away holds nothing up.
    let host = web.url.trim_start_matches("http://").trim_end_matches("/mcp");
    let mut half = TcpStream::connect(host).await.unwrap();
    let head = format!(
        "POST /mcp HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {token}\r\nContent-Type: application/json\r\nContent-Length: 9\r\nExpect: 100-continue\r\n\r\n"
    );
    half.write_all(head.as_bytes()).await.unwrap();
    let mut goes_on = [0; 25];
    half.read_exact(&mut goes_on).await.unwrap();
    until("both calls are under way", || async { account.stats().await["requests"].as_u64() >= Some(2) }).await;
    web.signal("-TERM");
    let mut said = [0; 12];
    half.read_exact(&mut said).await.unwrap();
    assert_eq!(&said, b"HTTP/1.1 503");
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

#[tokio::test]
async fn calls_under_way_are_answered_when_their_client_is_removed() {
    let account = Account::new().await;
    account.faults("latency-after:1500@write").await;
    let state = tempfile::tempdir().unwrap();
    let command = || web_command(&account, state.path());
    let token = add(command(), "claude", &[]).await;
    let web = Web::start(command(), &[]).await;
    let session = web.initialize(&token).await;
    let create = |email: &str| {
        let arguments = json!({"firstName": "A", "lastName": "B", "email": email});
        json!({"name": "create_contact", "arguments": arguments})
    };
    let older = json!({"jsonrpc": "2.0", "id": 7, "method": "tools/call", "params": create("older@example.com")});
    let older = tokio::spawn(web.post(&token, &session, older.to_string()).send());
    let modern = tokio::spawn(web.modern(&token, "tools/call", create("modern@example.com")).send());
    until("both are done there", || async { account.stats().await["effects"]["creates"] == 2 }).await;
    let mut remove = command();
    remove.args(["clients", "remove", "claude"]);
    assert_eq!(run(remove).await.code, Some(0));
    assert_eq!(web.send(web.modern(&token, "tools/list", json!({}))).await.status, 401);
    for call in [older, modern] {
        let text = call.await.unwrap().unwrap().text().await.expect("whole answers");
        assert!(text.contains("structuredContent"), "{text}");
    }
    let entries = closed_journal(command).await;
    let outcomes: Vec<_> = entries.iter().map(|entry| &entry["outcome"]).collect();
    assert_eq!(outcomes, ["done", "done"]);
}

#[tokio::test]
async fn a_create_is_waited_for_when_its_caller_leaves() {
    let account = Account::new().await;
    account.faults("latency-after:1500@write").await;
    let state = tempfile::tempdir().unwrap();
    let command = || web_command(&account, state.path());
    let web = Web::start(command(), &["--no-auth"]).await;
    let arguments = json!({"firstName": "A", "lastName": "B", "email": "phone@example.com"});
    let call = web.modern("", "tools/call", json!({"name": "create_contact", "arguments": arguments}));
    let call = tokio::spawn(call.send());
    until("it is done there", || async { account.stats().await["effects"]["creates"] == 1 }).await;
    // The connection breaks, which cancels a call of 2026-07-28.
    call.abort();
    let has_ended = async || {
        let mut export = command();
        export.args(["journal", "export"]);
        !run(export).await.stdout.contains("unfinished")
    };
    until("its outcome is known", has_ended).await;
    let entries = closed_journal(command).await;
    let outcomes: Vec<_> = entries.iter().map(|entry| &entry["outcome"]).collect();
    assert_eq!(outcomes, ["done"], "{entries:?}");
}
