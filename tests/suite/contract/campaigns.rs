//! Campaigns ("Campaign Management").

use super::{Contract, id};
use serde_json::json;

#[tokio::test]
async fn lists_arrive_as_a_bare_array() {
    let contract = Contract::new().await;
    let all = contract.call("list_campaigns", json!({}), &[("GET", "/campaigns", "", None)]).await;
    assert_eq!(all["data"].as_array().unwrap().len(), 12, "{all}");
    for status in ["active", "paused", "archived"] {
        let query = format!("status={status}");
        let some =
            contract.call("list_campaigns", json!({"status": status}), &[("GET", "/campaigns", &query, None)]).await;
        assert!(some["data"].as_array().unwrap().iter().all(|campaign| campaign["status"] == status), "{some}");
    }
    let sent = [("GET", "/campaigns", "limit=5&offset=5", None)];
    let page = contract.call("list_campaigns", json!({"limit": 5, "offset": 5}), &sent).await;
    assert_eq!(page["data"][0]["id"], all["data"][5]["id"]);
    assert_eq!(page["meta"]["nextOffset"], 10, "a full page without a total may have more after it: {page}");
}

#[tokio::test]
async fn one_is_asked_for_by_query() {
    let contract = Contract::new().await;
    let some = contract.account.find("campaigns", |_| true).await;
    let query = format!("id={}", id(&some));
    let got = contract.call("get_campaign", json!({"id": id(&some)}), &[("GET", "/campaign", &query, None)]).await;
    assert_eq!(got, some);
}

#[tokio::test]
async fn creates() {
    let contract = Contract::new().await;
    let least = json!({"name": "Spring", "type": "email"});
    let made = contract.call("create_campaign", least.clone(), &[("POST", "/campaigns", "", Some(least))]).await;
    assert_eq!(made, contract.truth("campaigns", &made["id"]).await);
    let all = json!({"name": "Email Campaign", "type": "email", "status": "draft", "template": "campaign_template_id"});
    let made = contract.call("create_campaign", all.clone(), &[("POST", "/campaigns", "", Some(all))]).await;
    assert_eq!((&made["status"], &made["template"]), (&json!("draft"), &json!("campaign_template_id")));
}
