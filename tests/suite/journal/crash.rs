//! Kills and torn lines.

use super::{account, contact, create, entries, files, journal, sound};
use crate::support::{Wire, command};
use serde_json::json;
use std::{fs, future::Future, io::Write, time::Duration};

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

#[tokio::test]
async fn a_torn_last_line_is_removed_and_the_chain_is_intact() {
    let account = account().await;
    let state = tempfile::tempdir().unwrap();
    let path = state.path().join("journal.jsonl");
    create(&account, state.path(), &[], &["a@example.com"]).await;
    let whole = fs::read_to_string(&path).unwrap();
    let last = whole.lines().last().unwrap().to_owned();
    let append = |text: &str| fs::OpenOptions::new().append(true).open(&path).unwrap().write_all(text.as_bytes());
    append(&last[..last.len() / 2]).unwrap();
    let said = sound(&account, state.path()).await;
    assert!(said.contains("an incomplete line"), "{said}");
    // The next start repairs the journal, before any write.
    let mut wire = Wire::start(command(&account, state.path()));
    wire.initialize("2025-11-25", json!({}));
    // The torn line is removed first, which is then reported.
    let healed = |text: String| text.contains(r#""event":"healed""#) && text.ends_with('\n');
    until(|| async { healed(fs::read_to_string(&path).unwrap()) }).await;
    let text = fs::read_to_string(&path).unwrap();
    assert!(text.starts_with(&whole) && text.lines().count() == 3 && text.contains(r#""event":"healed""#), "{text}");
    create(&account, state.path(), &[], &["b@example.com"]).await;
    assert!(sound(&account, state.path()).await.contains("5 lines"));
    assert_eq!(entries(&account, state.path(), &[]).await.len(), 2);
}

#[tokio::test]
async fn a_last_line_that_lacks_only_its_end_is_kept() {
    let account = account().await;
    let state = tempfile::tempdir().unwrap();
    let path = state.path().join("journal.jsonl");
    create(&account, state.path(), &[], &["a@example.com"]).await;
    let whole = fs::read_to_string(&path).unwrap();
    fs::write(&path, whole.trim_end()).unwrap();
    create(&account, state.path(), &[], &["b@example.com"]).await;
    assert!(sound(&account, state.path()).await.contains("4 lines"));
    assert!(files(state.path())[0].1.starts_with(&whole), "the line is as it was");
    // The same if it is the only line, and if a torn line is the only one.
    fs::write(&path, whole.lines().next().unwrap()).unwrap();
    create(&account, state.path(), &[], &["c@example.com"]).await;
    assert!(sound(&account, state.path()).await.contains("3 lines"));
    fs::write(&path, &whole[..40]).unwrap();
    create(&account, state.path(), &[], &["d@example.com"]).await;
    assert!(sound(&account, state.path()).await.contains("3 lines"));
}
