//! Conversations and workflows, which only the official API has. The requests are those of HighLevel's files.

use super::{Contract, id};
use crate::support::{Api, Manners, in_all_manners};
use serde_json::{Value, json};

in_all_manners!(conversations_and_messages_are_read, a_message_is_sent, a_workflow_is_started);

/// The requests that arrived: method, path, version, and the body of a write.
async fn arrived(contract: &Contract) -> Vec<(String, String, Value, Value)> {
    let requests = contract.account.requests().await;
    let all = requests.iter().map(|request| {
        let text = |name: &str| request[name].as_str().unwrap_or_default().to_owned();
        let body = serde_json::from_str(&text("body")).unwrap_or_default();
        (text("method"), text("path"), request["headers"]["version"].clone(), body)
    });
    all.filter(|(method, path, ..)| method != "GET" || path.starts_with("/conversations")).collect()
}

async fn conversations_and_messages_are_read(api: Api, manners: Manners) {
    if api == Api::Session {
        return;
    }
    let contract = Contract::of(api, manners).await;
    let listed = contract.call("list_conversations", json!({"limit": 3}), &[]).await;
    let version = json!("2021-04-15");
    let search = ("GET".to_owned(), "/conversations/search".to_owned(), version.clone(), Value::Null);
    assert_eq!(arrived(&contract).await, std::slice::from_ref(&search));
    let one = &listed["data"][0];
    let truth = contract.truth("conversations", &one["id"]).await;
    assert_eq!(
        (&one["contactId"], &one["unreadCount"].as_f64()),
        (&truth["contactId"], &truth["unreadCount"].as_f64())
    );
    contract.call("list_messages", json!({"contactId": one["contactId"], "channel": "SMS"}), &[]).await;
    let path = format!("/conversations/{}/messages", id(one));
    assert_eq!(arrived(&contract).await, [search, ("GET".to_owned(), path, version.clone(), Value::Null)]);
    contract.call("list_messages", json!({"channel": "WhatsApp"}), &[]).await;
    let export = ("GET".to_owned(), "/conversations/messages/export".to_owned(), version, Value::Null);
    assert_eq!(arrived(&contract).await, [export]);
}

async fn a_message_is_sent(api: Api, manners: Manners) {
    if api == Api::Session {
        return;
    }
    let contract = Contract::of(api, manners).await;
    let contact = contract.account.find("contacts", |one| one.get("dnd").is_none() && one["phone"].is_string()).await;
    let text = json!({"contactId": contact["id"], "channel": "SMS", "body": "Hi"});
    contract.call("send_message", text, &[("POST", "/conversations/messages", "", None)]).await;
    let version = json!("2021-04-15");
    let post = |body: Value| ("POST".to_owned(), "/conversations/messages".to_owned(), version.clone(), body);
    let body = json!({"type": "SMS", "contactId": contact["id"], "message": "Hi"});
    assert_eq!(arrived(&contract).await.pop().unwrap(), post(body));
    let mail = json!({"contactId": contact["id"], "channel": "Email", "subject": "S", "body": "<p>Hi</p>", "cc": ["c@x.example"],
        "from": "desk@x.example", "attachments": ["https://x.example/a.pdf"], "at": "2099-01-01T00:00:00Z"});
    contract.call("send_message", mail, &[("POST", "/conversations/messages", "", None)]).await;
    let body = json!({"type": "Email", "html": "<p>Hi</p>", "contactId": contact["id"], "subject": "S",
        "emailFrom": "desk@x.example", "emailCc": ["c@x.example"], "attachments": ["https://x.example/a.pdf"],
        "scheduledTimestamp": 4_070_908_800_i64});
    assert_eq!(arrived(&contract).await.pop().unwrap(), post(body));
}

async fn a_workflow_is_started(api: Api, manners: Manners) {
    if api == Api::Session {
        return;
    }
    let contract = Contract::of(api, manners).await;
    let contact = contract.account.find("contacts", |_| true).await;
    let workflow = contract.account.find("workflows", |one| one["name"] == "Review request").await;
    let path = format!("/contacts/{}/workflow/{}", id(&contact), id(&workflow));
    let call = json!({"contactId": contact["id"], "workflow": "Review request"});
    contract.call("add_to_workflow", call.clone(), &[("POST", &path, "", None)]).await;
    let expected = |method: &str| (method.to_owned(), path.clone(), json!("2021-07-28"), json!({}));
    assert_eq!(arrived(&contract).await, [expected("POST")]);
    contract.account.forget_requests().await;
    contract.host.answer("remove_from_workflow", call).await;
    assert_eq!(arrived(&contract).await, [expected("DELETE")]);
}
