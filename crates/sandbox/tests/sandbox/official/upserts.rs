//! Upserts of contacts, and deletions with what goes with them.

use super::schemas::faults;
use super::{Official, message};
use crate::support::Reply;
use serde_json::{Value, json};

async fn upsert(peer: &Official, mut body: Value) -> Reply {
    body["locationId"] = json!(peer.home);
    let reply = peer.send("POST", "/contacts/upsert", body).await;
    if reply.status.is_success() {
        assert_eq!(faults("contacts POST /contacts/upsert", &reply), [""; 0], "{}", reply.text);
    }
    reply
}

fn id(reply: &Reply) -> String {
    reply.body["contact"]["id"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn an_upsert_creates_once_and_then_updates() {
    for words in ["", "no-duplicates", "normalise"] {
        let peer = Official::in_manners(words).await;
        let made =
            upsert(&peer, json!({ "firstName": "Ada", "email": "ada@engine.example", "tags": ["a", "b"] })).await;
        assert_eq!((made.status.as_u16(), &made.body["new"]), (200, &json!(true)), "{}", made.text);
        let again =
            json!({ "email": "ADA@engine.example", "companyName": "Engines", "tags": ["c"], "gender": "female" });
        let again = upsert(&peer, again).await;
        assert_eq!((&again.body["new"], id(&again)), (&json!(false), id(&made)), "{words}");
        let contact = peer.stored("contacts", &json!(id(&made))).await;
        assert_eq!((&contact["firstName"], &contact["companyName"]), (&json!("Ada"), &json!("Engines")));
        assert_eq!((&contact["tags"], &contact["gender"]), (&json!(["c"]), &Value::Null), "{words}");
    }
}

#[tokio::test]
async fn of_two_contacts_the_one_with_the_email_is_changed_and_the_phone_left_out() {
    let peer = Official::in_manners("normalise").await;
    let by_phone = id(&upsert(&peer, json!({ "firstName": "Phone", "phone": "512 555 9177" })).await);
    let by_email = id(&upsert(&peer, json!({ "firstName": "Mail", "email": "two@example.com" })).await);
    let both = json!({ "firstName": "Both", "email": "two@example.com", "phone": "+1 (512) 555-9177" });
    let both = upsert(&peer, both).await;
    assert_eq!((&both.body["new"], id(&both)), (&json!(false), by_email.clone()));
    let stored = async |id: String| peer.stored("contacts", &json!(id)).await;
    let (mail, phone) = (stored(by_email).await, stored(by_phone.clone()).await);
    assert_eq!((&mail["firstName"], &mail["phone"]), (&json!("Both"), &Value::Null));
    assert_eq!((&phone["firstName"], &phone["phone"]), (&json!("Phone"), &json!("+15125559177")));
    let new_email = upsert(&peer, json!({ "email": "new@example.com", "phone": "5125559177" })).await;
    assert_eq!(id(&new_email), by_phone, "without a match by e-mail, the phone decides");
    assert_eq!(stored(by_phone).await["email"], "new@example.com");
}

#[tokio::test]
async fn a_new_contact_is_asked_for_where_duplicates_are_allowed() {
    let body = json!({ "email": "twin@example.com", "createNewIfDuplicateAllowed": true });
    for (words, new) in [("", true), ("no-duplicates", false)] {
        let peer = Official::in_manners(words).await;
        let first = upsert(&peer, body.clone()).await;
        let second = upsert(&peer, body.clone()).await;
        assert_eq!((&first.body["new"], &second.body["new"]), (&json!(true), &json!(new)), "{words}");
        assert_eq!(id(&first) != id(&second), new, "{words}");
    }
    let peer = Official::usual().await;
    let neither = upsert(&peer, json!({ "firstName": "Ada" })).await;
    assert!(message(&neither).contains("email or phone"), "{}", neither.text);
}

#[tokio::test]
async fn a_deleted_contact_is_gone_with_what_belongs_to_it() {
    let peer = Official::usual().await;
    let deals = peer.peer.objects("opportunities").await;
    let contact = deals[0]["contactId"].as_str().unwrap().to_owned();
    let path = format!("/contacts/{contact}");
    peer.send("POST", &format!("{path}/notes"), json!({ "body": "Called." })).await;
    let task = json!({ "title": "Call", "dueDate": "2030-01-02", "completed": false });
    peer.send("POST", &format!("{path}/tasks"), task).await;
    let of_contact = async |kind: &str| {
        let objects = peer.peer.objects(kind).await;
        let own = objects.iter().filter(|object| object["contactId"] == contact.as_str()).count();
        (objects.len() - own, own)
    };
    for kind in ["opportunities", "notes", "tasks"] {
        let (others, own) = of_contact(kind).await;
        assert!(others > 0 && own > 0, "{kind}");
    }
    let others = [of_contact("opportunities").await.0, of_contact("notes").await.0, of_contact("tasks").await.0];
    let gone = peer.delete(&path).await;
    assert_eq!(faults("contacts DELETE /contacts/{contactId}", &gone), [""; 0], "{}", gone.text);
    assert_eq!(gone.body, json!({ "succeded": true }));
    for (kind, others) in ["opportunities", "notes", "tasks"].into_iter().zip(others) {
        assert_eq!(of_contact(kind).await, (others, 0), "{kind}");
    }
    for path in [path.clone(), format!("{path}/notes"), format!("{path}/tasks")] {
        assert_eq!(peer.get(&path).await.message(), "Contact not found", "{path}");
    }
    assert_eq!(peer.delete(&path).await.status, 400);
    assert_eq!(peer.peer.stats().await["effects"]["deletes"], 1);
}

#[tokio::test]
async fn the_contact_that_an_upsert_would_change_is_found() {
    let peer = Official::in_manners("normalise").await;
    let made = id(&upsert(&peer, json!({ "email": "dup@example.com", "phone": "512 555 9178" })).await);
    let path = format!("/contacts/search/duplicate?locationId={}", peer.home);
    for query in ["email=DUP@example.com", "number=%2B15125559178", "email=none@example.com&number=5125559178"] {
        let found = peer.get(&format!("{path}&{query}")).await;
        assert_eq!(found.body["contact"]["id"], made.as_str(), "{query}: {}", found.text);
    }
    assert_eq!(peer.get(&format!("{path}&email=none@example.com")).await.body["contact"], Value::Null);
    assert_eq!(peer.get(&path).await.status, 422);
}

#[tokio::test]
async fn an_upsert_matches_new_contacts_late() {
    let peer = Official::in_manners("lag:60000").await;
    let first = upsert(&peer, json!({ "email": "late@example.com" })).await;
    let second = upsert(&peer, json!({ "email": "late@example.com" })).await;
    assert_eq!((&first.body["new"], &second.body["new"]), (&json!(true), &json!(true)));
}

#[tokio::test]
async fn a_deal_is_deleted() {
    let peer = Official::usual().await;
    let deal = peer.peer.objects("opportunities").await[0]["id"].as_str().unwrap().to_owned();
    let path = format!("/opportunities/{deal}");
    let gone = peer.delete(&path).await;
    assert_eq!(faults("opportunities DELETE /opportunities/{id}", &gone), [""; 0], "{}", gone.text);
    for reply in [peer.get(&path).await, peer.delete(&path).await] {
        assert_eq!((reply.status.as_u16(), reply.message()), (400, "Opportunity not found"));
    }
}
