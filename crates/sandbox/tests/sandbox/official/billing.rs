//! Invoices and payments.

use super::{Official, message};
use serde_json::{Value, json};

fn owner(peer: &Official) -> String {
    format!("altId={}&altType=location", peer.home)
}

async fn invoices(peer: &Official, query: &str) -> Vec<Value> {
    let path = format!("/invoices/?{}&limit=100&offset=0{query}", owner(peer));
    peer.get(&path).await.body["invoices"].as_array().unwrap().clone()
}

async fn one(peer: &Official, status: &str) -> String {
    invoices(peer, &format!("&status={status}")).await[0]["_id"].as_str().unwrap().to_owned()
}

/// A body with which an invoice can be created.
async fn new_invoice(peer: &Official) -> Value {
    let contact = peer.peer.objects("contacts").await[0].clone();
    json!({
        "altId": peer.home,
        "altType": "location",
        "name": "Audit",
        "businessDetails": { "name": "Brightwater Digital" },
        "currency": "USD",
        "items": [{ "name": "Audit", "currency": "USD", "amount": 99.5, "qty": 2 }],
        "discount": { "type": "percentage", "value": 0 },
        "contactDetails": { "id": contact["id"], "name": "A B", "phoneNo": "+15125550100", "email": "a@b.example" },
        "issueDate": "2026-01-01",
        "dueDate": "2026-01-15",
        "sentTo": { "email": ["a@b.example"] },
        "liveMode": true,
    })
}

fn to_send(peer: &Official, user: &Value, action: &str) -> Value {
    json!({ "altId": peer.home, "altType": "location", "userId": user, "action": action, "liveMode": true })
}

#[tokio::test]
async fn invoices_are_filtered_and_paged() {
    let peer = Official::usual().await;
    let all = invoices(&peer, "").await;
    assert_eq!(all.len(), peer.peer.objects("invoices").await.len());
    for status in ["draft", "sent", "paid", "partially_paid", "void", "payment_processing"] {
        let found = invoices(&peer, &format!("&status={status}")).await;
        assert!(!found.is_empty() && found.iter().all(|one| one["status"] == status), "{status}");
    }
    let contact = all[0]["contactDetails"].clone();
    let of_contact = invoices(&peer, &format!("&contactId={}", contact["id"].as_str().unwrap())).await;
    assert!(of_contact.iter().all(|one| one["contactDetails"]["id"] == contact["id"]) && !of_contact.is_empty());
    let email = contact["email"].as_str().unwrap().to_uppercase();
    assert_eq!(invoices(&peer, &format!("&search={email}")).await.len(), of_contact.len());
    let ascending = invoices(&peer, "&sortField=issueDate&sortOrder=ascend").await;
    assert!(ascending.is_sorted_by_key(|one| one["issueDate"].as_str().unwrap().to_owned()));
    let day = all[3]["issueDate"].as_str().unwrap();
    let of_day = invoices(&peer, &format!("&startAt={day}&endAt={day}")).await;
    assert!(!of_day.is_empty() && of_day.iter().all(|one| one["issueDate"] == day));

    let page = peer.get(&format!("/invoices/?{}&limit=2&offset=1", owner(&peer))).await.body;
    assert_eq!((&page["invoices"][0], &page["total"]), (&all[1], &json!(all.len())));
    assert_eq!(page["invoices"].as_array().unwrap().len(), 2);
    let refused = peer.get(&format!("/invoices/?{}", owner(&peer))).await;
    assert_eq!((refused.status.as_u16(), message(&refused).contains("limit")), (422, true));
    assert_eq!(peer.get("/invoices/?altId=other&altType=location&limit=1&offset=0").await.status, 403);
}

