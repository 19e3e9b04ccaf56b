//! The state directory: who may read it, and what several processes see.

use chrono::{TimeDelta, Utc};
use highlevel_core::error::Code;
use highlevel_store::{CredentialName, CredentialPlace, NewApproval, Store, token_hash};
use secrecy::{ExposeSecret, SecretString};
use serde_json::json;

fn approval(code: &str, seconds: i64) -> NewApproval {
    NewApproval {
        code: code.into(),
        account: "acct".into(),
        way: "token".into(),
        tool: "delete_page".into(),
        arguments_hash: "a".into(),
        object_hash: "o".into(),
        preview: json!({"name": "Home", "n": [1, null]}),
        asker: json!({}),
        asked_at: Utc::now(),
        expires_at: Utc::now() + TimeDelta::seconds(seconds),
        call: None,
        page: None,
    }
}

#[cfg(unix)]
#[tokio::test]
async fn directory_and_files_are_for_their_owner_alone() {
    use std::os::unix::fs::PermissionsExt;
    let parent = tempfile::tempdir().unwrap();
    let dir = parent.path().join("a/state");
    let store = Store::open(dir.clone());
    assert!(!dir.exists(), "nothing is touched by opening");
    store.set_credential(&CredentialName::default(), &"canary-token".into(), CredentialPlace::File).await.unwrap();
    store.put_approval(approval("c", 60)).await.unwrap();
    let mode = |path: &std::path::Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&dir), 0o700);
    let mut files = Vec::new();
    for entry in std::fs::read_dir(&dir).unwrap() {
        let path = entry.unwrap().path();
        assert_eq!(mode(&path), 0o600, "{path:?}");
        files.push(path.file_name().unwrap().to_string_lossy().into_owned());
    }
    files.sort();
    assert_eq!(files, ["state.db", "state.db-shm", "state.db-wal", "token"]);
}

#[tokio::test]
async fn a_directory_that_cannot_be_used_is_named() {
    let dir = tempfile::NamedTempFile::new().unwrap();
    let error = Store::open(dir.path().to_owned()).newest_token("h").await.unwrap_err();
    assert_eq!(error.code, Code::Internal);
    assert!(error.message.contains(&dir.path().display().to_string()), "{error}");
}

#[tokio::test]
async fn the_credential_is_kept_read_and_cleared_with_what_came_of_it() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path().to_owned());
    assert!(store.credential(&CredentialName::default()).await.unwrap().is_none());
    assert!(!store.clear_credential(&CredentialName::default()).await.unwrap());
    let token = SecretString::from("  canary-token\n");
    store.set_credential(&CredentialName::default(), &token, CredentialPlace::File).await.unwrap();
    store.set_credential(&CredentialName::default(), &token, CredentialPlace::File).await.unwrap();
    let found = store.credential(&CredentialName::default()).await.unwrap().unwrap();
    assert_eq!((found.token.expose_secret(), found.place), ("canary-token", CredentialPlace::File));
    let hash = token_hash(&found.token);
    store.store_token(&hash, &"renewed".into(), None).await.unwrap();
    assert!(store.clear_credential(&CredentialName::default()).await.unwrap());
    assert!(store.credential(&CredentialName::default()).await.unwrap().is_none());
    assert!(store.newest_token(&hash).await.unwrap().is_none());
}

