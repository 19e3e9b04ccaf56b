//! Opportunities ("Opportunity Management").

use super::{Contract, id};
use serde_json::{Value, json};

#[tokio::test]
async fn lists_by_the_statuses_that_the_api_knows() {
    let contract = Contract::new().await;
    for status in ["open", "won", "lost"] {
        let query = format!("status={status}");
        let list = contract
            .call("list_opportunities", json!({"status": status}), &[("GET", "/opportunity", &query, None)])
            .await;
        let items = list["data"].as_array().unwrap();
        assert!(!items.is_empty() && items.iter().all(|deal| deal["status"] == status), "{list}");
    }
    let sent = [("GET", "/opportunity", "limit=3&offset=2", None)];
    let page = contract.call("list_opportunities", json!({"limit": 3, "offset": 2}), &sent).await;
    assert_eq!(page["meta"]["nextOffset"], 5, "{page}");
}

#[tokio::test]
async fn negotiation_is_filtered_after_reading_over_as_many_pages_as_it_takes() {
    let account =
        crate::support::Account::with(highlevel_mcp::sandbox::SandboxConfig { contacts: 1_200, ..Default::default() })
            .await;
    let host = crate::support::Host::new(&account, &[]).await;
    let contract = Contract { account, host };
    let truth: Vec<Value> = contract.account.objects("opportunities").await;
    let wanted: Vec<&Value> =
        truth.iter().filter(|deal| deal["status"] == "negotiation").map(|deal| &deal["id"]).collect();
    assert!(truth.len() > 200 && wanted.len() > 10, "{} deals, {} in negotiation", truth.len(), wanted.len());

    // Walks the whole list by the offset to go on from; nothing is lost and nothing comes twice.
    let (mut found, mut offset) = (Vec::new(), 0);
    loop {
        contract.account.forget_requests().await;
        let arguments = json!({"status": "negotiation", "limit": 7, "offset": offset});
        let page = contract.host.answer("list_opportunities", arguments).await;
        for request in contract.account.requests().await {
            let query = request["query"].as_str().unwrap();
            assert!(!query.contains("status") && query.starts_with("limit=100&offset="), "{query}");
        }
        let items = page["data"].as_array().unwrap();
        assert!(items.iter().all(|deal| deal["status"] == "negotiation"), "{page}");
        assert!(page["note"].as_str().unwrap().contains("negotiation"), "{page}");
        found.extend(items.iter().map(|deal| deal["id"].clone()));
        match page["meta"]["nextOffset"].as_u64() {
            Some(next) => {
                assert_eq!(items.len(), 7, "more is there, so the page is full: {page}");
                assert!(next > offset);
                offset = next;
            }
            None => break,
        }
    }
    let mut found: Vec<&Value> = found.iter().collect();
    let mut wanted = wanted;
    found.sort_by_key(|id| id.to_string());
    wanted.sort_by_key(|id| id.to_string());
    assert_eq!(found, wanted);
    // The first call again, by hand: from the start, one page of the API's.
    let first = contract
        .call(
            "list_opportunities",
            json!({"status": "negotiation", "limit": 1}),
            &[("GET", "/opportunity", "limit=100&offset=0", None)],
        )
        .await;
    assert_eq!(first["data"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn gets_creates_and_updates() {
    let contract = Contract::new().await;
    let contact = contract.account.find("contacts", |_| true).await;
    let least = json!({"name": "Renewal", "contactId": contact["id"], "value": 0, "status": "open"});
    let made = contract.call("create_opportunity", least.clone(), &[("POST", "/opportunity", "", Some(least))]).await;
    assert_eq!(made, contract.truth("opportunities", &made["id"]).await);
    let all = json!({
        "name": "Enterprise Deal", "contactId": contact["id"], "value": 50000.5, "status": "negotiation",
        "currency": "EUR", "stage": "proposal", "probability": 75, "expectedCloseDate": "2026-02-28",
        "assignedTo": "user789", "tags": ["priority"]
    });
    let made =
        contract.call("create_opportunity", all.clone(), &[("POST", "/opportunity", "", Some(all.clone()))]).await;
    for (field, value) in all.as_object().unwrap() {
        assert_eq!(
            made[field].as_f64().map(Value::from).unwrap_or(made[field].clone()),
            value.as_f64().map(Value::from).unwrap_or(value.clone()),
            "{field}"
        );
    }
    let path = format!("/opportunity/{}", id(&made));
    let same = contract.call("get_opportunity", json!({"id": made["id"]}), &[("GET", &path, "", None)]).await;
    assert_eq!(same, made);
    let changes = json!({"status": "won", "value": 48000, "tags": [], "stage": null});
    let arguments = json!({"id": made["id"], "status": "won", "value": 48000, "tags": [], "clear": ["stage"]});
    let updated = contract
        .call("update_opportunity", arguments, &[("GET", &path, "", None), ("PUT", &path, "", Some(changes))])
        .await;
    assert_eq!((&updated["status"], &updated["tags"], &updated["name"]), (&json!("won"), &json!([]), &made["name"]));
}
