//! The ceilings: of an account in an hour, of a recipient in a day, over processes and their ends.

use super::{account, deal, deals, flags, greeted, greeting, host};
use crate::support::{command, run};
use futures::future::join_all;
use serde_json::{Value, json};

#[tokio::test]
async fn eight_servers_at_once_keep_one_ceiling() {
    let account = account().await;
    let state = tempfile::tempdir().unwrap();
    let flags = flags("greet_lead", "5", "5");
    let hosts = join_all((0..8).map(|_| host(&account, state.path(), &flags))).await;
    let calls = hosts
        .iter()
        .enumerate()
        .flat_map(|(number, host)| (0..3).map(move |call| host.call("greet_lead", greeting(number * 3 + call))));
    let results = join_all(calls).await;
    let done = results.iter().filter(|result| result.is_error != Some(true)).count();
    assert_eq!((done, greeted(&account).await), (5, 5));
    let refused = results.iter().filter(|result| result.is_error == Some(true));
    for error in refused.map(crate::support::error_of) {
        assert_eq!(error["code"], "confirmation_required", "{error}");
    }

    // Servers that start later count what ran before.
    drop(hosts);
    let later = host(&account, state.path(), &flags).await;
    let error = later.error("greet_lead", greeting(100)).await;
    assert_eq!((&error["code"], greeted(&account).await), (&json!("confirmation_required"), 5), "{error}");
    let message = error["message"].as_str().unwrap();
    assert!(message.contains("5 of 5") && message.contains("--max-unconfirmed-per-hour"), "{message}");
    let next: chrono::DateTime<chrono::Utc> = error["unconfirmedAt"].as_str().unwrap().parse().unwrap();
    let wait = next - chrono::Utc::now();
    assert!(
        wait > chrono::TimeDelta::minutes(50) && wait <= chrono::TimeDelta::minutes(60) + chrono::TimeDelta::seconds(1),
        "{next}"
    );
}

#[tokio::test]
async fn a_recipient_has_a_ceiling_of_its_own() {
    let account = account().await;
    let state = tempfile::tempdir().unwrap();
    let host = host(&account, state.path(), &flags("start_deal", "50", "2")).await;
    let contacts = account.objects("contacts").await;
    for name in ["First", "Second"] {
        host.answer("start_deal", deal(&host, &contacts[0], name).await).await;
    }
    let error = host.error("start_deal", deal(&host, &contacts[0], "Third").await).await;
    assert_eq!((&error["code"], deals(&account, "Third").await), (&json!("confirmation_required"), 0), "{error}");
    let message = error["message"].as_str().unwrap();
    assert!(message.contains("2 of 2") && message.contains("--max-unconfirmed-per-recipient-day"), "{message}");
    host.answer("start_deal", deal(&host, &contacts[1], "Other").await).await;
    assert_eq!(deals(&account, "Other").await, 1);
}

#[tokio::test]
async fn the_journal_says_that_nobody_was_asked() {
    let account = account().await;
    let state = tempfile::tempdir().unwrap();
    let host = host(&account, state.path(), &flags("greet_lead", "5", "1")).await;
    host.answer("greet_lead", greeting(1)).await;
    let mut journal = command(&account, state.path());
    journal.args(["journal", "--json"]);
    let ran = run(journal).await;
    let entry: Value = serde_json::from_str(ran.stdout.trim()).unwrap();
    assert_eq!(
        (&entry["tool"], &entry["confirmation"], &entry["outcome"]),
        (&json!("greet_lead"), &json!("unconfirmed"), &json!("done"))
    );
}