#[tokio::test]
async fn an_invoice_is_drafted_sent_and_paid() {
    let peer = Official::usual().await;
    let next = peer.get(&format!("/invoices/generate-invoice-number?{}", owner(&peer))).await.body;
    let mut body = new_invoice(&peer).await;
    body["invoiceNumber"] = json!(next["invoiceNumber"].to_string());
    let draft = peer.send("POST", "/invoices/", body.clone()).await.body;
    assert_eq!((&draft["status"], &draft["total"], &draft["amountDue"]), (&json!("draft"), &json!(199), &json!(199)));
    assert_eq!(draft["invoiceNumber"], next["invoiceNumber"]);
    let again = peer.send("POST", "/invoices/", body).await;
    assert_eq!((again.status.as_u16(), message(&again).contains("number")), (400, true));

    let path = format!("/invoices/{}", draft["_id"].as_str().unwrap());
    let user = peer.peer.objects("users").await[0]["id"].clone();
    let nobody = peer.send("POST", &format!("{path}/send"), to_send(&peer, &json!("nobody"), "email")).await;
    assert_eq!(nobody.status, 422);
    let sent = peer.send("POST", &format!("{path}/send"), to_send(&peer, &user, "sms_and_email")).await.body;
    assert_eq!(sent["invoice"]["status"], "sent");
    let stored = peer.stored("invoices", &draft["_id"]).await;
    let receivers = [json!(["a@b.example"]), json!(["+15125550100"])];
    assert_eq!([&stored["sends"][0]["emails"], &stored["sends"][0]["phones"]], receivers.each_ref());

    let pay = |amount: f64| {
        json!({
            "altId": peer.home, "altType": "location", "mode": "cash", "card": {}, "cheque": {}, "notes": "",
            "amount": amount,
        })
    };
    let part = peer.send("POST", &format!("{path}/record-payment"), pay(100.25)).await.body;
    assert_eq!((&part["invoice"]["status"], &part["invoice"]["amountDue"]), (&json!("partially_paid"), &json!(98.75)));
    assert_eq!(peer.send("POST", &format!("{path}/record-payment"), pay(98.76)).await.status, 400);
    let paid = peer.send("POST", &format!("{path}/record-payment"), pay(98.75)).await.body;
    assert_eq!((&paid["invoice"]["status"], &paid["invoice"]["amountPaid"]), (&json!("paid"), &json!(199)));
    let of_invoice = format!("{}&entityId={}", owner(&peer), draft["_id"].as_str().unwrap());
    let transactions = peer.get(&format!("/payments/transactions?{of_invoice}")).await.body;
    assert_eq!((&transactions["totalCount"], &transactions["data"][0]["amount"]), (&json!(2), &json!(98.75)));
}

#[tokio::test]
async fn an_invoices_status_limits_what_can_be_done() {
    let peer = Official::usual().await;
    let user = peer.peer.objects("users").await[0]["id"].clone();
    let (draft, paid) = (one(&peer, "draft").await, one(&peer, "paid").await);
    for status in ["paid", "void"] {
        let path = format!("/invoices/{}/send", one(&peer, status).await);
        assert_eq!(peer.send("POST", &path, to_send(&peer, &user, "email")).await.status, 400, "{status}");
    }
    let owned = json!({ "altId": peer.home, "altType": "location" });
    let refused = peer.send("POST", &format!("/invoices/{draft}/void"), owned.clone()).await;
    assert!(message(&refused).contains("draft"));
    assert_eq!(peer.send("POST", &format!("/invoices/{}/void", one(&peer, "sent").await), owned).await.status, 200);
    let delete = async |id: &str| {
        let request = peer.request("DELETE", &format!("/invoices/{id}?{}", owner(&peer)), super::DATED);
        crate::support::send(request).await.unwrap()
    };
    assert!(message(&delete(&paid).await).contains("draft"));
    assert_eq!(delete(&draft).await.status, 200);
    let gone = peer.get(&format!("/invoices/{draft}?{}", owner(&peer))).await;
    assert!(message(&gone).contains("Unable to find an invoice"));
}

