//! Names for ids, and arguments that the official API lacks.

use super::{official, refused};
use crate::support::{Account, Api, Host};
use serde_json::json;

#[tokio::test]
async fn a_deal_moves_by_the_name_of_its_stage() {
    let (account, host) = official().await;
    let contact = host.answer("list_contacts", json!({"limit": 1})).await["data"][0]["id"].clone();
    let deal = json!({"name": "Engine", "contactId": contact, "value": 1200.5, "status": "open", "stage": "Proposal"});
    let made = host.answer("create_opportunity", deal.clone()).await;
    assert_eq!(
        (&made["stage"], &made["pipeline"], &made["value"]),
        (&json!("proposal"), &json!("Sales"), &json!(1200.5))
    );
    let moved = host
        .answer("update_opportunity", json!({"id": made["id"], "stage": "sales / contract sent", "status": "won"}))
        .await;
    assert_eq!((&moved["stage"], &moved["status"]), (&json!("contract sent"), &json!("won")));
    let reads = account.requests().await.iter().filter(|request| request["path"] == "/opportunities/pipelines").count();
    assert_eq!(reads, 1, "the dictionary is read once");
    assert_eq!(refused(&account).await, Vec::<String>::new());

    let unknown = host.error("update_opportunity", json!({"id": made["id"], "stage": "Propsal"})).await;
    assert_eq!((&unknown["code"], &unknown["field"]), (&json!("invalid_arguments"), &json!("stage")));
    assert!(unknown["message"].as_str().unwrap().contains("Did you mean `proposal`?"), "{unknown}");
}

#[tokio::test]
async fn an_argument_that_the_api_lacks_is_refused_before_any_request() {
    let (account, host) = official().await;
    for (tool, field, arguments) in [
        ("update_opportunity", "currency", json!({"id": "d", "currency": "EUR"})),
        ("update_opportunity", "probability", json!({"id": "d", "probability": 10})),
        ("list_opportunities", "status", json!({"status": "negotiation"})),
        ("create_campaign", "status", json!({"name": "n", "type": "email", "status": "active"})),
    ] {
        let error = host.error(tool, arguments).await;
        assert_eq!((&error["code"], &error["field"]), (&json!("invalid_arguments"), &json!(field)), "{tool}");
    }
    assert!(account.requests().await.is_empty());
}

#[tokio::test]
async fn each_apis_error_names_the_api_that_has_the_argument() {
    for (api, field, arguments, other) in [
        (Api::Official, "currency", json!({"id": "d", "currency": "EUR"}), "--api session"),
        (Api::Session, "customFields", json!({"id": "d", "customFields": {"budget": 1}}), "--api official"),
        (Api::Session, "status", json!({"id": "d", "status": "abandoned"}), "--api official"),
    ] {
        let account = Account::of(api).await;
        let error = Host::new(&account, &[]).await.error("update_opportunity", arguments).await;
        assert_eq!((&error["code"], &error["field"]), (&json!("invalid_arguments"), &json!(field)));
        assert!(error["message"].as_str().unwrap().contains(other), "{error}");
        assert!(account.requests().await.is_empty());
    }
}

#[tokio::test]
async fn a_contact_needs_an_email_or_a_phone() {
    let (account, host) = official().await;
    let error = host.error("create_contact", json!({"firstName": "Ada"})).await;
    assert_eq!((&error["code"], &error["field"]), (&json!("invalid_arguments"), &json!("email")));
    assert!(error["message"].as_str().unwrap().contains("`phone`"), "{error}");
    assert!(account.requests().await.is_empty());
    let made = host.answer("create_contact", json!({"phone": "+15125550199"})).await;
    let stored = account.find("contacts", |contact| contact["id"] == made["id"]).await;
    assert_eq!(stored["phone"], "+15125550199");
    // The session API needs all three.
    let account = Account::of(Api::Session).await;
    let host = Host::new(&account, &[]).await;
    let error = host.error("create_contact", json!({"firstName": "A", "lastName": "B", "phone": "+15125550199"})).await;
    assert_eq!(error["field"], "email");
}

#[tokio::test]
async fn deals_are_abandoned_and_found_by_that_status() {
    let (account, host) = official().await;
    let deal = host.answer("list_opportunities", json!({"status": "open", "limit": 1})).await["data"][0].clone();
    let left = host.answer("update_opportunity", json!({"id": deal["id"], "status": "abandoned"})).await;
    assert_eq!(left["status"], "abandoned");
    let listed = host.answer("list_opportunities", json!({"status": "abandoned"})).await;
    assert!(listed["data"].as_array().unwrap().iter().any(|one| one["id"] == deal["id"]), "{listed}");
    let everything = host.answer("list_opportunities", json!({"status": "all", "limit": 1})).await;
    let plain = host.answer("list_opportunities", json!({"limit": 1})).await;
    assert_eq!(everything["meta"]["total"], plain["meta"]["total"]);
    // `all` is a value of the filter.
    let error = host.error("update_opportunity", json!({"id": deal["id"], "status": "all"})).await;
    assert_eq!(error["field"], "status");
    assert_eq!(refused(&account).await, Vec::<String>::new());
}

#[tokio::test]
async fn owners_are_given_and_shown_by_name() {
    let (account, host) = official().await;
    let contact = host.answer("list_contacts", json!({"limit": 1})).await["data"][0].clone();
    let owner =
        host.answer("query_crm", json!({"sql": "SELECT id, firstName, lastName, role FROM users LIMIT 1"})).await;
    let [id, first, last] = [0, 1, 2].map(|at| owner["rows"][0][at].as_str().unwrap().to_owned());
    let name = format!("{first} {last}");
    let given = host.answer("update_contact", json!({"id": contact["id"], "assignedTo": name.to_lowercase()})).await;
    assert_eq!(
        (given["assignedTo"].as_str(), given["assignedToName"].as_str()),
        (Some(id.as_str()), Some(name.as_str()))
    );
    assert_eq!(refused(&account).await, Vec::<String>::new());
    let error = host.error("update_contact", json!({"id": contact["id"], "assignedTo": format!("{name}x")})).await;
    assert!(error["message"].as_str().unwrap().contains(&format!("Did you mean `{name}`?")), "{error}");
    let sent = account.requests().await.iter().filter(|request| request["path"] == "/users/").count();
    assert!(sent <= 2, "{sent}");
}

#[tokio::test]
async fn a_campaign_is_a_draft_in_a_users_name_and_is_found_again() {
    let (account, host) = official().await;
    let made = host.answer("create_campaign", json!({"name": "Spring", "type": "email"})).await;
    assert_eq!((&made["status"], &made["type"]), (&json!("draft"), &json!("email")));
    assert!(made["note"].as_str().unwrap().contains("in the name of"), "{made}");
    assert_eq!(host.answer("get_campaign", json!({"id": made["id"]})).await["name"], "Spring");
    let mut found = Vec::new();
    let mut offset = json!(0);
    while !offset.is_null() {
        let list = host.answer("list_campaigns", json!({"offset": offset, "limit": 30})).await;
        found.extend(list["data"].as_array().unwrap().iter().map(|campaign| campaign["id"].clone()));
        offset = list["meta"]["nextOffset"].clone();
    }
    assert!(found.contains(&made["id"]));
    assert_eq!(refused(&account).await, Vec::<String>::new());
}
