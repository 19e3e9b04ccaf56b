//! What the API refuses, in the words of a tool's error ("Response Codes", "Common Errors").

use super::Contract;
use serde_json::json;

#[tokio::test]
async fn each_status_has_its_code() {
    let contract = Contract::new().await;
    for (status, code) in [
        ("400", "invalid_arguments"),
        ("422", "invalid_arguments"),
        ("403", "forbidden"),
        ("404", "not_found"),
        ("409", "conflict"),
        ("418", "upstream_error"),
    ] {
        contract.account.faults(&format!("{status}@read*1")).await;
        let sent = [("GET", "/users/me", "", None)];
        let error = contract.refused("get_current_user", json!({}), &sent).await;
        assert_eq!(error["code"], code, "{status}: {error}");
    }
}

#[tokio::test]
async fn the_apis_own_message_is_passed_on() {
    let contract = Contract::new().await;
    let arguments = json!({"name": "Renewal", "contactId": "nobody", "value": 1, "status": "open"});
    let error = contract
        .refused("create_opportunity", arguments.clone(), &[("POST", "/opportunity", "", Some(arguments))])
        .await;
    assert_eq!(error["code"], "invalid_arguments");
    assert!(error["message"].as_str().unwrap().contains("contactId"), "{error}");
    let page = contract.account.find("pages", |page| page["status"] == "draft").await;
    let twin = json!({"name": "Twin", "slug": page["slug"]});
    let error = contract.refused("create_page", twin.clone(), &[("POST", "/page", "", Some(twin))]).await;
    assert_eq!(error["code"], "conflict");
    assert!(error["message"].as_str().unwrap().contains("slug"), "{error}");
}

#[tokio::test]
async fn what_is_not_there_is_not_found() {
    let contract = Contract::new().await;
    for (tool, name, method, path, query) in [
        ("get_user", "userId", "GET", "/users/nobody", ""),
        ("get_location", "id", "GET", "/location/nobody", ""),
        ("get_contact", "id", "GET", "/contact/nobody", ""),
        ("get_opportunity", "id", "GET", "/opportunity/nobody", ""),
        ("get_campaign", "id", "GET", "/campaign", "id=nobody"),
        ("get_page", "id", "GET", "/page/nobody", ""),
    ] {
        let error = contract.refused(tool, json!({name: "nobody"}), &[(method, path, query, None)]).await;
        assert_eq!(error["code"], "not_found", "{tool}: {error}");
    }
}
