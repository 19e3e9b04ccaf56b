//! The quota: it is never exceeded, it is learned from the answers, and calls that do not fit fail early.

use super::{at_once, contact, failures};
use crate::support::{Account, Era, Host, Person, command, error_of};
use futures::future::join_all;
use highlevel_sandbox::{Counting, SandboxConfig};
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

/// The counts of an account of 50 requests a second, of one call that learns the quota and 150 concurrent calls after it.
async fn learned(counting: Counting) -> Value {
    let account = Account::with(config(50, 1, counting)).await;
    let host = Host::new(&account, &[]).await;
    // Until the first answer nothing is known, so the first request goes alone.
    host.answer("get_current_user", json!({})).await;
    let results = at_once(&host, "get_current_user", &json!({}), 150).await;
    assert_eq!(failures(&results), Vec::<String>::new());
    let stats = account.stats().await;
    assert_eq!(stats["throttled"], 0, "{stats}");
    stats
}

#[tokio::test]
async fn limit_and_window_are_learned_from_the_answers() {
    let stats = learned(Counting::Fixed).await;
    assert!(stats["maxInWindow"].as_u64().unwrap() <= 50, "{stats}");
}

#[tokio::test]
async fn a_429_holds_back_every_call_and_all_are_answered() {
    for fault in ["429:2@GET /users/me*1", "429-date:2@GET /users/me*1", "429@GET /users/me*1"] {
        // Without Retry-After the end of the window counts, so the window is short.
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
async fn a_call_that_does_not_fit_before_its_deadline_fails_at_once_and_says_when() {
    let account = Account::with(config(3, 600, Counting::Fixed)).await;
    let flags = ["--rate-limit", "3", "--rate-window", "600", "--timeout", "20"];
    let host = Host::with(&account, &flags, Era::Handshake, Person::Absent).await;
    for _ in 0..3 {
        host.answer("get_current_user", json!({})).await;
    }
    for result in at_once(&host, "get_current_user", &json!({}), 5).await {
        let error = error_of(&result);
        assert_eq!(error["code"], "rate_limited", "{error}");
        let at: Value = error["retryAt"].clone();
        let at = chrono::DateTime::parse_from_rfc3339(at.as_str().unwrap()).unwrap();
        assert!(at > chrono::Utc::now() + chrono::TimeDelta::seconds(300), "{error}");
    }
    assert_eq!(account.stats().await["requests"], 3, "nothing was sent for them");
}

#[tokio::test]
async fn requests_of_other_programs_count_against_the_quota() {
    let account = Account::with(config(20, 4, Counting::Sliding)).await;
    let host = Host::new(&account, &["--rate-limit", "20", "--rate-window", "4"]).await;
    // Another program uses half of the quota.
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

#[tokio::test]
async fn without_settings_the_learned_pace_also_holds_in_every_sliding_window() {
    let stats = learned(Counting::Sliding).await;
    assert!(stats["maxInAnySlidingWindow"].as_u64().unwrap() <= 50, "{stats}");
    assert_eq!(stats["byOperation"]["GET /users/me"], 151);
}

/// The limit is unknown when all calls start at once: the first request goes alone, and its answer has the limit.
#[tokio::test]
async fn a_cold_burst_meets_no_429() {
    for (limit, counting, processes) in [(20, Counting::Fixed, 1), (50, Counting::Sliding, 3)] {
        let account = Account::with(config(limit, 2, counting)).await;
        account.faults("latency:150@read").await;
        let state = tempfile::tempdir().unwrap();
        let hosts = join_all((0..processes).map(|_| {
            let server = command(&account, state.path());
            Host::start(server, tempfile::tempdir().unwrap(), Era::Modern, Person::Absent)
        }));
        let hosts = hosts.await;
        let nothing = json!({});
        let calls = hosts.iter().map(|host| at_once(host, "get_current_user", &nothing, 60));
        let results: Vec<_> = join_all(calls).await.into_iter().flatten().collect();
        assert_eq!(failures(&results), Vec::<String>::new());
        let stats = account.stats().await;
        assert_eq!(stats["throttled"], 0, "{stats}");
        assert!(stats["maxInWindow"].as_u64().unwrap() <= u64::from(limit), "{stats}");
    }
}

#[tokio::test]
async fn a_429_keeps_the_calls_that_did_not_meet_it_from_the_network() {
    let account = Account::new().await;
    account.faults("429:300@GET /users/me*1").await;
    let host = Host::with(&account, &["--timeout", "20"], Era::Handshake, Person::Absent).await;
    let mut errors = vec![host.error("get_current_user", json!({})).await];
    for tool in ["list_contacts", "list_pages", "list_webhooks", "get_current_user"] {
        errors.push(host.error(tool, json!({})).await);
    }
    errors.push(host.error("create_contact", contact("held@example.com")).await);
    for error in errors {
        assert_eq!(error["code"], "rate_limited", "{error}");
        assert!(error["retryAt"].is_string(), "{error}");
    }
    assert_eq!(account.stats().await["requests"], 1, "the hold is the account's, not the call's");
}
