//! A kill in the middle of a write. The kills at random moments are in `kills`.

use super::{account, contact, create, entries, journal, sound};
use crate::support::{Wire, command};
use serde_json::json;
use std::{future::Future, time::Duration};

/// Waits until the condition holds. A test that waits in vain fails by the harness's timeout.
pub(super) async fn until<F: Future<Output = bool>>(holds: impl Fn() -> F) {
    for _ in 0..1500 {
        if holds().await {
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("waited in vain");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_kill_leaves_an_unfinished_attempt() {
    for fault in ["latency:3600000@POST /contact", "latency-after:3600000@POST /contact"] {
        let account = account().await;
        let state = tempfile::tempdir().unwrap();
        let mut wire = Wire::start(command(&account, state.path()));
        wire.initialize("2025-11-25", json!({}));
        for number in 0..3 {
            let made = wire.call("create_contact", contact(&format!("done{number}@example.com")));
            assert!(made.get("isError").is_none_or(|error| error == false), "{made}");
        }
        account.faults(fault).await;
        wire.send("tools/call", json!({"name": "create_contact", "arguments": contact("killed@example.com")}));
        let posts = || async { account.stats().await["byOperation"]["POST /contact"] == 4 };
        until(posts).await;
        // SIGKILL on Unix: the process finishes and flushes nothing.
        wire.child.kill().unwrap();
        wire.child.wait().unwrap();
        account.faults("").await;

        sound(&account, state.path()).await;
        let table = journal(&account, state.path(), &["--failed"]).await;
        assert!(table.stdout.contains("unfinished: check") && table.stdout.lines().count() == 2, "{table:?}");
        let all = entries(&account, state.path(), &[]).await;
        let done = all.iter().filter(|entry| entry["outcome"] == "done").count();
        let unfinished: Vec<_> = all.iter().filter(|entry| entry["outcome"] == "unfinished").collect();
        assert_eq!((done, unfinished.len()), (3, 1), "{all:?}");
        // The account shows whether it took effect, and every effect is in the journal.
        let truth = account.objects("contacts").await;
        let landed = truth.iter().filter(|one| one["email"] == unfinished[0]["arguments"]["email"]).count();
        let creates = account.stats().await["effects"]["creates"].as_u64().unwrap();
        assert_eq!(creates, (done + landed) as u64, "{fault}");
        for entry in all.iter().filter(|entry| entry["outcome"] == "done") {
            assert!(truth.iter().any(|one| one["id"] == entry["object"]), "{entry}");
        }
        create(&account, state.path(), &[], &["next@example.com"]).await;
        sound(&account, state.path()).await;
        assert_eq!(entries(&account, state.path(), &[]).await.len(), 5);
    }
}