#[tokio::test]
async fn the_newest_of_a_line_is_found_from_every_ancestor_and_the_first_is_not_copied() {
    let dir = tempfile::tempdir().unwrap();
    let (one, other) = (Store::open(dir.path().to_owned()), Store::open(dir.path().to_owned()));
    let tokens = ["canary-first", "canary-second", "canary-third"].map(SecretString::from);
    let soon = Utc::now() + TimeDelta::minutes(20);
    one.store_token(&token_hash(&tokens[0]), &tokens[1], Some(soon)).await.unwrap();
    other.store_token(&token_hash(&tokens[1]), &tokens[2], Some(soon + TimeDelta::minutes(1))).await.unwrap();
    // Renewed at the same time by a process that was slower: it lives less long and does not win.
    one.store_token(&token_hash(&tokens[0]), &"canary-late".into(), Some(soon)).await.unwrap();
    for token in &tokens {
        let newest = one.newest_token(&token_hash(token)).await.unwrap().unwrap();
        assert_eq!(newest.token.expose_secret(), "canary-third");
        assert_eq!(newest.expires_at.unwrap().timestamp(), (soon + TimeDelta::minutes(1)).timestamp());
    }
    assert!(one.newest_token(&token_hash(&"stranger".into())).await.unwrap().is_none());
    for entry in std::fs::read_dir(dir.path()).unwrap() {
        let bytes = std::fs::read(entry.unwrap().path()).unwrap();
        assert!(!bytes.windows(12).any(|window| window == b"canary-first"));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_confirmation_is_spent_once_whoever_asks() {
    let dir = tempfile::tempdir().unwrap();
    // Each store has a connection of its own, as each process has.
    let stores: Vec<_> = (0..8).map(|_| std::sync::Arc::new(Store::open(dir.path().to_owned()))).collect();
    stores[0].put_approval(approval("code", 60)).await.unwrap();
    let spending = stores.iter().map(|store| {
        let store = std::sync::Arc::clone(store);
        tokio::spawn(async move { store.spend_approval("code").await.unwrap() })
    });
    let spent: Vec<_> = futures::future::join_all(spending).await.into_iter().filter_map(Result::unwrap).collect();
    assert_eq!(spent.len(), 1);
    assert!(spent[0].spent_at.is_some() && spent[0].approved_at.is_none());
    assert!(stores[3].approve("code").await.unwrap().is_none(), "too late to agree");
    assert!(stores[4].approval("code").await.unwrap().unwrap().spent_at.is_some());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn processes_that_start_together_all_get_the_database() {
    let dir = tempfile::tempdir().unwrap();
    let opening = (0..8).map(|number| {
        let store = Store::open(dir.path().to_owned());
        tokio::spawn(async move { store.put_approval(approval(&number.to_string(), 60)).await })
    });
    for done in futures::future::join_all(opening).await {
        done.unwrap().unwrap();
    }
}

#[tokio::test]
async fn a_confirmation_is_approved_shown_and_expires() {
    let dir = tempfile::tempdir().unwrap();
    let (serve, approve) = (Store::open(dir.path().to_owned()), Store::open(dir.path().to_owned()));
    let asked = approval("code", 60);
    serve.put_approval(asked.clone()).await.unwrap();
    assert!(serve.put_approval(asked.clone()).await.is_err(), "the code is taken");
    let agreed = approve.approve("code").await.unwrap().unwrap();
    assert_eq!((agreed.asked.tool.as_str(), &agreed.asked.preview), ("delete_page", &asked.preview));
    assert!(serve.spend_approval("code").await.unwrap().unwrap().approved_at.is_some());
    assert!(serve.spend_approval("other").await.unwrap().is_none());

    serve.put_approval(approval("past", -1)).await.unwrap();
    assert!(serve.approval("past").await.unwrap().is_none());
    assert!(serve.spend_approval("past").await.unwrap().is_none());
    assert!(approve.approve("past").await.unwrap().is_none());
    assert_eq!(approve.prune_approvals().await.unwrap(), 1);
}

#[tokio::test]
async fn a_file_of_a_newer_version_is_left_alone() {
    let dir = tempfile::tempdir().unwrap();
    let db = rusqlite::Connection::open(dir.path().join("state.db")).unwrap();
    db.pragma_update(None, "user_version", 99).unwrap();
    let error = Store::open(dir.path().to_owned()).newest_token("h").await.unwrap_err();
    assert!(error.message.contains("newer"), "{error}");
}

/// What the state directory's own files may not be: a link, a pipe, or writable by others.
#[cfg(unix)]
#[tokio::test]
async fn a_state_file_that_another_could_have_put_there_is_refused_and_never_followed() {
    use std::os::unix::fs::PermissionsExt;
    for name in ["state.db", "state.db-wal", "token"] {
        for what in ["link", "dangling", "pipe", "directory", "writable"] {
            let (dir, elsewhere) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
            let (path, target) = (dir.path().join(name), elsewhere.path().join("target"));
            match what {
                "link" => {
                    std::fs::write(&target, "untouched").unwrap();
                    std::os::unix::fs::symlink(&target, &path).unwrap();
                }
                "dangling" => std::os::unix::fs::symlink(&target, &path).unwrap(),
                "pipe" => assert!(std::process::Command::new("mkfifo").arg(&path).status().unwrap().success()),
                "directory" => std::fs::create_dir(&path).unwrap(),
                _ => {
                    std::fs::write(&path, "").unwrap();
                    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o620)).unwrap();
                }
            }
            let store = Store::open(dir.path().to_owned());
            let error = if name == "token" {
                store.credential(&CredentialName::default()).await.unwrap_err()
            } else {
                store.newest_token("h").await.unwrap_err()
            };
            assert_eq!(error.code, Code::Internal, "{name}, {what}");
            let mend = if what == "writable" { "chmod 600" } else { "remove it" };
            assert!(error.message.contains(mend) && error.message.contains(name), "{name}, {what}: {error}");
            if what == "link" {
                assert_eq!(std::fs::read_to_string(&target).unwrap(), "untouched");
            }
            assert_eq!(target.exists(), what == "link", "nothing is made at the link's end");
        }
    }
}

#[cfg(unix)]
#[tokio::test]
async fn a_state_directory_that_others_may_write_is_refused_unless_they_can_take_nothing_away() {
    use std::os::unix::fs::PermissionsExt;
    for (mode, fine) in [(0o700, true), (0o755, true), (0o1777, true), (0o777, false), (0o770, false)] {
        let dir = tempfile::tempdir().unwrap();
        std::fs::set_permissions(dir.path(), std::fs::Permissions::from_mode(mode)).unwrap();
        let opened = Store::open(dir.path().to_owned()).newest_token("h").await;
        match opened {
            Ok(_) => assert!(fine, "{mode:o}"),
            Err(error) => assert!(!fine && error.message.contains("chmod go-w"), "{mode:o}: {error}"),
        }
        let inner = Store::open(dir.path().join("new"));
        inner.newest_token("h").await.unwrap();
        let made = std::fs::metadata(dir.path().join("new")).unwrap().permissions().mode();
        assert_eq!(made & 0o777, 0o700, "the way out that the error names");
    }
}

#[cfg(unix)]
#[tokio::test]
async fn a_journal_is_never_written_through_a_link_or_a_pipe() {
    use highlevel_store::{Journal, JournalLimits};
    // The lock of an older version is only taken for its files.
    let old = "journal-000000000001.jsonl";
    for name in ["journal.db", "journal.db-wal", "journal.jsonl", "journal.lock"] {
        let (dir, elsewhere) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let target = elsewhere.path().join("target");
        std::os::unix::fs::symlink(&target, dir.path().join(name)).unwrap();
        std::fs::write(dir.path().join(old), "").unwrap();
        let journal = Journal::new(dir.path().to_owned(), JournalLimits { image_bytes: 1 << 20, image_days: 1 });
        journal.attempt(serde_json::Map::new(), &crate::call()).await.unwrap_err();
        assert!(!target.exists(), "{name}");
        std::fs::remove_file(dir.path().join(name)).unwrap();
        assert!(std::process::Command::new("mkfifo").arg(dir.path().join(name)).status().unwrap().success());
        journal.attempt(serde_json::Map::new(), &crate::call()).await.unwrap_err();
    }
}

/// A renewal that was under way when a person cleared the credential brings nothing back; the same token given anew does.
#[tokio::test]
async fn what_was_cleared_is_not_brought_back_by_a_renewal() {
    use highlevel_store::NewToken;
    let dir = tempfile::tempdir().unwrap();
    let (store, other) = (Store::open(dir.path().to_owned()), Store::open(dir.path().to_owned()));
    let (first, second) = (SecretString::from("canary-first"), SecretString::from("canary-second"));
    store.set_credential(&CredentialName::default(), &first, CredentialPlace::File).await.unwrap();
    store.store_token(&token_hash(&first), &second, None).await.unwrap();
    assert!(store.clear_credential(&CredentialName::default()).await.unwrap());
    let new = |token: &str| NewToken { token: token.into(), expires_at: None, login: Some("login".into()) };
    for parent in [&first, &second] {
        let parent = token_hash(parent);
        other.keep_token(&parent, new("canary-third")).await.unwrap();
        other.end_refresh(&parent, "other", Some(new("canary-third"))).await.unwrap();
        other.complete_refresh(&parent, new("canary-third")).await.unwrap();
        assert!(store.newest_token(&parent).await.unwrap().is_none());
    }
    store.set_credential(&CredentialName::default(), &first, CredentialPlace::File).await.unwrap();
    store.store_token(&token_hash(&first), &second, None).await.unwrap();
    assert!(store.newest_token(&token_hash(&first)).await.unwrap().is_some());
}
