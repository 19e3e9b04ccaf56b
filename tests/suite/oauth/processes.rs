//! Eight processes with one login and tokens that expire after seconds.

use super::*;
use crate::support::Wire;
use serde_json::json;

async fn crowd(agency: bool) {
    let account = account(4).await;
    let state = tempfile::tempdir().unwrap();
    log_in(&account, state.path(), if agency { &["--agency"] } else { &[] }).await;
    let location = account.location().unwrap();
    let until = std::time::Instant::now() + Duration::from_secs(10);
    let work = (0..8).map(|_| {
        let command = command(&account, state.path(), &["--location-id", &location]);
        tokio::task::spawn_blocking(move || {
            let mut wire = Wire::start(command);
            wire.initialize("2025-11-25", json!({}));
            let mut calls = 0;
            while std::time::Instant::now() < until {
                let answer = wire.call("list_contacts", json!({"limit": 1}));
                assert_ne!(answer["isError"], true, "{answer}");
                calls += 1;
                std::thread::sleep(Duration::from_millis(100));
            }
            (calls, Ran { code: None, stdout: String::new(), stderr: wire.log() })
        })
    });
    let done = futures::future::join_all(work).await.into_iter().map(Result::unwrap);
    let (calls, logs): (Vec<u32>, Vec<Ran>) = done.unzip();
    let calls: u32 = calls.into_iter().sum();
    assert!(logs.iter().all(|log| log.stderr.contains("sending")), "they log at trace level");
    nothing_shows(&secrets(&account).await, state.path(), &logs.iter().collect::<Vec<_>>());
    let used = used(&account).await;
    let distinct: HashSet<_> = used.iter().collect();
    assert_eq!(distinct.len(), used.len(), "a refresh token was used twice in {calls} calls");
    // A token of four seconds is due after about two and a half: ten seconds have four refreshes, not eight times as many.
    assert!((2..=6).contains(&used.len()), "{} refreshes", used.len());
    assert_eq!(live(&account).await, 1);
    // The exchange of the code counts as well.
    assert_eq!(refreshes(&account).await, used.len() as u64 + 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn eight_processes_refresh_once_for_all() {
    crowd(false).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn eight_processes_share_an_agencys_login() {
    crowd(true).await;
}
