//! The credential and the quota of the official API.

use super::official;
use crate::support::{Account, Era, Host, Person, command, run};
use highlevel_sandbox::SandboxConfig;
use serde_json::json;
use std::time::Duration;

#[tokio::test]
async fn every_request_has_the_token_and_its_own_version() {
    let (account, host) = official().await;
    host.answer("list_contacts", json!({"limit": 1})).await;
    host.answer("list_funnels", json!({"limit": 1})).await;
    host.answer("list_pages", json!({"limit": 1})).await;
    host.answer("list_campaigns", json!({"limit": 1})).await;
    for request in account.requests().await {
        assert!(request["headers"].get("token-id").is_none(), "{request}");
        let path = request["path"].as_str().unwrap();
        // The files declare no version for funnels and their pages, but the live API refuses requests without one.
        let version = if path.starts_with("/emails") { "v3" } else { "2021-07-28" };
        assert_eq!(request["headers"]["version"], version, "{request}");
    }
}

#[tokio::test]
async fn an_invalid_token_is_unauthorized_and_never_refreshed() {
    let account = Account::with(SandboxConfig::official()).await;
    let state = tempfile::tempdir().unwrap();
    let mut server = command(&account, state.path());
    server.env("GHL_TOKEN_ID", "pit-00000000-0000-0000-0000-000000000000");
    let host = Host::start(server, state, Era::Modern, Person::Absent).await;
    let error = host.error("list_contacts", json!({})).await;
    assert_eq!(error["code"], "unauthorized");
    assert!(error["message"].as_str().unwrap().contains("scope"), "{error}");
    assert_eq!(account.requests().await.len(), 1, "one request and no renewal");
}

#[tokio::test]
async fn a_used_up_daily_quota_is_reported_with_its_end_and_stops_all_processes() {
    let config = SandboxConfig { daily_limit: 12, day: Duration::from_secs(7200), ..SandboxConfig::official() };
    let account = Account::with(config).await;
    let host = Host::new(&account, &[]).await;
    let mut calls = 0;
    while account.requests().await.len() < 12 {
        host.answer("get_default_location", json!({})).await;
        calls += 1;
    }
    assert!(calls > 5, "{calls}");
    let error = host.error("list_contacts", json!({})).await;
    assert_eq!(error["code"], "rate_limited", "{error}");
    assert!(error["message"].as_str().unwrap().contains("day") && error["retryAt"].is_string(), "{error}");
    let sent = account.requests().await.len();
    host.error("list_contacts", json!({})).await;
    let mut call = command(&account, host.state.path());
    call.args(["call", "list_pipelines"]);
    let other = run(call).await;
    assert_eq!(other.json()["error"]["code"], "rate_limited", "{other:?}");
    assert_eq!(account.requests().await.len(), sent, "nothing was sent");
}

#[tokio::test]
async fn without_a_location_the_start_stops_and_says_what_is_missing() {
    let account = Account::with(SandboxConfig::official()).await;
    let state = tempfile::tempdir().unwrap();
    let mut call = command(&account, state.path());
    call.env_remove("GHL_LOCATION_ID").args(["call", "list_contacts"]);
    let ran = run(call).await;
    assert_ne!(ran.code, Some(0));
    assert!(ran.stderr.contains("--location-id") || ran.stdout.contains("--location-id"), "{ran:?}");
}

#[tokio::test]
async fn doctor_and_the_table_show_the_api() {
    let account = Account::with(SandboxConfig::official()).await;
    let state = tempfile::tempdir().unwrap();
    let mut doctor = command(&account, state.path());
    doctor.arg("doctor");
    let doctor = run(doctor).await;
    assert_eq!(doctor.code, Some(0), "{doctor:?}");
    assert!(doctor.stdout.contains("the official API") && doctor.stdout.contains("pinned to it"), "{doctor:?}");
    let mut tools = command(&account, state.path());
    tools.args(["tools", "--apis"]);
    let tools = run(tools).await;
    assert!(tools.stdout.contains("POST /contacts/search"), "{tools:?}");
}

/// The official headers have limit and window in the first answer, so no request is refused, whatever the account's plan
/// is.
#[tokio::test]
async fn a_cold_burst_meets_no_429() {
    let config = SandboxConfig { rate_limit: 25, rate_window: Duration::from_secs(2), ..SandboxConfig::official() };
    let account = Account::with(config).await;
    let host = Host::new(&account, &[]).await;
    let calls = (0..60).map(|_| host.call("list_pipelines", json!({})));
    let results = futures::future::join_all(calls).await;
    assert!(results.iter().all(|result| result.is_error != Some(true)), "{results:?}");
    assert_eq!(account.stats().await["throttled"], 0);
}
