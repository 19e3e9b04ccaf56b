//! A token with common additions is read from every source, with a note, and never shown.

use crate::support::{Account, Api, Ran, command, on_both_apis, run, run_with_input};
use std::path::Path;

on_both_apis!(a_token_is_understood_with_what_is_around_it, a_wrapped_token_is_the_same_token);

fn wrappings(token: &str) -> Vec<Vec<u8>> {
    let (one, other) = token.split_at(token.len() / 2);
    let texts = [
        format!("Bearer {token}"),
        format!("\"{token}\""),
        format!("\u{feff}{token}\r\n"),
        format!("GHL_TOKEN_ID={token}"),
        format!("export GHL_TOKEN_ID=\"{token}\"\n"),
        format!("token-id: '{token}'"),
        format!("\n {one}\r\n  {other}\n"),
    ];
    texts.into_iter().map(String::into_bytes).collect()
}

async fn location(account: &Account, state: &Path, variables: &[(&str, &str)]) -> Ran {
    let mut command = command(account, state);
    command.env_remove("GHL_TOKEN_ID").args(["call", "get_default_location", "--log", "info"]);
    command.envs(variables.iter().copied());
    run(command).await
}

fn understood(ran: &Ran, token: &str, wrapped: &[u8]) {
    let case = String::from_utf8_lossy(wrapped);
    assert_eq!(ran.code, Some(0), "{case:?}: {ran:?}");
    assert!(!ran.stderr.contains(token) && !ran.stdout.contains(token), "{case:?}: {ran:?}");
}

async fn a_token_is_understood_with_what_is_around_it(api: Api) {
    let account = Account::of(api).await;
    let token = account.token();
    let files = tempfile::tempdir().unwrap();
    for wrapped in wrappings(token) {
        let text = std::str::from_utf8(&wrapped).unwrap();
        let state = tempfile::tempdir().unwrap();
        let ran = location(&account, state.path(), &[("GHL_TOKEN_ID", text)]).await;
        understood(&ran, token, &wrapped);
        assert_eq!(ran.stderr.matches("more than itself").count(), 1, "{ran:?}");
        let file = files.path().join("token.txt");
        std::fs::write(&file, &wrapped).unwrap();
        let ran = location(&account, state.path(), &[("GHL_TOKEN_FILE", file.to_str().unwrap())]).await;
        understood(&ran, token, &wrapped);
        assert!(ran.stderr.contains("more than itself"), "{ran:?}");
        let mut set = command(&account, state.path());
        set.env_remove("GHL_TOKEN_ID").args(["auth", "set"]);
        let ran = run_with_input(set, text).await;
        understood(&ran, token, &wrapped);
        assert!(ran.stderr.contains("more than itself"), "{ran:?}");
        // Only the token is stored.
        let ran = location(&account, state.path(), &[]).await;
        understood(&ran, token, &wrapped);
        assert!(!ran.stderr.contains("more than itself"), "{ran:?}");
        // And so is a file that a person wrote.
        std::fs::write(state.path().join("token"), &wrapped).unwrap();
        understood(&location(&account, state.path(), &[]).await, token, &wrapped);
    }
    // As Windows shells write a file.
    let file = files.path().join("utf16.txt");
    let units = format!("{token}\r\n");
    std::fs::write(
        &file,
        [0xff, 0xfe].into_iter().chain(units.encode_utf16().flat_map(u16::to_le_bytes)).collect::<Vec<u8>>(),
    )
    .unwrap();
    let state = tempfile::tempdir().unwrap();
    understood(
        &location(&account, state.path(), &[("GHL_TOKEN_FILE", file.to_str().unwrap())]).await,
        token,
        b"UTF-16",
    );
}

/// Tokens refreshed from the plain token are found for the wrapped one.
async fn a_wrapped_token_is_the_same_token(api: Api) {
    let account = Account::of(api).await;
    let state = tempfile::tempdir().unwrap();
    assert_eq!(location(&account, state.path(), &[("GHL_TOKEN_ID", account.token())]).await.code, Some(0));
    if api == Api::Session {
        account.expire_tokens().await;
        assert_eq!(location(&account, state.path(), &[("GHL_TOKEN_ID", account.token())]).await.code, Some(0));
        assert_eq!(account.stats().await["refreshes"], 1);
    }
    let wrapped = format!("export GHL_TOKEN_ID='{}'", account.token());
    assert_eq!(location(&account, state.path(), &[("GHL_TOKEN_ID", &wrapped)]).await.code, Some(0));
    if api == Api::Session {
        let stats = account.stats().await;
        assert_eq!(stats["refreshes"], 1, "the renewed token was adopted: {stats}");
    }
}
