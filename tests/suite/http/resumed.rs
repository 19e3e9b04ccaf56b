//! Connections that break while a call is under way: the machine went to sleep, or a proxy was restarted.

use super::{Web, until, web_command};
use crate::support::Account;
use reqwest::Method;
use serde_json::json;

/// Begins a call, and breaks the connection when the first event is there. Returns that event's id.
async fn begin(web: &Web, session: &str, id: u32) -> String {
    let call = json!({"jsonrpc": "2.0", "id": id, "method": "tools/call",
        "params": {"name": "get_current_user", "arguments": {}}});
    let mut response = web.post("", session, call.to_string()).send().await.unwrap();
    let first = response.chunk().await.unwrap().unwrap();
    let first = String::from_utf8(first.to_vec()).unwrap();
    let event = first.lines().find_map(|line| line.strip_prefix("id:")).unwrap_or_else(|| panic!("no event: {first}"));
    event.trim().to_owned()
}

#[tokio::test]
async fn a_client_that_comes_back_gets_the_answer_whether_it_is_there_already_or_not() {
    let account = Account::new().await;
    account.faults("latency:1500@GET /users/me").await;
    let state = tempfile::tempdir().unwrap();
    let web = Web::start(web_command(&account, state.path()), &["--no-auth", "--metrics-listen", "127.0.0.1:0"]).await;
    let (session, other) = (web.initialize("").await, web.initialize("").await);
    let resume = async |session: &str, event: &str| {
        let listen = web.request(Method::GET, "").header("mcp-session-id", session).header("last-event-id", event);
        let said = web.send(listen).await;
        assert_eq!(said.status, 200, "{said:?}");
        said
    };

    let first = begin(&web, &session, 7).await;
    let early = resume(&session, &first).await;
    assert!(early.text.contains("structuredContent") && early.answer()["id"] == 7, "{early:?}");

    let second = begin(&web, &session, 8).await;
    until("both calls have ended", || async {
        let ended = r#"tool_calls_total{tool="get_current_user",outcome="ok"} 2"#;
        super::sessions::metrics(&web).await.contains(ended)
    })
    .await;
    // It may get lost once more.
    for _ in 0..2 {
        let late = resume(&session, &second).await;
        assert!(late.text.contains("structuredContent") && late.answer()["id"] == 8, "{late:?}");
    }
    let last = early.text.lines().rev().find_map(|line| line.strip_prefix("id:")).unwrap().trim();
    for (session, event) in [(&session, last), (&other, second.as_str()), (&session, "0/99")] {
        let nothing = resume(session, event).await;
        assert!(!nothing.text.contains("structuredContent"), "{event}: {nothing:?}");
    }
    assert_eq!(web.ask("", &session, "ping", json!({})).await["id"], 1, "it serves on");
}
