//! The state directory: who may read it, and what several processes see.

use chrono::{TimeDelta, Utc};
use highlevel_mcp::{
    error::Code,
    store::{NewApproval, Place, Store, token_hash},
};
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
        asked_at: Utc::now(),
        expires_at: Utc::now() + TimeDelta::seconds(seconds),
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
    store.set_credential(&"canary-token".into(), Place::File).await.unwrap();
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
    assert!(store.credential().await.unwrap().is_none());
    assert!(!store.clear_credential().await.unwrap());
    let token = SecretString::from("  canary-token\n");
    store.set_credential(&token, Place::File).await.unwrap();
    store.set_credential(&token, Place::File).await.unwrap();
    let found = store.credential().await.unwrap().unwrap();
    assert_eq!((found.token.expose_secret(), found.place), ("canary-token", Place::File));
    let hash = token_hash(&found.token);
    store.store_token(&hash, &"renewed".into(), None).await.unwrap();
    assert!(store.clear_credential().await.unwrap());
    assert!(store.credential().await.unwrap().is_none());
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
