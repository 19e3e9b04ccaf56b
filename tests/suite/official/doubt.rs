//! Creates with an unclear outcome: lost answers, and a 422 for a create that took effect.

use crate::support::{Account, Host};
use highlevel_sandbox::SandboxConfig;
use serde_json::{Value, json};

async fn with(faults: &str) -> (Account, Host) {
    let faults = faults.parse().unwrap();
    let account = Account::with(SandboxConfig { faults, ..SandboxConfig::official() }).await;
    let host = Host::new(&account, &["--timeout", "5"]).await;
    (account, host)
}

fn contact() -> Value {
    json!({"firstName": "Lost", "lastName": "B", "email": "lost@b.example", "customFields": {"employees": "7", "industry": 5}})
}

async fn posts(account: &Account, path: &str) -> usize {
    account.requests().await.iter().filter(|request| request["path"] == path).count()
}

#[tokio::test]
async fn a_422_for_a_contact_that_was_created_is_detected() {
    let (account, host) = with("422-after@POST /contact*1").await;
    let made = host.answer("create_contact", contact()).await;
    assert_eq!(made["customFields"], json!({"employees": 7, "industry": "5"}));
    assert_eq!(posts(&account, "/contacts/").await, 1);
}

#[tokio::test]
async fn a_422_without_a_reason_is_unclear_and_not_repeated() {
    let (account, host) = with("422@POST /contact*1").await;
    assert_eq!(host.error("create_contact", contact()).await["code"], "outcome_unknown");
    assert_eq!(posts(&account, "/contacts/").await, 1);
}

#[tokio::test]
async fn a_create_whose_answer_is_lost_is_found_and_not_repeated() {
    let (account, host) =
        with("truncate@POST /contact*1;drop-after@POST /opportunity*1;500-after@POST /campaigns*1").await;
    let made = host.answer("create_contact", contact()).await;
    let deal = json!({"name": "Lost", "contactId": made["id"], "value": 3, "status": "open", "stage": "Discovery"});
    assert_eq!(host.answer("create_opportunity", deal).await["stage"], "discovery");
    let campaign = host.answer("create_campaign", json!({"name": "Lost", "type": "email", "status": "draft"})).await;
    assert_eq!(campaign["name"], "Lost");
    assert_eq!((posts(&account, "/contacts/").await, posts(&account, "/opportunities/").await), (1, 1));
}
