//! Conversations and their messages: lists and their cursors, emails, and what sending a message does.

use super::{Official, message};
use crate::support::Reply;
use serde_json::{Value, json};
use std::collections::HashSet;
use std::time::Duration;

const SEND: &str = "/conversations/messages";

fn text<'a>(object: &'a Value, name: &str) -> &'a str {
    object[name].as_str().unwrap()
}

async fn search(peer: &Official, query: &str) -> Vec<Value> {
    let reply = peer.get(&format!("/conversations/search?locationId={}&{query}", peer.home)).await;
    assert_eq!(reply.status, 200, "{}", reply.text);
    reply.body["conversations"].as_array().unwrap().clone()
}

async fn sends(peer: &Official) -> u64 {
    peer.peer.stats().await["effects"]["sends"].as_u64().unwrap()
}

/// A new contact with these fields.
async fn contact(peer: &Official, mut fields: Value) -> String {
    fields["locationId"] = json!(peer.home);
    let made = peer.send("POST", "/contacts/", fields).await;
    assert_eq!(made.status, 201, "{}", made.text);
    text(&made.body["contact"], "id").to_owned()
}

#[tokio::test]
async fn conversations_are_searched_and_paged_by_their_last_message() {
    let peer = Official::usual().await;
    let all = search(&peer, "limit=100").await;
    assert_eq!(all.len(), 30);
    assert!(all.is_sorted_by_key(|one| std::cmp::Reverse(one["lastMessageDate"].as_i64().unwrap())));
    let (mut ids, mut after) = (Vec::new(), String::new());
    loop {
        let page = search(&peer, &format!("limit=7{after}")).await;
        let Some(last) = page.last() else { break };
        after = format!("&startAfterDate={}", last["sort"][0]);
        ids.extend(page.iter().map(|one| text(one, "id").to_owned()));
    }
    assert!(ids.iter().eq(all.iter().map(|one| text(one, "id"))), "each once, in the same order");
    assert_eq!(search(&peer, "sort=asc&limit=1").await[0]["id"], all[29]["id"]);
    let waiting = search(&peer, "limit=100&lastMessageDirection=inbound").await;
    assert!(waiting.len() >= 8 && waiting.iter().all(|one| one["unreadCount"].as_u64() > Some(0)));
    assert_eq!(search(&peer, "limit=100&status=unread").await.len(), waiting.len());
    let one = &all[3];
    let of_contact = search(&peer, &format!("contactId={}", text(one, "contactId"))).await;
    assert_eq!((of_contact.len(), &of_contact[0]["id"]), (1, &one["id"]));
    let found = search(&peer, &format!("query={}", text(one, "email"))).await;
    assert!(found.iter().any(|found| found["id"] == one["id"]));
    let unowned = search(&peer, "limit=100&assignedTo=unassigned").await;
    assert!(unowned.iter().all(|one| one.get("assignedTo").is_none()) && unowned.len() < 30);
    let refused = peer.get(&format!("/conversations/search?locationId={}&scoreProfile=x", peer.home)).await;
    assert_eq!(refused.status, 422);
    assert_eq!(peer.get("/conversations/search?locationId=other").await.status, 403);
}

