//! One account: nothing is different, in tools and in answers, whether a flag or `accounts.toml` names it.

use crate::support::{Account, Agency, Api, Host, on_both_apis};
use serde_json::{Value, json};

on_both_apis!(one_account_costs_no_token_more);

async fn everything(host: &Host) -> Value {
    let session = &host.session;
    json!({
        "instructions": session.peer_info().unwrap().instructions,
        "tools": session.list_all_tools().await.unwrap(),
        "prompts": session.list_all_prompts().await.unwrap(),
        "resources": session.list_all_resources().await.unwrap(),
        "templates": session.list_all_resource_templates().await.unwrap(),
    })
}

async fn one_account_costs_no_token_more(api: Api) {
    let account = Account::of(api).await;
    let plain = Host::new(&account, &[]).await;
    let agency = Agency::new(api, &["Smile Dental", "Another"]).await;
    let chosen = agency.host(&["--account", "Smile Dental"]).await;
    assert_eq!(everything(&plain).await, everything(&chosen).await, "an account that --account chooses");
    let alone = Agency::new(api, &["Smile Dental"]).await;
    let alone = alone.host(&[]).await;
    assert_eq!(everything(&plain).await, everything(&alone).await, "the only account of accounts.toml");
    let answer = chosen.answer("list_contacts", json!({"limit": 1})).await;
    assert!(answer.get("account").is_none(), "{answer}");
    let error = chosen.error("list_contacts", json!({"limit": 1, "account": "Smile Dental"})).await;
    assert_eq!((&error["code"], &error["field"]), (&json!("invalid_arguments"), &json!("account")), "{error}");
    let text = everything(&plain).await.to_string();
    assert!(!text.contains("list_accounts") && !text.contains("\"account\":{"), "nothing names an account");
}
