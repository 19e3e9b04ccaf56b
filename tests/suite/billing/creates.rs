//! Drafts of invoices.

use super::{agreeing, all_manners, arrived};
use crate::support::{Account, Host, Manners};
use futures::future::join_all;
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// The arguments of an invoice for this contact.
fn draft(contact: &Value) -> Value {
    json!({
        "contactId": contact["id"], "name": "Website", "currency": "eur", "dueDate": "2099-01-31",
        "items": [{"name": "Design", "amount": 1200.5, "quantity": 2}, {"name": "Domain", "amount": 0.1, "quantity": 3}],
    })
}

async fn contact(account: &Account) -> Value {
    account.find("contacts", |one| one["email"] == "a@b.example" || one["phone"].is_string()).await
}

#[tokio::test]
async fn a_draft_has_what_the_api_requires_and_goes_nowhere() {
    let (account, host) = agreeing(Manners::plain()).await;
    let contact = contact(&account).await;
    let made = host.answer("create_invoice", draft(&contact)).await;
    let requests = arrived(&account, "POST", "/invoices/").await;
    let body: Value = serde_json::from_str(requests[0]["body"].as_str().unwrap()).unwrap();
    let (email, phone) = (&contact["email"], &contact["phone"]);
    let item =
        |name: &str, amount: f64, qty: u64| json!({"name": name, "amount": amount, "qty": qty, "currency": "EUR"});
    let issued = body["issueDate"].as_str().unwrap();
    let expected = json!({
        "altId": account.location_id(), "altType": "location", "name": "Website", "currency": "EUR",
        "items": [item("Design", 1200.5, 2), item("Domain", 0.1, 3)],
        "discount": {"type": "percentage", "value": 0}, "liveMode": true, "title": "INVOICE",
        "termsNotes": "<p>Payment is due within 14 days.</p>", "invoiceNumber": "1028",
        "issueDate": issued, "dueDate": "2099-01-31", "sentTo": {"email": [email], "phoneNo": [phone]},
        "businessDetails": {
            "name": "Brightwater Digital", "phoneNo": "+1-512-555-0100",
            "address": {"addressLine1": "2100 Barton Springs Rd, Austin, TX 78704"},
        },
    });
    for (name, value) in expected.as_object().unwrap() {
        assert_eq!(body[name], *value, "{name}");
    }
    let details = &body["contactDetails"];
    assert_eq!((&details["id"], &details["email"], &details["phoneNo"]), (&contact["id"], email, phone));
    assert_eq!(body.as_object().unwrap().len(), expected.as_object().unwrap().len() + 1, "{body}");
    let now = chrono::Utc::now();
    let days = [now, now.with_timezone(&chrono_tz::America::Chicago).to_utc()]
        .map(|_| now.with_timezone(&chrono_tz::America::Chicago).date_naive().to_string());
    assert!(days.contains(&issued.to_owned()), "the location's own day: {issued}");

    assert_eq!((&made["status"], made["total"].as_f64()), (&json!("draft"), Some(2401.3)));
    assert_eq!((&made["number"], made.get("notApplied")), (&json!("1028"), None));
    let stored = account.find("invoices", |one| one["id"] == made["id"]).await;
    assert!(stored.get("sends").is_none() && host.asked().is_empty(), "a draft is not sent, and nobody is asked");
}

#[tokio::test]
async fn without_a_due_date_the_settings_decide() {
    for manners in all_manners() {
        let (account, host) = agreeing(manners).await;
        let mut arguments = draft(&contact(&account).await);
        arguments.as_object_mut().unwrap().shift_remove("dueDate");
        arguments["issueDate"] = json!("2026-02-20");
        let made = host.answer("create_invoice", arguments.clone()).await;
        assert_eq!((&made["issueDate"], &made["dueDate"]), (&json!("2026-02-20"), &json!("2026-03-06")));
        arguments["dueDate"] = json!("2026-02-19");
        let refused = host.error("create_invoice", arguments).await;
        assert_eq!((&refused["code"], &refused["field"]), (&json!("invalid_arguments"), &json!("dueDate")));
    }
}

