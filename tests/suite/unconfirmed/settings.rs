//! Names and ceilings that are wrong stop the start.

use super::flags;
use crate::support::{Account, Agency, Api, command, run};

/// What a start with these flags says; `None` if it starts.
async fn refusal(settings: &[&str]) -> Option<String> {
    let account = Account::of(Api::Official).await;
    let state = tempfile::tempdir().unwrap();
    let mut command = command(&account, state.path());
    command.args(settings).arg("tools");
    let ran = run(command).await;
    (ran.code != Some(0)).then_some(ran.stderr)
}

#[tokio::test]
async fn a_name_that_cannot_be_lifted_stops_the_start() {
    for (name, why) in [
        ("send_mesage", "neither a tool nor an operation"),
        ("update_contct", "Did you mean `update_contact`?"),
        ("create_contact", "neither sends nor starts"),
        ("delete_page", "neither sends nor starts"),
        ("publish_page", "neither sends nor starts"),
        ("create_webhook", "neither sends nor starts"),
        ("create_campaign", "do not say who is reached"),
        ("contacts.", "neither a tool nor an operation"),
    ] {
        let refusal = refusal(&flags(name, "5", "2")).await.unwrap_or_else(|| panic!("{name} starts"));
        let expected = refusal.contains("--allow-unconfirmed") && refusal.contains(name) && refusal.contains(why);
        assert!(expected, "{name}: {refusal}");
    }
    let operation = flags("contacts.add-contact-to-workflow", "5", "2");
    assert_eq!(refusal(&operation).await, None);
}

#[tokio::test]
async fn both_ceilings_have_to_be_set() {
    let all = flags("contacts.add-contact-to-workflow", "5", "2");
    for (given, missing) in [
        (&all[..2], "--max-unconfirmed-per-hour"),
        (&all[..4], "--max-unconfirmed-per-recipient-day"),
        (&[all[0], all[1], all[4], all[5]], "--max-unconfirmed-per-hour"),
    ] {
        let refusal = refusal(given).await.unwrap();
        assert!(refusal.contains(&format!("{missing} is not set")) && refusal.contains("For example"), "{refusal}");
    }
    let zero = flags("contacts.add-contact-to-workflow", "0", "2");
    assert!(refusal(&zero).await.unwrap().contains("--max-unconfirmed-per-hour"));
}

/// With several accounts, too, the start is refused and not only the calls.
#[tokio::test]
async fn a_server_of_several_accounts_checks_the_names_at_the_start() {
    let agency = Agency::new(Api::Official, &["One", "Two"]).await;
    let flags = flags("delete_contct", "5", "2");
    let ran = agency.ran(&[&flags[..], &["tools"]].concat()).await;
    assert!(ran.code != Some(0) && ran.stderr.contains("delete_contct"), "{ran:?}");
}