#[tokio::test]
async fn a_conversation_has_its_messages_and_an_email_its_body() {
    let peer = Official::usual().await;
    let messages = peer.peer.objects("messages").await;
    let thread = messages.iter().find(|message| message["meta"]["email"]["messageIds"][2].is_string()).unwrap();
    let listed = peer.get(&format!("/conversations/{}/messages", text(thread, "conversationId"))).await.body;
    assert_eq!(listed["messages"].as_array().unwrap().len(), 1, "a thread of emails is one message");
    assert_eq!((listed["messages"][0].get("body"), &listed["messages"][0]["type"]), (None, &json!(3)));
    for id in thread["meta"]["email"]["messageIds"].as_array().unwrap() {
        let email = peer.get(&format!("/conversations/messages/email/{}", id.as_str().unwrap())).await.body;
        assert_eq!((&email["threadId"], &email["subject"]), (&thread["id"], &json!("Invoice question")));
        assert!(text(&email, "body").starts_with("<p>"));
    }
    let call = messages.iter().find(|message| message["meta"]["callStatus"] == "completed").unwrap();
    let path = format!("/conversations/locations/{}/messages/{}/transcription", peer.home, text(call, "id"));
    assert_eq!(peer.get(&path).await.body[1]["transcript"], "I want to talk about our website.");
    let silent = messages.iter().find(|message| message["meta"]["callStatus"] == "no-answer").unwrap();
    let path = format!("/conversations/locations/{}/messages/{}/transcription", peer.home, text(silent, "id"));
    assert_eq!(peer.get(&path).await.status, 400);

    let of = format!("/conversations/{}/messages", text(silent, "conversationId"));
    let (mut ids, mut last) = (Vec::new(), String::new());
    loop {
        let page = peer.get(&format!("{of}?limit=1{last}")).await.body;
        ids.push(text(&page["messages"][0], "id").to_owned());
        last = format!("&lastMessageId={}", text(&page, "lastMessageId"));
        if page["nextPage"] == false {
            break;
        }
    }
    assert_eq!((ids.len(), ids.last()), (3, Some(&text(silent, "id").to_owned())), "newest first");
    let calls = peer.get(&format!("{of}?type=TYPE_CALL,TYPE_SMS_REACTION")).await.body;
    assert_eq!(calls["messages"].as_array().unwrap().len(), 2);
    assert_eq!(peer.get(&format!("{of}?type=CALL")).await.status, 422);
    assert_eq!(peer.get("/conversations/none/messages").await.status, 400);
}

/// Reads an export to its end. Returns the messages.
async fn exported(peer: &Official, query: &str) -> Vec<Value> {
    let (mut all, mut cursor) = (Vec::new(), String::new());
    loop {
        let path = format!("/conversations/messages/export?locationId={}&{query}{cursor}", peer.home);
        let page = peer.get(&path).await;
        assert_eq!(page.status, 200, "{}", page.text);
        all.extend(page.body["messages"].as_array().unwrap().iter().cloned());
        match page.body.get("nextCursor").and_then(Value::as_str) {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break all,
        }
    }
}

#[tokio::test]
async fn an_export_has_every_message_once_and_emails_only_on_request() {
    for manners in ["plain", "live"] {
        let peer = Official::in_manners(manners).await;
        let stored = peer.peer.objects("messages").await;
        let is_email = |message: &&Value| message["messageType"] == "TYPE_EMAIL";
        let ids = |messages: &[Value]| messages.iter().map(|one| text(one, "id").to_owned()).collect::<HashSet<_>>();
        let (rest, emails) = (exported(&peer, "limit=10").await, exported(&peer, "limit=10&channel=Email").await);
        assert_eq!((rest.len(), emails.len()), (ids(&rest).len(), ids(&emails).len()), "{manners}: each once");
        assert_eq!(emails.len(), stored.iter().filter(is_email).count());
        assert_eq!(rest.len() + emails.len(), stored.len());
        assert!(emails.iter().all(|message| message["messageType"] == "TYPE_EMAIL" && message.get("body").is_none()));
        let ascending = exported(&peer, "limit=10&sortOrder=asc").await;
        assert!(ascending.iter().map(|one| &one["id"]).eq(rest.iter().rev().map(|one| &one["id"])));
        let contact = text(&stored[0], "contactId");
        let own = exported(&peer, &format!("limit=10&contactId={contact}")).await;
        assert!(!own.is_empty() && own.iter().all(|message| message["contactId"] == contact));
        let path = format!("/conversations/messages/export?locationId={}&limit=10", peer.home);
        let cursor = peer.get(&path).await.body["nextCursor"].clone();
        let other = peer.get(&format!("{path}&channel=SMS&cursor={}", cursor.as_str().unwrap())).await;
        assert_eq!(other.status, 400, "a cursor is for its own filter");
    }
}

