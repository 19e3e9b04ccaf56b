//! Lists of invoices and transactions.

use super::{agreeing, all_manners};
use serde_json::{Value, json};
use std::collections::BTreeSet;

fn ids(items: &Value) -> BTreeSet<String> {
    items.as_array().unwrap().iter().map(|item| item["id"].as_str().unwrap().to_owned()).collect()
}

/// The ids of the stored objects that fit.
fn stored(objects: &[Value], fits: impl Fn(&Value) -> bool) -> BTreeSet<String> {
    objects.iter().filter(|one| fits(one)).map(|one| one["id"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn invoices_are_listed_by_status_contact_and_due_date() {
    for manners in all_manners() {
        let (account, host) = agreeing(manners).await;
        let all = account.objects("invoices").await;
        let list = async |arguments: Value| ids(&host.answer("list_invoices", arguments).await["data"]);
        assert_eq!(list(json!({})).await, stored(&all, |_| true));
        assert_eq!(list(json!({"status": "paid"})).await, stored(&all, |one| one["status"] == "paid"));
        let contact = &all[0]["contactDetails"]["id"];
        let of_contact = stored(&all, |one| one["contactDetails"]["id"] == *contact);
        assert_eq!(list(json!({"contactId": contact})).await, of_contact);
        // Seeded days are weeks from today, so that no time zone matters.
        let today = chrono::Utc::now().date_naive().to_string();
        let due = |one: &Value| one["dueDate"].as_str().unwrap().to_owned();
        let is_open = |one: &Value| one["status"] == "sent" || one["status"] == "partially_paid";
        let overdue = stored(&all, |one| is_open(one) && due(one) < today);
        assert_eq!(overdue.len(), 6);
        assert_eq!(list(json!({"status": "overdue"})).await, overdue);
        let soon = (chrono::Utc::now() + chrono::Duration::days(12)).date_naive().to_string();
        let between = stored(&all, |one| (today.clone()..=soon.clone()).contains(&due(one)));
        assert!(!between.is_empty());
        assert_eq!(list(json!({"dueFrom": today, "dueUntil": soon})).await, between);
    }
}

#[tokio::test]
async fn an_invoice_is_shown_exactly_whatever_form_the_api_gives() {
    for manners in all_manners() {
        let (account, host) = agreeing(manners).await;
        let answer = host.answer("list_invoices", json!({})).await;
        for stored in account.objects("invoices").await {
            let shown = answer["data"].as_array().unwrap().iter().find(|one| one["id"] == stored["id"]).unwrap();
            assert_eq!(shown["number"], stored["invoiceNumber"], "a text, with or without letters");
            for name in ["total", "amountPaid", "amountDue"] {
                assert_eq!(shown[name].as_f64(), stored[name].as_f64(), "{name}: {shown}");
            }
            for name in ["name", "status", "currency", "issueDate", "dueDate"] {
                assert_eq!(shown[name], stored[name], "{name}: {shown}");
            }
            assert_eq!(shown["contactId"], stored["contactDetails"]["id"]);
            assert_eq!(shown["emails"], json!([stored["contactDetails"]["email"]]));
            assert_eq!(shown["items"][0]["quantity"], stored["invoiceItems"][0]["qty"]);
            assert_eq!(shown["locationId"], json!(account.location_id()));
            assert!(shown.get("altId").is_none() && shown["overdue"].is_boolean(), "{shown}");
        }
    }
}

#[tokio::test]
async fn transactions_are_listed_by_status_contact_and_what_was_paid() {
    for manners in all_manners() {
        let (account, host) = agreeing(manners).await;
        let all = account.objects("transactions").await;
        let list = async |arguments: Value| ids(&host.answer("list_transactions", arguments).await["data"]);
        assert_eq!(list(json!({})).await, stored(&all, |_| true));
        assert_eq!(list(json!({"status": "failed"})).await, stored(&all, |one| one["status"] == "failed"));
        let paid = all.iter().find(|one| one["entityType"] == "invoice").unwrap();
        let of_invoice = stored(&all, |one| one["entityId"] == paid["entityId"]);
        assert_eq!(list(json!({"entityId": paid["entityId"]})).await, of_invoice);
        let day = paid["createdAt"].as_str().unwrap()[..10].to_owned();
        let of_day = stored(&all, |one| one["createdAt"].as_str().unwrap().starts_with(&day));
        assert_eq!(list(json!({"since": day, "until": day})).await, of_day);
        let answer = host.answer("list_transactions", json!({"entityId": paid["entityId"]})).await;
        let shown = &answer["data"][0];
        assert_eq!(shown["amount"].as_f64(), paid["amount"].as_f64(), "exact, in the main unit");
        assert_eq!((&shown["sourceType"], &shown["contactId"]), (&json!("invoice"), &paid["contactId"]));
    }
}

#[tokio::test]
async fn pages_are_read_to_the_end_without_a_total() {
    let (account, host) = agreeing("total:absent,cap:10".parse().unwrap()).await;
    for (tool, kind) in [("list_invoices", "invoices"), ("list_transactions", "transactions")] {
        let (mut found, mut offset) = (Vec::new(), Some(0));
        while let Some(at) = offset {
            let answer = host.answer(tool, json!({"limit": 8, "offset": at})).await;
            found.extend(ids(&answer["data"]));
            offset = answer["meta"]["nextOffset"].as_u64();
        }
        let all = account.objects(kind).await;
        assert_eq!((found.len(), found.into_iter().collect()), (all.len(), stored(&all, |_| true)), "{tool}");
    }
}
