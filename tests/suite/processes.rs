//! Several server processes with one account and one state directory, judged by the sandbox's counts.

use crate::support::{Account, Era, Host, Manners, Person, Wire, command, in_both_manners};
use futures::{StreamExt, stream};
use highlevel_sandbox::{Counting, SandboxConfig};
use serde_json::{Value, json};
use std::{collections::HashSet, path::Path, time::Duration};

in_both_manners!(
    eight_processes_share_one_quota_and_one_token,
    fixed_windows_are_kept,
    with_rotation_no_process_loses_the_session,
    a_killed_process_keeps_neither_quota_nor_token,
);

fn config(manners: Manners, limit: u32, window: u64, counting: Counting, ttl: u64) -> SandboxConfig {
    SandboxConfig {
        manners,
        rate_limit: limit,
        rate_window: Duration::from_secs(window),
        counting,
        token_ttl: Duration::from_secs(ttl),
        ..SandboxConfig::default()
    }
}

fn server(account: &Account, state: &Path, flags: &[&str]) -> std::process::Command {
    let mut command = command(account, state);
    command.args(flags);
    command
}

async fn host(account: &Account, state: &Path, flags: &[&str]) -> Host {
    let own = tempfile::tempdir().unwrap();
    Host::start(server(account, state, flags), own, Era::Modern, Person::Absent).await
}

/// Makes `calls` calls, and returns the failures.
async fn work(host: &Host, calls: usize, at_once: usize) -> Vec<Value> {
    stream::iter(0..calls)
        .map(|_| host.call("get_current_user", json!({})))
        .buffer_unordered(at_once)
        .filter(|result| std::future::ready(result.is_error == Some(true)))
        .map(|result| serde_json::to_value(&result.content).unwrap())
        .collect()
        .await
}

/// Checks that no window exceeds the limit by either count, and that no request was refused for it.
fn within_the_quota(stats: &Value) {
    let limit = stats["limit"].as_u64().unwrap();
    for count in ["maxInWindow", "maxInAnySlidingWindow"] {
        assert!(stats[count].as_u64().unwrap() <= limit, "{count} {} of {limit}", stats[count]);
    }
    assert_eq!((&stats["throttled"], &stats["byStatus"]["429"]), (&json!(0), &Value::Null), "{stats}");
}

/// The number of refreshes. Checks that every token was refreshed at most once.
async fn renewals(account: &Account) -> usize {
    let requests = account.requests().await;
    let update = requests.iter().filter(|request| request["path"] == "/token/update");
    let renewed: Vec<_> = update.map(|request| request["headers"]["token-id"].to_string()).collect();
    let distinct: HashSet<_> = renewed.iter().collect();
    assert_eq!(distinct.len(), renewed.len(), "a token was renewed twice");
    assert!(!renewed.contains(&"null".to_owned()), "the sandbox records the header");
    renewed.len()
}

/// The share of the quota that was used while there were calls to make. At best, a request comes one window after the
/// request a whole limit before it; full but late windows lower this, but not the count of fixed windows.
async fn utilisation(account: &Account, stats: &Value) -> f64 {
    let requests = account.requests().await;
    let times: Vec<_> = requests.iter().map(|request| request["at"].as_f64().unwrap()).collect();
    let limit = usize::try_from(stats["limit"].as_u64().unwrap()).unwrap();
    // At the end there are too few calls.
    let busy = &times[..times.len() - limit];
    let gaps: Vec<_> = busy.iter().zip(&busy[limit..]).map(|(one, later)| later - one).collect();
    let mean = gaps.iter().sum::<f64>() / gaps.len() as f64;
    stats["windowMs"].as_f64().unwrap() / mean
}

async fn crowd(config: SandboxConfig, processes: usize, calls: usize, flags: &[&str]) -> (Account, Value) {
    let account = Account::with(config).await;
    let state = tempfile::tempdir().unwrap();
    let hosts = futures::future::join_all((0..processes).map(|_| host(&account, state.path(), flags))).await;
    let failed = futures::future::join_all(hosts.iter().map(|host| work(host, calls, 16))).await;
    let failed: Vec<_> = failed.into_iter().flatten().collect();
    if !failed.is_empty() {
        let requests = account.requests().await;
        let renewals = requests.iter().filter(|request| request["path"] == "/token/update");
        let renewals: Vec<_> = renewals.map(|request| (&request["at"], &request["status"])).collect();
        panic!("{} calls failed: {:?}; renewals: {renewals:?}", failed.len(), failed.first());
    }
    let stats = account.stats().await;
    within_the_quota(&stats);
    (account, stats)
}