#[tokio::test]
async fn bodies_are_checked_to_their_inner_fields() {
    let peer = Official::usual().await;
    for (pointer, value, name) in [
        ("/contactDetails/phoneNo", None, "contactDetails.phoneNo"),
        ("/contactDetails/id", Some(json!("nobody")), "Contact not found"),
        ("/items/0/qty", None, "items.0.qty"),
        ("/items/0/amount", Some(json!("5")), "items.0.amount"),
        ("/items", Some(json!([])), "items"),
        ("/sentTo/email", None, "sentTo.email"),
        ("/liveMode", None, "liveMode"),
        ("/total", Some(json!(5)), "total"),
    ] {
        let mut body = new_invoice(&peer).await;
        let (parent, member) = pointer.rsplit_once('/').unwrap();
        let parent = body.pointer_mut(parent).unwrap().as_object_mut().unwrap();
        match value {
            Some(value) => drop(parent.insert(member.to_owned(), value)),
            None => drop(parent.shift_remove(member)),
        }
        let refused = peer.send("POST", "/invoices/", body).await;
        assert!(refused.status.is_client_error() && message(&refused).contains(name), "{pointer}: {}", refused.text);
    }
}

#[tokio::test]
async fn payments_have_statuses_and_currencies() {
    let peer = Official::usual().await;
    let path = format!("/payments/transactions?{}&limit=100", owner(&peer));
    let all = peer.get(&path).await.body["data"].as_array().unwrap().clone();
    for (name, values) in [("status", vec!["succeeded", "failed", "refunded"]), ("currency", vec!["USD", "EUR"])] {
        for value in values {
            assert!(all.iter().any(|one| one[name] == value), "{name} {value}");
        }
    }
    assert!(all.iter().any(|one| one["status"] == "refunded" && one["amountRefunded"] == one["amount"]));
    let contact = all[0]["contactId"].as_str().unwrap();
    let of_contact = peer.get(&format!("{path}&contactId={contact}")).await.body;
    assert!(of_contact["data"].as_array().unwrap().iter().all(|one| one["contactId"] == contact));
    let id = all[0]["_id"].as_str().unwrap();
    let whole = peer.get(&format!("/payments/transactions/{id}?{}", owner(&peer))).await.body;
    assert_eq!((&whole["amount"], &whole["entitySource"]["type"]), (&all[0]["amount"], &all[0]["entitySourceType"]));
    let paid = peer.get(&format!("/payments/orders?altId={}&paymentStatus=paid", peer.home)).await.body;
    assert_eq!(paid["totalCount"], 4);
    let subscriptions = peer.get(&format!("/payments/subscriptions?{}", owner(&peer))).await.body;
    assert_eq!(subscriptions["data"].as_array().unwrap().len(), 4);
}

#[tokio::test]
async fn live_accounts_write_amounts_and_days_in_several_forms_and_show_a_send_late() {
    let peer = Official::in_manners("live").await;
    let all = invoices(&peer, "").await;
    for (name, test) in [("total", Value::is_string as fn(&Value) -> bool), ("total", Value::is_number)] {
        assert!(all.iter().any(|one| test(&one[name])), "{name}");
    }
    assert!(all.iter().any(|one| one["dueDate"].as_str().is_some_and(|day| day.ends_with("T00:00:00.000Z"))));
    let user = peer.peer.objects("users").await[0]["id"].clone();
    let draft = one(&peer, "draft").await;
    let sent = peer.send("POST", &format!("/invoices/{draft}/send"), to_send(&peer, &user, "email")).await.body;
    assert_eq!(sent["invoice"]["status"], "sent");
    let read = peer.get(&format!("/invoices/{draft}?{}", owner(&peer))).await.body;
    assert_eq!(read["status"], "draft", "reads lag behind");
    let stored = peer.stored("invoices", &json!(draft)).await;
    assert_eq!((&stored["status"], stored["sends"].as_array().unwrap().len()), (&json!("sent"), 1));
}
