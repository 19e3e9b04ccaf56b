//! Calls that wait: in parallel, with progress, and cancelled.

use super::{meta, talk, wire};
use crate::support::Account;
use serde_json::json;
use std::time::Duration;

#[tokio::test]
async fn requests_run_in_parallel() {
    let account = Account::new().await;
    account.faults("latency:1500@GET /page").await;
    let state = tempfile::tempdir().unwrap();
    let (_, order) = talk(wire(&account, state.path(), &[]), |wire| {
        wire.initialize("2025-11-25", json!({}));
        // The first request of an account is sent alone, because its answer reports the quota.
        wire.call("get_current_user", json!({}));
        let slow = wire.send("tools/call", json!({"name": "list_pages", "arguments": {}}));
        let quick = wire.send("tools/call", json!({"name": "get_current_user", "arguments": {}}));
        (slow, quick, [wire.line()["id"].as_i64(), wire.line()["id"].as_i64()])
    })
    .await;
    let (slow, quick, answered) = order;
    assert_eq!(answered, [Some(quick), Some(slow)]);
}

#[tokio::test]
async fn a_call_that_waits_reports_its_progress_if_asked() {
    let account = Account::new().await;
    let state = tempfile::tempdir().unwrap();
    for modern in [false, true] {
        // A 429 holds the quota for a few seconds.
        account.faults("429:2@GET /users/me*1").await;
        let (_, lines) = talk(wire(&account, state.path(), &[]), move |wire| {
            let mut params = json!({"name": "get_current_user", "arguments": {}});
            if modern {
                params["_meta"] = meta(json!({}));
            } else {
                wire.initialize("2025-11-25", json!({}));
                params["_meta"] = json!({});
            }
            params["_meta"]["progressToken"] = json!("p1");
            let id = wire.send("tools/call", params);
            let mut lines = Vec::new();
            loop {
                let line = wire.line();
                let last = line["id"] == id;
                lines.push(line);
                if last {
                    return lines;
                }
            }
        })
        .await;
        let (answer, progress) = lines.split_last().unwrap();
        assert!(answer["result"]["structuredContent"]["id"].is_string(), "{answer}");
        assert!(!progress.is_empty(), "no progress was reported (modern: {modern})");
        let mut last = -1.0;
        for line in progress {
            assert_eq!(line["method"], "notifications/progress", "{line}");
            assert_eq!(line["params"]["progressToken"], "p1");
            let now = line["params"]["progress"].as_f64().unwrap();
            assert!(now > last, "progress must grow: {lines:?}");
            last = now;
            assert!(line["params"]["message"].as_str().is_some_and(|text| !text.is_empty()), "{line}");
        }
    }
}

#[tokio::test]
async fn a_cancelled_call_sends_nothing_more_and_is_not_answered() {
    let account = Account::new().await;
    account.faults("429:30@GET /users/me*1").await;
    let state = tempfile::tempdir().unwrap();
    let (wire, cancelled) = talk(wire(&account, state.path(), &[]), |wire| {
        wire.initialize("2025-11-25", json!({}));
        wire.send("tools/call", json!({"name": "get_current_user", "arguments": {}}))
    })
    .await;
    // The quota is held once the first attempt has arrived.
    while account.requests().await.is_empty() {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let (mut wire, pong) = talk(wire, move |wire| {
        wire.notify("notifications/cancelled", json!({"requestId": cancelled}));
        let pong = wire.send("ping", json!({}));
        wire.close_input();
        let mut lines = Vec::new();
        while let Some(line) = wire.line_within(Duration::from_secs(10)) {
            lines.push(line);
        }
        (pong, lines)
    })
    .await;
    let (ping, lines) = pong;
    assert_eq!(wire.exit_code(), Some(0), "the drain does not wait for what was cancelled");
    assert!(lines.iter().any(|line| line["id"] == ping), "{lines:?}");
    assert!(lines.iter().all(|line| line["id"] != cancelled), "a cancelled call was answered: {lines:?}");
    assert_eq!(account.requests().await.len(), 1, "and nothing more was sent for it");
}
