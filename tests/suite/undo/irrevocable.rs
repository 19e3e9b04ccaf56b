//! What cannot be taken back is said, with the reason and with what is possible instead.

use super::*;
use crate::support::{Api, Era, Person};

async fn why(host: &Host, selection: Value) -> String {
    let plan = host.answer("undo_changes", selection).await;
    assert_eq!((&plan["calls"], &plan["invalid"]), (&json!({}), &json!(1)), "{plan}");
    assert!(plan.get("confirmationToken").is_none(), "{plan}");
    plan["leftOut"][0]["why"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn deleted_and_published_pages() {
    let account = Account::of(Api::Session).await;
    let host = Host::with(&account, &[], Era::Handshake, Person::agrees()).await;
    for (tool, says) in [("delete_page", "cannot be brought back"), ("publish_page", "public")] {
        let page = account.find("pages", |page| page["status"] == "draft").await;
        host.answer(tool, json!({"id": page["id"]})).await;
        let why = why(&host, json!({"entry": newest(&account, &host).await})).await;
        assert!(why.contains(says), "{tool}: {why}");
    }
}

/// An update before a deletion is gone with its object: one row says so.
#[tokio::test]
async fn what_was_updated_and_then_deleted() {
    let account = Account::of(Api::Session).await;
    let host = Host::with(&account, &[], Era::Handshake, Person::agrees()).await;
    let page = account.find("pages", |page| page["status"] == "draft").await;
    host.answer("update_page", json!({"id": page["id"], "title": "New"})).await;
    host.answer("delete_page", json!({"id": page["id"]})).await;
    let why = why(&host, json!({"since": "2020-01-01"})).await;
    assert!(why.contains("cannot be brought back"), "{why}");
}

#[tokio::test]
async fn a_sent_message_says_who_got_it() {
    let account = Account::of(Api::Official).await;
    let host = Host::with(&account, &[], Era::Handshake, Person::agrees()).await;
    let contact = account.find("contacts", |contact| contact["phone"].is_string() && contact["dnd"] != true).await;
    host.answer("send_message", json!({"contactId": contact["id"], "channel": "sms", "body": "Hello"})).await;
    let why = why(&host, json!({"since": "2020-01-01"})).await;
    assert!(why.contains("sent") && why.contains(contact["id"].as_str().unwrap()), "{why}");
}

#[tokio::test]
async fn an_operation_that_names_no_inverse() {
    let account = Account::of(Api::Official).await;
    let host = Host::with(&account, &[], Era::Handshake, Person::agrees()).await;
    let contact = account.find("contacts", |_| true).await;
    let arguments = json!({"contactId": contact["id"], "firstName": "Wrong"});
    let run = json!({"operation": "contacts.update-contact", "arguments": arguments});
    host.answer("run_operation", run).await;
    let why = why(&host, json!({"since": "2020-01-01"})).await;
    assert!(why.contains("names no operation that takes it back") && why.contains("journal show"), "{why}");
}
