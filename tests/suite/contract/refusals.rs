//! Refusals by the API, as the tool's error.

use super::Contract;
use crate::support::{Api, Manners, on_both_apis};
use serde_json::json;

on_both_apis!(each_status_has_its_code, the_apis_own_message_is_passed_on, a_missing_object_is_not_found);

async fn each_status_has_its_code(api: Api) {
    let contract = Contract::of(api, Manners::plain()).await;
    for (status, code) in [
        ("400", "invalid_arguments"),
        ("422", "invalid_arguments"),
        ("403", "forbidden"),
        ("404", "not_found"),
        ("409", "conflict"),
        ("418", "upstream_error"),
    ] {
        // Every read fails. In the official API, the check of the pinned location comes first.
        contract.account.faults(&format!("{status}@read")).await;
        let sent = [("GET", "/location", "", None)];
        let error = contract.refused("get_default_location", json!({}), &sent).await;
        assert_eq!(error["code"], code, "{status}: {error}");
    }
}

async fn the_apis_own_message_is_passed_on(api: Api) {
    let contract = Contract::of(api, Manners::plain()).await;
    let arguments = json!({"name": "Renewal", "contactId": "nobody", "value": 1, "status": "open"});
    let error = contract
        .refused("create_opportunity", arguments.clone(), &[("POST", "/opportunity", "", Some(arguments))])
        .await;
    assert_eq!(error["code"], "invalid_arguments");
    assert!(error["message"].as_str().unwrap().contains("contactId"), "{error}");
}

/// Session API only: the official API creates no pages.
#[tokio::test]
async fn a_slug_that_is_taken_is_a_conflict() {
    let contract = Contract::of(Api::Session, Manners::plain()).await;
    let page = contract.account.find("pages", |page| page["status"] == "draft").await;
    let twin = json!({"name": "Twin", "slug": page["slug"]});
    let error = contract.refused("create_page", twin.clone(), &[("POST", "/page", "", Some(twin))]).await;
    assert_eq!(error["code"], "conflict");
    assert!(error["message"].as_str().unwrap().contains("slug"), "{error}");
}

async fn a_missing_object_is_not_found(api: Api) {
    let contract = Contract::of(api, Manners::plain()).await;
    let tools = [
        ("get_user", "userId", "GET", "/users/nobody", ""),
        ("get_location", "id", "GET", "/location/nobody", ""),
        ("get_contact", "id", "GET", "/contact/nobody", ""),
        ("get_opportunity", "id", "GET", "/opportunity/nobody", ""),
        ("get_campaign", "id", "GET", "/campaign", "id=nobody"),
        ("get_page", "id", "GET", "/page/nobody", ""),
    ];
    for (tool, name, method, path, query) in tools.into_iter().filter(|(tool, ..)| contract.account.has(tool)) {
        let error = contract.refused(tool, json!({name: "nobody"}), &[(method, path, query, None)]).await;
        // A server over the official API is pinned to its location.
        let held = tool == "get_location" && api == Api::Official;
        assert_eq!(error["code"], if held { "policy_denied" } else { "not_found" }, "{tool}: {error}");
    }
}