async fn eight_processes_share_one_quota_and_one_token(manners: Manners) {
    let flags = ["--rate-limit", "200", "--rate-window", "2"];
    let (account, stats) = crowd(config(manners, 200, 2, Counting::Sliding, 3), 8, 150, &flags).await;
    // 1200 calls at 200 in two seconds outlive several tokens.
    let renewals = renewals(&account).await;
    assert!(renewals >= 2, "{renewals}");
    // An idle process may have refreshed once more since.
    let refreshes = stats["refreshes"].as_u64().unwrap();
    assert!(refreshes <= u64::try_from(renewals).unwrap(), "{refreshes} of {renewals}");
    assert_eq!(stats["byStatus"]["200"], json!(1200 + refreshes));
}

async fn fixed_windows_are_kept(manners: Manners) {
    let flags = ["--rate-limit", "100", "--rate-window", "2"];
    let (account, _) = crowd(config(manners, 100, 2, Counting::Fixed, 3), 4, 75, &flags).await;
    renewals(&account).await;
}

/// If a refresh invalidates the old token, a second refresh would lose the session.
async fn with_rotation_no_process_loses_the_session(manners: Manners) {
    let config = SandboxConfig { rotate: true, ..config(manners, 100, 2, Counting::Sliding, 2) };
    let (account, _) = crowd(config, 4, 100, &["--rate-limit", "100", "--rate-window", "2"]).await;
    assert!(renewals(&account).await >= 1);
}

async fn a_killed_process_keeps_neither_quota_nor_token(manners: Manners) {
    let account = Account::with(config(manners, 60, 2, Counting::Sliding, 1200)).await;
    let state = tempfile::tempdir().unwrap();
    let flags = ["--rate-limit", "60", "--rate-window", "2", "--timeout", "60"];
    let hosts = [host(&account, state.path(), &flags).await, host(&account, state.path(), &flags).await];
    let mut short = flags;
    short[5] = "6"; // Its longest attempt is three seconds.
    let mut victim = Wire::start(server(&account, state.path(), &short));
    victim.initialize("2025-11-25", json!({}));
    for _ in 0..100 {
        victim.send("tools/call", json!({"name": "get_current_user", "arguments": {}}));
    }
    let killing = async {
        while account.stats().await["requests"].as_u64().unwrap() < 90 {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        victim.child.kill().unwrap(); // SIGKILL
    };
    let (one, other, ()) = tokio::join!(work(&hosts[0], 150, 8), work(&hosts[1], 150, 8), killing);
    assert!(one.is_empty() && other.is_empty(), "{one:?} {other:?}");
    within_the_quota(&account.stats().await);
}

/// `cargo test --release --test suite processes -- --ignored --nocapture`
#[tokio::test]
#[ignore = "minutes, and its utilisation needs a machine that is not busy"]
async fn soak_eight_processes_a_thousand_calls_each() {
    let flags = ["--rate-limit", "500", "--rate-window", "5"];
    for counting in [Counting::Fixed, Counting::Sliding] {
        let (account, stats) = crowd(config(Manners::plain(), 500, 5, counting, 7), 8, 1000, &flags).await;
        let (used, renewals) = (utilisation(&account, &stats).await, renewals(&account).await);
        let figures = format!(
            "{counting:?}: {:.2} % used, at most {} in a window and {} in any sliding one of {}, {renewals} renewals, {} answers 401, {} answers 429",
            used * 100.0,
            stats["maxInWindow"],
            stats["maxInAnySlidingWindow"],
            stats["limit"],
            stats["byStatus"]["401"].as_u64().unwrap_or(0),
            stats["throttled"],
        );
        std::io::Write::write_all(&mut std::io::stderr(), format!("{figures}\n").as_bytes()).unwrap();
        assert!(used >= 0.98, "{used}");
    }
}
