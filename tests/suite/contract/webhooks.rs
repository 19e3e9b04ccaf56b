//! Webhooks. Session API only: the official API has none.

use super::{Contract, id};
use crate::support::{Api, Manners};
use serde_json::json;

#[tokio::test]
async fn lists_without_a_query_and_slices_here() {
    let contract = Contract::of(Api::Session, Manners::plain()).await;
    let all = contract.call("list_webhooks", json!({}), &[("GET", "/webhook", "", None)]).await;
    assert_eq!((all["data"].as_array().unwrap().len(), &all["meta"]["total"]), (2, &json!(2)), "{all}");
    let sent = [("GET", "/webhook", "", None)];
    let second = contract.call("list_webhooks", json!({"limit": 1, "offset": 1}), &sent).await;
    assert_eq!(second["data"], json!([all["data"][1]]));
    assert!(second["meta"].get("nextOffset").is_none(), "{second}");
    let first = contract.call("list_webhooks", json!({"limit": 1}), &[("GET", "/webhook", "", None)]).await;
    assert_eq!((&first["data"][0], &first["meta"]["nextOffset"]), (&all["data"][0], &json!(1)));
}

#[tokio::test]
async fn creates_and_never_shows_the_secret_again() {
    let contract = Contract::of(Api::Session, Manners::plain()).await;
    let all = json!({
        "url": "https://example.com/webhook", "events": ["contact.created", "opportunity.created"],
        "secret": "signing-secret-canary"
    });
    // The confirmation names the location.
    let sent = [("GET", "/location", "", None), ("POST", "/webhook", "", Some(all.clone()))];
    let made = contract.call("create_webhook", all, &sent).await;
    let asked = contract.host.asked();
    assert!(asked[0]["message"].as_str().unwrap().contains("host: example.com"), "{asked:?}");
    assert!(!asked[0].to_string().contains("canary"), "{asked:?}");
    assert!(!made.to_string().contains("canary"), "{made}");
    assert_eq!(made["events"], json!(["contact.created", "opportunity.created"]));
    let list = contract.call("list_webhooks", json!({}), &[("GET", "/webhook", "", None)]).await;
    assert!(!list.to_string().contains("canary"), "{list}");
    assert_eq!(contract.truth("webhooks", &made["id"]).await["secret"], "signing-secret-canary", "it was stored");
}

#[tokio::test]
async fn private_hosts_need_the_setting() {
    let url = json!({"url": "https://127.0.0.1/hook", "events": ["contact.created"]});
    let strict = Contract::of(Api::Session, Manners::plain()).await;
    let error = strict.refused("create_webhook", url.clone(), &[]).await;
    assert_eq!((&error["code"], &error["field"]), (&json!("invalid_arguments"), &json!("url")), "{error}");
    assert!(error["message"].as_str().unwrap().contains("--allow-private-webhooks"));
    let open = Contract::with(Api::Session, &["--allow-private-webhooks"]).await;
    let sent = [("GET", "/location", "", None), ("POST", "/webhook", "", Some(url.clone()))];
    open.call("create_webhook", url, &sent).await;
}

#[tokio::test]
async fn deletes_after_a_person_confirmed() {
    let contract = Contract::of(Api::Session, Manners::plain()).await;
    let webhook = contract.account.find("webhooks", |_| true).await;
    let path = format!("/webhook/{}", id(&webhook));
    // The API cannot get a single webhook, so each of the two rounds reads the list.
    let read = ("GET", "/webhook", "", None);
    let sent = [read.clone(), ("GET", "/location", "", None), read.clone(), ("DELETE", path.as_str(), "", None)];
    let gone = contract.call("delete_webhook", json!({"id": id(&webhook)}), &sent).await;
    assert_eq!(gone["deleted"], true);
    let asked = contract.host.asked();
    assert!(asked[0]["message"].as_str().unwrap().contains(webhook["url"].as_str().unwrap()), "{asked:?}");
}
