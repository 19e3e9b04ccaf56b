//! Campaigns.

use super::{Contract, id};
use crate::support::{Api, Manners, in_all_manners};
use serde_json::json;

in_all_manners!(lists_arrive_as_a_bare_array, one_is_asked_for_by_query, creates);

async fn lists_arrive_as_a_bare_array(api: Api, manners: Manners) {
    let contract = Contract::of(api, manners).await;
    let all = contract.call("list_campaigns", json!({}), &[("GET", "/campaigns", "", None)]).await;
    let truth = contract.account.reported("campaigns").await;
    assert_eq!(all["data"].as_array().unwrap().len(), truth.len(), "{all}");
    for status in ["active", "paused", "archived"] {
        let arguments = json!({"status": status});
        if contract.able("list_campaigns", "campaigns", &arguments).await != arguments {
            continue;
        }
        let query = format!("status={status}");
        let some = contract.call("list_campaigns", arguments, &[("GET", "/campaigns", &query, None)]).await;
        let items = some["data"].as_array().unwrap();
        assert!(!items.is_empty() && items.iter().all(|campaign| campaign["status"] == status), "{some}");
    }
    let sent = [("GET", "/campaigns", "limit=4&offset=4", None)];
    let page = contract.call("list_campaigns", json!({"limit": 4, "offset": 4}), &sent).await;
    assert_eq!(page["data"][0]["id"], all["data"][4]["id"]);
    assert_eq!(page["meta"]["nextOffset"], 8, "a full page without a total may have more after it: {page}");
}

async fn one_is_asked_for_by_query(api: Api, manners: Manners) {
    let contract = Contract::of(api, manners).await;
    let some = contract.account.find("campaigns", |_| true).await;
    let query = format!("id={}", id(&some));
    let got = contract.call("get_campaign", json!({"id": id(&some)}), &[("GET", "/campaign", &query, None)]).await;
    contract.agrees(&got, "campaigns", &some);
}

async fn creates(api: Api, manners: Manners) {
    let contract = Contract::of(api, manners).await;
    let least = json!({"name": "Spring", "type": "email"});
    let made = contract.call("create_campaign", least.clone(), &[("POST", "/campaigns", "", Some(least))]).await;
    contract.agrees(&made, "campaigns", &contract.truth("campaigns", &made["id"]).await);
    let all = json!({"name": "Email Campaign", "type": "email", "status": "draft", "template": "campaign_template_id"});
    let made = contract.call("create_campaign", all.clone(), &[("POST", "/campaigns", "", Some(all.clone()))]).await;
    let stored = contract.truth("campaigns", &made["id"]).await;
    contract.agrees(&made, "campaigns", &stored);
    contract.holds(&stored, &all);
}