#[tokio::test]
async fn a_message_goes_to_a_contact_and_counts_as_one_delivery() {
    let peer = Official::usual().await;
    let id = contact(&peer, json!({ "phone": "+15125550123", "email": "ada@engine.example" })).await;
    let sent = peer.send("POST", SEND, json!({ "type": "SMS", "contactId": id, "message": "Hello" })).await;
    assert_eq!((sent.status.as_u16(), &sent.body["status"]), (200, &json!("delivered")), "{}", sent.text);
    let conversation = text(&sent.body, "conversationId").to_owned();
    let mail = json!({ "type": "Email", "contactId": id, "subject": "Offer", "html": "<p>Dear Ada</p>" });
    let mail = peer.send("POST", SEND, mail).await.body;
    let reply = json!({ "type": "Email", "contactId": id, "html": "<p>PS</p>", "threadId": mail["messageId"] });
    let reply = peer.send("POST", SEND, reply).await.body;
    assert_eq!(reply["messageId"], mail["messageId"], "a reply joins its thread");
    assert_ne!(reply["emailMessageId"], mail["emailMessageId"]);
    assert_eq!(reply["conversationId"], conversation.as_str(), "a contact has one conversation");
    let listed = peer.get(&format!("/conversations/{conversation}/messages")).await.body;
    let shown: Vec<_> = listed["messages"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| (text(one, "messageType"), text(one, "direction")))
        .collect();
    assert_eq!(shown, [("TYPE_EMAIL", "outbound"), ("TYPE_SMS", "outbound")]);
    let of_contact = &search(&peer, &format!("contactId={id}")).await[0];
    assert_eq!(of_contact["lastMessageDirection"], "outbound");
    let stats = peer.peer.stats().await;
    assert_eq!((&stats["effects"]["sends"], &stats["effects"]["creates"]), (&json!(3), &json!(1)));
    assert_eq!(stats["writes"][text(&sent.body, "messageId")], 1);
}

#[tokio::test]
async fn what_cannot_be_sent_is_refused() {
    let peer = Official::usual().await;
    let id = contact(&peer, json!({ "email": "only@mail.example" })).await;
    let short = contact(&peer, json!({ "phone": "123", "email": "short@mail.example" })).await;
    let sms = |message: &str| json!({ "type": "SMS", "contactId": id, "message": message });
    for (body, status, word) in [
        (json!({ "contactId": id, "message": "x" }), 422, "type"),
        (json!({ "type": "Pigeon", "contactId": id, "message": "x" }), 422, "one of"),
        (json!({ "type": "SMS", "message": "x" }), 422, "contactId"),
        (json!({ "type": "SMS", "contactId": id, "text": "x" }), 422, "text should not exist"),
        (json!({ "type": "SMS", "contactId": "none", "message": "x" }), 400, "not found"),
        (sms(" "), 422, "no message"),
        (json!({ "type": "Email", "contactId": id, "message": "an email needs html" }), 422, "no message"),
        (sms("x"), 400, "Missing phone number"),
        (json!({ "type": "SMS", "contactId": short, "message": "x" }), 400, "Invalid phone number"),
        (json!({ "type": "Email", "contactId": id, "html": "x", "emailTo": "b@other.example" }), 400, "emailTo"),
        (json!({ "type": "FB", "contactId": id, "message": "x" }), 400, "has not written"),
        (json!({ "type": "Custom", "contactId": short, "message": "x" }), 400, "conversationProviderId"),
        (json!({ "type": "Email", "contactId": id, "html": "x", "threadId": "none" }), 400, "not found"),
        (json!({ "type": "Email", "contactId": id, "html": "x", "scheduledTimestamp": 1_600_000_000 }), 422, "future"),
    ] {
        let refused: Reply = peer.send("POST", SEND, body.clone()).await;
        assert_eq!(refused.status, status, "{body}: {}", refused.text);
        assert!(message(&refused).contains(word), "{body}: {}", refused.text);
    }
    assert_eq!(sends(&peer).await, 0);
}

