//! Lists that change while they are read.

use super::*;
use crate::support::{command, run};

on_both_apis!(a_changing_list_is_read_until_it_is_complete, a_list_that_keeps_changing_is_reported_as_incomplete,);

/// Contacts and deals are added and removed while a sync reads them. In the end the mirror equals the account.
async fn a_changing_list_is_read_until_it_is_complete(api: Api) {
    let account = slow_account(api, 3_000, 20).await;
    let state = tempfile::tempdir().unwrap();
    let mut sync = command(&account, state.path());
    sync.args(["sync", "--rate-limit", "20", "--rate-window", "1"]);
    let moving = async {
        // During the first reading.
        for step in 0..12 {
            let contacts = account.objects("contacts").await;
            let victim = contacts[(step * 97) % 900]["id"].as_str().unwrap();
            account.remove("contacts", victim).await;
            account
                .add(
                    "contacts",
                    json!({"firstName": "New", "lastName": format!("{step}"), "email": format!("n{step}@x.example")}),
                )
                .await;
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    };
    let (ran, ()) = tokio::join!(run(sync), moving);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    let mut query = command(&account, state.path());
    query.args(["query", "select id from contacts", "--format", "csv"]);
    let ran = run(query).await;
    let kept: BTreeSet<String> = ran.stdout.lines().skip(1).map(str::to_owned).collect();
    assert_eq!(kept, true_ids(&account, "contacts").await);
}

/// A list that keeps changing is not reported as complete.
async fn a_list_that_keeps_changing_is_reported_as_incomplete(api: Api) {
    // More pages than fit into a quota window, so that a reading takes a while.
    let account = slow_account(api, 2_500, 20).await;
    let state = tempfile::tempdir().unwrap();
    let mut sync = command(&account, state.path());
    sync.args(["sync", "contacts", "--rate-limit", "20", "--rate-window", "1"]);
    let contacts = account.objects("contacts").await;
    let moving = async {
        // At both ends: one API lists the oldest first, the other the newest first.
        for victims in contacts.iter().zip(contacts.iter().rev()) {
            for victim in [victims.0, victims.1] {
                account.remove("contacts", victim["id"].as_str().unwrap()).await;
            }
            tokio::time::sleep(Duration::from_millis(40)).await;
        }
    };
    let ran = tokio::select! { ran = run(sync) => ran, () = moving => unreachable!() };
    assert_eq!(ran.code, Some(1), "{}", ran.stdout);
    assert!(ran.stdout.contains("incomplete"), "{}", ran.stdout);
}
