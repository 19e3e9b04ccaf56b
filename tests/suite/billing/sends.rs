//! Sends of invoices: what a person is shown, and what is refused before anybody is asked.

use super::{agreeing, all_manners, arrived, invoice, sends};
use crate::support::{Account, Api, Era, Host, Manners, Person};
use serde_json::{Value, json};

#[tokio::test]
async fn an_invoice_goes_out_once_a_person_has_seen_to_whom_and_how_much() {
    for manners in all_manners() {
        let (account, host) = agreeing(manners).await;
        let id = invoice(&account, "draft").await;
        let before = account.find("invoices", |one| one["id"] == *id).await;
        let sent = host.answer("send_invoice", json!({"id": id, "by": "email"})).await;
        let asked = host.asked()[0]["message"].as_str().unwrap().to_owned();
        let contact = &before["contactDetails"];
        let total = before["total"].as_f64().unwrap();
        for shown in [
            before["name"].as_str().unwrap(),
            before["currency"].as_str().unwrap(),
            contact["name"].as_str().unwrap(),
            contact["email"].as_str().unwrap(),
            "by: email",
            "reaches people",
            &format!("total: {}", json!(total).to_string().trim_end_matches(".0")),
        ] {
            assert!(asked.contains(shown), "{shown} is missing: {asked}");
        }
        assert_eq!((&sent["id"], &sent["status"], sent.get("notApplied")), (&json!(id), &json!("sent"), None));
        let stored = account.find("invoices", |one| one["id"] == *id).await;
        let admin = account.find("users", |user| user["role"] == "admin").await;
        let expected = json!([
            {"action": "email", "emails": [contact["email"]], "phones": [], "userId": admin["id"]},
        ]);
        assert_eq!(stored["sends"], expected);
    }
}

#[tokio::test]
async fn the_request_is_as_the_file_says_and_names_the_sender() {
    let (account, host) = agreeing(Manners::plain()).await;
    let id = account.find("invoices", |one| one["status"] == "draft" && one["contactDetails"]["phoneNo"] != "").await;
    let user = account.find("users", |user| user["firstName"] == "Keisha").await;
    let arguments = json!({"id": id["id"], "by": "sms_and_email", "sender": "Keisha Bryant"});
    host.answer("send_invoice", arguments).await;
    let body: Value =
        serde_json::from_str(arrived(&account, "POST", "/send").await[0]["body"].as_str().unwrap()).unwrap();
    let expected = json!({
        "altId": account.location_id(), "altType": "location", "userId": user["id"], "action": "sms_and_email",
        "liveMode": true,
    });
    assert_eq!(body, expected);
    let unknown = host
        .error("send_invoice", json!({"id": id["id"], "by": "email", "sender": "Keisha Brian", "again": true}))
        .await;
    assert_eq!(unknown["field"], "sender", "{unknown}");
}

#[tokio::test]
async fn without_a_yes_nothing_goes_out() {
    let account = Account::of(Api::Official).await;
    let id = invoice(&account, "draft").await;
    let arguments = json!({"id": id, "by": "email"});
    let host = Host::with(&account, &[], Era::Modern, Person::declines()).await;
    assert_eq!(host.error("send_invoice", arguments.clone()).await["code"], "declined");
    let host = Host::new(&account, &[]).await;
    let error = host.error("send_invoice", arguments.clone()).await;
    assert_eq!(
        (&error["code"], error["preview"]["irreversible"].as_bool()),
        (&json!("confirmation_required"), Some(true))
    );
    assert!(error["preview"]["object"]["emails"].is_array(), "{error}");
    let host = Host::new(&account, &["--read-only"]).await;
    assert_eq!(host.error("send_invoice", arguments).await["code"], "policy_denied");
    assert_eq!(arrived(&account, "POST", "/send").await.len(), 0);
}

#[tokio::test]
async fn what_cannot_be_sent_is_refused_before_anybody_is_asked() {
    for manners in all_manners() {
        let (account, host) = agreeing(manners).await;
        for status in ["paid", "void", "payment_processing"] {
            let error = host.error("send_invoice", json!({"id": invoice(&account, status).await, "by": "email"})).await;
            assert_eq!((&error["code"], &error["status"]), (&json!("conflict"), &json!(status)), "{error}");
        }
        let silent = invoice(&account, "draft").await;
        let without = json!({"contactDetails": {"phoneNo": ""}, "sentTo": {"phoneNo": []}});
        account.change("invoices", &silent, without).await;
        let error = host.error("send_invoice", json!({"id": silent, "by": "sms"})).await;
        assert!(error["message"].as_str().unwrap().contains("no phone number"), "{error}");
        let unknown = host.error("send_invoice", json!({"id": "6578278e879ad2646715ba9c", "by": "email"})).await;
        assert_eq!(unknown["code"], "not_found", "{unknown}");
        assert!(host.asked().is_empty());
        assert_eq!(arrived(&account, "POST", "/send").await.len(), 0);
    }
}

#[tokio::test]
async fn an_invoice_that_was_sent_goes_out_again_only_if_the_call_says_so() {
    for manners in all_manners() {
        let (account, host) = agreeing(manners).await;
        for status in ["sent", "partially_paid"] {
            let id = invoice(&account, status).await;
            let error = host.error("send_invoice", json!({"id": id, "by": "email"})).await;
            assert!(error["message"].as_str().unwrap().contains("again: true"), "{error}");
            assert_eq!(sends(&account, &id).await, 0);
            let sent = host.answer("send_invoice", json!({"id": id, "by": "email", "again": true})).await;
            assert_eq!((&sent["status"], sends(&account, &id).await), (&json!(status), 1));
        }
    }
}
