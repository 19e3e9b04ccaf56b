//! Sessions that clients open and leave.

use super::{Web, hello, until, web_command};
use crate::support::Account;
use reqwest::Method;
use serde_json::json;

/// The process's own memory in KiB, without the pages of the program's file.
#[cfg(target_os = "linux")]
fn memory(web: &Web) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", web.child.id())).unwrap();
    let line = status.lines().find(|line| line.starts_with("RssAnon:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

#[tokio::test]
async fn beyond_the_most_the_longest_idle_session_ends() {
    let account = Account::new().await;
    let state = tempfile::tempdir().unwrap();
    let web = Web::start(web_command(&account, state.path()), &["--no-auth", "--max-sessions", "2"]).await;
    let [first, second] = [web.initialize("").await, web.initialize("").await];
    let ping = json!({"jsonrpc": "2.0", "id": 1, "method": "ping"}).to_string();
    let status = async |session: &str| web.send(web.post("", session, ping.clone())).await.status;
    assert_eq!(status(&first).await, 200);
    let third = web.initialize("").await;
    assert_eq!(
        [status(&first).await, status(&second).await, status(&third).await].map(|s| s.as_u16()),
        [200, 404, 200]
    );
}

/// What Prometheus reads.
pub async fn metrics(web: &Web) -> String {
    let log = web.log();
    let place = log.lines().find_map(|line| line.strip_prefix("Metrics on ")).unwrap();
    web.send(web.http.get(place)).await.text
}

#[tokio::test]
async fn a_session_lasts_as_long_as_its_call_and_its_stream() {
    let account = Account::new().await;
    account.faults("latency:5000@GET /users/me").await;
    let state = tempfile::tempdir().unwrap();
    let flags = ["--no-auth", "--session-idle", "1", "--metrics-listen", "127.0.0.1:0"];
    let web = Web::start(web_command(&account, state.path()), &flags).await;
    let [calls, listens, idles] = [web.initialize("").await, web.initialize("").await, web.initialize("").await];
    let call = json!({"jsonrpc": "2.0", "id": 7, "method": "tools/call",
        "params": {"name": "get_current_user", "arguments": {}}});
    let call = tokio::spawn(web.post("", &calls, call.to_string()).send());
    let stream = web.request(Method::GET, "").header("mcp-session-id", &listens).send().await.unwrap();
    until("the third has ended", || async { metrics(&web).await.contains("highlevel_mcp_sessions 2\n") }).await;
    let text = call.await.unwrap().unwrap().text().await.unwrap();
    assert!(text.contains("structuredContent"), "{text}");
    let ping = json!({"jsonrpc": "2.0", "id": 1, "method": "ping"}).to_string();
    let status = async |session: &str| web.send(web.post("", session, ping.clone())).await.status.as_u16();
    assert_eq!([status(&listens).await, status(&idles).await], [200, 404]);
    // A client that sleeps: its connection breaks.
    drop(stream);
    until("every session has ended", || async { metrics(&web).await.contains("highlevel_mcp_sessions 0\n") }).await;
    assert_eq!(web.log().matches("session").count(), 0, "a session that ends is nothing to log: {}", web.log());
}

/// 1,000 sessions are opened and left, twice: the second time leaves less than 1 KiB a session, and all of them end.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn sessions_that_are_left_end_and_leave_no_memory() {
    const SESSIONS: usize = 1000;
    let account = Account::new().await;
    let state = tempfile::tempdir().unwrap();
    let flags = ["--no-auth", "--max-sessions", "100", "--session-idle", "2", "--metrics-listen", "127.0.0.1:0"];
    let web = Web::start(web_command(&account, state.path()), &flags).await;
    let mut after = Vec::new();
    for _ in 0..2 {
        for _ in 0..SESSIONS {
            assert_eq!(web.send(web.post("", "", hello())).await.status, 200);
        }
        after.push(memory(&web));
    }

    assert!(after[1] < after[0] + 1024, "KiB after each {SESSIONS} sessions: {after:?}");
    until("every session has ended", || async { metrics(&web).await.contains("highlevel_mcp_sessions 0\n") }).await;
}
