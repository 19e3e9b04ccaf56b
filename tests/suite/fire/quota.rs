//! The quota: never over it, learned from the answers, and honest about what cannot be served.

use super::{at_once, failures};
use crate::support::{Account, Era, Host, Person};
use highlevel_mcp::sandbox::{Counting, SandboxConfig};
use serde_json::{Value, json};
use std::time::Duration;

fn config(limit: u32, window: u64, counting: Counting) -> SandboxConfig {
    SandboxConfig { rate_limit: limit, rate_window: Duration::from_secs(window), counting, ..SandboxConfig::default() }
}

#[tokio::test]
async fn a_paced_run_stays_within_every_window_and_meets_no_429() {
    for counting in [Counting::Fixed, Counting::Sliding] {
        let account = Account::with(config(50, 1, counting)).await;
        let host = Host::new(&account, &["--rate-limit", "50", "--rate-window", "1"]).await;
        let results = at_once(&host, "get_current_user", &json!({}), 220).await;
        assert_eq!(failures(&results), Vec::<String>::new());
        let stats = account.stats().await;
        assert_eq!(stats["throttled"], 0, "{counting:?}: {stats}");
        assert!(stats["maxInWindow"].as_u64().unwrap() <= 50, "{counting:?}: {stats}");
        assert!(stats["maxInAnySlidingWindow"].as_u64().unwrap() <= 50, "{counting:?}: {stats}");
        assert_eq!(stats["byOperation"]["GET /users/me"], 220);
    }
}

#[tokio::test]
async fn limit_and_window_are_learned_from_the_answers() {
    let account = Account::with(config(50, 1, Counting::Fixed)).await;
    let host = Host::new(&account, &[]).await;
    // The first answer tells; until then nothing is known, so it goes alone.
    host.answer("get_current_user", json!({})).await;
    let results = at_once(&host, "get_current_user", &json!({}), 150).await;
    assert_eq!(failures(&results), Vec::<String>::new());
    let stats = account.stats().await;
    assert_eq!(stats["throttled"], 0, "{stats}");
    assert!(stats["maxInWindow"].as_u64().unwrap() <= 50, "{stats}");
}

#[tokio::test]
async fn a_429_holds_back_every_call_and_all_are_answered() {
    for fault in ["429:2@GET /users/me*1", "429-date:2@GET /users/me*1", "429@GET /users/me*1"] {
        // Without Retry-After the window's end tells, so the window is short.
        let account = Account::with(config(300, 2, Counting::Fixed)).await;
        account.faults(fault).await;
        let host = Host::new(&account, &[]).await;
        let results = at_once(&host, "get_current_user", &json!({}), 20).await;
        assert_eq!(failures(&results), Vec::<String>::new(), "{fault}");
        let stats = account.stats().await;
        assert_eq!(stats["byOperation"]["GET /users/me"], 21, "{fault}: only the refused one was repeated: {stats}");
    }
}

#[tokio::test]
async fn what_cannot_be_served_in_time_fails_at_once_and_says_when() {
    let account = Account::with(config(3, 600, Counting::Fixed)).await;
    let flags = ["--rate-limit", "3", "--rate-window", "600", "--timeout", "20"];
    let host = Host::with(&account, &flags, Era::Handshake, Person::Absent).await;
    for _ in 0..3 {
        host.answer("get_current_user", json!({})).await;
    }
    for result in at_once(&host, "get_current_user", &json!({}), 5).await {
        let error = crate::support::error_of(&result);
        assert_eq!(error["code"], "rate_limited", "{error}");
        let at: Value = error["retryAt"].clone();
        let at = chrono::DateTime::parse_from_rfc3339(at.as_str().unwrap()).unwrap();
        assert!(at > chrono::Utc::now() + chrono::TimeDelta::seconds(300), "{error}");
    }
    assert_eq!(account.stats().await["requests"], 3, "nothing was sent for them");
}

#[tokio::test]
async fn what_others_use_of_the_account_is_left_to_them() {
    let account = Account::with(config(20, 4, Counting::Sliding)).await;
    let host = Host::new(&account, &["--rate-limit", "20", "--rate-window", "4"]).await;
    // Somebody else spends half of the quota.
    let other = reqwest::Client::new();
    for _ in 0..10 {
        let get = other.get(format!("{}/users/me", account.url()));
        get.header("token-id", account.token())
            .header("version", "1.0")
            .send()
            .await
            .unwrap()
            .error_for_status()
            .unwrap();
    }
    host.answer("get_current_user", json!({})).await;
    let results = at_once(&host, "get_current_user", &json!({}), 25).await;
    assert_eq!(failures(&results), Vec::<String>::new());
    let stats = account.stats().await;
    assert_eq!(stats["throttled"], 0, "{stats}");
}
