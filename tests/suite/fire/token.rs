//! The token is refreshed before it expires and on a 401, once for all calls, and never shown.

use super::{at_once, failures};
use crate::support::{Account, Era, Host, Person, command, run, run_with_input};
use highlevel_sandbox::SandboxConfig;
use serde_json::json;
use std::{path::Path, time::Duration};

fn config(ttl_ms: u64) -> SandboxConfig {
    SandboxConfig { rate_limit: 100_000, token_ttl: Duration::from_millis(ttl_ms), ..SandboxConfig::default() }
}

#[tokio::test]
async fn one_refresh_answers_500_calls_whose_token_expires() {
    let account = Account::with(config(600_000)).await;
    let host = Host::new(&account, &[]).await;
    host.answer("get_current_user", json!({})).await;
    account.expire_tokens().await;
    let results = at_once(&host, "list_contacts", &json!({"limit": 1}), 500).await;
    assert_eq!(failures(&results), Vec::<String>::new());
    let stats = account.stats().await;
    assert_eq!(stats["refreshes"], 1, "{stats}");
    assert_eq!(stats["byStatus"]["200"].as_u64().unwrap(), 502, "500 calls, the first one, and the renewal: {stats}");
}

#[tokio::test]
async fn a_refresh_that_invalidates_the_old_token_fails_no_call() {
    let account = Account::with(SandboxConfig { rotate: true, ..config(3_000) }).await;
    let host = Host::new(&account, &[]).await;
    let started = std::time::Instant::now();
    for _ in 0..8 {
        let results = at_once(&host, "get_current_user", &json!({}), 40).await;
        assert_eq!(failures(&results), Vec::<String>::new());
        tokio::time::sleep(Duration::from_millis(700)).await;
    }
    let refreshes = account.stats().await["refreshes"].as_u64().unwrap();
    // One refresh after two thirds of its 3 s, and no more.
    let most = started.elapsed().as_secs() / 2 + 1;
    assert!((1..=most).contains(&refreshes), "{refreshes} renewals, {most} at most");
}

#[tokio::test]
async fn the_token_is_refreshed_before_it_expires() {
    let account = Account::with(config(9_000)).await;
    let host = Host::new(&account, &[]).await;
    host.answer("get_current_user", json!({})).await;
    // After two thirds of its lifetime, and well before its end. (The timer of an idle server may have been first.)
    tokio::time::sleep(Duration::from_millis(6_300)).await;
    host.answer("get_current_user", json!({})).await;
    let stats = account.stats().await;
    assert_eq!((&stats["refreshes"], stats["byStatus"].get("401")), (&json!(1), None), "{stats}");
}

#[tokio::test]
async fn a_process_that_starts_with_the_first_token_uses_the_refreshed_one() {
    let account = Account::with(SandboxConfig { rotate: true, ..config(600_000) }).await;
    let state = tempfile::tempdir().unwrap();
    let call = || {
        let mut command = command(&account, state.path());
        command.args(["call", "get_current_user"]);
        run(command)
    };
    assert_eq!(call().await.code, Some(0));
    account.expire_tokens().await;
    assert_eq!(call().await.code, Some(0), "renewed");
    assert_eq!(call().await.code, Some(0), "adopted: the first token is dead");
    let stats = account.stats().await;
    assert_eq!((&stats["refreshes"], &stats["byStatus"]["401"]), (&json!(1), &json!(1)), "{stats}");
}

#[tokio::test]
async fn a_refused_refresh_says_what_to_do_and_later_calls_send_nothing() {
    let account = Account::new().await;
    account.expire_tokens().await;
    account.faults("403@refresh").await;
    let host = Host::new(&account, &[]).await;
    let error = host.error("get_current_user", json!({})).await;
    assert_eq!(error["code"], "unauthorized", "{error}");
    assert!(error["message"].as_str().unwrap().contains("auth set"), "{error}");
    let before = account.stats().await["requests"].clone();
    let error = host.error("list_contacts", json!({})).await;
    assert_eq!(error["code"], "unauthorized", "{error}");
    assert_eq!(account.stats().await["requests"], before);
}

async fn user(account: &Account, state: &Path, variables: &[(&str, &str)], flags: &[&str]) -> Option<i32> {
    let mut command = command(account, state);
    command.env_remove("GHL_TOKEN_ID").envs(variables.iter().copied());
    command.args(flags).args(["call", "get_current_user"]);
    run(command).await.code
}

#[tokio::test]
async fn the_token_comes_from_flag_variable_file_or_store_in_that_order() {
    let account = Account::new().await;
    let state = tempfile::tempdir().unwrap();
    let files = tempfile::tempdir().unwrap();
    let (good, bad) = (files.path().join("good"), files.path().join("bad"));
    std::fs::write(&good, format!("\n{}\n", account.token())).unwrap();
    std::fs::write(&bad, "not.a.token").unwrap();
    let (good, bad) = (good.to_str().unwrap(), bad.to_str().unwrap());
    let token = account.token();
    let (ok, refused) = (Some(0), Some(4));
    assert_eq!(user(&account, state.path(), &[], &[]).await, refused, "none");
    assert_eq!(user(&account, state.path(), &[("GHL_TOKEN_FILE", good)], &[]).await, ok);
    assert_eq!(user(&account, state.path(), &[("GHL_TOKEN_FILE", bad), ("GHL_TOKEN_ID", token)], &[]).await, ok);
    assert_eq!(user(&account, state.path(), &[("GHL_TOKEN_ID", "not.a.token")], &["--token-file", good]).await, ok);
    assert_eq!(user(&account, state.path(), &[("GHL_TOKEN_ID", token)], &["--token-file", bad]).await, refused);

    let auth = |arguments: &[&str], input: String| {
        let mut command = command(&account, state.path());
        command.env_remove("GHL_TOKEN_ID").arg("auth").args(arguments);
        async move { run_with_input(command, &input).await }
    };
    let set = auth(&["set"], format!("{token}\n")).await;
    assert_eq!(set.code, Some(0), "{set:?}");
    let empty = [("GHL_TOKEN_ID", ""), ("GHL_TOKEN_FILE", "")];
    assert_eq!(user(&account, state.path(), &empty, &[]).await, ok, "an empty variable counts as unset");
    let status = auth(&["status"], String::new()).await;
    assert!(status.stdout.contains("min left"), "{status:?}");
    for ran in [&set, &status] {
        assert!(!format!("{ran:?}").contains(token), "the token is shown");
    }
    let refused_text = auth(&["set"], "two words".to_owned()).await;
    assert_eq!(refused_text.code, Some(2), "{refused_text:?}");
    assert_eq!(auth(&["clear"], String::new()).await.code, Some(0));
    assert_eq!(user(&account, state.path(), &[], &[]).await, refused, "cleared");
}

