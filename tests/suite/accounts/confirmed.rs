//! Confirmations: each names its account, and is good for that one alone.

use crate::support::{Agency, Api, Era, Person};
use highlevel_store::{Store, sha256_hex};
use serde_json::{Value, json};

const URL: &str = "https://hooks.example.com/leads";

async fn agency() -> Agency {
    Agency::new(Api::Session, &["North", "South"]).await
}

/// The same call in each account: it is about no object, so that only the account tells one from the other.
fn webhook(account: &str) -> Value {
    json!({"account": account, "url": URL, "events": ["contact.created"]})
}

async fn webhooks(agency: &Agency) -> [usize; 2] {
    let mut counts = [0, 0];
    for (count, name) in counts.iter_mut().zip(["North", "South"]) {
        *count = agency.account(name).objects("webhooks").await.iter().filter(|hook| hook["url"] == json!(URL)).count();
    }
    counts
}

#[tokio::test]
async fn a_token_of_one_account_is_good_for_no_other() {
    let agency = agency().await;
    let host = agency.host(&[]).await;
    let asked = host.error("create_webhook", webhook("North")).await;
    assert_eq!(asked["account"], "North", "{asked}");
    assert_eq!(asked["preview"]["account"]["name"], "North", "{asked}");
    assert_eq!(asked["preview"]["account"]["id"], json!(agency.account("North").location_id()), "{asked}");
    let with_token = |account: &str| {
        let mut call = webhook(account);
        call["confirmationToken"] = asked["confirmationToken"].clone();
        call
    };
    let other = host.error("create_webhook", with_token("South")).await;
    assert_eq!((&other["code"], &other["account"]), (&json!("confirmation_invalid"), &json!("South")), "{other}");
    assert!(other["message"].as_str().unwrap().contains("another account"), "{other}");
    assert_eq!(webhooks(&agency).await, [0, 0]);
    host.answer("create_webhook", with_token("North")).await;
    assert_eq!(webhooks(&agency).await, [1, 0]);
    let spent = host.error("create_webhook", with_token("North")).await;
    assert_eq!(spent["code"], "confirmation_invalid", "{spent}");
}

#[tokio::test]
async fn a_form_names_the_account() {
    let agency = agency().await;
    for (era, name) in [(Era::Modern, "North"), (Era::Handshake, "South")] {
        let host = agency.host_with(&[], era, Person::agrees()).await;
        let made = host.answer("create_webhook", webhook(name)).await;
        assert_eq!(made["account"], json!(name));
        if era != Era::Modern {
            let question = host.asked().first().map(Value::to_string).unwrap();
            assert!(question.contains(&format!("account: {name}, location")), "{question}");
        }
    }
    assert_eq!(webhooks(&agency).await, [1, 1]);
}

/// The state of a first round opens for the same arguments alone, the account among them.
#[tokio::test]
async fn the_sealed_state_of_one_account_opens_for_no_other() {
    use rmcp::model::{CallToolRequestParams, InputResponses};
    let agency = agency().await;
    let host = agency.host_with(&[], Era::Modern, Person::Absent).await;
    let asked = host.error("create_webhook", webhook("North")).await;
    let mut forged: CallToolRequestParams = crate::support::params("create_webhook", webhook("South"));
    forged.request_state = Some(asked["confirmationToken"].as_str().unwrap().to_owned());
    forged.input_responses = Some(InputResponses::default());
    let result = host.session.call_tool(forged).await.unwrap();
    assert_eq!(crate::support::error_of(&result)["code"], "confirmation_invalid");
    assert_eq!(webhooks(&agency).await, [0, 0]);
}

/// `highlevel-mcp approve` shows the account, and what it approves is good for that one alone.
#[tokio::test]
async fn an_approval_is_for_the_account_that_it_shows() {
    let agency = agency().await;
    agency.write("", |name| if name == "North" { "confirm = \"human\"".to_owned() } else { String::new() });
    let host = agency.host(&[]).await;
    let asked = host.error("create_webhook", webhook("North")).await;
    let code = asked["confirmationToken"].as_str().unwrap().to_owned();
    let early = |account: &str| {
        let mut call = webhook(account);
        call["confirmationToken"] = code.as_str().into();
        call
    };
    // The other account would take a token without a person.
    for name in ["North", "South"] {
        let refused = host.error("create_webhook", early(name)).await;
        assert_eq!(
            (&refused["code"], &refused["account"]),
            (&json!("confirmation_invalid"), &json!(name)),
            "{refused}"
        );
    }
    let mut approve = agency.command();
    approve.args(["approve", &code]);
    let shown = crate::support::run(approve).await;
    assert_eq!(shown.code, Some(8), "no terminal: {shown:?}");
    let said = &shown.stderr;
    assert!(said.contains("North") && said.contains(&agency.account("North").location_id()), "{said}");
    let store = Store::open(agency.state.path().to_owned());
    assert!(store.approve(&sha256_hex(code.as_bytes())).await.unwrap().is_some());
    let refused = host.error("create_webhook", early("South")).await;
    assert_eq!((&refused["code"], &refused["account"]), (&json!("confirmation_invalid"), &json!("South")), "{refused}");
    assert_eq!(webhooks(&agency).await, [0, 0]);
    host.answer("create_webhook", early("North")).await;
    assert_eq!(webhooks(&agency).await, [1, 0]);
}