#[tokio::test]
async fn live_accounts_settle_a_delivery_later_and_refuse_who_wants_no_messages() {
    let peer = Official::in_manners("live,settle:400,lag:0").await;
    let dead = contact(&peer, json!({ "phone": "+15125550199" })).await;
    let sent = peer.send("POST", SEND, json!({ "type": "SMS", "contactId": dead, "message": " Hi " })).await;
    assert_eq!((sent.status.as_u16(), &sent.body["status"]), (201, &json!("pending")), "{}", sent.text);
    let path = format!("/conversations/messages/{}", text(&sent.body, "messageId"));
    let failed = async {
        loop {
            let read = peer.get(&path).await.body["message"].clone();
            assert_eq!(read["body"], "Hi", "texts are trimmed");
            if read["status"] == "failed" {
                break;
            }
        }
    };
    tokio::time::timeout(Duration::from_secs(30), failed).await.unwrap();
    let listed = peer.get(&format!("/conversations/{}/messages", text(&sent.body, "conversationId"))).await.body;
    assert!(text(&listed["messages"]["messages"][0], "error").contains("30003"));

    let contacts = peer.peer.objects("contacts").await;
    let quiet = |status: &str, channel: &str| {
        let of = |one: &&Value| one["dndSettings"][channel]["status"] == status;
        text(contacts.iter().find(of).unwrap(), "id").to_owned()
    };
    for (contact, word, refused) in [
        (quiet("permanent", "SMS"), "SMS", true),
        (quiet("permanent", "SMS"), "Email", true),
        (quiet("active", "SMS"), "SMS", true),
        (quiet("active", "SMS"), "Email", false),
        (quiet("permanent", "Email"), "Email", true),
    ] {
        let body = json!({ "type": word, "contactId": contact, "message": "Hi", "html": "Hi" });
        let reply = peer.send("POST", SEND, body).await;
        assert_eq!(reply.status == 400, refused, "{word}: {}", reply.text);
        assert!(!refused || message(&reply).contains(&format!("DND is active for {word}")));
    }
    assert_eq!(sends(&peer).await, 2);
}

#[tokio::test]
async fn a_scheduled_message_waits_and_can_be_cancelled_once() {
    let peer = Official::usual().await;
    let id = contact(&peer, json!({ "phone": "+15125550123", "email": "ada@engine.example" })).await;
    let at = chrono::Utc::now().timestamp() + 600;
    let sms = json!({ "type": "SMS", "contactId": id, "message": "Later", "scheduledTimestamp": at });
    let mail = json!({ "type": "Email", "contactId": id, "html": "Later", "scheduledTimestamp": at });
    let (sms, mail) = (peer.send("POST", SEND, sms).await.body, peer.send("POST", SEND, mail).await.body);
    assert_eq!((&sms["status"], &mail["status"]), (&json!("pending"), &json!("pending")));
    let stored = peer.stored("messages", &sms["messageId"]).await;
    assert_eq!((&stored["status"], &stored["scheduledFor"]), (&json!("scheduled"), &json!(at)));
    for path in [
        format!("/conversations/messages/{}/schedule", text(&sms, "messageId")),
        format!("/conversations/messages/email/{}/schedule", text(&mail, "emailMessageId")),
    ] {
        assert_eq!(peer.delete(&path).await.status, 200, "{path}");
        assert_eq!(peer.delete(&path).await.status, 400, "{path}: it is cancelled");
    }
    assert_eq!(peer.peer.stats().await["effects"]["updates"], 2);
}
