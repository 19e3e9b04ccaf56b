//! A large account: the sync uses the whole quota, no more, and little memory.

use super::*;
use crate::support::command;
use std::process::{Child, Stdio};

/// The highest resident memory of a full sync.
const MOST_KIB: u64 = 64 * 1024;

fn memory(child: &Child) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{}/status", child.id())).ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    line.split_whitespace().nth(1)?.parse().ok()
}

/// `cargo test --test suite mirror::soak -- --ignored --nocapture`
#[cfg(target_os = "linux")]
#[tokio::test(flavor = "multi_thread")]
#[ignore = "four minutes of the sandbox's usual quota"]
async fn a_full_sync_of_100_000_contacts_uses_the_quota_and_little_memory() {
    let config =
        SandboxConfig { contacts: 100_000, counting: highlevel_sandbox::Counting::Sliding, ..SandboxConfig::default() };
    let account = Account::with(config).await;
    let state = tempfile::tempdir().unwrap();
    let mut sync = command(&account, state.path());
    sync.arg("sync");
    let mut child = sync.stdout(Stdio::piped()).stderr(Stdio::inherit()).spawn().unwrap();
    let mut most = 0;
    let ended = loop {
        most = most.max(memory(&child).unwrap_or(0));
        match child.try_wait().unwrap() {
            Some(ended) => break ended,
            None => tokio::time::sleep(Duration::from_millis(20)).await,
        }
    };
    assert!(ended.success());
    let stats = account.stats().await;
    let requests = account.requests().await;
    // At best, a request comes one window after the request a whole limit before it.
    let times: Vec<f64> = requests.iter().map(|request| request["at"].as_f64().unwrap()).collect();
    let limit = usize::try_from(SandboxConfig::default().rate_limit).unwrap();
    let gaps: Vec<f64> = times.iter().zip(&times[limit..]).map(|(one, later)| later - one).collect();
    let used = stats["windowMs"].as_f64().unwrap() / (gaps.iter().sum::<f64>() / gaps.len() as f64);
    let figures = format!(
        "{} requests, {:.2} % of the quota used, {} answers 429, at most {} MiB, {} contacts, {} deals\n",
        requests.len(),
        used * 100.0,
        stats["throttled"],
        most / 1024,
        account.objects("contacts").await.len(),
        account.objects("opportunities").await.len(),
    );
    std::io::Write::write_all(&mut std::io::stderr(), figures.as_bytes()).unwrap();
    assert_eq!(stats["throttled"], 0);
    assert!(used >= 0.98, "{used}");
    assert!(most > 1024 && most < MOST_KIB, "{most} KiB");
}
