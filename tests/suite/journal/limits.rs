//! Refusals: a directory that cannot be written, a full disk, no journal.

use super::{account, contact, create, entries, events, journal, sound};
use crate::support::{BINARY, Era, Host, Person, command};
use serde_json::{Value, json};
use std::{fs, process::Command};

#[tokio::test]
async fn a_write_that_cannot_be_recorded_is_not_sent_and_reads_work() {
    let account = account().await;
    let some = account.find("contacts", |_| true).await;
    let elsewhere = tempfile::tempdir().unwrap();
    let no_directory = elsewhere.path().join("file/state");
    fs::write(elsewhere.path().join("file"), "").unwrap();
    let blocked = elsewhere.path().join("blocked");
    fs::create_dir_all(blocked.join("journal.db")).unwrap();
    let garbled = elsewhere.path().join("garbled");
    fs::create_dir(&garbled).unwrap();
    fs::write(garbled.join("journal.db"), "not a journal\n".repeat(100)).unwrap();
    let newer = elsewhere.path().join("newer");
    fs::create_dir(&newer).unwrap();
    super::database(&newer).pragma_update(None, "user_version", 99).unwrap();
    for state in [&no_directory, &blocked, &garbled, &newer] {
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

/// A limit on the size of files stands for a full disk: the journal's log can grow so far and no further.
#[cfg(unix)]
#[tokio::test]
async fn a_full_disk_refuses_writes_and_loses_none() {
    let account = account().await;
    let state = tempfile::tempdir().unwrap();
    let plain = command(&account, state.path());
    let mut limited = Command::new("sh");
    limited.args(["-c", r#"trap '' XFSZ; ulimit -f 512; exec "$0""#, BINARY]);
    limited.env_clear().envs(plain.get_envs().filter_map(|(name, value)| Some((name, value?))));
    let host = Host::start(limited, tempfile::tempdir().unwrap(), Era::Modern, Person::Absent).await;
    let mut refused = None;
    for number in 0..200 {
        let said = host.call("create_contact", contact(&format!("n{number}@example.com"))).await;
        if said.is_error == Some(true) {
            refused = Some(crate::support::error_of(&said));
            break;
        }
    }
    let error = refused.expect("the log has reached its limit");
    assert!(error["code"] == "internal" && error["message"].as_str().unwrap().contains("Nothing was sent"), "{error}");
    let creates = account.stats().await["effects"]["creates"].as_u64().unwrap();
    drop(host);
    sound(&account, state.path()).await;
    let all = entries(&account, state.path(), &[]).await;
    assert_eq!(all.len() as u64, creates, "every effect has its entry, and the refused write has none");
    create(&account, state.path(), &[], &["after@example.com"]).await;
    sound(&account, state.path()).await;
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
    assert!(entries(&account, state.path(), &[]).await.is_empty());
    assert_eq!(journal(&account, state.path(), &["verify"]).await.code, Some(0), "an empty journal is whole");
    assert!(!state.path().join("journal.db").exists(), "reading creates nothing");
    create(&account, state.path(), &[], &["on@example.com"]).await;
    assert_eq!((entries(&account, state.path(), &[]).await.len(), events(state.path()).len()), (1, 2));
}
