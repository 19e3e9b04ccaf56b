//! Figures for Prometheus, and what is not in them.

use super::{Web, add, web_command};
use crate::support::Account;
use serde_json::json;

#[tokio::test]
async fn metrics_count_calls_and_requests_and_name_nobody() {
    let account = Account::new().await;
    let state = tempfile::tempdir().unwrap();
    let token = add(web_command(&account, state.path()), "claude", &[]).await;
    let web = Web::start(web_command(&account, state.path()), &["--metrics-listen", "127.0.0.1:0"]).await;
    let session = web.initialize(&token).await;
    for id in ["nothing", "nothing"] {
        web.call(&token, &session, "get_contact", json!({"id": id})).await;
    }
    web.call(&token, &session, "get_current_user", json!({})).await;
    web.send(web.post("", "", "{}")).await;
    let log = web.log();
    let place = log.lines().find_map(|line| line.strip_prefix("Metrics on ")).unwrap();
    let shown = web.send(web.http.get(place)).await;
    assert!(shown.header("content-type").starts_with("application/openmetrics-text"), "{shown:?}");
    for line in [
        r#"highlevel_mcp_tool_calls_total{tool="get_contact",outcome="not_found"} 2"#,
        r#"highlevel_mcp_tool_calls_total{tool="get_current_user",outcome="ok"} 1"#,
        r#"highlevel_mcp_tool_call_seconds_count{tool="get_contact"} 2"#,
        r#"highlevel_mcp_http_requests_total{endpoint="mcp",status="401"} 1"#,
        "highlevel_mcp_sessions 1",
        "highlevel_mcp_http_requests_in_flight 0",
        "highlevel_mcp_quota_waits_total 0",
    ] {
        assert!(shown.text.lines().any(|shown| shown == line), "{line}: {}", shown.text);
    }
    assert!(shown.text.ends_with("# EOF\n") && shown.text.matches("# EOF").count() == 1);
    assert!(!shown.text.contains("claude") && !shown.text.contains("nothing"));
    let metrics = || web.http.get(web.at("/metrics"));
    assert_eq!(web.send(metrics()).await.status, 401, "on the clients' address it needs a token");
    let with_token = web.send(metrics().bearer_auth(&token)).await;
    assert_eq!(with_token.status, 200);
    assert!(with_token.text.contains("requests_total"), "{}", with_token.text);
}
