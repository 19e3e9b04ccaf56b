//! Processes that end during a scan, and processes that scan at the same time.

use super::*;
use crate::support::{command, run};
use std::process::Command;

on_both_apis!(a_killed_scan_is_continued, two_processes_read_a_table_once,);

fn sync(account: &Account, state: &std::path::Path) -> Command {
    let mut sync = command(account, state);
    sync.args(["sync", "contacts", "--rate-limit", "20", "--rate-window", "1"]);
    sync
}

const PAGES: usize = 61;

async fn a_killed_scan_is_continued(api: Api) {
    let account = slow_account(api, 6_000, 20).await;
    let state = tempfile::tempdir().unwrap();
    let mut first = sync(&account, state.path());
    let mut child = first.stdout(std::process::Stdio::null()).stderr(std::process::Stdio::null()).spawn().unwrap();
    while account.stats().await["requests"].as_u64().unwrap() < 35 {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    child.kill().unwrap(); // SIGKILL
    child.wait().unwrap();
    let ran = run(sync(&account, state.path())).await;
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    let read = requests_to(&account, "/contact").await;
    assert!(read < PAGES + 25, "{read} pages were read: it began anew");
    let mut query = command(&account, state.path());
    query.args(["query", "select count(*), count(distinct id) from contacts", "--format", "csv"]);
    let ran = run(query).await;
    assert_eq!(ran.stdout.lines().nth(1), Some("6000,6000"), "{}{}", ran.stdout, ran.stderr);
}

async fn two_processes_read_a_table_once(api: Api) {
    let account = slow_account(api, 6_000, 20).await;
    let state = tempfile::tempdir().unwrap();
    let (one, other) = tokio::join!(run(sync(&account, state.path())), run(sync(&account, state.path())));
    assert_eq!((one.code, other.code), (Some(0), Some(0)), "{} {}", one.stderr, other.stderr);
    let read = requests_to(&account, "/contact").await;
    assert!(read <= PAGES + 2, "{read} pages");
    assert_eq!(account.stats().await["throttled"], 0);
}
