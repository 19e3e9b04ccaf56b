//! An agency's login, whose token is exchanged for a location's.

use super::*;

async fn exchanges(account: &Account) -> u64 {
    account.stats().await["byOperation"]["POST /oauth/locationToken"].as_u64().unwrap_or(0)
}

#[tokio::test]
async fn an_agencys_token_is_exchanged_once_and_when_it_is_due() {
    let account = account(1200).await;
    let state = tempfile::tempdir().unwrap();
    let login = Login::start(login_command(&account, state.path(), &["--agency"])).await;
    let back = login.agree().await;
    assert_eq!(visit(&back).await.0, 200);
    let ran = login.end().await;
    assert!(ran.stderr.contains("An OAuth login of agency") && ran.stderr.contains("--location-id"), "{ran:?}");

    let location = account.location().unwrap();
    let list: &[&str] = &["--location-id", &location, "call", "list_contacts", "--limit", "1"];
    let mut said = vec![ran];
    for _ in 0..2 {
        let listed = highlevel(&account, state.path(), list).await;
        assert_eq!(listed.code, Some(0), "{listed:?}");
        said.push(listed);
    }
    assert_eq!((exchanges(&account).await, refreshes(&account).await), (1, 1), "one exchange, kept");

    // Both tokens are refused: the exchange fails, the agency's token is refreshed, and exchanged again.
    account.expire_tokens().await;
    let listed = highlevel(&account, state.path(), list).await;
    assert_eq!((listed.code, refreshes(&account).await, live(&account).await), (Some(0), 2, 1), "{listed:?}");
    said.push(listed);

    let elsewhere: &[&str] = &["--location-id", "elsewhere", "call", "list_contacts", "--limit", "1"];
    let refused = highlevel(&account, state.path(), elsewhere).await;
    let text = format!("{}{}", refused.stdout, refused.stderr);
    assert!(refused.code != Some(0) && text.contains("could not be exchanged for location elsewhere"), "{text}");
    assert_eq!(refreshes(&account).await, 2, "which no refresh mends");
    said.push(refused);
    let all: Vec<&Ran> = said.iter().collect();
    nothing_shows(&secrets(&account).await, state.path(), &all);
}
