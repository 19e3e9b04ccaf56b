//! What a person is shown: everything that they confirm, the account, and where a URL leads.

use super::{effects, id};
use crate::support::{Account, Api, Era, Host, Person, on_both_apis};
use serde_json::{Map, Value, json};

on_both_apis!(
    everything_that_is_confirmed_is_shown,
    a_call_that_cannot_be_shown_in_full_cannot_be_confirmed,
    the_account_is_named
);

const GUARDED: [&str; 2] = ["--confirm-tools", "create_contact"];

/// A contact with `fields` custom fields.
fn contact(api: Api, fields: usize) -> (Value, Map<String, Value>) {
    // The official API accepts only existing custom fields, so one long value is used there.
    let custom: Map<String, Value> = match api {
        Api::Session => (0..fields).map(|n| (format!("field{n}"), format!("value number {n}").into())).collect(),
        Api::Official => [("industry".to_owned(), Value::from("x".repeat(fields * 30)))].into_iter().collect(),
    };
    (json!({"firstName": "Ada", "lastName": "L", "email": "ada@example.com", "customFields": custom.clone()}), custom)
}

async fn everything_that_is_confirmed_is_shown(api: Api) {
    let account = Account::of(api).await;
    let (arguments, custom) = contact(api, 300);
    for era in [Era::Modern, Era::Handshake] {
        let host = Host::with(&account, &GUARDED, era, Person::declines()).await;
        assert_eq!(host.error("create_contact", arguments.clone()).await["code"], "declined");
        let asked = host.asked()[0]["message"].as_str().unwrap().to_owned();
        for (name, value) in &custom {
            assert!(asked.contains(&format!("{name:?}:{value}")), "{name} is missing");
        }
    }
    let host = Host::with(&account, &GUARDED, Era::Modern, Person::Absent).await;
    let first = host.error("create_contact", arguments.clone()).await;
    assert_eq!(first["preview"]["arguments"]["customFields"], arguments["customFields"]);
    assert_eq!(effects(&account).await, 0);
}

async fn a_call_that_cannot_be_shown_in_full_cannot_be_confirmed(api: Api) {
    let account = Account::of(api).await;
    let (arguments, _) = contact(api, 1_000);
    let small: &[&str] = &["--confirm-tools", "create_contact", "--max-answer", "4096"];
    for (flags, arguments) in [(&GUARDED[..], arguments), (small, contact(api, 100).0)] {
        for person in [Person::agrees(), Person::Absent] {
            let host = Host::with(&account, flags, Era::Modern, person).await;
            let error = host.error("create_contact", arguments.clone()).await;
            assert_eq!(error["code"], "too_large", "{error}");
            assert!(error["message"].as_str().unwrap().contains("bytes"), "{error}");
            assert!(error.get("confirmationToken").is_none() && host.asked().is_empty(), "{error}");
        }
    }
    assert_eq!(effects(&account).await, 0);
}

async fn the_account_is_named(api: Api) {
    let account = Account::of(api).await;
    let location = account.objects("locations").await.remove(0);
    let (name, place) = (location["name"].as_str().unwrap(), id(&location));
    for era in [Era::Modern, Era::Handshake] {
        let host = Host::with(&account, &GUARDED, era, Person::declines()).await;
        host.error("create_contact", contact(api, 1).0).await;
        let asked = host.asked()[0]["message"].as_str().unwrap().to_owned();
        assert!(asked.contains(&format!("account: {name} ({place})")), "{asked}");
    }
    let host = Host::with(&account, &GUARDED, Era::Modern, Person::Absent).await;
    let first = host.error("create_contact", contact(api, 1).0).await;
    assert_eq!(first["preview"]["account"], json!({"name": name, "id": place}), "{first}");
}

#[tokio::test]
async fn a_long_address_does_not_hide_its_host() {
    let account = Account::new().await;
    let events: Vec<String> = (0..200).map(|number| format!("event.number.{number}")).collect();
    let hook = json!({"url": format!("https://evil.example/{}", "good.example/".repeat(60)), "events": events});
    let host = Host::with(&account, &[], Era::Handshake, Person::declines()).await;
    assert_eq!(host.error("create_webhook", hook.clone()).await["code"], "declined");
    let asked = host.asked()[0]["message"].as_str().unwrap().to_owned();
    assert!(asked.lines().nth(2).is_some_and(|line| line == "host: evil.example"), "{asked}");
    assert!(events.iter().all(|event| asked.contains(&format!("\"{event}\""))), "{asked}");
    // A URL that another program stored.
    let webhook = account.objects("webhooks").await.remove(0);
    let url = format!("https://{}@evil.example/", "good.example.com.".repeat(20));
    account.change("webhooks", id(&webhook), json!({"url": url})).await;
    let host = Host::with(&account, &[], Era::Modern, Person::declines()).await;
    host.error("delete_webhook", json!({"id": id(&webhook)})).await;
    let asked = host.asked()[0]["message"].as_str().unwrap().to_owned();
    assert!(asked.contains("host: evil.example\n") && asked.starts_with("Delete webhook \"evil.example\""), "{asked}");
    let user = json!({"url": "https://good.example@evil.example/", "events": ["contact.created"]});
    let error = host.error("create_webhook", user).await;
    assert_eq!((&error["code"], &error["field"]), (&json!("invalid_arguments"), &json!("url")), "{error}");
    assert_eq!(effects(&account).await, 0);
}

#[tokio::test]
async fn cuts_in_the_shown_object_are_reported() {
    let account = Account::new().await;
    let webhook = account.objects("webhooks").await.remove(0);
    let events: Vec<String> = (0..2_000).map(|number| format!("event.number.{number}")).collect();
    account.change("webhooks", id(&webhook), json!({"events": events})).await;
    let host = Host::with(&account, &[], Era::Modern, Person::declines()).await;
    host.error("delete_webhook", json!({"id": id(&webhook)})).await;
    let asked = host.asked()[0]["message"].as_str().unwrap().to_owned();
    assert!(asked.contains("not shown of the object: events (") && asked.contains("of 2000 items"), "{asked}");
}

#[tokio::test]
async fn a_campaign_asks_if_it_sends() {
    let account = Account::new().await;
    let host = Host::with(&account, &[], Era::Modern, Person::declines()).await;
    for status in [None, Some("draft"), Some("paused"), Some("archived")] {
        let mut campaign = json!({"name": "Spring", "type": "email"});
        status.iter().for_each(|status| campaign["status"] = (*status).into());
        host.answer("create_campaign", campaign).await;
    }
    assert!(host.asked().is_empty());
    let active = json!({"name": "Spring", "type": "email", "status": "active"});
    assert_eq!(host.error("create_campaign", active).await["code"], "declined");
    assert!(host.asked()[0]["message"].as_str().unwrap().contains("reaches people"), "{:?}", host.asked());
    assert_eq!(account.stats().await["effects"]["creates"], 4);
}