#[cfg(unix)]
#[tokio::test]
async fn stored_files_are_readable_by_their_owner_only() {
    use std::os::unix::fs::PermissionsExt;
    let account = Account::new().await;
    let home = tempfile::tempdir().unwrap();
    let state = home.path().join("made/by/us");
    let mut command = command(&account, &state);
    command.env_remove("GHL_TOKEN_ID").args(["auth", "set"]);
    assert_eq!(run_with_input(command, account.token()).await.code, Some(0));
    account.expire_tokens().await;
    assert_eq!(user(&account, &state, &[], &[]).await, Some(0));
    let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&state), 0o700);
    let files: Vec<_> = std::fs::read_dir(&state).unwrap().map(|file| file.unwrap().path()).collect();
    assert!(files.len() >= 2, "{files:?}");
    for file in files {
        assert_eq!(mode(&file), 0o600, "{}", file.display());
    }
}

#[tokio::test]
async fn an_idle_server_refreshes_on_a_timer() {
    let account = Account::with(config(9_000)).await;
    let host = Host::with(&account, &[], Era::Modern, Person::Absent).await;
    host.answer("get_current_user", json!({})).await;
    for _ in 0..100 {
        if account.stats().await["refreshes"].as_u64().unwrap() > 0 {
            return;
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    panic!("no renewal in 20 s of a token that lives 9 s");
}

#[tokio::test]
async fn a_token_that_expires_in_flight_is_refreshed_once_for_all_calls() {
    let account = Account::with(SandboxConfig { rotate: true, ..config(600_000) }).await;
    account.faults("latency:20@read").await;
    let host = Host::new(&account, &[]).await;
    for round in 1..=3_u64 {
        let before = account.stats().await["requests"].as_u64().unwrap();
        let nothing = json!({});
        let calls = at_once(&host, "get_current_user", &nothing, 500);
        let end = async {
            while account.stats().await["requests"].as_u64().unwrap() < before + 50 {
                tokio::time::sleep(Duration::from_millis(2)).await;
            }
            account.expire_tokens().await;
        };
        let (results, ()) = tokio::join!(calls, end);
        assert_eq!(failures(&results), Vec::<String>::new());
        // Calls that succeeded before the expiry leave the refresh to the next call.
        host.answer("get_current_user", json!({})).await;
        let stats = account.stats().await;
        assert_eq!(stats["refreshes"], round, "{stats}");
        assert_eq!(stats["byStatus"]["200"], round * 502, "{stats}");
    }
}

/// A running server follows changes of the stored token with its next call.
#[tokio::test]
async fn a_running_server_follows_the_stored_token() {
    let account = Account::new().await;
    let state = tempfile::tempdir().unwrap();
    let cli = |arguments: &[&str]| {
        let mut command = command(&account, state.path());
        command.env_remove("GHL_TOKEN_ID").args(arguments);
        command
    };
    let set = || run_with_input(cli(&["auth", "set"]), account.token());
    assert_eq!(set().await.code, Some(0));
    let host = Host::start(cli(&[]), tempfile::tempdir().unwrap(), Era::Modern, Person::Absent).await;
    host.answer("get_current_user", json!({})).await;
    // Refreshed in the meantime; the stored result is removed as well.
    account.expire_tokens().await;
    host.answer("get_current_user", json!({})).await;
    assert_eq!(run(cli(&["auth", "clear"])).await.code, Some(0));
    let before = account.stats().await["requests"].clone();
    for _ in 0..2 {
        let error = host.error("get_current_user", json!({})).await;
        assert_eq!(error["code"], "unauthorized", "{error}");
        assert!(error["message"].as_str().unwrap().contains("auth set"), "{error}");
    }
    assert_eq!(account.stats().await["requests"], before, "nothing is sent with what was cleared");
    let mut set = cli(&["auth", "set"]);
    set.args(["--log", "warn"]);
    let other = "another-token-0123456789";
    assert_eq!(run_with_input(set, other).await.code, Some(0));
    // Another account's token is refused, but it is sent.
    host.error("get_current_user", json!({})).await;
    let sent = account.requests().await;
    assert_eq!(sent.iter().rev().find(|one| one["path"] == "/users/me").unwrap()["headers"]["token-id"], other);
    let private = run_with_input(cli(&["auth", "set"]), "pit-00000000-0000-0000-0000-000000000000");
    assert_eq!(private.await.code, Some(0));
    let error = host.error("get_current_user", json!({})).await;
    assert!(error["message"].as_str().unwrap().contains("Restart"), "no token goes to the other API: {error}");
}
