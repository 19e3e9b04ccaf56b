//! Names and ceilings that are wrong stop the start.

use super::{REGISTRY, deal_of, flags, greeted, greeting};
use crate::support::{Account, Agency, Api, Host, command, run};
use serde_json::{Value, json};

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
        ("contacts.add-contact-to-workflw", "Did you mean `contacts.add-contact-to-workflow`?"),
        ("contacts.delete-contact", "neither sends nor starts"),
        ("contacts.create-contact", "neither sends nor starts"),
        // The invoice itself says whom it reaches.
        ("invoices.send-invoice", "do not say who is reached"),
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

/// An account of `accounts.toml` can only allow less than the process, and has a count of its own.
#[tokio::test]
async fn an_account_can_only_be_stricter() {
    let agency = Agency::new(Api::Official, &["Strict", "Lax"]).await;
    agency.write("", |name| match name {
        "Strict" => "allow-unconfirmed = [\"greet_lead\"]\nmax-unconfirmed-per-hour = 1\n".to_owned(),
        _ => "allow-unconfirmed = [\"greet_lead\", \"start_deal\", \"delete_page\"]\nmax-unconfirmed-per-hour = 50\n"
            .to_owned(),
    });
    let host = Host::of_agency(&agency, &REGISTRY, &flags("greet_lead,start_deal", "3", "3")).await;
    let in_account = |name: &str, mut arguments: Value| {
        arguments["account"] = json!(name);
        arguments
    };
    for (name, ceiling) in [("Strict", 1), ("Lax", 3)] {
        for number in 0..ceiling {
            host.answer("greet_lead", in_account(name, greeting(number))).await;
        }
        let error = host.error("greet_lead", in_account(name, greeting(100))).await;
        assert_eq!(error["code"], "confirmation_required", "{name}: {error}");
        assert!(error["message"].as_str().unwrap().contains(&format!("{ceiling} of {ceiling}")), "{name}: {error}");
        assert_eq!(greeted(agency.account(name)).await, ceiling);
    }
    // The process allows it, and this account does not.
    let contact = agency.account("Strict").objects("contacts").await.remove(0);
    let pipelines = host.answer("list_pipelines", in_account("Strict", json!({}))).await;
    let error = host.error("start_deal", in_account("Strict", deal_of(&pipelines, &contact, "Unnamed"))).await;
    assert_eq!(error["code"], "confirmation_required", "{error}");
    assert!(error.get("unconfirmedAt").is_none(), "{error}");
}
