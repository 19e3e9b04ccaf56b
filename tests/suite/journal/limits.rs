//! Limits and refusals: rotation, a directory that cannot be written, no journal.

use super::{account, contact, create, entries, files, head, journal, sound};
use crate::support::{Era, Host, Person, command};
use serde_json::{Value, json};
use std::fs;

const SMALL: [&str; 2] = ["--journal-max", "65536"];

#[tokio::test]
async fn rotation_keeps_the_chain_and_the_bound() {
    let account = account().await;
    let host = Host::new(&account, &SMALL).await;
    let state = host.state.path();
    host.answer("create_contact", contact("first@example.com")).await;
    let (_, early) = head(&account, state).await;
    for number in 0..12 {
        host.answer("create_contact", contact(&format!("n{number}@example.com"))).await;
    }
    assert!(files(state).len() > 1, "more than one file");
    sound(&account, state).await;
    assert_eq!(entries(&account, state, &[]).await.len(), 13, "read across files");
    assert_eq!(journal(&account, state, &["verify", "--head", &early]).await.code, Some(0));
    for number in 12..120 {
        host.answer("create_contact", contact(&format!("n{number}@example.com"))).await;
    }
    let all = files(state);
    let total: usize = all.iter().map(|(_, text)| text.len()).sum();
    assert!(total <= 65536 && all.len() > 4, "{total} bytes in {} files", all.len());
    let said = sound(&account, state).await;
    assert!(said.contains("were removed by --journal-max"), "{said}");
    let (count, kept) = head(&account, state).await;
    assert!(count > 242, "numbers go on: {count}");
    assert_eq!(journal(&account, state, &["verify", "--head", &kept]).await.code, Some(0));
    let last = entries(&account, state, &[]).await.pop().unwrap();
    assert_eq!((&last["arguments"]["email"], &last["outcome"]), (&json!("n119@example.com"), &json!("done")));
    #[cfg(unix)]
    for (name, _) in &all {
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(fs::metadata(state.join(name)).unwrap().permissions().mode() & 0o777, 0o600, "{name}");
    }

    // A missing file is not a rotation, neither in the middle nor the oldest.
    for taken in [2, 0] {
        let kept = fs::read(state.join(&all[taken].0)).unwrap();
        fs::remove_file(state.join(&all[taken].0)).unwrap();
        let ran = journal(&account, state, &["verify"]).await;
        assert!(ran.code == Some(1) && ran.stdout.contains("are missing"), "{ran:?}");
        fs::write(state.join(&all[taken].0), kept).unwrap();
    }
    let altered = all[1].1.replacen("Example", "Exsample", 1);
    fs::write(state.join(&all[1].0), altered).unwrap();
    let ran = journal(&account, state, &["verify"]).await;
    assert!(ran.code == Some(1) && ran.stdout.contains("was altered"), "{ran:?}");
}

#[tokio::test]
async fn an_object_too_large_for_a_line_is_kept_as_its_hash() {
    let account = account().await;
    let host = Host::new(&account, &SMALL).await;
    let mut large = contact("large@example.com");
    large["customFields"] = json!({"text": "x".repeat(100_000)});
    host.answer("create_contact", large).await;
    let entry = entries(&account, host.state.path(), &[]).await.remove(0);
    assert!(entry["arguments"]["omittedBytes"].as_u64() > Some(100_000), "{entry}");
    assert!(entry["after"]["sha256"].is_string() && entry["object"].is_string(), "{entry}");
    sound(&account, host.state.path()).await;
}

#[tokio::test]
async fn a_write_that_cannot_be_recorded_is_not_sent_and_reads_work() {
    let account = account().await;
    let some = account.find("contacts", |_| true).await;
    let elsewhere = tempfile::tempdir().unwrap();
    let no_directory = elsewhere.path().join("file/state");
    fs::write(elsewhere.path().join("file"), "").unwrap();
    let blocked = elsewhere.path().join("blocked");
    fs::create_dir_all(blocked.join("journal.jsonl")).unwrap();
    let garbled = elsewhere.path().join("garbled");
    fs::create_dir(&garbled).unwrap();
    fs::write(garbled.join("journal.jsonl"), "not a journal\n").unwrap();
    for state in [&no_directory, &blocked, &garbled] {
        let start = |flags: &[&str]| {
            let mut command = command(&account, state);
            command.args(flags);
            Host::start(command, tempfile::tempdir().unwrap(), Era::Modern, Person::Absent)
        };
        account.forget_requests().await;
        let host = start(&[]).await;
        for (tool, arguments) in [
            ("create_contact", contact("refused@example.com")),
            ("update_contact", json!({"id": some["id"], "phone": "1"})),
        ] {
            let error = host.error(tool, arguments).await;
            let message = error["message"].as_str().unwrap();
            assert_eq!(error["code"], "internal", "{error}");
            assert!(message.contains(state.to_str().unwrap()) && message.contains("--journal off"), "{error}");
            assert!(message.contains("Nothing was sent"), "{error}");
        }
        host.answer("get_contact", json!({"id": some["id"]})).await;
        let sent: Vec<Value> = account.requests().await;
        assert!(sent.iter().all(|request| request["method"] == "GET"), "{sent:?}");
        let host = start(&["--journal", "off"]).await;
        host.answer("create_contact", contact("unrecorded@example.com")).await;
    }
}

#[tokio::test]
async fn without_a_journal_nothing_is_recorded_nor_read_for_it() {
    let account = account().await;
    let some = account.find("contacts", |_| true).await;
    let state = tempfile::tempdir().unwrap();
    let mut off = command(&account, state.path());
    off.env("GHL_JOURNAL", "off");
    let host = Host::start(off, tempfile::tempdir().unwrap(), Era::Modern, Person::Absent).await;
    host.answer("update_contact", json!({"id": some["id"], "phone": "1"})).await;
    assert_eq!(account.requests().await.len(), 1, "no read before");
    assert!(files(state.path()).is_empty() && !state.path().join("journal.lock").exists());
    assert!(entries(&account, state.path(), &[]).await.is_empty());
    assert_eq!(journal(&account, state.path(), &["verify"]).await.code, Some(0), "an empty journal is whole");
    create(&account, state.path(), &[], &["on@example.com"]).await;
    assert_eq!(entries(&account, state.path(), &[]).await.len(), 1);
}
