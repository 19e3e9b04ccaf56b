//! Opportunities.

use super::{Contract, id};
use crate::support::{Account, Api, Manners, in_all_manners};
use highlevel_sandbox::SandboxConfig;
use serde_json::{Value, json};

in_all_manners!(lists_by_the_statuses_that_the_api_knows, gets_creates_and_updates);

async fn lists_by_the_statuses_that_the_api_knows(api: Api, manners: Manners) {
    let contract = Contract::of(api, manners).await;
    for status in ["open", "won", "lost"] {
        let query = format!("status={status}");
        let list = contract
            .call("list_opportunities", json!({"status": status}), &[("GET", "/opportunity", &query, None)])
            .await;
        let items = list["data"].as_array().unwrap();
        assert!(!items.is_empty() && items.iter().all(|deal| deal["status"] == status), "{list}");
        for deal in items {
            contract.agrees(deal, "opportunities", &contract.truth("opportunities", &deal["id"]).await);
        }
    }
    let negotiation = json!({"status": "negotiation"});
    contract.able("list_opportunities", "opportunities", &negotiation).await;
    let sent = [("GET", "/opportunity", "limit=3&offset=2", None)];
    let page = contract.call("list_opportunities", json!({"limit": 3, "offset": 2}), &sent).await;
    assert_eq!(page["meta"]["nextOffset"], 5, "{page}");
}

/// Session API only: the official API refuses this status.
#[tokio::test]
async fn negotiation_is_filtered_after_reading_over_as_many_pages_as_it_takes() {
    let account = Account::with(SandboxConfig { contacts: 1_200, ..Default::default() }).await;
    let contract = Contract::on(account, &[]).await;
    let truth: Vec<Value> = contract.account.objects("opportunities").await;
    let wanted: Vec<&Value> =
        truth.iter().filter(|deal| deal["status"] == "negotiation").map(|deal| &deal["id"]).collect();
    assert!(truth.len() > 200 && wanted.len() > 10, "{} deals, {} in negotiation", truth.len(), wanted.len());

    // Reads the whole list by its next offsets; no item is missing or repeated.
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
    // The first call again without the host: from the start, one page of the API.
    let first = contract
        .call(
            "list_opportunities",
            json!({"status": "negotiation", "limit": 1}),
            &[("GET", "/opportunity", "limit=100&offset=0", None)],
        )
        .await;
    assert_eq!(first["data"].as_array().unwrap().len(), 1);
}

async fn gets_creates_and_updates(api: Api, manners: Manners) {
    let contract = Contract::of(api, manners).await;
    let contact = contract.account.find("contacts", |_| true).await;
    let owner = contract.account.find("users", |_| true).await;
    let least = json!({"name": "Renewal", "contactId": contact["id"], "value": 0, "status": "open"});
    let made = contract.call("create_opportunity", least.clone(), &[("POST", "/opportunity", "", Some(least))]).await;
    contract.agrees(&made, "opportunities", &contract.truth("opportunities", &made["id"]).await);
    let all = json!({
        "name": "Enterprise Deal", "contactId": contact["id"], "value": 50000.5, "status": "negotiation",
        "currency": "EUR", "stage": "proposal", "probability": 75, "expectedCloseDate": "2026-02-28",
        "assignedTo": owner["id"], "tags": ["priority"]
    });
    let all = contract.able("create_opportunity", "opportunities", &all).await;
    let made =
        contract.call("create_opportunity", all.clone(), &[("POST", "/opportunity", "", Some(all.clone()))]).await;
    let stored = contract.truth("opportunities", &made["id"]).await;
    contract.agrees(&made, "opportunities", &stored);
    contract.holds(&stored, &all);
    let path = format!("/opportunity/{}", id(&made));
    let same = contract.call("get_opportunity", json!({"id": made["id"]}), &[("GET", &path, "", None)]).await;
    assert_eq!(same, made);
    let changes = json!({"id": made["id"], "status": "won", "value": 48000});
    let arguments = contract.able("update_opportunity", "opportunities", &changes).await;
    let body = json!({"status": "won", "value": 48000});
    let sent = [("GET", path.as_str(), "", None), ("PUT", path.as_str(), "", Some(body))];
    let updated = contract.call("update_opportunity", arguments, &sent).await;
    assert_eq!(
        (&updated["status"], &updated["value"], &updated["name"]),
        (&json!("won"), &json!(48000), &made["name"])
    );
    contract.agrees(&updated, "opportunities", &contract.truth("opportunities", &made["id"]).await);
}

/// Session API only: in the official API a deal is always in a stage.
#[tokio::test]
async fn empties_a_stage() {
    let contract = Contract::of(Api::Session, Manners::plain()).await;
    let deal = contract.account.find("opportunities", |deal| deal["stage"].is_string()).await;
    let path = format!("/opportunity/{}", id(&deal));
    let sent = [("GET", path.as_str(), "", None), ("PUT", path.as_str(), "", Some(json!({"stage": null})))];
    let updated = contract.call("update_opportunity", json!({"id": deal["id"], "clear": ["stage"]}), &sent).await;
    assert!(updated["stage"].is_null(), "{updated}");
}

/// Official API only: the session API has no pipelines.
#[tokio::test]
async fn lists_pipelines_with_their_stages() {
    let contract = Contract::of(Api::Official, Manners::plain()).await;
    let list = contract.call("list_pipelines", json!({}), &[]).await;
    let truth = contract.account.objects("pipelines").await;
    let names = |pipelines: &Value| -> Vec<(Value, Vec<Value>)> {
        let stages =
            |pipeline: &Value| pipeline["stages"].as_array().unwrap().iter().map(|of| of["name"].clone()).collect();
        pipelines.as_array().unwrap().iter().map(|pipeline| (pipeline["id"].clone(), stages(pipeline))).collect()
    };
    assert_eq!(names(&list["data"]), names(&truth.into()));
}