#[tokio::test]
async fn wrong_arguments_name_their_field_and_send_nothing() {
    let (account, host) = agreeing(Manners::plain()).await;
    let contact = contact(&account).await;
    for (name, value, field) in [
        ("items", json!([]), "items"),
        ("items", json!([{"name": "x", "amount": -1}]), "items[0].amount"),
        ("items", json!([{"name": "x"}]), "items[0].amount"),
        ("items", json!([{"name": "x", "amount": 1, "price": 2}]), "items[0].price"),
        ("contactId", json!("Ada Example"), "contactId"),
        ("dueDate", json!("soon"), "dueDate"),
    ] {
        let mut arguments = draft(&contact);
        arguments[name] = value;
        let error = host.error("create_invoice", arguments).await;
        assert_eq!((&error["code"], &error["field"]), (&json!("invalid_arguments"), &json!(field)), "{error}");
    }
    let nobody = host.error("create_invoice", draft(&json!({"id": "nobody123"}))).await;
    assert_eq!(nobody["code"], "not_found", "{nobody}");
    assert_eq!(arrived(&account, "POST", "/invoices/").await.len(), 0);
}

#[tokio::test]
async fn a_number_that_somebody_else_took_meanwhile_is_replaced_once() {
    let (account, host) = agreeing(Manners::plain()).await;
    let contact = contact(&account).await;
    account.faults("latency-after:2500@GET /invoices/generate-invoice-number*1").await;
    let taken = async {
        while arrived(&account, "GET", "/generate-invoice-number").await.is_empty() {
            tokio::task::yield_now().await;
        }
        account
            .add("invoices", json!({"invoiceNumber": "1028", "status": "draft", "createdAt": "2026-01-01T00:00:00Z"}))
            .await
    };
    let (made, _) = tokio::join!(host.answer("create_invoice", draft(&contact)), taken);
    assert_eq!(made["number"], "1029");
    let statuses: Vec<_> =
        arrived(&account, "POST", "/invoices/").await.iter().map(|one| one["status"].clone()).collect();
    assert_eq!(statuses, [400, 200]);
}

#[tokio::test]
async fn drafts_at_once_have_numbers_of_their_own() {
    for manners in all_manners() {
        let (account, host) = agreeing(manners).await;
        let contacts = account.objects("contacts").await;
        let results = join_all(contacts[..8].iter().map(|one| host.answer("create_invoice", draft(one)))).await;
        let numbers: BTreeSet<_> = results.iter().map(|made| made["number"].as_str().unwrap()).collect();
        assert_eq!(numbers.len(), 8, "{numbers:?}");
        assert_eq!(account.objects("invoices").await.len(), 27 + 8);
    }
}

/// Whether the result is the one draft, or an honest doubt.
async fn judged(account: &Account, host: &Host, arguments: Value, fault: &str) {
    let before: BTreeSet<String> = ids(account).await;
    account.faults(&format!("{fault}@POST /invoices/*1")).await;
    account.forget_requests().await;
    let result = host.call("create_invoice", arguments).await;
    let requests = arrived(account, "POST", "/invoices/").await.len();
    let new: BTreeSet<_> = ids(account).await.difference(&before).cloned().collect();
    assert_eq!(requests, 1, "{fault}: a create is sent once");
    match result.is_error {
        Some(true) => {
            let error = crate::support::error_of(&result);
            assert_eq!(error["code"], "outcome_unknown", "{fault}: {error}");
            assert!(new.is_empty(), "{fault}: the draft is there and was not found: {error}");
        }
        _ => {
            let made = crate::support::structured(&result);
            assert_eq!(new, BTreeSet::from([made["id"].as_str().unwrap().to_owned()]), "{fault}");
        }
    }
}

async fn ids(account: &Account) -> BTreeSet<String> {
    account.objects("invoices").await.iter().map(|one| one["id"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn after_a_doubt_the_one_draft_is_found_or_the_outcome_is_unknown() {
    for manners in all_manners() {
        let (account, host) = agreeing(manners).await;
        let contacts = account.objects("contacts").await;
        // The clock of the database is known from an earlier answer.
        host.answer("create_invoice", draft(&contacts[20])).await;
        for (contact, fault) in
            contacts.iter().zip(["500-after", "drop-after", "truncate", "malformed", "html-after", "500"])
        {
            judged(&account, &host, draft(contact), fault).await;
        }
    }
}
